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
from conformance.contract.names import REFERENCE_TOOL_SERVER
from conformance.errors import UsageError
from conformance.options.relay import relay_of
from conformance.play.auth import carries
from conformance.play.bounds import HELD_EACH, Bounds
from conformance.play.line import line_of
from conformance.play.plain import words_of
from conformance.play.target import Patience, Target, checked_url
from conformance.run import key
from conformance.run.settings import AUTO, SESSIONS, Settings
from conformance.secrets import Scrubber, secrets_in

if TYPE_CHECKING:
    from conformance.contract.dialect import Dialect
    from conformance.contract.profile import Profile
    from conformance.options.given import Given

#: What the embedded reference is asked for where nobody says otherwise.
REFERENCE_MODEL = "gpt-realtime"

#: Options that add a header to every upgrade.
HEADERS = ("header", "secret-header")
#: Options that name what is played against; without any it is the embedded reference.
PLAYED = ("endpoint", "relay")

Number = TypeVar("Number", int, float)


def settings_of(given: Given) -> Settings:
    """Read the options; UsageError says which one is wrong."""
    given.refuse_empty()
    profile = profile_named(given.value("profile")) if given.value("profile") is not None else None
    asked = given.value("dialect") or AUTO
    url = next((_url(each, profile, f"--{flag}") for flag in PLAYED if (each := given.value(flag)) is not None), "")
    headers = _headers(given, profile)
    token = _token(given, embedded=not url)
    auth = _auth(given.value("auth"))
    known = profile.auth if profile is not None else tuple(STYLES) if not url or auth == "all" else (auth or "bearer",)
    styles = _carrying(known if auth in ("", "all") else (auth,), token) and _carrying(known, token)
    target = Target(
        url=url,
        dialect=_first_guess(asked, profile),
        key=token,
        model=given.value("model") or (profile.model if profile else None) or (None if url else REFERENCE_MODEL),
        auth=auth if auth not in ("", "all") else styles[0],
        styles=styles,
        headers=headers,
        keys=_keys(given, token, embedded=not url),
        tool_server=given.value("tool-server") or ("" if url else REFERENCE_TOOL_SERVER),
        patience=_patience(given),
        bounds=_bounds(given),
        line=line_of(given.value("line") or ""),
        ca_file=usable_ca(given.value("ca-file")),
        insecure=bool(given.value("insecure")),
        **_names(given),
    )
    relay = relay_of(given, token, profile)
    return Settings(
        target=target,
        relay=relay,
        dialect=asked if asked != AUTO or profile is None else profile.dialect,
        profile=profile,
        auth=auth,
        sessions=_positive(given, "sessions", SESSIONS),
        strict=given.strict,
        allow_unproven=bool(given.value("allow-unproven")),
        strict_evidence=bool(given.value("strict-evidence")),
        discovery=not given.value("no-discovery"),
        waive=not given.value("no-waivers"),
        reports=_reports(given),
        scrub=scrubber_of(given).with_more(
            [token, relay.token if relay else "", *target.keys.values(), *secrets_in(url, headers)]
        ),
        embedded=not url,
        names_its_transcriber=given.value("transcriber") is not None,
        names_its_voices=given.value("voice") is not None,
    )


def _keys(given: Given, token: str, *, embedded: bool) -> dict[str, str]:
    """Return the keys of others by role; the embedded reference knows all of them."""
    others = {role: held for role, _, held in (each.partition("=") for each in given.value("token-for") or [])}
    if strangers := others.keys() - ROLES.keys():
        raise UsageError(f"--token-for: there is no role {min(strangers)!r}", f"Known: {', '.join(ROLES)}.")
    if without := [role for role, held in others.items() if not held]:
        raise UsageError(f"--token-for: no key for {without[0]}", f"For example: --token-for {without[0]}=KEY")
    return ({role: key_for(role, token) for role in ROLES} if embedded and token else {}) | others


def _names(given: Given) -> dict[str, Any]:
    """Return the names that somebody chose for the transcriber and the voices, as fields of a target."""
    transcriber, voices = given.value("transcriber"), _split(given.value("voice") or "")
    chosen: dict[str, Any] = {"transcriber": transcriber, "token_transcriber": transcriber} if transcriber else {}
    return chosen | ({"voices": voices} if voices else {})


def _split(names: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in names.split(",") if each.strip())


def profile_named(name: str) -> Profile:
    """Return a bundled profile, or one from a file; ProfileError says what is wrong, also with what it waives."""
    from conformance.contract.profile import load_profile, refuse_unknown_waivers
    from conformance.relay.rules import known_rules

    profile = load_profile(name)
    refuse_unknown_waivers(profile, known_rules())
    return profile


def _url(endpoint: str, profile: Profile | None, flag: str) -> str:
    if profile is not None and urlsplit(endpoint).path in ("", "/") and "://" in endpoint:
        endpoint = urlsplit(endpoint)._replace(path=profile.path).geturl()
    return checked_url(endpoint, flag)


def _first_guess(asked: str, profile: Profile | None) -> Dialect:
    """Return the dialect in which the first connection asks for a session."""
    name = asked if asked != AUTO else (profile.dialect if profile is not None else CANONICAL.name)
    return DIALECTS[name]


def _token(given: Given, *, embedded: bool) -> str:
    """Return the key: from wherever it was said to be, at most one place."""
    if (handed := given.handed.get("key")) is not None:
        return str(handed)
    places = {
        "token": lambda text: text,
        "token-env": key.from_variable,
        "token-file": lambda file: key.from_file(given.folder / file),
        "token-command": key.from_command,
    }
    named = {flag: given.value(flag) for flag in places if given.value(flag) is not None}
    if len(named) > 1:
        raise UsageError(f"the key is given twice: {' and '.join(f'--{flag}' for flag in named)}")
    for flag, said in named.items():
        return str(places[flag](said))
    # The reference invents a key of its own: the real one has no business there.
    return "sk-reference-" + secrets.token_hex(12) if embedded else os.environ.get(key.VARIABLE, "")


def scrubber_of(given: Given) -> Scrubber:
    """Return a scrubber of whatever is secret on the command line and around it; never fails."""
    headers = [(name, text.strip()) for name, _, text in (each.partition(":") for each in given.value("header") or [])]
    try:
        hidden = secrets_in(given.value("endpoint") or given.value("relay") or "", headers)
    except ValueError:
        hidden = []
    named = [each.partition(":")[2].strip() for each in given.value("secret-header") or []]
    hidden += [*named, *(each.rpartition(" ")[2] for each in named)]
    keys = (given.value("token"), given.value("upstream-token"), os.environ.get(key.VARIABLE), *hidden)
    return Scrubber(tuple(filter(None, keys)))


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


def _headers(given: Given, profile: Profile | None) -> tuple[tuple[str, str], ...]:
    headers = list((profile.headers if profile is not None else {}).items())
    for flag, each in ((option, each) for option in HEADERS for each in given.value(option) or []):
        name, colon, text = each.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not text.strip().isprintable():
            raise UsageError(f"--{flag}: not of the form 'Name: value'", f"For example: --{flag} 'X-Team: voice'")
        if flag == "secret-header" and not text.strip():
            raise UsageError(f"--{flag}: {name} has no value", "Was a variable not set?")
        headers.append((name, text.strip()))
    return tuple(headers)


def _patience(given: Given) -> Patience:
    usual = Patience()
    chosen = given.value("answer-timeout") is not None
    answer = _positive(given, "answer-timeout", usual.answer)
    return replace(
        usual,
        connect=_positive(given, "connect-timeout", usual.connect),
        first_event=_positive(given, "answer-timeout", usual.first_event),
        answer=answer,
        conversation=usual.conversation * max(1.0, answer / usual.answer),
        chosen=chosen,
        proof=usual.first_event if chosen else 0.0,
    )


def _bounds(given: Given) -> Bounds:
    usual = Bounds()
    sessions = _positive(given, "sessions", SESSIONS)
    return replace(
        usual,
        held=max(usual.held, sessions * HELD_EACH),
        message=_positive(given, "max-message", usual.message),
        connection=_positive(given, "max-received", usual.connection),
        events=_positive(given, "max-events", usual.events),
    )


def _positive(given: Given, flag: str, usual: Number) -> Number:
    number: Number | None = given.value(flag)
    if number is None:
        return usual
    if not number > 0:
        raise UsageError(f"--{flag}: {number} is not greater than 0")
    return number


def usable_ca(file: str | None) -> str | None:
    """Return the file of `--ca-file`; UsageError where it holds no certificates."""
    if file is not None:
        import ssl

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except OSError as error:
            raise UsageError(f"--ca-file: {file} cannot be used: {words_of(error)}", "Give a PEM file.") from error
    return file


def _reports(given: Given) -> Path:
    if (handed := given.handed.get("reports")) is not None:
        return Path(handed)
    chosen = given.value("reports")
    return (given.folder / chosen).resolve() if chosen else given.home / "reports"
