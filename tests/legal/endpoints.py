"""Endpoints that keep the protocol and are unlike the reference: slow, weak, terse, limited, of other habits."""

import asyncio
import base64
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from conformance.mutants.mutant import Fault
from conformance.reference.server.admission import AcceptThenClose, Admitted, Refused
from conformance.reference.server.server import Server
from conformance.reference.session.core import FEATURES
from conformance.reference.session.model import Call, Pause, Say, answer
from conformance.reference.session.pace import Pace
from conformance.reference.session.refusals import error_body


@dataclass(frozen=True)
class Legal:
    """One legal endpoint: how the reference is changed."""

    change: Callable = lambda _dialect: Fault()
    """Dialect -> what its sessions do differently, in canonical event types; one object for each session."""
    settings: dict = field(default_factory=dict)
    """Of the server."""
    server: type = Server
    fast: bool = False
    """Whether it plays in the default tests too."""
    dialects: tuple = ("ga", "beta")
    arguments: tuple = ()
    """Of the command, beside the endpoint and the dialect."""


def edited(change):
    """Make a fault that sends *change*(copy of each event)."""
    return lambda _dialect: Fault(sends=lambda event: (change(deepcopy(event)),))


def one_delta(_dialect):
    """Say each text, transcript, sound and argument list in one delta, just before it is done."""
    held = {}

    def sends(event):
        kind = event["type"]
        place = (event.get("item_id"), event.get("content_index"))
        if kind.endswith(".delta") and not kind.startswith("session."):  # a translation never says that it is done
            held.setdefault((kind, *place), []).append(event)
            return
        deltas = held.pop((kind.removesuffix(".done") + ".delta", *place), None) if kind.endswith(".done") else None
        if deltas:
            yield {**deltas[0], "delta": joined(deltas)}
        yield event

    return Fault(sends=sends)


def joined(deltas):
    texts = [each["delta"] for each in deltas]
    if "audio.delta" in deltas[0]["type"]:
        return base64.b64encode(b"".join(base64.b64decode(each) for each in texts)).decode()
    return "".join(texts)


def bridge(_dialect):
    """Hold a response back until all of it is there, as a bridge to an API without streams does.

    Its items join the conversation when they are told, so one of the user's may come before them.
    """
    held, running = [], set()
    items = Told()

    def sends(event):
        items.happens(event)
        yield from map(items.announced, told(event))

    def told(event):
        kind = event["type"]
        response = event.get("response_id") or (event.get("response") or {}).get("id")
        own = kind.startswith("conversation.item.") and is_output(event)
        if kind == "response.created":
            running.add(response)
            yield event
        elif running and (response in running or own) and kind != "response.done":
            held.append(event)
        elif kind == "response.done":
            running.discard(response)
            yield from [*held, event]
            held.clear()
        else:
            yield event

    return Fault(sends=sends)


class Told:
    """Lets each item that is put at the end follow the one that was told last."""

    KINDS = ("conversation.item.added", "conversation.item.created", "conversation.item.done")

    def __init__(self):
        self.order, self.told, self.places = [], [], {}

    def happens(self, event):
        """Take in what becomes of the conversation behind the bridge."""
        item = event["item"]["id"] if event["type"] in self.KINDS[:2] else event.get("item_id")
        if event["type"] in self.KINDS[:2] and item not in self.order:
            before = event.get("previous_item_id")
            self.places[item] = "the end" if before == (self.order or [None])[-1] else before
            self.order.insert(self.order.index(before) + 1 if before in self.order else 0, item)
        elif event["type"] == "conversation.item.deleted":
            for each in (self.order, self.told):
                each.remove(item)

    def announced(self, event):
        """Say where an item is for whoever hears of it now."""
        if event["type"] == "input_audio_buffer.committed":  # at the end, where its item will be
            return {**event, "previous_item_id": (self.told or [None])[-1]}
        item = event["item"]["id"] if event["type"] in self.KINDS else None
        if item not in self.order:
            return event
        if item not in self.told:
            at = len(self.told)
            if self.places[item] != "the end":
                at = self.told.index(self.places[item]) + 1 if self.places[item] in self.told else 0
            self.told.insert(at, item)
        return {**event, "previous_item_id": ([None, *self.told])[self.told.index(item)]}


def is_output(event):
    item = event.get("item") or {}
    return item.get("role") == "assistant" or item.get("type") == "function_call"


def no_audio_tokens(event):
    """Count text alone: a cascade of recogniser, model and voice hears and speaks no audio tokens."""
    usage = (event.get("response") or {}).get("usage")
    if usage:
        for side in ("input", "output"):
            details = usage[f"{side}_token_details"]
            usage[f"{side}_tokens"] -= details["audio_tokens"]
            details["audio_tokens"] = 0
        cached = usage["input_token_details"]
        cached["cached_tokens"] -= cached["cached_tokens_details"]["audio_tokens"]
        cached["cached_tokens_details"]["audio_tokens"] = 0
        usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
    return event


def no_cached_tokens(event):
    """Say nothing of a cache: an endpoint without one has nothing to count."""
    usage = (event.get("response") or {}).get("usage")
    if usage:
        for name in ("cached_tokens", "cached_tokens_details"):
            usage["input_token_details"].pop(name, None)
    return event


def both_spellings(event):
    """Say the details of the usage under the plural names as well."""
    usage = (event.get("response") or {}).get("usage")
    if usage:
        usage |= {f"{side}_tokens_details": dict(usage[f"{side}_token_details"]) for side in ("input", "output")}
    return event


def no_nulls(value):
    """Leave out what is null, wherever it is optional."""
    if isinstance(value, dict):
        return {key: no_nulls(each) for key, each in value.items() if each is not None or key == "previous_item_id"}
    return [no_nulls(each) for each in value] if isinstance(value, list) else value


def anonymous_errors(event):
    """Name no client event in errors."""
    if event["type"] == "error":
        event["error"]["event_id"] = None
    return event


def bare_errors(event):
    """Leave errors nothing but a type and a message."""
    if event["type"] == "error":
        event["error"] = {key: event["error"][key] for key in ("type", "message")}
    return event


def created_too(dialect):
    """Announce items under the old name as well, where there is a new one."""

    def sends(event):
        yield event
        if event["type"] == "conversation.item.added" and dialect.name == "ga":
            yield {**event, "type": "conversation.item.created", "event_id": f"{event['event_id']}_created"}

    return Fault(sends=sends)


def no_argument_deltas(_dialect):
    """Return the arguments of a call at once."""
    return Fault(sends=lambda event: () if event["type"] == "response.function_call_arguments.delta" else (event,))


def no_metadata(event):
    """Show neither metadata nor modalities in responses."""
    if isinstance(event.get("response"), dict):
        for key in (
            "output_modalities",
            "modalities",
            *(["metadata"] if not event["response"].get("metadata") else []),
        ):
            event["response"].pop(key, None)
    return event


def says_ok(_prompt):
    """Answer "OK", whatever is asked."""
    return [Say("OK")]


def calls_once(prompt):
    """Call one function at a time."""
    acts = answer(prompt)
    return acts[:1] if isinstance(acts[0], Call) else acts


def thinks(seconds):
    """Think for some seconds before each answer."""
    return lambda prompt: [Pause(seconds), *answer(prompt)]


def hesitates(prompt):
    """Think for a while that is different each time."""
    chance = random.Random(repr(prompt.requests))
    return [Pause(chance.random() * 0.4), *answer(prompt)]


class FourSlots(Server):
    """Four sessions at once; whoever comes as the fifth is refused politely, in one of several ways."""

    slots = 4
    refuses = staticmethod(lambda: Refused(429, error_body("too_many_sessions", "Too many concurrent sessions.")))
    lingers = 0.0
    """Seconds for which a session that has ended still counts."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.taken = 0

    def _decide(self, request):
        attempt = super()._decide(request)
        if not isinstance(attempt.admission, Admitted):
            return attempt
        if self.taken >= self.slots:
            return type(attempt)(self.refuses(), attempt.hooks)
        self.taken += 1
        return attempt

    async def _converse(self, connection):
        admitted = isinstance(self._attempts[connection].admission, Admitted)
        try:
            await super()._converse(connection)
        finally:
            if admitted:
                asyncio.get_running_loop().call_later(self.lingers, self._leave)

    def _leave(self):
        self.taken -= 1


def limited(refusal, lingers=0.0):
    """Make a class of servers with four slots."""
    return type("Limited", (FourSlots,), {"refuses": staticmethod(refusal), "lingers": lingers})


def closing(code, kind, message):
    return lambda: AcceptThenClose(error_body(kind, message), code)


def http(status, kind, message):
    return lambda: Refused(status, error_body(kind, message))


class Silent(Server):
    """Opens sessions, and says nothing more."""

    def _session(self, upgrade, number):
        session = super()._session(upgrade, number)
        session.sends = lambda event: [event] if event["type"] == "session.created" else []
        return session


VARIANTS = {
    "one_delta": Legal(one_delta),
    "bridge": Legal(bridge),
    "weak_model": Legal(settings={"scripted_model": says_ok}),
    "calls_once": Legal(settings={"scripted_model": calls_once}),
    "slow_first_token": Legal(settings={"scripted_model": thinks(5.0)}),
    "hesitant": Legal(settings={"scripted_model": hesitates, "pace": Pace.FAST}),
    "no_nulls": Legal(edited(no_nulls)),
    "cascade": Legal(edited(no_audio_tokens)),
    "no_cached_tokens": Legal(edited(no_cached_tokens)),
    "both_spellings": Legal(edited(both_spellings)),
    "anonymous_errors": Legal(edited(anonymous_errors)),
    "bare_errors": Legal(edited(bare_errors)),
    "created_too": Legal(created_too),
    "no_argument_deltas": Legal(no_argument_deltas),
    "no_metadata": Legal(edited(no_metadata)),
    "nothing_optional": Legal(
        settings={"features": FEATURES - {"retrieve", "delete", "truncate", "out_of_band", "semantic_vad"}}
    ),
    "text_only": Legal(settings={"features": frozenset()}),
    "slots_close_1008": Legal(server=limited(closing(1008, "session_limit_reached", "Too many sessions are open."))),
    "slots_close_1013": Legal(server=limited(closing(1013, "server_busy", "All slots are taken, try again later."))),
    "slots_http_429": Legal(server=limited(http(429, "too_many_sessions", "Too many concurrent sessions."))),
    "slots_http_503": Legal(server=limited(http(503, "session_limit_reached", "No free session, try again later."))),
    "slots_linger": Legal(server=limited(closing(1008, "session_limit_reached", "Too many sessions are open."), 1.0)),
}
