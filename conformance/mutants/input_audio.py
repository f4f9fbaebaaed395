"""Endpoints that treat the input audio buffer wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.contract.dialect import Dialect
from conformance.mutants.edits import item_id_of, stamp
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_before, changing, dropping, holding, receiving_more, repeating, setting
from conformance.trace.trace import Event

faults = FaultTable()

COMMITTED = "input_audio_buffer.committed"
ITEM_EVENTS = ("conversation.item.added", "conversation.item.done")
#: The longest append, in characters, that a mutant with a small limit takes.
SMALL_LIMIT = 64 * 1024
#: The longest that everybody has to take.
LARGE_LIMIT = 15 * 1024 * 1024
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


@faults.mutant(
    killed_by="input_audio.legal-append-is-accepted",
    during="audio/large_append",
    like="message-size-limit-low",
)
def appends_may_only_be_small(_dialect: Dialect) -> Fault:
    """An append of more than 64 KiB is refused."""

    def receives(event: Event) -> Iterable[Event]:
        audio = event.get("audio")
        long = isinstance(audio, str) and len(audio) > SMALL_LIMIT
        yield {**event, "audio": "*"} if long else event

    return Fault(receives=receives)


@faults.mutant(
    killed_by="input_audio.too-large-append-leaves-the-session-open",
    during="audio/beyond_the_largest_append",
    like="message-size-limit-low",
)
def too_large_appends_end_the_session(_dialect: Dialect) -> Fault:
    """An append of more than 15 MiB is refused, and the session ends."""
    refused: list[Event] = []

    def receives(event: Event) -> Iterable[Event]:
        audio = event.get("audio")
        if isinstance(audio, str) and len(audio) > LARGE_LIMIT:
            refused.append(event)
            event = {**event, "audio": "*"}
        yield event

    def ends(event: Event) -> tuple[int, str] | None:
        return (1009, "message too big") if refused and event["type"] == "error" else None

    return Fault(receives=receives, ends=ends)


@faults.mutant(
    killed_by="input_audio.undecodable-append-is-refused",
    during="audio/invalid_base64",
    like="feature-silently-nulled",
)
def undecodable_audio_is_ignored(_dialect: Dialect) -> Fault:
    """Audio that is no base64 is thrown away in silence."""

    def receives(event: Event) -> Iterable[Event]:
        audio = event.get("audio")
        if not isinstance(audio, str) or BASE64.fullmatch(audio) is not None:
            yield event

    return Fault(receives=receives)


@faults.mutant(killed_by="input_audio.committed-item-is-the-users-audio", during="audio/manual_turn")
def committed_audio_becomes_text(_dialect: Dialect) -> Fault:
    """Committed audio becomes an item of text."""

    def change(event: Event) -> Event:
        if not any(part.get("type") == "input_audio" for part in event["item"].get("content", ())):
            return event
        return {**event, "item": {**event["item"], "content": [{"type": "input_text", "text": "Hello."}]}}

    return changing(ITEM_EVENTS, change)


def _takes_empty_commits(dialect: Dialect, once: str = "session.created") -> Fault:
    """Answer an empty commit like any other, *once* an event of that type was sent."""
    stamped, last, sent = stamp(), [None], set[str]()

    def sends(event: Event) -> Iterable[Event]:
        sent.add(event["type"])
        if event["type"] == "conversation.item.added":
            last[:] = [event["item"]["id"]]
        refused = event["type"] == "error" and event["error"]["code"] == "input_audio_buffer_commit_empty"
        if not refused or once not in sent:
            yield event
            return
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": "item_empty",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": content,
        }
        yield stamped({"type": COMMITTED, "previous_item_id": last[0], "item_id": "item_empty"})
        for kind in ITEM_EVENTS:
            if kind in dialect.canonical_server_events:
                yield stamped({"type": kind, "previous_item_id": last[0], "item": {"object": "realtime.item", **item}})

    return Fault(sends=sends)


@faults.mutant(killed_by="input_audio.no-speech-while-detection-is-off", during="audio/manual_turn")
def speech_is_announced_without_detection(_dialect: Dialect) -> Fault:
    """The beginning of speech is announced although turn detection is off."""
    kind = "input_audio_buffer.speech_started"
    return adding_before(COMMITTED, lambda event: [{"type": kind, "audio_start_ms": 0, "item_id": item_id_of(event)}])


@faults.mutant(killed_by="input_audio.no-commit-while-detection-is-off", during="audio/clear")
def the_endpoint_commits_by_itself(_dialect: Dialect) -> Fault:
    """Audio is committed before the client asks."""
    commit = {"type": "input_audio_buffer.commit"}
    return Fault(receives=receiving_more("input_audio_buffer.clear", lambda _: [commit], first=True))


# fmt: off
faults.rows(
    ("appends-are-acknowledged", "input_audio.append-is-not-acknowledged", "audio/manual_turn", "wire-name-not-in-spec",
     "Appended audio is acknowledged by an event of an invented type.",
     lambda _: adding_before(COMMITTED, lambda _: [{"type": "input_audio_buffer.appended"}])),
    ("commits-are-not-acknowledged", "input_audio.commit-is-acknowledged", "audio/manual_turn", "done-chain-incomplete",
     "`input_audio_buffer.committed` is never sent.", lambda _: dropping(COMMITTED)),
    ("the-committed-id-is-never-used", "input_audio.committed-audio-becomes-an-item", "audio/manual_turn",
     "committed-item-id-not-used-again",
     "The commit announces one item id, the item has another.", lambda _: setting(COMMITTED, item_id="item_unused")),
    ("the-item-comes-before-its-commit", "input_audio.committed-precedes-its-item", "audio/manual_turn", "",
     "The item is announced before the commit that makes it.",
     lambda _: holding(lambda event: event["type"] == COMMITTED, until="conversation.item.added")),
    ("a-commit-is-told-twice", "input_audio.committed-item-is-new", "turns/server_vad", "",
     "The same item is committed twice.", lambda _: repeating(COMMITTED)),
    ("a-commit-follows-nothing-known", "input_audio.committed-names-its-predecessor", "audio/manual_turn",
     "ids-inconsistent-over-events",
     "A commit names a predecessor that the conversation does not have.",
     lambda _: setting(COMMITTED, previous_item_id="item_nowhere")),
    ("an-empty-buffer-can-be-committed", "input_audio.empty-commit-is-refused", "audio/empty_commit",
     "commit-too-small-differs",
     "A commit of nothing makes an empty item.", _takes_empty_commits),
    ("a-commit-leaves-the-buffer-full", "input_audio.commit-empties-the-buffer", "audio/commit_twice", "",
     "The same audio can be committed again.", lambda dialect: _takes_empty_commits(dialect, once=COMMITTED)),
    ("a-clear-leaves-the-buffer-full", "input_audio.clear-empties-the-buffer", "audio/clear", "",
     "Audio can be committed although it was cleared.",
     lambda dialect: _takes_empty_commits(dialect, once="input_audio_buffer.cleared")),
    ("an-empty-commit-is-refused-without-its-code", "input_audio.empty-commit-has-its-code", "audio/empty_commit",
     "error-type-misused",
     "The error that refuses an empty commit has no code.",
     lambda _: changing({"error"}, lambda event: {**event, "error": {**event["error"], "code": None}})),
    ("clears-are-not-acknowledged", "input_audio.clear-is-acknowledged", "audio/clear", "",
     "`input_audio_buffer.cleared` is never sent.", lambda _: dropping("input_audio_buffer.cleared")),
    ("a-clear-is-acknowledged-twice", "input_audio.cleared-answers-a-clear", "audio/clear", "",
     "One clear is acknowledged twice.", lambda _: repeating("input_audio_buffer.cleared")),
    ("a-commit-starts-a-response", "input_audio.commit-starts-no-response", "audio/commit_twice",
     "proxy-injects-response-create",
     "A commit starts a response by itself.",
     lambda _: Fault(receives=receiving_more("input_audio_buffer.commit", lambda _: [{"type": "response.create"}]))),
)
