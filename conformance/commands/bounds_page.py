"""The generated page `docs/bounds.md`: what ends what, after how much, and which option moves it."""

from __future__ import annotations

from conformance.play.bounds import TABLE

INTRODUCTION = """\
# Bounds

Limits of time, memory and traffic: every run ends within fifteen minutes and holds less than 300 MiB, whatever the
endpoint does (`tox -e hostile` measures both).  A bound that is reached is reported by name and does not count against
the endpoint; what was received before is judged.  The option changes the bound, for example
`pytest --endpoint=… --max-time=300`.
"""


#: What is no number.
MACHINE = """
## The machine

- The trace of a conversation is written when the conversation ends; only its verdict stays in memory. After a
  `SIGKILL`, `realtime-conformance report` summarises what is on disk, and names the traces that it could not read.
- Ctrl-C once, SIGTERM, or the end of the terminal (SIGHUP) ends the run in order, with reports and status 2; pressing
  Ctrl-C twice ends the run at once, never as conformant.
- A full disk does not end a run: the verdicts are printed, the first file that could not be written is named, and the
  status is 3 instead of 0. If the reports folder cannot be written, the run ends with one message and status 4; if
  another run is writing into it, a folder beside it is used.
- If a worker of pytest-xdist dies, the run counts as interrupted (2), and the worker's tests are not judged.
- All waits use a monotonic clock; the time of day is only recorded.
- Proxy settings of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`) are ignored, because the proxy would be
  judged together with the endpoint. If you must use one, give the address of a tunnel as `--endpoint`.
- A pause of five seconds or more is explained: `waiting 30 s: the endpoint asked for it (Retry-After)`.
"""


def bounds_page(generated: str) -> str:
    """Render `docs/bounds.md`; *generated* is the mark of generated pages."""
    rows = (
        f"| {row.what} | {row.default} | {f'`{row.option}`' if row.option else ''} | {row.reached} |" for row in TABLE
    )
    return "\n".join(
        [
            INTRODUCTION,
            generated,
            "",
            "| what | bound | option | reached |",
            "| --- | --- | --- | --- |",
            *rows,
            MACHINE,
        ]
    )
