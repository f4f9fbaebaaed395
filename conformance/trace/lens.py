"""What many rules ask of one view, and is computed when the first of them asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from conformance.trace.views import View

P = ParamSpec("P")
T = TypeVar("T")


def lens(compute: Callable[Concatenate[View, P], T]) -> Callable[Concatenate[View, P], T]:
    """Let a function of a view, and of names, run once for each view; what it returns must not be changed."""
    return _kept(compute, compute)


def gathered(give: Callable[Concatenate[View, P], Iterator[T]]) -> Callable[Concatenate[View, P], tuple[T, ...]]:
    """Let a generator over a view run once for each view, to its end."""

    @wraps(give)
    def gather(view: View, /, *names: P.args, **_: P.kwargs) -> tuple[T, ...]:
        return tuple(give(view, *names))  # type: ignore[call-arg]

    return _kept(give, gather)


def _kept(
    told: Callable[Concatenate[View, P], object], compute: Callable[Concatenate[View, P], T]
) -> Callable[Concatenate[View, P], T]:
    """Return *compute* with a memory for each view; *told* is what it says it is, and of which names."""

    @wraps(compute)
    def look(view: View, /, *names: P.args, **_: P.kwargs) -> T:
        key = (compute, names)
        try:
            known: T = view.kept[key]
        except KeyError:
            known = view.kept[key] = compute(view, *names)  # type: ignore[call-arg]
        return known

    @wraps(compute)
    def glance(view: View) -> T:
        try:
            known: T = view.kept[compute]
        except KeyError:
            known = view.kept[compute] = compute(view)  # type: ignore[call-arg]
        return known

    # Most take the view alone and are asked a hundred times a conversation: no key has to be made for them.
    return glance if len(signature(told).parameters) == 1 else look  # type: ignore[return-value]
