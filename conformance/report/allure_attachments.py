"""What hangs on an item in Allure: the ladder, the sound, the trace, and the command that shows it again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

from conformance.report.inert import inert
from conformance.report.pair_ladder import whole_ladder_svg
from conformance.report.recorded_audio import clips_of
from conformance.report.rendering import render, resource
from conformance.run.ruling import view_of
from conformance.trace.jsonl import dumps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conformance.run.ruling import JudgedConversation, Ruling
    from conformance.trace.trace import Trace

#: Base64 longer than this is shown by its length and digest.
LONGEST_BASE64 = 200
BASE64 = re.compile(rb'"([A-Za-z0-9+/=_-]{%d,})"' % LONGEST_BASE64)
#: Bytes of one attachment, and clips of one player.
LARGEST, MOST_CLIPS = 2_000_000, 3

Attachment = tuple[str, str, str, str]
"""(name, body, media type, file ending)."""


def attachments_of(judged: JudgedConversation, found: Collection[Ruling], reproduce: str) -> Iterator[Attachment]:
    """Return everything that hangs on an item that fails, or tells of a SHOULD that is not kept."""
    traces = judged.conversation.traces
    for number, trace in enumerate(traces):
        marked = {each.finding.index for ruling in found for each in ruling.findings if each.connection == number}
        if found and not marked:
            continue
        upstream = judged.upstreams[number] if number < len(judged.upstreams) else None
        which = f" of connection {number + 1}" if len(traces) > 1 else ""
        yield f"ladder{which}", whole_ladder_svg(trace, upstream, marked or {len(trace)}), "image/svg+xml", "svg"
        if clips := clips_of(view_of(trace))[:MOST_CLIPS]:
            yield f"player{which}", player(clips), "text/html", "html"
        yield f"trace{which}", attachment(trace), "text/plain", "txt"
        if upstream is not None:
            yield f"upstream's trace{which}", attachment(upstream), "text/plain", "txt"
    yield "reproduce", reproduce, "text/plain", "txt"


def player(clips: Collection[object]) -> str:
    """Return a page with nothing but the players of some clips."""
    return str(render("player_page.html.j2", css=resource("page.css"), clips=clips))


def attachment(trace: Trace) -> str:
    """Return a trace as text, with its audio by length and digest, cut at LARGEST bytes."""
    text = BASE64.sub(_digest, dumps(trace))
    if len(text) > LARGEST:
        text = text[:LARGEST] + b"\n(cut here; the whole trace is in reports/traces)\n"
    return inert(text.decode("utf-8", "replace"))


def _digest(found: re.Match[bytes]) -> bytes:
    written = found[1]
    try:
        data = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return found[0]
    return f'"({len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]})"'.encode()
