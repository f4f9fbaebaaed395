"""What an endpoint may write into every field that it controls, and what no output may then hold."""

from dataclasses import replace

from conformance.trace.trace import End, EndKind

#: Scripts, escapes that repaint a terminal, NUL, marks that turn the writing, half a surrogate pair.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\r\"'>"
    "\x1b[2J\x1b]8;;http://x\x07\x00\u202egnp.exe\u2066\ud83d\x9b31m"
)
#: None of these may stand in any output.
ACTIVE = ("<script", "<img", "\x1b", "\x00", "\u202e", "\u2066", "\ud83d", "\x9b", "\r")


def active_in(text):
    """Return what of HOSTILE would still act in *text*."""
    return [each for each in ACTIVE if each in text]


def mangled(trace):
    """Return a trace in which every text of the endpoint's last events holds HOSTILE; and a megabyte of it."""
    entries = list(trace.entries)
    told = [entry for entry in entries if not entry.sent and entry.event is not None][1:]
    for entry in told[:12]:
        entries[entry.index] = replace(entry, event=_worse(entry.event, HOSTILE))
    if told:
        entries[told[-1].index] = replace(told[-1], event={"type": HOSTILE, "x": HOSTILE * 10_000, HOSTILE: [HOSTILE]})
    hand = replace(trace.handshake, body=HOSTILE, subprotocol=HOSTILE) if trace.handshake else None
    return replace(trace, entries=tuple(entries), handshake=hand, end=End(EndKind.CLOSED, reason=HOSTILE))


def _worse(value, text):
    if isinstance(value, dict):
        return {key: each if key == "type" else _worse(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [_worse(each, text) for each in value]
    return value + text if isinstance(value, str) else value
