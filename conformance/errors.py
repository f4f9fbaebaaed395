"""Everything that can go wrong on this side of the wire.

What the endpoint does wrong is a finding, never an exception; what the network does is an entry in the trace.

    ConformanceError            has a message and a cure; prints without a traceback
    ├── UsageError              an option, a URL, a credential: the person's call
    │   └── FileError           a file written by hand, with file, line and column
    │       ├── ScenarioError
    │       └── ProfileError
    ├── UnreachableError        the endpoint opened no session: neither the person's call nor a finding
    ├── PackError               an installed package of rules that cannot be used
    ├── TraceError              a saved trace that cannot be read
    ├── CertificateError        a certificate, or its archive, that does not hold what it claims
    ├── SchemaError             our own schema files are missing or broken
    └── HarnessError            our own bug: the harness said something wrong on the wire
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class ConformanceError(Exception):
    """One clear message with its cause, and the cure where there is one."""

    message: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.message}\n{self.cure}" if self.cure else self.message


class UsageError(ConformanceError):
    """The call was wrong: an option, a URL or a credential."""


@dataclass(eq=False)
class FileError(UsageError):
    """A file written by hand is wrong; `where` is `file:line:column`."""

    where: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n{self.cure}" if self.cure else text


class ScenarioError(FileError):
    """A scenario file is wrong."""


class ProfileError(FileError):
    """A profile file is wrong, or there is no such profile."""


class UnreachableError(ConformanceError):
    """An endpoint that was to be asked opened no session."""


class PackError(ConformanceError):
    """A vendor's package of rules is installed, and cannot be used."""


class TraceError(ConformanceError):
    """A saved trace cannot be read."""


class CertificateError(ConformanceError):
    """A certificate, or the archive that holds it, is not what it claims to be."""


class SchemaError(ConformanceError):
    """A schema file of ours is missing or broken."""


class HarnessError(ConformanceError):
    """The harness itself broke the protocol: our error, never the endpoint's."""
