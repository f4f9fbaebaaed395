"""`realtime-conformance serve`: the reference endpoint, or a mutant of it, until it is interrupted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.contract.dialects import DIALECTS
from conformance.errors import UsageError
from conformance.reference.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.server.serving import Serving
    from conformance.reference.session.hooks import Hooks


def serve_forever(wanted: Serving, say: Callable[[str], object]) -> None:
    """Listen, say where, and return when SIGINT or SIGTERM comes."""
    if wanted.mutant:
        wanted = replace(wanted, hooks=hooks_of(wanted.mutant))
    serving.serve_forever(wanted, say)


def features_of(names: str) -> frozenset[str]:
    """Read `--without`: names of features, with commas between them."""
    from conformance.reference.session.core import FEATURES

    wanted = frozenset(name.strip() for name in names.split(",") if name.strip())
    if unknown := sorted(wanted - FEATURES):
        known = f"Known: {', '.join(sorted(FEATURES))}."
        raise UsageError(f"--without: the reference has no feature {unknown[0]!r} to leave out", known)
    return wanted


def hooks_of(name: str) -> Callable[[str], Hooks]:
    """Return the hooks of the mutant called *name*, one object for each session."""
    from conformance.mutants import MUTANTS

    mutant = MUTANTS.get(name)
    if mutant is None:
        import difflib

        near = difflib.get_close_matches(name, MUTANTS, n=1)
        cure = f"Did you mean {near[0]!r}?" if near else "`realtime-conformance selftest --json` names them all."
        raise UsageError(f"there is no mutant {name!r}", cure)

    def hooks(dialect: str) -> Hooks:
        return mutant.make(DIALECTS[dialect]).spelled_for(DIALECTS[dialect])

    return hooks
