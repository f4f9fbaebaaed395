"""Endpoints that keep the protocol with habits that vendors have: other frames and ids, more events and fields."""

import json
import uuid
from copy import deepcopy
from dataclasses import replace

from conformance.mutants.mutant import Fault
from conformance.reference.session.core import FEATURES
from tests.legal.endpoints import Legal, edited

#: Ids that an endpoint gives, by how they begin.
OWN = ("event_", "item_", "resp_", "sess_", "conv_", "call_")


def chained(*makers):
    """Make an endpoint that has all of these habits."""

    def make(dialect):
        steps = [maker(dialect).sends for maker in makers]

        def sends(event):
            events = [event]
            for step in steps:
                events = [made for each in events for made in step(each)]
            return events

        return Fault(sends=sends)

    return make


def floats(value):
    """Write every whole number with a decimal point, as an endpoint does whose language has no others."""
    if isinstance(value, dict):
        return {key: floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [floats(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def pretty(dialect):
    """Write JSON over several lines, with numbers that have a decimal point and keys in the order of the alphabet."""
    return replace(Fault(), frames=lambda event: "\n " + json.dumps(floats(event), indent=2, sort_keys=True) + "\n")


def more_fields(event):
    """Show fields of the vendor's own everywhere."""
    for name in ("session", "response", "item", "part", "error"):
        if isinstance(event.get(name), dict):
            event[name] |= {"x_vendor": {"region": "eu-1", "tier": 2}, "trace_id": "t-1"}
    return event | {"timestamp_ms": 1795330345123, "x_vendor": None}


def counted_further(event):
    """Count more than is documented: reasoning, the price, units of the vendor's own."""
    usage = (event.get("response") or {}).get("usage")
    if usage:
        usage["output_token_details"] |= {"reasoning_tokens": 0, "accepted_prediction_tokens": 0}
        usage |= {"cost_usd": 0.00042, "billing_units": 3, "server_tool_use": None}
    return event


def vendor_events(_dialect):
    """Send events of the vendor's own between those of the protocol."""
    said = {"response.created": "vendor.thinking", "session.created": "vendor.hello", "response.done": "vendor.billing"}

    def sends(event):
        yield event
        if event["type"] in said:
            yield {"type": said[event["type"]], "event_id": f"{event['event_id']}_own", "cost": 0.002}

    return Fault(sends=sends)


def limits_often(_dialect):
    """Tell the rate limits at the beginning and in the middle of responses too."""
    limits = [{"name": "requests", "limit": 100, "remaining": 99, "reset_seconds": 0.6}]

    def sends(event):
        yield event
        if event["type"] in ("session.created", "response.output_item.added"):
            yield {"type": "rate_limits.updated", "event_id": f"{event['event_id']}_limits", "rate_limits": limits}

    return Fault(sends=sends)


def empty_deltas(_dialect):
    """Begin each text with an empty delta."""
    begun = set()

    def sends(event):
        place = event["type"], event.get("item_id")
        first = event["type"] in ("response.output_text.delta", "response.output_audio_transcript.delta")
        if first and place not in begun:
            begun.add(place)
            yield {**event, "delta": "", "event_id": f"{event['event_id']}_empty"}
        yield event

    return Fault(sends=sends)


def no_limits(_dialect):
    """Tell no rate limits."""
    return Fault(sends=lambda event: () if event["type"] == "rate_limits.updated" else (event,))


def late_transcript(_dialect):
    """Tell transcripts of the user's speech when the response is over."""
    held, running = [], set()

    def sends(event):
        kind = event["type"]
        if kind == "response.created":
            running.add(event["response"]["id"])
        if kind.startswith("conversation.item.input_audio_transcription") and running:
            held.append(event)
            return
        yield event
        if kind == "response.done":
            running.discard(event["response"]["id"])
            if not running:
                yield from held
                held.clear()

    return Fault(sends=sends)


class Uuids:
    """Writes UUIDs for the ids that an endpoint gives, and reads them back; ids of the client stay."""

    def __init__(self):
        self.theirs, self.ours, self.clients = {}, {}, set()

    def sent(self, value):
        if isinstance(value, dict):
            return {key: self.sent(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.sent(each) for each in value]
        if not isinstance(value, str) or value in self.clients or not value.startswith(OWN):
            return value
        if value not in self.theirs:
            self.theirs[value] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{id(self)} {value}"))
            self.ours[self.theirs[value]] = value
        return self.theirs[value]

    def received(self, value):
        if isinstance(value, dict):
            return {key: self.received(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.received(each) for each in value]
        if isinstance(value, str) and value not in self.ours:
            self.clients.add(value)
        return self.ours.get(value, value) if isinstance(value, str) else value


def uuids(_dialect):
    """Make an endpoint that gives UUIDs for ids."""
    ids = Uuids()
    return Fault(sends=lambda event: (ids.sent(event),), receives=lambda event: (ids.received(event),))


def speaks_only(dialect):
    """Refuse to answer in text."""
    paths = {
        "session.update": dialect.session_paths["modalities"],
        "response.create": dialect.response_paths["modalities"],
    }

    def receives(event):
        event = deepcopy(event)
        settings = event.get("session" if event.get("type") == "session.update" else "response")
        path = paths.get(event.get("type"))
        if path and isinstance(settings, dict) and settings.get(path[-1]) == ["text"]:
            settings[path[-1]] = ["no text"]
        yield event

    return Fault(receives=receives)


def without(*features):
    return Legal(settings={"features": FEATURES - set(features)})


SAYS_MORE = chained(edited(more_fields), edited(counted_further), vendor_events, limits_often, empty_deltas)

VENDORS = {
    "pretty": Legal(pretty),
    "says_more": Legal(SAYS_MORE),
    "uuids": Legal(uuids),
    "late_transcript": Legal(chained(late_transcript, no_limits)),
    "speaks_only": Legal(speaks_only),
    "no_tools": without("tools", "transcription"),
    "no_out_of_band": without("out_of_band"),
    "no_vad": without("server_vad", "semantic_vad"),
}
