"""Endpoints that admit, refuse and close wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.mutant import Fault, FaultTable
from conformance.reference.server.admission import KEY_SUBPROTOCOL, AcceptThenClose, Admission, Admitted, Refused
from conformance.reference.session.refusals import error_body

faults = FaultTable()

NO_KEY = error_body("invalid_api_key", "Incorrect API key provided.")


def _deciding(kind: type[Any], decide: Callable[[Any], Any]) -> Fault:
    """Replace decisions of one kind."""
    return Fault(admits=lambda decision: decide(decision) if isinstance(decision, kind) else decision)


def _admitting(dialect: Dialect, *kinds: type[Any]) -> Fault:
    """Let in whoever would get a decision of one of these kinds."""
    return Fault(admits=lambda made: Admitted(dialect.name, "gpt-realtime") if isinstance(made, kinds) else made)


def _keys(made: Admitted) -> list[str]:
    """Give the offered subprotocols that hold a key."""
    return [each for each in made.offered if each.startswith(KEY_SUBPROTOCOL)]


@dataclass(frozen=True)
class _Bare(Refused):
    """A refusal with a body of another form."""

    @property
    def body(self) -> bytes:
        return b"<html>Unauthorized</html>"


@faults.mutant(
    killed_by="connection.a-valid-key-opens-a-session",
    during="connection/echoes_the_subprotocol",
    like="documented-query-auth-not-honoured",
)
def the_documented_style_is_not_read(_dialect: Dialect) -> Fault:
    """The endpoint looks for the key in headers and query only, and browsers are told to offer a subprotocol."""
    return _deciding(Admitted, lambda made: Refused(401, NO_KEY) if _keys(made) else made)


@faults.mutant(
    killed_by="connection.a-bad-key-opens-no-session",
    during="connection/refuses_a_wrong_key",
    like="auth-not-checked-on-ws",
)
def the_key_is_not_checked(dialect: Dialect) -> Fault:
    """Any key will do."""
    return _admitting(dialect, Refused, AcceptThenClose)


@faults.mutant(
    killed_by="connection.a-bad-key-opens-no-session",
    during="connection/refuses_no_key",
    like="auth-not-checked-on-ws",
)
def no_key_is_needed(dialect: Dialect) -> Fault:
    """The HTTP routes check the key, the socket does not."""
    return _admitting(dialect, Refused, AcceptThenClose)


@faults.mutant(
    killed_by="connection.conflicting-keys-are-refused",
    during="connection/refuses_conflicting_keys",
    like="query-auth-wins-over-header",
)
def one_of_two_keys_is_enough(dialect: Dialect) -> Fault:
    """Of two keys only one is looked at."""
    return _admitting(dialect, Refused, AcceptThenClose)


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


@faults.mutant(killed_by="connection.a-refusal-is-visible", during="connection/refuses_no_key")
def a_bad_key_crashes_the_server(_dialect: Dialect) -> Fault:
    """The refusal is a 500."""
    return _deciding(Refused, lambda _made: Refused(500, NO_KEY))


@faults.mutant(
    killed_by="connection.a-refusal-says-unauthorized",
    during="connection/refuses_a_wrong_key",
    like="api-key-header-rejected",
)
def a_bad_key_is_not_found(_dialect: Dialect) -> Fault:
    """The refusal is a 404."""
    return _deciding(Refused, lambda _made: Refused(404, NO_KEY))


@faults.mutant(killed_by="connection.a-refusal-says-why", during="connection/refuses_a_wrong_key")
def a_refusal_is_a_page(_dialect: Dialect) -> Fault:
    """The body of the refusal is HTML."""
    return _deciding(Refused, lambda made: _Bare(made.status, made.error))


@faults.mutant(
    killed_by="connection.the-subprotocol-was-offered",
    during="connection/foreign_subprotocol",
    like="subprotocol-unoffered-selected",
)
def the_subprotocol_is_a_literal(_dialect: Dialect) -> Fault:
    """`realtime` is selected whatever was offered."""
    return _deciding(Admitted, lambda made: replace(made, subprotocol="realtime" if made.offered else None))


@faults.mutant(
    killed_by="connection.browsers-get-a-subprotocol",
    during="connection/echoes_the_subprotocol",
    like="subprotocol-not-echoed",
)
def no_subprotocol_is_selected(_dialect: Dialect) -> Fault:
    """The answer to a browser selects none of its subprotocols."""
    return _deciding(Admitted, lambda made: replace(made, subprotocol=None))


@faults.mutant(
    killed_by="connection.the-key-never-comes-back",
    during="connection/echoes_the_subprotocol",
    like="subprotocol-echoes-key",
)
def the_key_is_selected_as_subprotocol(_dialect: Dialect) -> Fault:
    """Of the offered subprotocols the one that holds the key is selected."""
    return _deciding(Admitted, lambda made: replace(made, subprotocol=next(iter(_keys(made)), made.subprotocol)))


@faults.mutant(
    killed_by="connection.a-bad-model-is-refused",
    during="connection/unknown_model",
    like="no-model-param-500",
)
def any_model_will_do(dialect: Dialect) -> Fault:
    """An unknown model opens a session on some other."""
    return _admitting(dialect, AcceptThenClose)


@faults.mutant(killed_by="connection.a-plain-get-is-refused", during="connection/plain_get", like="plain-get-not-426")
def a_plain_get_is_welcome(_dialect: Dialect) -> Fault:
    """A GET without an upgrade is answered with 200."""
    return _deciding(Refused, lambda _made: Refused(200, NO_KEY))


@faults.mutant(
    killed_by="connection.ends-with-a-close-frame",
    during="connection/unknown_model",
    like="upstream-close-lost-1006",
)
def the_connection_is_dropped(_dialect: Dialect) -> Fault:
    """After the `error` the socket is gone without a close frame."""
    return Fault(closes=lambda _code, _reason: None)


@faults.mutant(killed_by="connection.answers-the-close-frame", during="connection/close_handshake")
def the_close_is_never_answered(_dialect: Dialect) -> Fault:
    """The client's close frame is left unanswered."""
    return Fault(closes=lambda _code, _reason: None)


@faults.mutant(
    killed_by="connection.a-failure-is-no-normal-close",
    during="connection/unknown_model",
    like="error-close-as-1000",
)
def a_failure_closes_as_normal(_dialect: Dialect) -> Fault:
    """A refused session is closed with code 1000."""
    return Fault(closes=lambda _code, reason: (1000, reason))


@faults.mutant(
    killed_by="session.its-expiry-is-announced",
    during="connection/unknown_model",
    like="session-max-duration-abrupt",
)
def a_session_expires_without_a_word(_dialect: Dialect) -> Fault:
    """The close speaks of the maximum duration, and no `error` did."""
    return Fault(closes=lambda _code, _reason: (1001, "Your session hit the maximum duration of 60 minutes."))


@faults.mutant(killed_by="errors.precede-a-failing-close", during="response/text_turn")
def a_session_ends_without_a_reason(_dialect: Dialect) -> Fault:
    """The endpoint closes with 1011 in the middle of a response, and says nothing."""
    return Fault(ends=lambda event: (1011, "") if event.get("type") == "response.created" else None)
