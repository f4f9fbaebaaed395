"""A certificate: a statement about an endpoint, and everything from which anybody can recompute it.

The archive holds `statement.json`, a badge, the profile, and for each repetition its `report.json`, its page and every
trace.  `realtime-conformance verify` judges the traces again and believes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.contract.profile import PROFILES
from conformance.errors import CertificateError
from conformance.report.archive import write_archive
from conformance.report.badge import badge_data, badge_svg
from conformance.report.inert import inert_data
from conformance.report.levels import LevelStatus, levels_of
from conformance.report.provenance import profile_digest, rules_digest, scenarios_digest, tool_version
from conformance.resources import folder
from conformance.run.journal import about
from conformance.scenario.load import load, suite
from conformance.trace import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.contract.profile import Profile
    from conformance.run.result import RunResult
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario

FORMAT, FORMAT_VERSION = "realtime-conformance/certificate", 1
STATEMENT, PROFILE = "statement.json", "profile.yaml"
#: How often every conversation is held, and the seed of whatever is generated.
REPETITIONS, SEED = 3, 20_260_901
#: A certificate speaks of a product as it was: so long at most.
VALID = timedelta(days=180)


@dataclass(frozen=True)
class CertifiedRun:
    """One of the runs of a certificate, in its own folder."""

    result: RunResult
    folder: Path


def certify(path: Path, repetitions: Sequence[CertifiedRun], when: datetime | None = None) -> dict[str, Any]:
    """Write the certificate to *path* and return its statement; CertificateError if there is nothing to certify."""
    when = when or datetime.now(UTC)
    settings = repetitions[0].result.settings
    refuse_own_waivers(settings.profile)
    levels = levels_of([each.result.conversations for each in repetitions], library())
    statement = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "product": product_of(settings),
        "suite": tool_version(),
        "rules": rules_digest(),
        "scenarios": scenarios_digest(),
        "profile": settings.profile.name if settings.profile is not None else None,
        "profile_digest": profile_digest(settings.profile),
        "dialect": settings.target.dialect.name,
        "auth": list(settings.styles),
        "date": when.isoformat(timespec="seconds"),
        "expires": (when + VALID).isoformat(timespec="seconds"),
        "seed": SEED,
        "levels": levels,
        "runs": [
            {"folder": f"runs/{number}", "about": about(each.result.settings)}
            for number, each in enumerate(repetitions, 1)
        ],
    }
    members = {
        STATEMENT: _json(statement),
        "badge.json": _json(badge_data(levels)),
        "badge.svg": badge_svg(levels).encode(),
    }
    if settings.profile is not None and settings.profile.file is not None:
        members[PROFILE] = settings.profile.file.read_bytes()
    for number, each in enumerate(repetitions, 1):
        members |= _run(f"runs/{number}", each.folder, each.result)
    scrub = settings.scrub
    write_archive(path, {name: scrub(data.decode()).encode() for name, data in members.items()})
    return statement


def _run(prefix: str, home: Path, result: RunResult) -> dict[str, bytes]:
    """Return the members of one run: its report, its page, and the traces that its verdicts rest on."""
    names = ["report.json", "index.html", *(name for each in result.conversations.values() for name in each.traces)]
    try:
        return {f"{prefix}/{name}": (home / name).read_bytes() for name in names}
    except OSError as error:
        raise CertificateError(
            f"{error.filename}: {error.strerror}", "The run has to end before it is certified."
        ) from error


def product_of(settings: Settings) -> str:
    """Name what a run was played against: by the profile's title, else by its address."""
    return settings.profile.title if settings.profile is not None else settings.target.url


def refuse_own_waivers(profile: Profile | None) -> None:
    """Raise CertificateError if a profile excuses something that the suite's own list does not."""
    if profile is not None and profile.waivers and profile.name not in PROFILES:
        raise CertificateError(
            f"the profile {profile.name} has waivers of its own: {', '.join(sorted(profile.waivers))}",
            "A certificate excuses only what a bundled profile excuses. Leave the waivers out, or use such a profile.",
        )


def library() -> Mapping[str, Scenario]:
    """Return the bundled scenarios by id that a run plays by itself."""
    return {script: load(folder("scenarios") / f"{script}.yaml") for script in sorted(suite())}


def certified(levels: Mapping[str, str]) -> bool:
    """Return whether every claimed level is conformant, and at least one is claimed."""
    claimed = {status for status in levels.values() if status != LevelStatus.NOT_CLAIMED}
    return claimed == {LevelStatus.CONFORMANT}


def _json(value: Any) -> bytes:
    return json_text.dumps(inert_data(value), indent=True) + b"\n"
