"""What an item raises: an AssertionError blames the endpoint, anything else does not."""

from __future__ import annotations


class NonConformance(AssertionError):  # noqa: N818 - a verdict, not an error of ours
    """A requirement is broken; the text is the whole report of it."""


class Unproven(NonConformance):
    """A requirement that the scenario promised to exercise was not exercised."""


class ConformanceWarning(UserWarning, AssertionError):  # noqa: N818 - a warning
    """A SHOULD requirement is broken."""


class Trouble(Exception):  # noqa: N818 - a verdict
    """The environment got in the way (429, 5xx, DNS, TLS): nobody was judged."""
