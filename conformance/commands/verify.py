"""A certificate, recomputed: every verdict from the traces, offline; nothing that it says is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from conformance.contract.harness_schemas import harness_schema
from conformance.contract.profile import PROFILES, load_profile
from conformance.contract.schemas import misfit
from conformance.errors import CertificateError
from conformance.report.archive import read_archive
from conformance.report.badge import badge_data
from conformance.report.certificate import (
    FORMAT,
    FORMAT_VERSION,
    PROFILE,
    REPETITIONS,
    SEED,
    STATEMENT,
    VALID,
    library,
    product_of,
    refuse_own_waivers,
)
from conformance.report.inert import one_line
from conformance.report.levels import levels_of
from conformance.report.provenance import profile_digest, rules_digest, scenarios_digest, tool_version
from conformance.report.recomputed import RecomputedRun
from conformance.report.sentence import many
from conformance.run.finished import settings_from

if TYPE_CHECKING:
    from conformance.contract.profile import Profile
    from conformance.run.settings import Settings

#: Differences that are told; further ones are counted.
MOST_TOLD = 20


@dataclass(frozen=True)
class Verified:
    """What a certificate says, and where the traces say something else."""

    statement: Mapping[str, Any]
    differences: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether everything is as the certificate says."""
        return not self.differences


def verified(path: Path, now: datetime | None = None) -> Verified:
    """Recompute a certificate; CertificateError where it cannot be read or was made by another version."""
    members = read_archive(path)
    statement = _statement(members)
    profile = _profile(statement, members)
    differences = [*_of_the_statement(statement, now or datetime.now(UTC))]
    runs = []
    for number, told in enumerate(statement["runs"], 1):
        settings = settings_from(told["about"], Path(), profile)
        differences += _of_a_run(statement, told["about"], settings, f"run {number}")
        records, found = RecomputedRun(f"run {number}", f"{told['folder']}/", members, settings).judged()
        runs.append(records)
        differences += found
    levels = levels_of(runs, library())
    if levels != statement["levels"]:
        differences.append(f"the levels are {_in_words(levels)}, not {_in_words(statement['levels'])}")
    if members.get("badge.json") is None or orjson.loads(members["badge.json"]) != badge_data(levels):
        differences.append("the badge says something else than the levels")
    return Verified(statement, tuple(differences))


def _statement(members: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the statement of an archive that this version can judge."""
    try:
        statement = orjson.loads(members[STATEMENT])
        form = statement["format"], statement["version"]
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise CertificateError(f"the archive has no {STATEMENT} that can be read") from error
    if form != (FORMAT, FORMAT_VERSION):
        raise CertificateError(f"{STATEMENT} has the format {form[0]} {form[1]}, not {FORMAT} {FORMAT_VERSION}")
    own = {"suite": tool_version(), "rules": rules_digest(), "scenarios": scenarios_digest()}
    for name, value in own.items():
        if statement.get(name) != value:
            raise CertificateError(
                f"it was made by another version of the suite: {name} is {statement.get(name)}, here it is {value}",
                f"Install the version that made it: pip install realtime-conformance=={statement.get('suite')}",
            )
    if why := misfit(harness_schema("certificate"), statement):
        raise CertificateError(f"{STATEMENT} is malformed: {why}")
    return dict(statement)


def _profile(statement: Mapping[str, Any], members: Mapping[str, bytes]) -> Profile | None:
    """Return the profile that was judged by: a bundled one as it is here, another one as it lies in the archive."""
    name = statement["profile"]
    if name is None:
        return None
    if name in PROFILES:
        profile = load_profile(name)
        if profile_digest(profile) != statement["profile_digest"]:
            raise CertificateError(f"the installed profile {name} differs from the one that it was made with")
        return profile
    return _own_profile(statement, members)


def _own_profile(statement: Mapping[str, Any], members: Mapping[str, bytes]) -> Profile:
    import hashlib
    import tempfile

    name = statement["profile"]
    if PROFILE not in members:
        raise CertificateError(f"{PROFILE} with the profile {name!r} is missing from the archive")
    if f"sha256:{hashlib.sha256(members[PROFILE]).hexdigest()}" != statement["profile_digest"]:
        raise CertificateError(f"{PROFILE} differs from the profile that the certificate was made with")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PROFILE
        file.write_bytes(members[PROFILE])
        profile = replace(load_profile(file), name=name)
    refuse_own_waivers(profile)
    return profile


def _of_the_statement(statement: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield what the statement cannot claim, whatever its runs show."""
    date, expires = (_time(statement, name) for name in ("date", "expires"))
    if expires < now:
        yield f"it expired on {statement['expires'][:10]}"
    if expires - date > VALID:
        yield f"it claims to be valid for {(expires - date).days} days: {VALID.days} are the most"
    if date > now:
        yield f"it is dated {statement['date'][:10]}, which is in the future"
    if statement["seed"] != SEED:
        yield f"it was played with the seed {statement['seed']}, not {SEED}"
    folders = {each["folder"] for each in statement["runs"]}
    if len(folders) < REPETITIONS:
        yield f"it contains {len(folders)} runs: {REPETITIONS} are required"


def _time(statement: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(statement[name])
    except ValueError as error:
        raise CertificateError(f"{STATEMENT}: {name} is not a date and time: {error}") from error


def _of_a_run(statement: Mapping[str, Any], about: Mapping[str, Any], settings: Settings, name: str) -> Iterator[str]:
    """Yield where the statement names something else than what a run was played against."""
    own = {
        "product": product_of(settings),
        "profile": about["profile"],
        "dialect": settings.target.dialect.name,
        "auth": list(settings.styles),
    }
    if settings.profile is not None and set(about["styles"]) != set(settings.profile.auth):
        yield f"{name} was played with the auth styles {about['styles']}, the profile has {list(settings.profile.auth)}"
    for what, value in own.items():
        if statement[what] != value:
            yield f"{name} has the {what} {value}, the statement {statement[what]}"


def _in_words(levels: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {status}" for name, status in levels.items())


def unjudged(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the endpoint was found not to offer, and is therefore not judged; only its makers know why."""
    runs = [each["about"] for each in statement["runs"]]
    refused = sorted({name for about in runs for name in about.get("lacking", ())}) if not statement["profile"] else []
    if refused:
        yield f"not judged, because the endpoint refuses it: {', '.join(refused)}"
    for name, how in (("session_limit", "at once"), ("session_row", "one right after the other")):
        limits = [about[name] for about in runs if about.get(name) is not None]
        if limits:
            yield f"not judged, because the endpoint holds no more: more than {many(min(limits), 'session')} {how}"


def as_text(found: Verified) -> str:
    """Return what was verified, line by line; the verdict last."""
    told = found.statement
    lines = [
        f"{one_line(told['product'])}, {told['dialect']}, of {told['date'][:10]}, valid until {told['expires'][:10]}"
    ]
    lines += [f"  {name:<14} {status}" for name, status in told["levels"].items()]
    lines += [f"  {one_line(each)}" for each in unjudged(told)]
    lines += [f"  {one_line(each)}" for each in found.differences[:MOST_TOLD]]
    if len(found.differences) > MOST_TOLD:
        lines.append(f"  … and {len(found.differences) - MOST_TOLD} more")
    number = len(found.differences)
    verdict = "verified: every verdict follows from the traces"
    lines.append(verdict if found.valid else f"REJECTED: {number} difference{'s' if number > 1 else ''}")
    return "\n".join(lines) + "\n"
