"""The upgrade: whom it lets in, and how it refuses the others."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from conformance.contract.dialects import DIALECTS
from conformance.rules.client_secrets import EXPIRED, minting, opened_by
from conformance.rules.engine.rule import ANYTHING, GUIDE, HANDSHAKE, HELD, UNUSUAL_HANDSHAKE, Chapter, Finding, Judged
from conformance.secrets import KEY_MARK
from conformance.trace.frames import mapping, string
from conformance.trace.service_errors import CODES, closes_as_full, is_full
from conformance.trace.trace import TOKEN_MARK, Credential, Direction, EndKind, Handshake
from conformance.trace.views import View

rules = Chapter("connection")

SPEC = GUIDE + "realtime-websocket"
RFC_UPGRADE = "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2"
RFC_SCHEME = "https://www.rfc-editor.org/rfc/rfc9110#section-11.1"

#: How the subprotocols of the protocol begin.
KNOWN_SUBPROTOCOLS = ("realtime", "openai-")
#: Keys that open nothing.  A conflict of two keys is another matter.
BAD = frozenset({Credential.WRONG, Credential.MISSING, Credential.EMPTY})
#: Statuses that speak of what there is to spend.
OUT_OF_MONEY = frozenset({402, 429})
#: Statuses that speak of the load or of a proxy in between, not of the key.
OVERLOADED = frozenset({408, 425, 429, 502, 503, 504, 529})


def _upgrade(view: View) -> Handshake | None:
    """Return the handshake if it asked for an upgrade and the answer, or its absence, says something."""
    hand = view.handshake
    if hand is None or _is_plain(hand) or hand.status in OVERLOADED:
        return None
    timed_out = view.end is not None and view.end.kind is EndKind.TIMEOUT
    return hand if hand.status is not None or timed_out else None


def _is_plain(hand: Handshake) -> bool:
    return hand.url.startswith("http")


def _with_bad_key(view: View) -> Handshake | None:
    hand = _upgrade(view)
    return hand if hand is not None and hand.credential in BAD else None


@rules.must("connection.a-valid-key-opens-a-session", about=HANDSHAKE, covers=("CON-01", "SES-02"), spec=SPEC)
def a_valid_key_opens_a_session(view: View) -> Judged:
    """A valid key, offered in a documented style, opens a session before the client says a word."""
    hand = _upgrade(view)
    if hand is None or opened_by(view):
        return
    if hand.credential is Credential.VALID and hand.model is Credential.VALID:
        yield from _opened(view, hand, f"A valid key (style {hand.auth or 'unknown'}) opened no session.")


@rules.should("connection.the-scheme-is-case-insensitive", about=UNUSUAL_HANDSHAKE, covers=("CON-01",), spec=RFC_SCHEME)
def the_scheme_is_case_insensitive(view: View) -> Judged:
    """A valid key opens a session in lower case too, as far as its scheme is concerned (`bearer`)."""
    hand = _upgrade(view)
    if hand is not None and hand.credential is Credential.RECASED:
        yield from _opened(view, hand, "A valid key opened no session: its scheme was written in lower case.")


def _opened(view: View, hand: Handshake, message: str) -> Judged:
    """Judge whether a key opened a session, unless something else than the key is in the way."""
    if view.admitted:
        yield HELD
    elif view.heard and view.heard[0].type != "error":
        return  # something else came first: the chapter on the session says so
    elif hand.status == 101 and view.end is None and not view.heard:
        return  # the recording stops before anything could come
    elif not (
        _is_busy(view)
        or _disagree_on_the_subprotocol(hand)
        or _asks_for_another_revision(view, hand)
        or "call_id=" in hand.url
    ):
        actual = f"HTTP {hand.status}" if hand.status != 101 else _first_words(view)
        yield Finding(-1, message, "session.created", actual)


def _disagree_on_the_subprotocol(hand: Handshake) -> bool:
    """Return whether the server selected a subprotocol nobody offered, or refused an offer of foreign ones only."""
    offered = hand.offered_subprotocols
    if hand.subprotocol is not None and hand.subprotocol not in offered:
        return True
    foreign = bool(offered) and not any(each.startswith(KNOWN_SUBPROTOCOLS) for each in offered)
    return foreign and hand.status is not None and 400 <= hand.status < 500 and hand.status not in (401, 403)


def _is_busy(view: View) -> bool:
    """Return whether the endpoint gives no session for reasons that are not the key's."""
    error = view.heard[0].part("error") if view.heard else {}
    end = view.end
    closed = end is not None and end.by is Direction.SERVER and closes_as_full(end.code, end.reason)
    return closed or is_full(error) or not CODES.isdisjoint({string(error.get("code")), string(error.get("type"))})


def _asks_for_another_revision(view: View, hand: Handshake) -> bool:
    """Return whether the request had, on purpose, not the headers of the revision that is spoken here."""
    every = {name for each in DIALECTS.values() for name in each.headers}
    own = DIALECTS[view.dialect.name].headers if view.dialect.name in DIALECTS else {}
    return bool(hand.request_headers) and every.intersection(hand.request_headers) != own.keys()


def _first_words(view: View) -> str:
    if not view.heard:
        return "nothing"
    first = view.heard[0]
    message = string(first.part("error").get("message"))
    return f"{first.entry.type}: {message[:80]}" if message else first.entry.type


@rules.must("connection.a-bad-key-opens-no-session", about=UNUSUAL_HANDSHAKE, covers=("CON-02",), spec=SPEC)
def a_bad_key_opens_no_session(view: View) -> Judged:
    """Neither a wrong key, nor an empty one, nor none at all opens a session."""
    hand = _with_bad_key(view)
    if hand is None or opened_by(view) == EXPIRED:
        return
    opened = next(iter(view.server("session.created", "transcription_session.created")), None)
    if opened is not None:
        message = f"A session was opened although the key was {hand.credential}."
        yield Finding(opened.index, message, "a refusal", opened.entry.type)
    else:
        yield HELD


@rules.may(
    "connection.conflicting-keys-are-refused",
    about=UNUSUAL_HANDSHAKE,
    covers=("CON-02",),
    spec=SPEC,
    relaxed="No document says which of two keys counts, and an endpoint may not read the wrong one at all.",
)
def conflicting_keys_are_refused(view: View) -> Judged:
    """A wrong key beside the valid one, in another style, is not passed over in silence."""
    hand = _upgrade(view)
    if hand is None or hand.credential is not Credential.CONFLICTING:
        return
    if view.admitted:
        yield Finding(-1, "A session was opened although one of two keys was wrong.", "a refusal", "session.created")
    else:
        yield HELD


@rules.must("connection.a-restricted-key-opens-no-session", about=UNUSUAL_HANDSHAKE, covers=("CON-09",), spec=SPEC)
def a_restricted_key_opens_no_session(view: View) -> Judged:
    """A key that may not use the model opens no session with it."""
    hand = _upgrade(view)
    if hand is None or hand.credential is not Credential.RESTRICTED:
        return
    if view.admitted:
        yield Finding(-1, "A key that may not use the model opened a session with it.", "a refusal", "session.created")
    else:
        yield HELD


@rules.should(
    "connection.an-exhausted-key-is-told-so", about=UNUSUAL_HANDSHAKE, covers=("CON-10",), spec=GUIDE + "error-codes"
)
def an_exhausted_key_is_told_so(view: View) -> Judged:
    """Who has nothing left to spend is told that: by HTTP 429 or 402, or by the code `insufficient_quota`."""
    hand = view.handshake
    if hand is None or hand.credential is not Credential.EXHAUSTED or hand.status is None:
        return
    errors = [string(frame.part("error").get("code")) for frame in view.server("error")]
    if hand.status in OUT_OF_MONEY or "insufficient_quota" in errors or "insufficient_quota" in hand.body:
        yield HELD
    else:
        actual = "session.created" if view.admitted else f"HTTP {hand.status}"
        yield Finding(
            -1, "The endpoint does not say that the key has no quota left.", "HTTP 429, or insufficient_quota", actual
        )


@rules.must("connection.a-refusal-is-visible", about=UNUSUAL_HANDSHAKE, covers=("CON-03",), spec=SPEC)
def a_refusal_is_visible(view: View) -> Judged:
    """A bad key is refused in sight of the client: with an HTTP status, or an `error` and then the end."""
    hand = _with_bad_key(view)
    if hand is None or view.admitted:
        return
    if hand.status is not None and 400 <= hand.status < 500:
        yield HELD
    elif hand.status != 101:
        actual = f"HTTP {hand.status}" if hand.status is not None else "no answer"
        yield Finding(-1, "The refusal of a bad key has no status that says so.", "HTTP 401 or 403", actual)
    elif "error" not in view.types:
        yield Finding(len(view.frames), "A bad key got an upgrade and then no `error`.", "error", _first_words(view))
    elif view.end is not None and view.end.kind is EndKind.TIMEOUT:
        yield Finding(
            len(view.frames),
            "After the `error` about the key the connection stays open.",
            "a close",
            "nothing",
        )
    else:
        yield HELD


@rules.should("connection.a-refusal-says-unauthorized", about=UNUSUAL_HANDSHAKE, covers=("CON-03",), spec=SPEC)
def a_refusal_says_unauthorized(view: View) -> Judged:
    """Where a bad key is refused by HTTP, the status is 401 or 403."""
    hand = _with_bad_key(view)
    if hand is None or hand.status is None or not 400 <= hand.status < 500:
        return
    if hand.status in (401, 403):
        yield HELD
    else:
        yield Finding(-1, "A bad key is refused with another status.", "HTTP 401 or 403", f"HTTP {hand.status}")


@rules.should("connection.a-refusal-says-why", about=UNUSUAL_HANDSHAKE, covers=("CON-03",), spec=GUIDE + "error-codes")
def a_refusal_says_why(view: View) -> Judged:
    """An upgrade refused by HTTP has a JSON body whose `error.message` says why."""
    hand = _upgrade(view)
    if hand is None or hand.status is None or not 400 <= hand.status < 500:
        return
    try:
        body = orjson.loads(hand.body or "")
    except orjson.JSONDecodeError:
        body = None
    if string(mapping(mapping(body).get("error")).get("message")):
        yield HELD
    else:
        actual = hand.body[:80] or "an empty body"
        yield Finding(-1, f"The refusal (HTTP {hand.status}) does not say why.", '{"error": {"message": …}}', actual)


@rules.must("connection.the-key-never-comes-back", about=ANYTHING, covers=("CON-04", "CON-05"), spec=SPEC)
def the_key_never_comes_back(view: View) -> Judged:
    """The key, or anybody's, appears in no frame, header, subprotocol, refusal or close reason of the server."""
    leaks = [*_leaks_of_upgrade(view.handshake)]
    leaks += [
        Finding(frame.index, f"`{frame.entry.type or 'a frame'}` holds the key.", "no key", TOKEN_MARK)
        for frame in view.heard
        if frame.entry.leaked
    ]
    end = view.end
    if end is not None and (end.leaked or _shows_a_key(end.reason)) and end.kind is EndKind.CLOSED:
        leaks.append(Finding(len(view.frames), "The close reason holds the key.", "no key", end.reason[:80]))
    yield from leaks
    if not leaks and (view.heard or view.handshake is not None):
        yield HELD


def _shows_a_key(text: str) -> bool:
    """Return whether ours was scrubbed from a text, or anything else that has the form of a key."""
    return TOKEN_MARK in text or KEY_MARK in text


def _leaks_of_upgrade(hand: Handshake | None) -> Iterator[Finding]:
    if hand is None:
        return
    if hand.subprotocol is not None and ("subprotocol" in hand.leaked or _shows_a_key(hand.subprotocol)):
        yield Finding(-1, "The selected subprotocol holds the key.", "realtime", hand.subprotocol)
        return
    for name, value in hand.response_headers.items():
        if name in hand.leaked or _shows_a_key(value):
            yield Finding(-1, f"The header {name} of the answer holds the key.", "no key", value[:80])
    if "body" in hand.leaked or _shows_a_key(hand.body):
        yield Finding(-1, "The body of the refusal holds the key.", "no key", hand.body[:80])


@rules.should("connection.a-bad-model-is-refused", about=UNUSUAL_HANDSHAKE, covers=("CON-06",), spec=SPEC)
def a_bad_model_is_refused(view: View) -> Judged:
    """An unknown model, or none, is visibly refused: by HTTP, an `error` or a failed response."""
    hand = _upgrade(view)
    if hand is None or hand.credential is not Credential.VALID or hand.model is Credential.VALID:
        return
    by_http = hand.status is not None and 400 <= hand.status < 500
    if by_http or "error" in view.types or any(response.status == "failed" for response in view.responses):
        yield HELD
    else:
        actual = _first_words(view) if hand.status == 101 else f"HTTP {hand.status}"
        yield Finding(
            len(view.frames),
            f"The model in the URL was {hand.model}, and nothing says so.",
            "a refusal",
            actual,
        )


@rules.should("connection.a-plain-get-is-refused", about=UNUSUAL_HANDSHAKE, covers=("CON-03",), spec=RFC_UPGRADE)
def a_plain_get_is_refused(view: View) -> Judged:
    """A GET that asks for no upgrade is answered with a status of the 400s."""
    hand = view.handshake
    if hand is None or not _is_plain(hand) or minting(view) or hand.status is None or hand.status in OVERLOADED:
        return
    if 400 <= hand.status < 500:
        yield HELD
    else:
        yield Finding(-1, "A plain GET is not refused as one.", "HTTP 400 or 426", f"HTTP {hand.status}")
