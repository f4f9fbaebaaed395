"""A profile: what one vendor documents, so that it is judged by what it claims.

A profile is a YAML file (`schemas/harness/profile.json`); the bundled ones lie beside this module.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from conformance.contract.dialects import DIALECTS
from conformance.contract.facts import Fact
from conformance.contract.harness_schemas import harness_schema
from conformance.errors import ProfileError
from conformance.yaml_source import Marked, fits, known_keys, nearest, place_of, plain, read

HOME = Path(__file__).parent / "profiles"

#: Names of the bundled profiles.
PROFILES: tuple[str, ...] = tuple(sorted(path.stem for path in HOME.glob("*.yaml")))

#: Key of `documents:` -> kind of the facts under it.
KINDS: Mapping[str, str] = {
    "client_events": "client_event",
    "server_events": "server_event",
    "session_fields": "session_field",
    "usage_fields": "usage_field",
}


@dataclass(frozen=True)
class Waiver:
    """A declared deviation from one rule: all that the rule finds, or what it finds in some fields."""

    reason: str
    """Why the vendor departs from it, and who says so."""
    fields: tuple[str, ...] = ()
    """`<event type> <JSON pointer>`, or a type alone for whatever is found in such events; with `*` as a wildcard.

    Empty: whatever the rule finds.
    """

    def __str__(self) -> str:
        return self.reason

    def covers(self, event_type: str, paths: Iterable[str]) -> bool:
        """Return whether a finding at all of these places of an event is excused."""
        return not self.fields or all(
            any(
                fnmatchcase(f"{event_type} {path}" if " " in pattern else event_type, pattern)
                for pattern in self.fields
            )
            for path in paths
        )


@dataclass(frozen=True)
class Profile:
    """What one vendor documents."""

    name: str
    """As given to `--profile`."""
    title: str
    dialect: str
    """`ga` or `beta`."""
    path: str = "/v1/realtime"
    """Of the URL, where the endpoint is given without one."""
    auth: tuple[str, ...] = ("bearer",)
    """Auth styles, the usual one first."""
    features: frozenset[str] | None = None
    """What it claims (`needs:` of scenarios); None where the documents leave nothing out."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """By rule id."""
    model: str | None = None
    """The model to ask for where the user names none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of the upgrade."""
    facts: tuple[Fact, ...] = ()
    """Everything documented that a conversation can prove; empty where the documents are no list."""
    enumerates: bool = False
    """Whether the documents are all that is claimed: features are listed one by one, and so are events."""
    sources: tuple[str, ...] = ()
    """Where all this is known from."""
    relay: Mapping[str, Any] = field(default_factory=dict)
    """What it declares to change as a gateway (`relay.declared`)."""
    file: Path | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)
    """Rule id -> line and column of its waiver."""


def load_profile(name_or_path: str | Path) -> Profile:
    """Load a bundled profile by its name, or one from a file; ProfileError says what is wrong, and where."""
    given = str(name_or_path)
    if given in PROFILES:
        return _bundled(given)
    if not given.endswith((".yaml", ".yml")) and os.sep not in given:
        cure = f"{nearest(given, PROFILES)} Or give a file: --profile=FILE.yaml"
        raise ProfileError(f"there is no profile {given!r}", cure)
    return _profile(Path(given))


def undocumented(profile: Profile | None, kind: str, names: Iterable[str]) -> frozenset[str]:
    """Return the events (canonical *names*; *kind* as in `KINDS`) of which the vendor's documents say nothing."""
    if profile is None or not profile.enumerates:
        return frozenset()
    spoken = DIALECTS[profile.dialect]
    documented = {fact.name for fact in profile.facts if fact.kind == kind}
    return frozenset(name for name in names if spoken.wire_name(name) not in documented)


@cache
def _bundled(name: str) -> Profile:
    return _profile(HOME / f"{name}.yaml")


def refuse_unknown_waivers(profile: Profile, rule_ids: Iterable[str]) -> None:
    """Raise ProfileError if the profile waives a rule that does not exist."""
    known = frozenset(rule_ids)
    for rule_id in profile.waivers:
        if rule_id not in known:
            line, column = profile.places.get(rule_id, (1, 1))
            where = f"{profile.file or profile.name}:{line}:{column}"
            raise ProfileError(f"there is no rule {rule_id!r}", nearest(rule_id, known), where=where)


def _profile(path: Path) -> Profile:
    data = read(path, ProfileError)
    schema = harness_schema("profile")
    known_keys(data, schema["properties"], path, ProfileError)
    fits(data, schema, path, ProfileError)
    waivers = {
        rule: Waiver(f"{each['reason']} ({each['source']})", tuple(each.get("fields", ())))
        for rule, each in data.get("waivers", {}).items()
    }
    return Profile(
        name=path.stem if path.parent == HOME else str(path),
        title=data["title"],
        dialect=data["dialect"],
        path=data["path"],
        auth=tuple(data["auth"]),
        features=frozenset(_features(data["features"])) if "features" in data else None,
        waivers=waivers,
        model=data.get("model"),
        headers=plain(data.get("headers", {})),
        facts=_facts(data) if "documents" in data else (),
        enumerates=isinstance(data.get("features"), list) and "documents" in data,
        sources=tuple(data["sources"]),
        relay=plain(data.get("relay", {})),
        file=path,
        places={rule: place_of(data, ["waivers", rule]) for rule in waivers},
    )


#: What everybody offers who does not say otherwise.
IMPLIED = ("text_output",)


@cache
def every_feature() -> frozenset[str]:
    """Return all features that a scenario can need: the words of `schemas/harness/scenario.json`."""
    schema = harness_schema("scenario")
    return frozenset(schema["$defs"]["feature"]["enum"])


def _features(claimed: Any) -> Iterable[str]:
    """Return the claimed features: a list, or `{without: [...]}` for all but these."""
    return every_feature() - set(claimed["without"]) if isinstance(claimed, dict) else {*claimed, *IMPLIED}


def _facts(data: Marked) -> tuple[Fact, ...]:
    head = (Fact("path", data["path"]), *(Fact("auth", style) for style in data["auth"]))
    documented = data["documents"]
    return head + tuple(Fact(kind, name) for key, kind in KINDS.items() for name in documented.get(key, ()))
