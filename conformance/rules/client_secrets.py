"""Client secrets: short-lived keys, each with the settings of the session that it opens.

A trace tells of them in its `intent`: `minting` is what was asked for and what came, `secret` what a session was opened
with.  No trace holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.contract.dialect import Minting, reach
from conformance.contract.dialects import DIALECTS
from conformance.contract.facts import reflects
from conformance.contract.schemas import schemas_for
from conformance.rules.engine.rule import CLIENT_SECRET, HELD, Chapter, Finding, Judged
from conformance.trace.frames import mapping, quoted, string, whole_number
from conformance.trace.trace import Credential
from conformance.trace.views import View

rules = Chapter("client_secrets")

SPEC = "https://platform.openai.com/docs/api-reference/realtime-sessions"
SCHEMA = "client_secret"
#: Statuses of success, and those that refuse.
SUCCESS, REFUSED = range(200, 300), range(400, 500)
#: Seconds by which two clocks may differ, and a request may take.
CLOCKS = 120
VALID, EXPIRED = "valid", "expired"


def minting(view: View) -> Mapping[str, Any]:
    """Return what was asked for and what came, where a trace is of a POST for a secret; else nothing."""
    return mapping(view.trace.intent.get("minting"))


def opened_by(view: View) -> str:
    """Return what is right or wrong with the client secret that the client came with; empty if it came with a key."""
    return string(mapping(view.trace.intent.get("secret")).get("state")) or ""


def _how(view: View) -> Minting:
    return DIALECTS[view.dialect.name].minting


def _answer(view: View) -> Mapping[str, Any] | None:
    """Return the answer to a valid key; None if there is none."""
    hand, told = view.handshake, minting(view)
    if hand is None or hand.credential is not Credential.VALID or "answer" not in told:
        return None
    return mapping(told["answer"])


@rules.must("client_secrets.a-key-mints-a-secret", about=CLIENT_SECRET, covers=("SEC-01",), spec=SPEC)
def a_key_mints_a_secret(view: View) -> Judged:
    """A valid key gets a client secret for the asking."""
    told, hand = minting(view), view.handshake
    if not told or hand is None or hand.credential is not Credential.VALID:
        return
    if string(reach(_answer(view), _how(view).value)):
        yield HELD
    else:
        where = ".".join(_how(view).value)
        yield Finding(-1, "A valid key got no client secret.", f"200 with {where}", f"HTTP {hand.status}")


@rules.must("client_secrets.the-answer-fits-its-schema", about=CLIENT_SECRET, covers=("SEC-01",), spec=SPEC)
def the_answer_fits_its_schema(view: View) -> Judged:
    """What comes with a client secret has the documented form."""
    answer = _answer(view)
    if answer is None:
        return
    problems = schemas_for(view.dialect.name).object_problems(SCHEMA, dict(answer))
    for each in problems:
        message = f"The answer breaks its schema at {each.path or '/'} ({each.keyword})."
        yield Finding(-1, message, each.expected, each.found, each.path)
    if not problems:
        yield HELD


@rules.must("client_secrets.a-bad-key-mints-nothing", about=CLIENT_SECRET, covers=("SEC-02",), spec=SPEC)
def a_bad_key_mints_nothing(view: View) -> Judged:
    """Neither a wrong key, nor an empty one, nor none at all gets a client secret."""
    told, hand = minting(view), view.handshake
    if not told or hand is None or hand.credential is Credential.VALID or hand.status is None:
        return
    if hand.status in REFUSED:
        yield HELD
    else:
        message = f"The key was {hand.credential}, and the request was not refused."
        yield Finding(-1, message, "HTTP 401", f"HTTP {hand.status}")


@rules.must("client_secrets.the-answer-holds-no-key", about=CLIENT_SECRET, covers=("SEC-03",), spec=SPEC)
def the_answer_holds_no_key(view: View) -> Judged:
    """The answer holds no key but the client secret: neither the one that asked for it, nor anybody's."""
    if _answer(view) is None:
        return
    if minting(view).get("leaked"):
        yield Finding(-1, "The answer holds a key beside the client secret.", "the client secret alone", "a key")
    else:
        yield HELD


@rules.should("client_secrets.it-lives-as-long-as-was-asked-for", about=CLIENT_SECRET, covers=("SEC-04",), spec=SPEC)
def it_lives_as_long_as_was_asked_for(view: View) -> Judged:
    """The answer says that the secret expires when it was asked to, as far as two clocks agree."""
    told, how, answer = minting(view), _how(view), _answer(view)
    expires, at = whole_number(reach(answer, how.expires_at)), told.get("at")
    seconds = whole_number(reach(told.get("asked"), (*how.expires_after, "seconds")))
    if expires is None or seconds is None or not isinstance(at, int | float):
        return
    if abs(expires - at - seconds) > CLOCKS:
        message = f"The secret was to live {seconds} s, and expires {expires - at:.0f} s after it was asked for."
        yield Finding(-1, message, f"{seconds} s", f"{expires - at:.0f} s")
    else:
        yield HELD


@rules.must("client_secrets.the-answer-shows-the-settings", about=CLIENT_SECRET, covers=("SEC-05",), spec=SPEC)
def the_answer_shows_the_settings(view: View) -> Judged:
    """The session in the answer shows the settings that were asked for."""
    how, answer = _how(view), _answer(view)
    asked = mapping(reach(minting(view).get("asked"), how.session))
    shown = mapping(reach(answer, how.session))
    wanted = {name: value for name, value in asked.items() if name not in ("model", how.value[0])}
    if answer is None or not wanted:
        return
    yield from _shown(wanted, shown, -1)


@rules.must("client_secrets.a-secret-opens-a-session", about=CLIENT_SECRET, covers=("SEC-05",), spec=SPEC)
def a_secret_opens_a_session(view: View) -> Judged:
    """A client secret that has not expired opens a session."""
    if opened_by(view) != VALID or view.handshake is None:
        return
    if view.admitted:
        yield HELD
    else:
        actual = f"HTTP {view.handshake.status}" if view.handshake.status != 101 else "no session"
        yield Finding(-1, "A client secret opened no session.", "session.created", actual)


@rules.must("client_secrets.settings-are-carried", about=CLIENT_SECRET, covers=("SEC-05",), spec=SPEC)
def settings_are_carried(view: View) -> Judged:
    """A session that a client secret opens begins with the settings that were asked for with it."""
    wanted = mapping(mapping(view.trace.intent.get("secret")).get("session"))
    opening = next(iter(view.server("session.created")), None)
    if opened_by(view) != VALID or opening is None or not opening.whole:
        return
    shown = opening.part("session")
    # What a session does not show may be in effect all the same; that it is not shown is told by a rule of its own.
    if told := {name: value for name, value in wanted.items() if name in shown and name != "type"}:
        yield from _shown(told, shown, opening.index)


def _shown(wanted: Mapping[str, Any], shown: Mapping[str, Any], index: int) -> Judged:
    """Judge whether a session shows settings, one by one."""
    lost = [name for name, value in wanted.items() if not reflects(value, shown.get(name))]
    for name in lost:
        shows = "shows another" if name in shown else "does not show it"
        message = f"`{name}` was asked for with the client secret, and the session {shows}."
        yield Finding(index, message, quoted(wanted[name]), quoted(shown.get(name)), f"/session/{name}")
    if not lost:
        yield HELD


@rules.must("client_secrets.an-expired-secret-opens-nothing", about=CLIENT_SECRET, covers=("SEC-06",), spec=SPEC)
def an_expired_secret_opens_nothing(view: View) -> Judged:
    """A client secret that has expired opens no session."""
    if opened_by(view) != EXPIRED or view.handshake is None or view.handshake.status is None:
        return
    if view.admitted:
        opening = view.server("session.created")[0]
        yield Finding(opening.index, "An expired client secret opened a session.", "a refusal", "session.created")
    else:
        yield HELD
