"""Before anything is judged: one connection tells whether the endpoint can be reached, as whom, and what it speaks.

If it fails there is one diagnosis, with cause and cure, and no red items.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.contract.dialect import Dialect
from conformance.contract.dialects import recognise
from conformance.play.connection import Connector, Disconnected
from conformance.play.environment import EnvironmentTrouble
from conformance.play.recorded_connection import RecordedConnection
from conformance.play.recorder import Recorder, parsed
from conformance.play.target import Target
from conformance.scenario.commands import Close, Open, Silence
from conformance.secrets import Scrubber
from conformance.trace import json_text
from conformance.trace.trace import EndKind, Trace

#: Wherever the key came from.
CHECK_THE_KEY = "Check the key (REALTIME_TOKEN, or what --token… names)"
#: HTTP status of a refused upgrade -> (what it means, what to do).
STATUS_CURES: Mapping[int, tuple[str, str]] = {
    301: ("the endpoint redirects the upgrade", "Give --endpoint the address it redirects to."),
    302: ("the endpoint redirects the upgrade", "Give --endpoint the address it redirects to."),
    400: ("the endpoint rejected the request", "Is --model right for this endpoint? Is the path right?"),
    401: ("the key was refused", f"{CHECK_THE_KEY}, and the auth style (--auth=…, or a --profile)."),
    403: ("the key is not allowed to open a session", f"{CHECK_THE_KEY}, its permissions, and --auth=…"),
    404: ("there is no such path", "Check the path of --endpoint; it usually ends in /v1/realtime."),
    405: ("the path accepts no WebSocket upgrade", "Check the path of --endpoint; it usually ends in /v1/realtime."),
    407: ("a proxy requires authentication", "Connect from a machine without the proxy."),
    426: ("the upgrade header did not arrive", "A proxy in between removes it: allow WebSocket upgrades there."),
    429: ("the endpoint limits the rate or has no quota left", "Wait, or use another key."),
} | dict.fromkeys(
    (500, 502, 503, 504),
    ("the endpoint, or a proxy before it, cannot serve", "Try again later; if that lasts, look into the log of both."),
)
CAUSE_CURES: Mapping[str, str] = {
    "dns": "Check the host name in --endpoint.",
    "tcp": "Is the endpoint running, and the port right?",
    "plain": "If the port does not use TLS, write ws:// in --endpoint.",
    "tls": "Give the certificate authority with --ca-file=FILE; --insecure on a test system.",
    "timeout": "Is the host reachable from here? A firewall often swallows the connection.",
    "protocol": "Is there a WebSocket server behind --endpoint? Are ws:// and wss:// right?",
}
#: What may answer a `session.update` on which nothing came before, but for an event -> (what it means, what to do).
NO_EVENT = "a frame that is no event"
NEVER_CREATED = "session.created never came, though a session.update was answered by "
ANSWER_CURES: Mapping[str, tuple[str, str]] = {
    "session.update": (
        "the upgrade succeeded, but the endpoint sends back what it is sent",
        "That is an echo, and no Realtime endpoint: check --endpoint.",
    ),
    NO_EVENT: (f"{NEVER_CREATED}{NO_EVENT}", "Is this a Realtime endpoint?"),
}
#: How an upgrade without a model may be refused, without a word about that.
VAGUE_STATUSES = frozenset({400, 404, 422})
#: How a key is refused, or not found where it was offered.
KEY_STATUSES = frozenset({401, 403})
KEY_CODES = frozenset({"invalid_api_key", "missing_api_key"})
#: The same where there was no key to refuse.
NO_KEY = "no key was given, and the endpoint requires one"
NO_KEY_CURE = "export REALTIME_TOKEN=… (or --token-file=FILE, --token-command=COMMAND)"
#: `error.code` before any session -> what to do.
CODE_CURES: Mapping[str, str] = {
    "invalid_api_key": f"{CHECK_THE_KEY} and the auth style (--auth=…, or a --profile).",
    "missing_model": "Name the model: --model=NAME",
    "invalid_model": "Say another model: --model=NAME",
    "model_not_found": "Say another model: --model=NAME",
    "beta_api_shape_disabled": "The endpoint speaks `ga` only: --dialect=ga",
    "insufficient_quota": "The account has no quota left.",
}


@dataclass(frozen=True)
class Diagnosis:
    """What the preflight found."""

    trace: Trace
    dialect: Dialect | None = None
    """None where nothing told."""
    trouble: str = ""
    """One sentence; empty if all is well."""
    why: str = ""
    """What the endpoint, or the network, said."""
    cure: str = ""
    environment: bool = False
    """A rate limit, an overload: try again later."""
    retry_after: str = ""
    """When, in the endpoint's own words."""
    latency: float = 0.0
    """Seconds from asking for a connection to the first event."""
    refused_style: str = ""
    """The usual auth style, where only another documented one opened a session."""

    @property
    def told(self) -> str:
        """The trouble and its cure in sentences; empty if all is well."""
        return f"{self.trouble}. {self.cure}".strip() if self.trouble else ""

    @property
    def ready(self) -> bool:
        """Whether the conversations can begin."""
        return not self.trouble

    @property
    def refuses_the_key(self) -> bool:
        """Whether another auth style may open a session."""
        handshake = self.trace.handshake
        errors = (entry.event.get("error") for entry in self.trace if not entry.sent and entry.event is not None)
        codes = {str(each.get("code")) for each in errors if isinstance(each, dict)}
        return (handshake is not None and handshake.status in KEY_STATUSES) or not codes.isdisjoint(KEY_CODES)

    @property
    def wants_a_model(self) -> bool:
        """Whether a model in the URL may open a session: none was named, and the refusal is about that, or vague."""
        handshake = self.trace.handshake
        status = handshake.status if handshake is not None else None
        return "model" in self.trouble.lower() or status in VAGUE_STATUSES


async def preflight(connector: Connector, target: Target, scrub: Scrubber) -> Diagnosis:
    """Open one session, look at its first event, close it."""
    line = RecordedConnection(connector, target, Recorder("preflight", target.dialect.name, scrub))
    began, latency = time.monotonic(), 0.0
    try:
        reply = await line.carry_out(Open())
        latency = time.monotonic() - began
    except EnvironmentTrouble as trouble:
        told = _no_session(line.result(), scrub(str(trouble)), environment=True)
        diagnosis = replace(told, retry_after=trouble.retry_after)
    except Silence as silence:
        answered = await _answer_to_an_update(line)
        diagnosis = _no_session(line.result(), scrub(silence.message), answered=answered)
    else:
        if reply.refused:
            answered = await _answer_to_an_update(line)
            diagnosis = _no_session(line.result(), scrub(reply.refused), answered=answered)
        else:
            await line.carry_out(Close())
            diagnosis = _first_event(line.result())
    finally:
        await line.abandon()
    if diagnosis.refuses_the_key and not target.key:
        said = diagnosis.why or diagnosis.trouble
        diagnosis = replace(diagnosis, trouble=f"{NO_KEY} ({said})", cure=NO_KEY_CURE)
    return replace(diagnosis, trouble=scrub.shown(diagnosis.trouble), trace=scrub.trace(line.result()), latency=latency)


async def _answer_to_an_update(line: RecordedConnection) -> str:
    """Ask a connection on which nothing came for an answer; return the type of what comes, empty if nothing does."""
    end = line.result().end
    if line.connection is None or end is None or end.kind is not EndKind.TIMEOUT:
        return ""
    update = {"type": "session.update", "event_id": "preflight", "session": line.target.dialect.session({})}
    try:
        await line.connection.send(json_text.dumps(update).decode())
        frame = await line.connection.receive(line.target.patience.answer)
    except (Disconnected, TimeoutError):
        return ""
    event = parsed(frame) if isinstance(frame, str) else None
    return str((event or {}).get("type") or NO_EVENT)


def _no_session(trace: Trace, why: str, *, environment: bool = False, answered: str = "") -> Diagnosis:
    handshake, end = trace.handshake, trace.end
    status = handshake.status if handshake else None
    if end is not None and end.kind is EndKind.REFUSED:
        if status is not None:
            meaning, cure = STATUS_CURES.get(status, ("the upgrade was refused", "Check --endpoint."))
            return Diagnosis(trace, trouble=f"{meaning} ({why})", why=why, cure=cure, environment=environment)
        cure = next((cure for kind, cure in CAUSE_CURES.items() if kind == _kind(trace)), "Check --endpoint.")
        return Diagnosis(trace, trouble=why, cure=cure)
    if end is not None and end.kind is EndKind.TIMEOUT and answered:
        lost = "The first event is lost, perhaps in a gateway that starts listening too late. Clients wait for it."
        trouble, cure = ANSWER_CURES.get(answered, (f"{NEVER_CREATED}{answered}", lost))
        return Diagnosis(trace, trouble=trouble, cure=cure)
    if end is not None and end.kind is EndKind.TIMEOUT:
        return Diagnosis(
            trace,
            trouble=f"the upgrade succeeded, but no event came ({why})",
            cure="The endpoint must send session.created by itself. Is --model=… a realtime model?",
        )
    return Diagnosis(
        trace,
        trouble=f"the upgrade succeeded, but the session ended at once ({why})",
        cure="Check --model, the key and the auth style; look into the log of the endpoint.",
    )


def _kind(trace: Trace) -> str:
    return str(trace.intent.get("cause", ""))


def _first_event(trace: Trace) -> Diagnosis:
    events = [entry.event for entry in trace if not entry.sent and entry.event is not None]
    if not events:
        return Diagnosis(trace, trouble="the first frame is not a JSON object", cure="Is this a Realtime endpoint?")
    first = events[0]
    if first.get("type") == "error":
        error = first.get("error") if isinstance(first.get("error"), dict) else {}
        code = str((error or {}).get("code") or (error or {}).get("type") or "")
        said = (error or {}).get("message") or first.get("error")
        cure = CODE_CURES.get(code, "Check --model, the key and the auth style.")
        return Diagnosis(trace, trouble=f"the endpoint refused the session: {code}: {said}", cure=cure)
    return Diagnosis(trace, recognise(events))
