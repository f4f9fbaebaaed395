"""The reference endpoint without one thing that a vendor documents: an event, a setting, a count.

Each omission is a fault; which conversations notice is not its business, but the fact has to vanish from the proofs
(`contract.facts`).  An auth style is left out where keys are looked for: `admit(auth_styles=…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.contract.facts import Fact
from conformance.mutants.edits import without
from conformance.mutants.mutant import Fault
from conformance.mutants.operators import dropping, ignoring, lacking
from conformance.reference.server.admission import Refused
from conformance.reference.session.refusals import error_body
from conformance.trace.trace import Event

Omission = Callable[[str, Dialect], Fault]
"""From the name of a fact, as the vendor spells it, to the fault."""
#: A type that no endpoint knows: what is sent under it is refused, by name.
UNKNOWN = "conformance.left_out"


def _no_such_path(path: str, _dialect: Dialect) -> Fault:
    return Fault(admits=lambda _: Refused(404, error_body("not_found", f"Invalid URL (GET {path})")))


def _never_sent(name: str, dialect: Dialect) -> Fault:
    return dropping(dialect.canonical(name))


def _ignored(name: str, dialect: Dialect) -> Fault:
    return ignoring(dialect.canonical(name))


def _refused(name: str, dialect: Dialect) -> Fault:
    kind = dialect.canonical(name)
    return Fault(receives=lambda event: ({**event, "type": UNKNOWN} if event.get("type") == kind else event,))


def _not_counted(name: str, _dialect: Dialect) -> Fault:
    return lacking(("response.done",), ("response", "usage", name))


def _not_shown(name: str, _dialect: Dialect) -> Fault:
    return lacking(("session.created", "session.updated"), ("session", name))


def _never_changed(name: str, _dialect: Dialect) -> Fault:
    default: dict[str, Any] = {}

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "session.created":
            default.update({key: value for key, value in event["session"].items() if key == name})
        elif event["type"] == "session.updated":
            event = without(event, ("session", name))
            event["session"].update(default)
        yield event

    return Fault(sends=sends)


#: Kind of a fact -> in which ways an endpoint can do without it.
OMISSIONS: Mapping[str, Mapping[str, Omission]] = {
    "path": {"not found": _no_such_path},
    "client_event": {"ignored": _ignored, "refused": _refused},
    "server_event": {"never sent": _never_sent},
    "session_field": {"not shown": _not_shown, "never changed": _never_changed},
    "usage_field": {"not counted": _not_counted},
}


def omissions_of(fact: Fact) -> Mapping[str, Omission]:
    """Return the ways to leave *fact* out; none for an auth style."""
    # The model of a session is chosen before it begins: nobody expects that it can be changed.
    return {
        way: omission
        for way, omission in OMISSIONS.get(fact.kind, {}).items()
        if (fact.name, way) != ("model", "never changed")
    }
