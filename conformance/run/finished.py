"""A run that is over, read from its journal: the same result again, for whoever tells of it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import CANONICAL, DIALECTS
from conformance.errors import ConformanceError, UsageError
from conformance.play.target import Target
from conformance.run.journal import read
from conformance.run.result import RunResult, result_of
from conformance.run.settings import Settings
from conformance.secrets import Scrubber

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.contract.profile import Profile

#: In the place of a key: nobody wrote it down.
GIVEN = "given"


def finished(reports: Path) -> RunResult:
    """Return what the run in *reports* came to; UsageError if there is none, or it did not come to its end."""
    told = read(reports)
    if told.status is None:
        raise UsageError(f"{reports}: the run did not come to its end")
    settings = settings_from(told.about, reports, profile_named(told.about.get("profile")))
    return result_of(told.records, settings, ending=told.ending, baseline=told.baseline)


def settings_from(about: dict[str, Any], reports: Path, profile: Profile | None) -> Settings:
    """Return the settings of a run as its journal tells them (`run.journal.about`), without the key."""
    dialect = DIALECTS.get(str(about.get("dialect")), CANONICAL)
    return Settings(
        target=Target(
            url=about.get("endpoint", ""),
            dialect=dialect,
            model=about.get("model"),
            auth=about.get("auth", ""),
            key=GIVEN if about.get("keyed") else "",
            keys=dict.fromkeys(about.get("keys", ()), GIVEN),
            styles=tuple(about.get("styles", STYLES)),
            tool_server=GIVEN if about.get("tool_server") else "",
        ),
        auth=about.get("asked_auth", ""),
        lacking=dict(about.get("lacking", {})),
        session_limit=about.get("session_limit"),
        session_row=about.get("session_row"),
        excused=frozenset(about.get("excused", ())),
        unclaimed=tuple(about.get("unclaimed", ())),
        profile=profile,
        strict=bool(about.get("strict")),
        allow_unproven=bool(about.get("allow_unproven")),
        strict_evidence=bool(about.get("strict_evidence")),
        waive=bool(about.get("waive", True)),
        reports=reports,
        scrub=Scrubber(),
        embedded=bool(about.get("embedded")),
    )


def profile_named(name: str | None) -> Profile | None:
    """Return the profile of that name; None where there was none, or its file has gone since."""
    if name is None:
        return None
    from conformance.contract.profile import load_profile

    try:
        return load_profile(name)
    except ConformanceError:
        return None
