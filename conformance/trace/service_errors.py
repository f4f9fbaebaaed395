"""Errors that a service has by itself, whatever the client said: quota, rate limits, overload, a limit of sessions."""

from __future__ import annotations

from typing import Any

from conformance.trace.frames import mapping, string

#: Codes and types of errors that say nothing about conformance.
CODES = frozenset(
    {
        "billing_hard_limit_reached",
        "insufficient_quota",
        "model_overloaded",
        "overloaded",
        "overloaded_error",
        "quota_exceeded",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_busy",
        "server_overloaded",
        "service_unavailable",
        "too_many_requests",
    }
)
#: What only a failed response says: the model behind the endpoint broke down.
MODEL_CODES = frozenset({"server_error", "internal_error", "internal_server_error", "inference_rate_limit_exceeded"})
#: Codes by which an endpoint says that it holds no more sessions at once.
SESSION_LIMIT_CODES = frozenset(
    {
        "concurrency_limit_exceeded",
        "concurrent_session_limit",
        "connection_limit_reached",
        "max_sessions_reached",
        "no_capacity",
        "session_limit_exceeded",
        "session_limit_reached",
        "too_many_connections",
        "too_many_sessions",
    }
)
#: What ends a session by itself.
EXPIRY_CODES = frozenset({"session_expired"})
ALL_CODES = CODES | MODEL_CODES | SESSION_LIMIT_CODES | EXPIRY_CODES


def is_of_the_service(error: Any) -> bool:
    """Return whether an `error` object (of an event, or of a response's status details) need not be about any event."""
    told = mapping(error)
    return not ALL_CODES.isdisjoint({string(told.get("type")), string(told.get("code"))})
