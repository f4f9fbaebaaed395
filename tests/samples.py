"""The samples of a rule, `fixtures/rules/<rule id>/samples.yaml`: conversations that almost break it, and some that do.

    rule: response.done-is-last
    dialects: [ga, beta]            # optional; default both.  Event types are written canonically (ga names)
    holds:                          # the rule must say HELD at least once and find nothing
      a text turn:
        - {server: session.created, session: {...}}
        - {client: response.create}
        - {end: closed, code: 1000}
    silent:                         # optional: the rule must have nothing to say at all (unproven)
      nothing was asked: [...]
    breaks:                         # the rule must find something; `at` (optional) is the index of the first finding
      a delta follows the end: [...]

A line is `server:`/`client:` with the type and the other fields; `handshake:` with the fields of Handshake
(without that line it is an upgrade like any other; null stands for a capture that does not show it);
`end:` with the kind and the fields of End; flags are `_size`, `_elided`, `_ids_elided`, `_gap`, `_deliberate`, `_text`,
`_binary`, `_ping`, `_pong`.
"""

from functools import cache

import yaml

from conformance.resources import folder
from conformance.trace.trace import TOKEN_MARK, Credential, Direction, End, EndKind, Entry, FrameKind, Handshake, Trace
from conformance.yaml_source import Loader

SAMPLES = folder("fixtures") / "rules"


@cache
def sample(rule_id):
    """Return the samples of a rule; whoever needs another shape of them copies."""
    return loaded(SAMPLES / rule_id / "samples.yaml")


def loaded(file):
    """Return what a file of ours says: by the C parser, as the samples are the larger part of what the tests read."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader)


def trace_of(lines, dialect):
    intent = next((line["intent"] for line in lines if "intent" in line), {})
    entries, handshake, end = [], Handshake("wss://example.test/v1/realtime?model=any", status=101), None
    for line in lines:
        line = dict(line)
        if "intent" in line:
            continue
        if "handshake" in line:
            fields = line["handshake"]
            if fields is None:
                handshake = None
                continue
            fields = {**fields, "credential": Credential(fields.get("credential", "valid"))}
            fields["model"] = Credential(fields.get("model", "valid"))
            handshake = Handshake(**{"url": "wss://example.test/v1/realtime?model=any", "status": 101, **fields})
        elif "end" in line:
            kind = EndKind(line.pop("end"))
            line["by"] = Direction(line.get("by", "server"))
            end = End(kind, **line)
        else:
            entries.append(entry_of(line, len(entries), dialect))
    return Trace(tuple(entries), dialect.name, handshake, end, "sample", intent)


def entry_of(line, index, dialect):
    flags = {key[1:]: line.pop(key) for key in list(line) if key.startswith("_")}
    direction = Direction.CLIENT if "client" in line else Direction.SERVER
    kind = line.pop(direction.value)
    event = {"type": dialect.wire_name(kind), **line} if kind is not None else line or None
    if "text" in flags or "binary" in flags:
        event = None
    return Entry(
        index,
        direction,
        at=flags.get("at"),
        event=event,
        text=flags.get("text"),
        kind=next((each for each in FrameKind if flags.get(each) is True), FrameKind.TEXT),
        size=flags.get("size", 0),
        elided=flags.get("elided", False),
        ids_elided=flags.get("ids_elided", False),
        gap=flags.get("gap", False),
        deliberate=flags.get("deliberate", False),
        leaked=TOKEN_MARK in str((line, flags)),
    )
