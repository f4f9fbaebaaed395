"""Where to play, as whom, and what the endpoint claims: one value, whoever asked for it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.contract.auth_styles import STYLES
from conformance.contract.profile import undocumented
from conformance.play.auth import carries
from conformance.play.target import names_a_model
from conformance.run.session_gate import sessions_at_once, sessions_in_all
from conformance.scenario.model import OPENING
from conformance.scenario.sent_events import sent_events
from conformance.secrets import Scrubber

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.contract.profile import Profile, Waiver
    from conformance.play.target import Target
    from conformance.relay.setup import RelaySetup
    from conformance.scenario.model import Scenario

AUTO = "auto"
#: Conversations at once.
SESSIONS = 16
#: Credentials that only an endpoint with a key can refuse.
BAD_CREDENTIALS = frozenset({"wrong", "empty", "missing", "conflicting"})
#: A conflict needs so many auth styles.
TWO_KEYS = 2

#: How a script names the tool server of the run.
TOOL_SERVER = "${run.tool_server}"


@dataclass(frozen=True)
class Settings:
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
    strict_evidence: bool = False
    """Whether evidence counts that a model did not bring about."""
    discovery: bool = True
    """Whether the endpoint is asked what it offers, where no profile tells or the profile claims only some of it."""
    waive: bool = True
    """Whether the profile's waivers count."""
    reports: Path = Path("reports")
    scrub: Scrubber = field(default_factory=Scrubber)
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Feature -> how the endpoint refused it, where no profile says what it claims."""
    excused: frozenset[str] = frozenset()
    """Documented facts, in words, that the baseline knows not to be shown."""
    unclaimed: tuple[str, ...] = ()
    """Features that the endpoint showed although its profile does not claim them."""
    names_its_transcriber: bool = False
    """Whether somebody chose the model for input transcription."""
    names_its_voices: bool = False
    """Whether somebody chose the voices."""
    session_limit: int | None = None
    """How many sessions the endpoint was seen to hold at once, where a conversation asked for more."""
    session_row: int | None = None
    """How many it was seen to open one after the other, where a conversation asked for more."""
    relay: RelaySetup | None = None
    """How we stand around a gateway, where one is tested; `target` is then the gateway."""
    embedded: bool = False
    """Whether the reference endpoint is what is played against; stays true once it listens."""

    @property
    def styles(self) -> tuple[str, ...]:
        """The auth styles that `each: auth` goes through: those documented, or the one that was asked for."""
        if self.auth not in ("", "all"):
            return (self.auth,)
        if self.profile is not None:
            known = self.profile.auth
        else:
            known = tuple(STYLES) if self.embedded or self.auth == "all" else ("bearer",)
        return tuple(style for style in known if carries(style, self.target.key))

    @property
    def other_styles(self) -> tuple[str, ...]:
        """The documented auth styles beside the usual one, unless somebody chose a style, or there is no key."""
        free = not self.auth and self.profile is not None and self.target.key
        return tuple(style for style in self.styles if style != self.target.auth) if free else ()

    @property
    def waivers(self) -> Mapping[str, Waiver]:
        """What the profile's vendor is excused for, by rule id."""
        return self.profile.waivers if self.profile is not None and self.waive else {}

    @property
    def discovers(self) -> bool:
        """Whether the endpoint is asked what it offers: where no profile tells, or the profile leaves something out."""
        told = self.profile is not None and self.profile.features is None
        return self.discovery and not told and not self.embedded and self.relay is None

    def with_offers(self, lacking: Mapping[str, str], offered: Collection[str]) -> Settings:
        """Take in what the endpoint offers: a profile's word counts more, and what goes beyond it is only told."""
        if self.profile is None:
            # Whoever reads keys from a subprotocol is not yet known to read them from anywhere else.
            more = ("subprotocol",) if "subprotocol" in offered else ()
            styles = tuple(dict.fromkeys((*self.target.styles, *more)))
            return replace(self, lacking=lacking, target=replace(self.target, styles=styles))
        return replace(self, unclaimed=tuple(sorted(set(offered) - (self.profile.features or set(offered)))))

    def with_names(self, **names: Any) -> Settings:
        """Take in the names (fields of a target) that the endpoint was found to take; what somebody chose stays."""
        chosen = {"transcriber", "token_transcriber"} if self.names_its_transcriber else set()
        chosen |= {"voices"} if self.names_its_voices else set()
        found = {name: each for name, each in names.items() if name not in chosen}
        return replace(self, target=replace(self.target, **found))

    def with_latency(self, latency: float) -> Settings:
        """Be patient with an endpoint that is slow; *latency* in seconds."""
        return replace(self, target=replace(self.target, patience=self.target.patience.stretched(latency)))

    @property
    def untried(self) -> tuple[str, ...]:
        """The auth styles that the profile documents, or any that is known, and that are not played."""
        documented = self.profile.auth if self.profile is not None else tuple(STYLES)
        return tuple(each for each in documented if each not in self.styles) if self.target.key else ()

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
        if beyond := undocumented(self.profile, "client_event", () if scenario.without else sent_events(scenario)):
            return f"the vendor documents no {', '.join(sorted(beyond))}"
        if scenario.without and (claimed is None or scenario.without & claimed):
            return f"the endpoint is not known to lack {', '.join(sorted(scenario.without))}"
        if unable := {style for style in _options_in(scenario, "auth") if not carries(style, self.target.key)}:
            return f"the key holds a character that cannot travel in the auth style {', '.join(sorted(unable))}"
        if shown := scenario.without & frozenset(self.unclaimed):
            return f"the endpoint offers {', '.join(sorted(shown))}, which its profile does not claim"
        if self.session_limit is not None and sessions_at_once(scenario) > self.session_limit:
            return f"the endpoint holds only {_sessions(self.session_limit)} at once"
        if self.session_row is not None and sessions_in_all(scenario) > self.session_row:
            return f"the endpoint opens only {_sessions(self.session_row)} one right after the other"
        return self._nothing_to_offer(scenario)

    def _nothing_to_offer(self, scenario: Scenario) -> str:
        """Say why a scenario cannot ask for the session that it needs: for want of a key, or of a model."""
        if "missing" in _options_in(scenario, "model") and not names_a_model(self.target):
            return "the URL names no model"
        if not self.target.key and (styles := _options_in(scenario, "auth")):
            return f"no key was given to send in the auth style {', '.join(sorted(styles))}"
        if missing := _options_in(scenario, "key") - self.target.keys.keys():
            return f"there is no key to try: --token-for {' '.join(f'{each}=KEY' for each in sorted(missing))}"
        if not self.target.tool_server and any(TOOL_SERVER in str(step.argument) for step in scenario.steps):
            return "there is no tool server to try: --tool-server=URL of one that the endpoint can reach"
        offered = _options_in(scenario, "credential")
        if not self.target.key and offered & BAD_CREDENTIALS:
            return "no key was given, so refusing a wrong one cannot be tested"
        if "conflicting" in offered and len(self.target.styles) < TWO_KEYS:
            return "the endpoint is known to read keys in one style only"
        return ""

    @property
    def repeats(self) -> str:
        """The options that play the same again, without secrets."""
        told = {
            "relay" if self.relay is not None else "endpoint": "" if self.embedded else self.scrub(self.target.url),
            "upstream-listen": f"{self.relay.host}:{self.relay.port}" if self.relay is not None else "",
            "profile": self.profile.name if self.profile is not None else "",
            "auth": self.auth or (self.target.auth if self.profile and self.target.auth != self.styles[0] else ""),
            "dialect": "" if self.dialect == AUTO else self.dialect,
            "model": (self.target.model or "") if not self.embedded else "",
        }
        written = [f"--{name}={shlex.quote(each)}" for name, each in told.items() if each]
        return " ".join([*written, *(["--no-waivers"] if self.profile is not None and not self.waive else [])])


def _sessions(number: int) -> str:
    return f"{number} session{'' if number == 1 else 's'}"


def embedded_on(settings: Settings, url: str) -> Settings:
    """Set the address of the target, now that the embedded reference listens."""
    path = settings.profile.path if settings.profile is not None else ""
    if path:
        url = urlsplit(url)._replace(path=path).geturl()
    return replace(settings, target=replace(settings.target, url=url))


def _options_in(scenario: Scenario, name: str) -> frozenset[str]:
    """Return what the steps of *scenario* that open a connection say of one of their options."""
    arguments = (step.argument for step in scenario.steps if step.name in OPENING)
    return frozenset(str(each[name]) for each in arguments if isinstance(each, dict) and name in each)
