"""Attributes that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar, overload

T = TypeVar("T")
Holder = TypeVar("Holder")


class computed(Generic[Holder, T]):  # noqa: N801 - it is used like `property`
    """An attribute that is computed when it is first asked for, and kept.

    `functools.cached_property` takes a lock each time in Python 3.11; a view belongs to one thread.
    """

    def __init__(self, compute: Callable[[Holder], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, holder: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, holder: Holder, owner: type | None = None) -> T: ...
    def __get__(self, holder: Holder | None, owner: type | None = None) -> T | Self:
        if holder is None:
            return self
        value = holder.__dict__[self.name] = self.compute(holder)
        return value
