"""What many rules ask of one view, and is computed when the first of them asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from conformance.trace.views import View

P = ParamSpec("P")
T = TypeVar("T")


def lens(compute: Callable[Concatenate[View, P], T]) -> Callable[Concatenate[View, P], T]:
    """Let a function of a view, and of names, run once for each view; what it returns must not be changed."""

    @wraps(compute)
    def look(view: View, /, *names: P.args, **_: P.kwargs) -> T:
        key = (compute, names)
        try:
            known: T = view.kept[key]
        except KeyError:
            known = view.kept[key] = compute(view, *names)  # type: ignore[call-arg]
        return known

    return look


def gathered(give: Callable[Concatenate[View, P], Iterator[T]]) -> Callable[Concatenate[View, P], tuple[T, ...]]:
    """Let a generator over a view run once for each view, to its end."""

    @wraps(give)
    def look(view: View, /, *names: P.args, **_: P.kwargs) -> tuple[T, ...]:
        key = (give, names)
        try:
            known: tuple[T, ...] = view.kept[key]
        except KeyError:
            known = view.kept[key] = tuple(give(view, *names))  # type: ignore[call-arg]
        return known

    return look
