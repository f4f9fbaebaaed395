"""What an item raises: an AssertionError blames the endpoint, anything else does not."""

from __future__ import annotations


class NonConformance(AssertionError):
    """A requirement is broken; the text is the whole report of it."""


class Unproven(NonConformance):
    """A requirement that the scenario promised to exercise was not exercised."""


class ConformanceWarning(UserWarning, AssertionError):
    """A SHOULD requirement is broken."""


class Trouble(Exception):
    """The environment got in the way (429, 5xx, DNS, TLS): nobody was judged."""
