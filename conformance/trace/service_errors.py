"""Errors that a service has by itself, whatever the client said: quota, rate limits, overload, a limit of sessions."""

from __future__ import annotations

import re
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
#: How messages of such errors say that nothing is wrong with what was asked, and when to ask again.
COME_BACK = re.compile(r"\b(?:try again|retry)\b(?:\D{0,20}\b(\d+(?:\.\d+)?) ?s(?:ec|\b))?", re.IGNORECASE)
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
#: How messages and close reasons say it.
SESSION_LIMIT_WORDS = re.compile(
    r"(too many|limit|maximum|max\.?|all|no (free|more|available)|concurrent)\b.{0,40}\b(session|connection|slot)s?"
    r"|\b(session|connection|slot|concurrency)s?\b.{0,40}\b(limit|taken|exhausted|in use|full|exceeded|maximum)"
    r"|\bat capacity\b",
    re.IGNORECASE | re.DOTALL,
)
#: Close code with which a full endpoint closes at once.
TRY_AGAIN_LATER = 1013
#: What ends a session by itself.
EXPIRY_CODES = frozenset({"session_expired"})
ALL_CODES = CODES | MODEL_CODES | SESSION_LIMIT_CODES | EXPIRY_CODES


def identifiers(error: Any) -> frozenset[str]:
    """Return what names the kind of an `error` object: its code and its type, as far as it has them."""
    told = mapping(error)
    return frozenset(name for key in ("type", "code") if (name := string(told.get(key))))


def is_of_the_service(error: Any) -> bool:
    """Return whether an `error` object (of an event, or of a response's status details) need not be about any event."""
    return not ALL_CODES.isdisjoint(identifiers(error))


def is_full(error: Any) -> bool:
    """Return whether an `error` object says that the endpoint holds no more sessions at once."""
    told = mapping(error)
    names = {string(told.get("code")), string(told.get("type"))}
    vague = not told.get("code") or names & CODES
    return bool(names & SESSION_LIMIT_CODES or (vague and speaks_of_a_limit(string(told.get("message")) or "")))


def closes_as_full(code: int | None, reason: str) -> bool:
    """Return whether the close of a session that had not begun says the same."""
    return code == TRY_AGAIN_LATER or (code is not None and speaks_of_a_limit(reason))


def asks_to_come_back(error: Any) -> str | None:
    """Return after how many seconds an error of a broken service asks to try again; empty if it does not say when.

    None if it does not ask.
    """
    told = COME_BACK.search(string(mapping(error).get("message")) or "")
    return None if told is None or MODEL_CODES.isdisjoint(identifiers(error)) else told[1] or ""


def speaks_of_a_limit(text: str) -> bool:
    """Return whether a message, a close reason or the body of a refusal speaks of too many sessions."""
    return SESSION_LIMIT_WORDS.search(text) is not None or any(code in text for code in SESSION_LIMIT_CODES)
