"""Keys beside the usual one: what whoever holds them may not do, or whose they are (`--token-for NAME=KEY`)."""

from __future__ import annotations

from collections.abc import Mapping

#: Name -> what is to be known of its holder.
ROLES: Mapping[str, str] = {
    "restricted": "may come in, but may not use the model",
    "exhausted": "has nothing left to spend",
    "other-tenant": "is another customer of the same endpoint",
}


def key_for(role: str, key: str) -> str:
    """Return the key of *role* at the reference endpoint, where *key* is the usual one."""
    return f"{key}-{role}"
