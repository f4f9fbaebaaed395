"""Connecting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract.documented_fields import Schema
from conformance.contract.key_roles import ROLES
from conformance.scenario.commands import Close, Hangup, Idle, ModelDidNot, Open, Ping, Recall, Reply, Script, Unmet
from conformance.scenario.cost import ClipReader, Cost, Spending, connecting
from conformance.scenario.steps.asking import named
from conformance.scenario.steps.declaration import shape, shorthand, step

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

#: How the upgrade is asked for.
OPTIONS: Mapping[str, Schema] = {
    "auth": {"$ref": "#/$defs/auth_style", "description": "An auth style; default: that of the run."},
    "credential": {
        "enum": ["valid", "wrong", "empty", "missing", "conflicting", "recased"],
        "description": "Which key is sent; `conflicting`: a valid and a wrong one; `recased`: `bearer` in lower case.",
    },
    "model": {"enum": ["valid", "wrong", "missing"], "description": "Which model is asked for."},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Further headers."},
    "subprotocols": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
        "description": "Further subprotocols.",
    },
    "revision": {
        "enum": ["own", "other"],
        "description": "`other` requests the other revision; the answer is judged by the revision that it has.",
    },
    "key_first": {"type": "boolean", "description": "Offer the subprotocol that holds the key before `realtime`."},
    "key": {"enum": list(ROLES), "description": "Another key, given with `--token-for`."},
    "secret": {"type": "string", "minLength": 1, "description": "A client secret instead of the key."},
    "secret_is": {
        "enum": ["valid", "expired", "altered", "used"],
        "description": "What is wrong with the client secret; `altered`: a different one of the same form is sent.",
    },
    "plain": {"type": "boolean", "description": "Send a GET without an upgrade."},
}
ANY_STATUS: Schema = {"type": "boolean", "description": "Accept a refusal with any HTTP status."}
#: The codes that RFC 6455 lets an endpoint send.
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]


def _optional(options: Schema) -> Schema:
    return {**options, "type": ["object", "null"]}


def _never_opens(written: Step) -> Iterator[tuple[str, str]]:
    if written.under("").get("plain"):
        yield (
            "`connect` without an upgrade (`plain`) never opens a session",
            "Say `expect_refusal`: it wants no session.",
        )


@step(
    _optional(shape(OPTIONS)),
    opens=True,
    modifiers="as",
    contradictions=_never_opens,
    costs=connecting,
    example="""
- connect
- connect: {subprotocols: [realtime], headers: {X-Team: voice}}
  on: another
""",
)
def connect(context: ScriptContext, written: Step) -> Script:
    """Open a session: upgrade, and wait for `session.created`."""
    reply = yield Open({**(written.argument or {}), "intent": context.intent})
    if reply.refused:
        raise Unmet("no session was opened", expected="session.created", actual=reply.refused)
    if reply.event.get("type") not in ("session.created", "transcription_session.created"):
        raise Unmet("the first event opens no session", expected="session.created", actual=named(reply.event))
    return reply.event


@step(
    _optional(shape({**OPTIONS, "any_status": ANY_STATUS})),
    opens=True,
    ends="wants refused",
    answers=("either",),
    modifiers="as within",
    costs=connecting,
    example=(
        "- expect_refusal: {credential: wrong}",
        """
- expect_refusal: {model: wrong}
  answer: either
""",
    ),
)
def expect_refusal(context: ScriptContext, written: Step) -> Script:
    """Request a session that must be refused; with `answer: either` it may be opened."""
    reply = yield Open({**(written.argument or {}), "intent": context.intent})
    if reply.event.get("type") == "error":
        yield Hangup(written.within)
        return reply.event
    if reply.refused or written.answer == "either":
        return reply.event
    raise Unmet("a session was opened", expected="a refusal", actual=named(reply.event))


@step(listens=True, modifiers="within", example="- expect_close")
def expect_close(_context: ScriptContext, written: Step) -> Script:
    """Wait until the endpoint ends the connection; the rules judge whether it does."""
    yield Hangup(written.within)
    return None


@step(
    _optional(
        shape(
            {
                "code": {
                    "type": "integer",
                    "anyOf": [{"enum": CODES}, {"minimum": 3000, "maximum": 4999}],
                    "description": "Status code that RFC 6455 allows an endpoint to send; default 1000.",
                },
                "reason": {
                    "type": "string",
                    "pattern": "^([ -~]{0,123}|.{0,30})$",
                    "description": "Reason, at most 123 bytes.",
                },
            }
        )
    ),
    ends="has closed",
    harmless=True,
    example="- close: {code: 1000, reason: done}",
)
def close(_context: ScriptContext, written: Step) -> Script:
    """Close the connection with a close frame."""
    given: Mapping[str, Any] = written.argument or {}
    yield Close(given.get("code", 1000), given.get("reason", ""))
    return None


@step(ends="has dropped", harmless=True, example="- drop")
def drop(_context: ScriptContext, _written: Step) -> Script:
    """Break the connection without a close frame."""
    yield Close(drop=True)
    return None


#: Seconds.
DURATION: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 600}
UNTIL: Schema = {"type": "string", "description": "The type of the event that ends the step early."}
READS: Schema = {"type": "boolean", "description": "Whether the client reads from the socket meanwhile."}


def _waiting(here: Spending, written: Step, _clip: ClipReader) -> Cost:
    # Silence that an endpoint ends by itself is answered by a response.
    given = written.under("seconds")
    answered = here.responses(1) if "until" in given else Cost()
    return answered + Cost(expected=float(given.get("seconds", 0)))


def _awaited(written: Step) -> list[str]:
    return [written.under("seconds")["until"]] if "until" in written.under("seconds") else []


@step(
    shorthand(DURATION, shape({"seconds": DURATION, "reads": READS, "until": UNTIL}, required=("seconds",))),
    passes_time=True,
    harmless=True,
    awaits=_awaited,
    costs=_waiting,
    example=(
        "- idle: 3",
        "- idle: {seconds: 3, reads: false}",
        "- idle: {seconds: 15, until: input_audio_buffer.timeout_triggered}",
    ),
)
def idle(context: ScriptContext, written: Step) -> Script:
    """Stay connected and send nothing for some seconds, or until an event comes, which is kept for later steps.

    Use it for conversations about idleness, not for waiting: no other step lets time pass on purpose.
    If the event never comes, the script ends there without evidence, and the rules judge it.
    """
    given = written.under("seconds")
    left, until = float(given["seconds"]), given.get("until", "")
    if not until:
        yield Idle(left, given.get("reads", True))
        return None
    for _ in range(int(left)):
        yield Idle(1.0)
        reply: Reply = yield Recall(f'"{context.dialect.wire_name(until)}"')
        if reply.event:
            return None
    raise ModelDidNot(f"needs {until}, which did not come in {left:g} s of silence")


@step(example="- ping")
def ping(_context: ScriptContext, _written: Step) -> Script:
    """Send a WebSocket ping and wait for its pong; events that come meanwhile are kept for later steps."""
    yield Ping()
    return None
