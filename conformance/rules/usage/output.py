"""Whether a response counts its own output, and not that of the session so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Judged
from conformance.rules.usage.ledger import blame

if TYPE_CHECKING:
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("metering")

#: Tokens a second of audio, with room for another way to count.
AUDIO_RATE = 25
#: Tokens around an item that are no text of it.
OVERHEAD = 32


@rules.should(
    "metering.output-fits-what-was-streamed",
    about={"response.done"},
    covers=("USE-12",),
    spec=SERVER_EVENTS + "response/done",
    relaxed="A bound only: no text has more tokens than bytes; tokens of reasoning are left out.",
)
def output_fits_what_was_streamed(view: View) -> Judged:
    """A response has no more output tokens than what it streamed can have."""
    for line in view.ledger.responses:
        count, response = line.counts["output"], line.response
        if count is None or response is None or response.created is None or response.gapped or line.seconds is None:
            continue
        size = _bytes(response)
        elsewhere = line.counts["output_audio"] and not line.seconds  # as in a WebRTC call
        if size is None or elsewhere or line.status != "completed":
            continue
        most = size + round(line.seconds * AUDIO_RATE) + OVERHEAD * max(1, len(response.items))
        own = count - (line.counts["reasoning"] or 0)
        if own <= most:
            yield HELD
        else:
            yield blame(line, "counts more output than it streamed.", f"at most {most}", own)


def _bytes(response: Response) -> int | None:
    """Return how many bytes of text a response streamed; None where the recording does not tell."""
    size = 0
    for item in response.items.values():
        for stream in item.streams:
            if stream.kind == "output_audio":
                continue
            text = stream.joined if stream.joined is not None else stream.final
            if text is None:
                return None
            size += max(len(each.encode("utf-8", "surrogatepass")) for each in (text, stream.final or ""))
        size += len(str(item.added.part("item").get("name") or "")) if item.added is not None else 0
    return size
