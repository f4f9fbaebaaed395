"""The dialects by name, and how to find out which one an endpoint speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from conformance.contract import revisions
from conformance.contract.dialect import Dialect


def _records() -> list[Dialect]:
    """Return the record of every module in `revisions/`, the one whose names are canonical first."""
    modules = (import_module(f"{revisions.__name__}.{each.name}") for each in iter_modules(revisions.__path__))
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Dialect)]
    return sorted(found, key=lambda dialect: (bool(dialect.renamed), dialect.name))


DIALECTS: Mapping[str, Dialect] = {each.name: each for each in _records()}
#: The revision whose names are the canonical ones.
CANONICAL = next(iter(DIALECTS.values()))

#: What a telling name and the shape of the session weigh when a dialect is recognised.
NAME, SHAPE = 2, 2
#: Telling names that endpoints of the other revision are known to send as well.
WEAK = {"conversation.item.created": 1}


@cache
def aliases(name: str) -> Mapping[str, str]:
    """Return what other revisions call the server's events of the dialect called *name* -> what it calls them.

    Only names that it does not speak itself for something else.
    """
    own = DIALECTS[name]
    foreign = {
        spoken: own.wire_name(other.canonical(spoken))
        for other in DIALECTS.values()
        if other is not own
        for spoken in other.tells - own.tells
    }
    return {spoken: mine for spoken, mine in foreign.items() if mine in own.server_events and mine != spoken}


def recognise(events: Iterable[Mapping[str, Any]]) -> Dialect | None:
    """Tell the dialect from the server's events; None if nothing in them decides.

    Every telling name counts once, and so does the shape of the first session object.  Where both sides weigh the same,
    the names decide: some endpoints put a flat session in front of `ga` events.
    """
    spoken: set[Any] = set()
    shape = None
    for event in events:
        kind = event.get("type")
        if isinstance(kind, str):
            spoken.add(kind)
        session = event.get("session") if shape is None else None
        if isinstance(session, Mapping):
            shape = next(
                (each for each in DIALECTS.values() if not session.keys().isdisjoint(each.session_tells)), None
            )
    names = {each.name: sum(WEAK.get(kind, NAME) for kind in spoken & each.tells) for each in DIALECTS.values()}
    weight = {name: (told + (SHAPE if DIALECTS[name] is shape else 0), told) for name, told in names.items()}
    best = max(weight, key=lambda name: weight[name])
    return DIALECTS[best] if weight[best][0] else None
