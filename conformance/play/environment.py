"""What stands between us and the endpoint's conformance: rate limits, overload, quota, a limit of sessions.

All of it is read from tables: HTTP statuses of a refused upgrade, codes of errors (in `error` events and inside the
status details of a response), close codes, and the words of their reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.play.connection import BeyondBounds, Disconnected, LineDropped
from conformance.trace.service_errors import CODES, asks_to_come_back, closes_as_full, is_full, speaks_of_a_limit

#: Statuses of a refused upgrade that say nothing about conformance.
STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
#: Statuses with which a full endpoint refuses the upgrade, where it gives no other reason.
SESSION_LIMIT_STATUSES = frozenset({429, 503})


class EnvironmentTrouble(Exception):
    """Something between us and the endpoint's conformance: a rate limit, an overload, DNS, TLS."""

    def __init__(self, message: str, retry_after: str = "", *, full: bool = False, beyond: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.full = full
        """Whether the endpoint holds no more sessions at once: with fewer of them it goes on."""
        self.beyond = beyond
        """Whether a bound of ours ended the connection (`play.bounds`): another attempt would reach it again."""


def code_of(error: Mapping[str, Any]) -> str:
    """Return the code of an error, or its type where it has none."""
    return str(error.get("code") or error.get("type") or "")


def trouble_in(error: Any) -> EnvironmentTrouble | None:
    """Return the trouble that an `error` object tells of; None if it says something about the endpoint itself."""
    if not isinstance(error, dict):
        return None
    names = {str(error.get("code")), str(error.get("type"))}
    message = f"the endpoint says {code_of(error)}: {error.get('message')}"
    if is_full(error):
        return EnvironmentTrouble(message, full=True)
    if (seconds := asks_to_come_back(error)) is not None:
        return EnvironmentTrouble(message, seconds)
    return EnvironmentTrouble(message) if names & CODES else None


def trouble_in_response(event: Mapping[str, Any]) -> EnvironmentTrouble | None:
    """Return the trouble that a `response.done` tells of: a quota, a rate limit, a model that broke down.

    A response may fail, and nothing that is promised of others can be shown by it: that is told once, by its error.
    """
    response = event.get("response")
    if not isinstance(response, dict) or response.get("status") != "failed":
        return None
    details = response.get("status_details")
    error = details.get("error") if isinstance(details, dict) else None
    if not isinstance(error, dict):
        return EnvironmentTrouble("the response failed and names no error")
    known = trouble_in(error)
    said = f": {error['message']}" if error.get("message") else ""
    return known or EnvironmentTrouble(f"the response failed with {code_of(error)}{said}")


def trouble_of_status(status: int | None, why: str, body: str, retry_after: str) -> EnvironmentTrouble:
    """Return the trouble of an upgrade that was refused with a status of `STATUSES`, or not answered at all."""
    unexplained = status in SESSION_LIMIT_STATUSES and not any(code in body for code in CODES)
    return EnvironmentTrouble(why, retry_after, full=speaks_of_a_limit(body) or (unexplained and not retry_after))


def trouble_of_close(code: int | None, reason: str) -> EnvironmentTrouble | None:
    """Return the trouble of a session that was closed before its first event; None if it is the endpoint's own."""
    if closes_as_full(code, reason):
        return EnvironmentTrouble(f"the endpoint closed with {code} ({reason})", full=True)
    return None


def raise_our_doing(gone: Disconnected) -> None:
    """Raise EnvironmentTrouble where it was we who ended the connection, because of a bound or of a bad line."""
    if isinstance(gone, BeyondBounds | LineDropped):
        raise EnvironmentTrouble(gone.reason, beyond=isinstance(gone, BeyondBounds)) from gone
