"""What is to be told about a file, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.report.layout import wrapped


@dataclass(frozen=True)
class Remark:
    """One thing to tell about a file."""

    where: str
    """`file:line:column`; empty where the message begins with it."""
    message: str
    detail: str = ""
    """More of the cause, and the cure."""
    warning: bool = False
    """Worth a look; the file may be right."""

    def __str__(self) -> str:
        # The first line stays whole: editors read it.
        head = ": ".join(filter(None, (self.where, "warning" if self.warning else "", self.message)))
        return "\n".join((head, *(part for line in self.detail.splitlines() for part in wrapped(line, "    "))))
