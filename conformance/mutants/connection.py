"""Endpoints that admit, refuse and close wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conformance.contract.auth_styles import KEY_SUBPROTOCOLS
from conformance.contract.dialect import Dialect
from conformance.mutants.mutant import Fault, FaultTable
from conformance.reference.server.admission import AcceptThenClose, Admission, Admitted, Refused
from conformance.reference.session.refusals import error_body

faults = FaultTable()

NO_KEY = error_body("invalid_api_key", "Incorrect API key provided.")


def _deciding(kind: type[Any], decide: Callable[[Any], Any]) -> Fault:
    """Replace decisions of one kind."""
    return Fault(admits=lambda decision: decide(decision) if isinstance(decision, kind) else decision)


def _admitting(dialect: Dialect, *kinds: type[Any]) -> Fault:
    """Let in whoever would get a decision of one of these kinds."""
    return Fault(admits=lambda made: Admitted(dialect.name, "gpt-realtime") if isinstance(made, kinds) else made)


def _any_key(dialect: Dialect) -> Fault:
    """Let in whoever is turned away for the key alone."""
    refusals = (Refused, AcceptThenClose)

    def admits(made: Admission) -> Admission:
        if not isinstance(made, refusals) or made.error["code"] not in ("missing_api_key", "invalid_api_key"):
            return made
        return Admitted(dialect.name, "gpt-realtime", subprotocol=made.subprotocol)

    return Fault(admits=admits)


def _keys(made: Admitted) -> list[str]:
    """Return the offered subprotocols that hold a key."""
    return [each for each in made.offered if each.startswith(KEY_SUBPROTOCOLS)]


@dataclass(frozen=True)
class _Bare(Refused):
    """A refusal with a body of another form."""

    @property
    def body(self) -> bytes:
        return b"<html>Unauthorized</html>"


@faults.mutant(
    killed_by="connection.a-refusal-is-visible",
    during="connection/refuses_a_wrong_key",
    like="auth-failure-no-http-status",
)
def a_bad_key_is_closed_without_a_word(_dialect: Dialect) -> Fault:
    """The upgrade succeeds, and then comes a close and no `error`."""
    refusing: list[Admission] = []

    def admits(made: Admission) -> Admission:
        refusing[:] = [made] if isinstance(made, Refused) else []
        return AcceptThenClose(NO_KEY, 1008) if refusing else made

    return Fault(admits=admits, sends=lambda event: () if refusing else (event,))


# fmt: off
faults.rows(
    ("restricted-keys-are-let-in", "connection.a-restricted-key-opens-no-session", "keys/restricted",
     "key-model-acl-bypassed-by-frame", "A key may use every model.",
     lambda dialect: Fault(admits=lambda made: (
         Admitted(dialect.name, "gpt-realtime")
         if isinstance(made, Refused) and made.error["code"] == "model_not_allowed" else made
     ))),
    ("no-quota-is-a-wrong-key", "connection.an-exhausted-key-is-told-so", "keys/exhausted",
     "wrong-status-for-quota-or-acl", "A key without quota is refused as a wrong one.",
     lambda _: Fault(admits=lambda made: (
         Refused(401, NO_KEY) if isinstance(made, Refused) and made.error["code"] == "insufficient_quota" else made
     ))),
)
faults.rows(
    ("the-documented-style-is-not-read", "connection.a-valid-key-opens-a-session", "connection/echoes_the_subprotocol",
     "documented-query-auth-not-honoured",
     "The endpoint looks for the key in headers and query only, and browsers are told to offer a subprotocol.",
     lambda _: _deciding(Admitted, lambda made: Refused(401, NO_KEY) if _keys(made) else made)),
    ("the-scheme-is-compared-as-text", "connection.the-scheme-is-case-insensitive",
     "connection/accepts_lower_case_scheme", "",
     "Only `Bearer` is a scheme, and `bearer` is not.",
     lambda _: _deciding(Admitted, lambda made: Refused(401, NO_KEY) if made.scheme == "bearer" else made)),
    ("the-key-is-not-checked", "connection.a-bad-key-opens-no-session", "connection/refuses_a_wrong_key",
     "auth-not-checked-on-ws",
     "Any key will do.", _any_key),
    ("no-key-is-needed", "connection.a-bad-key-opens-no-session", "connection/refuses_no_key", "auth-not-checked-on-ws",
     "The HTTP routes check the key, the socket does not.", _any_key),
    ("one-of-two-keys-is-enough", "connection.conflicting-keys-are-refused", "connection/refuses_conflicting_keys",
     "query-auth-wins-over-header",
     "Of two keys only one is looked at.", _any_key),
    ("the-first-offer-is-selected", "connection.the-key-never-comes-back", "connection/key_first_among_subprotocols",
     "subprotocol-echoes-key",
     "Of the offered subprotocols the first is selected, whatever it holds.",
     lambda _: _deciding(Admitted, lambda made: replace(made, subprotocol=next(iter(made.offered), None)))),
    ("a-bad-key-crashes-the-server", "connection.a-refusal-is-visible", "connection/refuses_no_key", "",
     "The refusal is a 500.", lambda _: _deciding(Refused, lambda _made: Refused(500, NO_KEY))),
    ("a-bad-key-is-not-found", "connection.a-refusal-says-unauthorized", "connection/refuses_a_wrong_key",
     "api-key-header-rejected",
     "The refusal is a 404.", lambda _: _deciding(Refused, lambda _made: Refused(404, NO_KEY))),
    ("a-refusal-is-a-page", "connection.a-refusal-says-why", "connection/refuses_a_wrong_key", "",
     "The body of the refusal is HTML.", lambda _: _deciding(Refused, lambda made: _Bare(made.status, made.error))),
    ("the-subprotocol-is-a-literal", "connection.the-subprotocol-was-offered", "connection/foreign_subprotocol",
     "subprotocol-unoffered-selected",
     "`realtime` is selected whatever was offered.",
     lambda _: _deciding(Admitted, lambda made: replace(made, subprotocol="realtime" if made.offered else None))),
    ("no-subprotocol-is-selected", "connection.browsers-get-a-subprotocol", "connection/echoes_the_subprotocol",
     "subprotocol-not-echoed",
     "The answer to a browser selects none of its subprotocols.",
     lambda _: _deciding(Admitted, lambda made: replace(made, subprotocol=None))),
    ("the-key-is-selected-as-subprotocol", "connection.the-key-never-comes-back", "connection/echoes_the_subprotocol",
     "subprotocol-echoes-key",
     "Of the offered subprotocols the one that holds the key is selected.",
     lambda _: _deciding(Admitted, lambda made: replace(made, subprotocol=next(iter(_keys(made)), made.subprotocol)))),
    ("any-model-will-do", "connection.a-bad-model-is-refused", "connection/unknown_model", "no-model-param-500",
     "An unknown model opens a session on some other.", lambda dialect: _admitting(dialect, AcceptThenClose)),
    ("a-plain-get-is-welcome", "connection.a-plain-get-is-refused", "connection/plain_get", "plain-get-not-426",
     "A GET without an upgrade is answered with 200.",
     lambda _: _deciding(Refused, lambda _made: Refused(200, NO_KEY))),
    ("the-connection-is-dropped", "connection.ends-with-a-close-frame", "connection/unknown_model",
     "upstream-close-lost-1006",
     "After the `error` the socket is gone without a close frame.",
     lambda _: Fault(closes=lambda _code, _reason: None)),
    ("the-close-is-never-answered", "connection.answers-the-close-frame", "connection/close_handshake", "",
     "The client's close frame is left unanswered.", lambda _: Fault(closes=lambda _code, _reason: None)),
    ("a-failure-closes-as-normal", "connection.a-failure-is-no-normal-close", "connection/unknown_model",
     "error-close-as-1000",
     "A refused session is closed with code 1000.", lambda _: Fault(closes=lambda _code, reason: (1000, reason))),
    ("a-session-expires-without-a-word", "session.its-expiry-is-announced", "connection/unknown_model",
     "session-max-duration-abrupt",
     "The close speaks of the maximum duration, and no `error` did.",
     lambda _: Fault(closes=lambda _code, _reason: (1001, "Your session hit the maximum duration of 60 minutes."))),
    ("pings-are-never-answered", "connection.a-ping-is-answered", "connection/ping", "",
     "A ping of the client gets no pong.", lambda _: Fault(answers_pings=False)),
    ("a-session-ends-as-if-all-were-well", "ordering.response-done-comes", "response/text_turn", "",
     "The endpoint closes with 1000 in the middle of a response.",
     lambda _: Fault(ends=lambda event: (1000, "") if event.get("type") == "response.created" else None)),
    ("a-session-ends-without-a-reason", "errors.precede-a-failing-close", "response/text_turn", "",
     "The endpoint closes with 1011 in the middle of a response, and says nothing.",
     lambda _: Fault(ends=lambda event: (1011, "") if event.get("type") == "response.created" else None)),
)
