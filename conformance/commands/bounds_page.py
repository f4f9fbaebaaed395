"""The generated page `docs/bounds.md`: what ends what, after how much, and which option moves it."""

from __future__ import annotations

from conformance.play.bounds import TABLE

INTRODUCTION = """\
# Bounds

Every run ends within fifteen minutes, whatever the endpoint does; what one connection may cost is bounded below.
A bound that is reached is told by its name; it is nobody's guilt, and what was said until then is judged.  Where an
option is named, it moves the bound.
"""


#: What is no number.
MACHINE = """
## The machine

- A conversation's trace is written as soon as it is over, and dropped; what is kept in memory is its verdict. What
  lies on disk after a `SIGKILL` is summed up by `realtime-conformance report`, which names the traces that it could not
  read.
- Ctrl-C once, or SIGTERM, ends the run in order, with reports and status 2; twice ends it at once, never as
  conformant.
- A full disk ends no run: the verdicts are printed, the first file that could not be written is named, and the status
  is 3 where it would have been 0. A folder that cannot be written, or is a file, is one sentence, status 4; while
  another run writes into it, a folder beside it is taken.
- A worker of pytest-xdist that dies leaves an interrupted run (2): what it held is not judged.
- All waiting is measured on a clock that never jumps; the time of day is only written down.
- Proxies of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`) are not used: what stands between us and the
  endpoint would be judged with it. Where there is no other way, give the address of a tunnel of yours as `--endpoint`.
- A pause of five seconds or more says why: `waiting 30 s: the endpoint asked for it (Retry-After)`.
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
