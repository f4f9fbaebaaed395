"""Where to play, as whom, and what the endpoint claims: one value, whoever asked for it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.play.auth import STYLES
from conformance.secrets import Scrubber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.profile import Profile
    from conformance.play.target import Target
    from conformance.scenario.model import Scenario

AUTO = "auto"
#: Conversations at once.
SESSIONS = 16
#: Credentials that only an endpoint with a key can refuse.
BAD_CREDENTIALS = frozenset({"wrong", "empty", "missing", "conflicting"})


@dataclass(frozen=True)
class Setup:
    """What the options come to."""

    target: Target
    """`url` is empty until the embedded reference listens."""
    dialect: str = AUTO
    """As asked for: `auto`, `ga` or `beta`."""
    profile: Profile | None = None
    auth: str = ""
    """As asked for: a style, `all`, or empty."""
    sessions: int = SESSIONS
    strict: bool = False
    allow_unproven: bool = False
    discovery: bool = True
    """Whether an endpoint that no profile speaks for is asked what it does not offer."""
    reports: Path = Path("reports")
    scrub: Scrubber = field(default_factory=Scrubber)
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Feature -> how the endpoint refused it, where no profile says what it claims."""
    embedded: bool = False
    """Whether the reference endpoint is what is played against; stays true once it listens."""

    @property
    def styles(self) -> tuple[str, ...]:
        """The auth styles that `each: auth` goes through: those documented, or the one that was asked for."""
        if self.auth not in ("", "all"):
            return (self.auth,)
        if self.profile is not None:
            return self.profile.auth
        return tuple(STYLES) if self.embedded or self.auth == "all" else ("bearer",)

    @property
    def waivers(self) -> Mapping[str, str]:
        """Rule id -> why the profile's vendor departs from it."""
        return self.profile.waivers if self.profile is not None else {}

    @property
    def discovers(self) -> bool:
        """Whether the endpoint is asked what it does not offer: where no profile speaks for it."""
        return self.discovery and self.profile is None and not self.embedded

    @property
    def claimed(self) -> frozenset[str] | None:
        """The features that the profile claims, or that the endpoint did not refuse; None = all, for all we know."""
        if self.profile is not None:
            return self.profile.features
        if not self.lacking:
            return None
        from conformance.contract.profile import every_feature

        return every_feature() - self.lacking.keys()

    def not_applicable(self, scenario: Scenario) -> str:
        """Say why a scenario has nothing to say about this endpoint; empty if it has."""
        claimed = self.claimed
        if self.target.dialect.name not in scenario.dialects:
            return f"the conversation is for {' and '.join(sorted(scenario.dialects))}"
        if claimed is not None and (unclaimed := scenario.needs - claimed):
            who = "the profile does not claim" if self.profile is not None else "the endpoint refuses"
            return f"{who} {', '.join(sorted(unclaimed))}"
        if scenario.lacks and (claimed is None or scenario.lacks & claimed):
            return f"the endpoint is not said to lack {', '.join(sorted(scenario.lacks))}"
        if not self.target.key and _offers_bad_credentials(scenario):
            return "no key was given, so the endpoint has none to ask for"
        return ""

    @property
    def repeats(self) -> str:
        """The options that play the same again, without secrets."""
        told = {
            "endpoint": "" if self.embedded else self.scrub(self.target.url),
            "profile": self.profile.name if self.profile is not None else "",
            "auth": self.auth,
            "dialect": "" if self.dialect == AUTO else self.dialect,
            "model": (self.target.model or "") if not self.embedded else "",
        }
        return " ".join(f"--{name}={shlex.quote(each)}" for name, each in told.items() if each)


def embedded_on(setup: Setup, url: str) -> Setup:
    """Give the target its address, now that the embedded reference listens."""
    path = setup.profile.path if setup.profile is not None else ""
    if path:
        url = urlsplit(url)._replace(path=path).geturl()
    return replace(setup, target=replace(setup.target, url=url))


def _offers_bad_credentials(scenario: Scenario) -> bool:
    arguments = (step.argument for step in scenario.steps)
    return any(isinstance(each, dict) and each.get("credential") in BAD_CREDENTIALS for each in arguments)
