"""From options, environment and profile to a `Settings`."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import CANONICAL, DIALECTS
from conformance.contract.key_roles import ROLES, key_for
from conformance.errors import UsageError
from conformance.play.auth import carries
from conformance.play.bounds import Bounds
from conformance.play.line import line_of
from conformance.play.target import Patience, Target, checked_url
from conformance.plugin.options import INI, strict, value
from conformance.plugin.relay_from_options import relay_of
from conformance.run import key
from conformance.run.settings import AUTO, SESSIONS, Settings
from conformance.secrets import Scrubber, secrets_in

if TYPE_CHECKING:
    import pytest

    from conformance.contract.dialect import Dialect
    from conformance.contract.profile import Profile

#: What the embedded reference is asked for where nobody says otherwise.
REFERENCE_MODEL = "gpt-realtime"

Number = TypeVar("Number", int, float)


def settings_of(config: pytest.Config) -> Settings:
    """Read the options; UsageError says which one is wrong."""
    profile = _profile(value(config, "profile"))
    asked = value(config, "dialect") or AUTO
    endpoint = value(config, "endpoint") or value(config, "relay")
    url = _url(endpoint, profile) if endpoint is not None else ""
    headers = _headers([*(value(config, "header") or []), *(value(config, "secret-header") or [])], profile)
    token = _token(config, embedded=not url)
    auth = _auth(value(config, "auth"))
    known = profile.auth if profile is not None else tuple(STYLES) if not url or auth == "all" else (auth or "bearer",)
    styles = _carrying(known if auth in ("", "all") else (auth,), token) and _carrying(known, token)
    target = Target(
        url=url,
        dialect=_first_guess(asked, profile),
        key=token,
        model=value(config, "model") or (profile.model if profile else None) or (None if url else REFERENCE_MODEL),
        auth=auth if auth not in ("", "all") else styles[0],
        styles=styles,
        headers=headers,
        keys=_keys(config, token, embedded=not url),
        patience=_patience(config),
        bounds=_bounds(config),
        line=line_of(value(config, "line") or ""),
        ca_file=_existing(value(config, "ca-file")),
        insecure=bool(value(config, "insecure")),
        **_names(config),
    )
    relay = relay_of(config, token, profile)
    return Settings(
        target=target,
        relay=relay,
        dialect=asked if asked != AUTO or profile is None else profile.dialect,
        profile=profile,
        auth=auth,
        sessions=_positive("sessions", value(config, "sessions"), SESSIONS),
        strict=strict(config),
        allow_unproven=bool(value(config, "allow-unproven")),
        strict_evidence=bool(value(config, "strict-evidence")),
        discovery=not value(config, "no-discovery"),
        waive=not value(config, "no-waivers"),
        reports=_reports(config),
        scrub=scrubber_of(config).with_more(
            [token, relay.token if relay else "", *target.keys.values(), *secrets_in(url, headers)]
        ),
        embedded=not url,
        names_its_transcriber=value(config, "transcriber") is not None,
        names_its_voices=value(config, "voice") is not None,
    )


def _keys(config: pytest.Config, token: str, *, embedded: bool) -> dict[str, str]:
    """Return the keys of others by role; the embedded reference knows all of them."""
    given = {role: held for role, _, held in (each.partition("=") for each in value(config, "token-for") or [])}
    if strangers := given.keys() - ROLES.keys():
        raise UsageError(f"--token-for: nobody is called {min(strangers)!r}", f"Known: {', '.join(ROLES)}.")
    if without := [role for role, held in given.items() if not held]:
        raise UsageError(f"--token-for: no key for {without[0]}", f"It looks like --token-for {without[0]}=KEY")
    return ({role: key_for(role, token) for role in ROLES} if embedded and token else {}) | given


def _names(config: pytest.Config) -> dict[str, Any]:
    """Return the names that somebody chose for the transcriber and the voices, as fields of a target."""
    transcriber, voices = value(config, "transcriber"), _split(value(config, "voice") or "")
    chosen: dict[str, Any] = {"transcriber": transcriber, "token_transcriber": transcriber} if transcriber else {}
    return chosen | ({"voices": voices} if voices else {})


def _split(names: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in names.split(",") if each.strip())


def _profile(name: str | None) -> Profile | None:
    if name is None:
        return None
    from conformance.contract.profile import load_profile, refuse_unknown_waivers
    from conformance.relay.rules import known_rules

    profile = load_profile(name)
    refuse_unknown_waivers(profile, known_rules())
    return profile


def _url(endpoint: str, profile: Profile | None) -> str:
    if profile is not None and urlsplit(endpoint).path in ("", "/") and "://" in endpoint:
        endpoint = urlsplit(endpoint)._replace(path=profile.path).geturl()
    return checked_url(endpoint)


def _first_guess(asked: str, profile: Profile | None) -> Dialect:
    """Return the dialect in which the first connection asks for a session."""
    name = asked if asked != AUTO else (profile.dialect if profile is not None else CANONICAL.name)
    return DIALECTS[name]


def _token(config: pytest.Config, *, embedded: bool) -> str:
    """Return the key: from wherever it was said to be, at most one place."""
    if (handed := getattr(config, "workerinput", {}).get("realtime", {}).get("key")) is not None:
        return str(handed)
    places = {
        "token": lambda given: given,
        "token-env": key.from_variable,
        "token-file": lambda given: key.from_file(config.invocation_params.dir / given),
        "token-command": key.from_command,
    }
    given = {flag: value(config, flag) for flag in places if value(config, flag) is not None}
    if len(given) > 1:
        raise UsageError(f"the key is given twice: {' and '.join(f'--{flag}' for flag in given)}")
    for flag, said in given.items():
        return str(places[flag](said))
    # The reference invents a key of its own: the real one has no business there.
    return "sk-reference-" + secrets.token_hex(12) if embedded else os.environ.get(key.VARIABLE, "")


def scrubber_of(config: pytest.Config) -> Scrubber:
    """Return a scrubber of whatever is secret on the command line and around it; never fails."""
    headers = [
        (name, text.strip()) for name, _, text in (each.partition(":") for each in value(config, "header") or [])
    ]
    try:
        hidden = secrets_in(value(config, "endpoint") or value(config, "relay") or "", headers)
    except ValueError:
        hidden = []
    named = [each.partition(":")[2].strip() for each in value(config, "secret-header") or []]
    hidden += [*named, *(each.rpartition(" ")[2] for each in named)]
    given = (value(config, "token"), value(config, "upstream-token"), os.environ.get(key.VARIABLE), *hidden)
    return Scrubber(tuple(filter(None, given)))


def _auth(style: str | None) -> str:
    if style is None or style == "all" or style in STYLES:
        return style or ""
    raise UsageError(f"--auth: there is no style {style!r}", f"Known: {', '.join(STYLES)}, and all.")


def _carrying(styles: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Return those of *styles* in which *key* can travel; UsageError if there is none."""
    if able := tuple(style for style in styles if carries(style, key)):
        return able
    others = ", ".join(style for style in STYLES if carries(style, key))
    raise UsageError(
        f"the key holds a character that cannot travel in the auth style {' or '.join(styles)}",
        f"Did a space, a line break or a quotation mark get into it? --auth can carry it as: {others}.",
    )


def _headers(written: list[str], profile: Profile | None) -> tuple[tuple[str, str], ...]:
    headers = list((profile.headers if profile is not None else {}).items())
    for each in written:
        name, colon, text = each.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not text.strip().isprintable():
            raise UsageError("--header: no 'Name: value'", "For example: --header 'X-Team: voice'")
        headers.append((name, text.strip()))
    return tuple(headers)


def _patience(config: pytest.Config) -> Patience:
    usual = Patience()
    return replace(
        usual,
        connect=_positive("connect-timeout", value(config, "connect-timeout"), usual.connect),
        first_event=_positive("answer-timeout", value(config, "answer-timeout"), usual.first_event),
        answer=_positive("answer-timeout", value(config, "answer-timeout"), usual.answer),
        chosen=value(config, "answer-timeout") is not None,
    )


def _bounds(config: pytest.Config) -> Bounds:
    usual = Bounds()
    return replace(
        usual,
        message=_positive("max-message", value(config, "max-message"), usual.message),
        connection=_positive("max-received", value(config, "max-received"), usual.connection),
        events=_positive("max-events", value(config, "max-events"), usual.events),
    )


def _positive(flag: str, number: Number | None, usual: Number) -> Number:
    if number is None:
        return usual
    if not number > 0:
        raise UsageError(f"--{flag}: {number} is not more than 0")
    return number


def _existing(file: str | None) -> str | None:
    if file is not None and not Path(file).is_file():
        raise UsageError(f"--ca-file: there is no file {file}")
    return file


def _reports(config: pytest.Config) -> Path:
    if (handed := getattr(config, "workerinput", {}).get("realtime", {}).get("reports")) is not None:
        return Path(handed)
    chosen = value(config, "reports")
    return (config.invocation_params.dir / chosen).resolve() if chosen else _home(config) / "reports"


def _home(config: pytest.Config) -> Path:
    """Return the root of a project of scenarios, elsewhere the current folder: foreign roots stay clean."""
    return config.rootpath if config.getini(INI) else config.invocation_params.dir
