"""Endpoints that treat the input audio buffer wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.contract.dialect import Dialect, Event
from conformance.mutants.changes import (
    adding_before,
    changing,
    dropping,
    hearing_more,
    holding,
    item_id_of,
    repeating,
    setting,
    stamp,
)
from conformance.mutants.mutant import Fault, FaultTable

faults = FaultTable()

COMMITTED = "input_audio_buffer.committed"
ITEM_EVENTS = ("conversation.item.added", "conversation.item.done")
#: The longest append, in characters, that a mutant with a small limit takes.
SMALL_LIMIT = 64 * 1024
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


@faults.mutant(
    killed_by="input_audio.append-is-not-acknowledged",
    during="audio/manual_turn",
    like="wire-name-not-in-spec",
)
def appends_are_acknowledged(_dialect: Dialect) -> Fault:
    """Appended audio is acknowledged by an event of an invented type."""
    return adding_before(COMMITTED, lambda _: [{"type": "input_audio_buffer.appended"}])


@faults.mutant(
    killed_by="input_audio.legal-append-is-accepted",
    during="audio/large_append",
    like="message-size-limit-low",
)
def appends_may_only_be_small(_dialect: Dialect) -> Fault:
    """An append of more than 64 KiB is refused."""

    def hears(event: Event) -> Iterable[Event]:
        audio = event.get("audio")
        long = isinstance(audio, str) and len(audio) > SMALL_LIMIT
        yield {**event, "audio": "*"} if long else event

    return Fault(hears=hears)


@faults.mutant(
    killed_by="input_audio.undecodable-append-is-refused",
    during="audio/invalid_base64",
    like="feature-silently-nulled",
)
def undecodable_audio_is_ignored(_dialect: Dialect) -> Fault:
    """Audio that is no base64 is thrown away in silence."""

    def hears(event: Event) -> Iterable[Event]:
        audio = event.get("audio")
        if not isinstance(audio, str) or BASE64.fullmatch(audio) is not None:
            yield event

    return Fault(hears=hears)


@faults.mutant(killed_by="input_audio.commit-is-acknowledged", during="audio/manual_turn", like="done-chain-incomplete")
def commits_are_not_acknowledged(_dialect: Dialect) -> Fault:
    """`input_audio_buffer.committed` is never sent."""
    return dropping(COMMITTED)


@faults.mutant(
    killed_by="input_audio.committed-audio-becomes-an-item",
    during="audio/manual_turn",
    like="committed-item-id-not-used-again",
)
def the_committed_id_is_never_used(_dialect: Dialect) -> Fault:
    """The commit announces one item id, the item has another."""
    return setting(COMMITTED, item_id="item_unused")


@faults.mutant(killed_by="input_audio.committed-precedes-its-item", during="audio/manual_turn")
def the_item_comes_before_its_commit(_dialect: Dialect) -> Fault:
    """The item is announced before the commit that makes it."""
    return holding(lambda event: event["type"] == COMMITTED, until="conversation.item.added")


@faults.mutant(killed_by="input_audio.committed-item-is-new", during="turns/server_vad")
def a_commit_is_told_twice(_dialect: Dialect) -> Fault:
    """The same item is committed twice."""
    return repeating(COMMITTED)


@faults.mutant(
    killed_by="input_audio.committed-names-its-predecessor",
    during="audio/manual_turn",
    like="ids-inconsistent-over-events",
)
def a_commit_follows_nothing_known(_dialect: Dialect) -> Fault:
    """A commit names a predecessor that the conversation does not have."""
    return setting(COMMITTED, previous_item_id="item_nowhere")


@faults.mutant(killed_by="input_audio.committed-item-is-the-users-audio", during="audio/manual_turn")
def committed_audio_becomes_text(_dialect: Dialect) -> Fault:
    """Committed audio becomes an item of text."""

    def change(event: Event) -> Event:
        if not any(part.get("type") == "input_audio" for part in event["item"].get("content", ())):
            return event
        return {**event, "item": {**event["item"], "content": [{"type": "input_text", "text": "Hello."}]}}

    return changing(ITEM_EVENTS, change)


def _takes_empty_commits(dialect: Dialect) -> Fault:
    """Answer an empty commit like any other."""
    stamped, last = stamp(), [None]

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == "conversation.item.added":
            last[:] = [event["item"]["id"]]
        if event["type"] != "error" or event["error"]["code"] != "input_audio_buffer_commit_empty":
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


@faults.mutant(
    killed_by="input_audio.empty-commit-is-refused",
    during="audio/empty_commit",
    like="commit-too-small-differs",
)
def an_empty_buffer_can_be_committed(dialect: Dialect) -> Fault:
    """A commit of nothing makes an empty item."""
    return _takes_empty_commits(dialect)


@faults.mutant(killed_by="input_audio.commit-empties-the-buffer", during="audio/commit_twice")
def a_commit_leaves_the_buffer_full(dialect: Dialect) -> Fault:
    """The same audio can be committed again."""
    return _takes_empty_commits(dialect)


@faults.mutant(killed_by="input_audio.clear-empties-the-buffer", during="audio/clear")
def a_clear_leaves_the_buffer_full(dialect: Dialect) -> Fault:
    """Audio can be committed although it was cleared."""
    return _takes_empty_commits(dialect)


@faults.mutant(
    killed_by="input_audio.empty-commit-has-its-code", during="audio/empty_commit", like="error-type-misused"
)
def an_empty_commit_is_refused_without_its_code(_dialect: Dialect) -> Fault:
    """The error that refuses an empty commit has no code."""
    return changing({"error"}, lambda event: {**event, "error": {**event["error"], "code": None}})


@faults.mutant(killed_by="input_audio.clear-is-acknowledged", during="audio/clear")
def clears_are_not_acknowledged(_dialect: Dialect) -> Fault:
    """`input_audio_buffer.cleared` is never sent."""
    return dropping("input_audio_buffer.cleared")


@faults.mutant(killed_by="input_audio.cleared-answers-a-clear", during="audio/clear")
def a_clear_is_acknowledged_twice(_dialect: Dialect) -> Fault:
    """One clear is acknowledged twice."""
    return repeating("input_audio_buffer.cleared")


@faults.mutant(
    killed_by="input_audio.commit-starts-no-response",
    during="audio/commit_twice",
    like="proxy-injects-response-create",
)
def a_commit_starts_a_response(_dialect: Dialect) -> Fault:
    """A commit starts a response by itself."""
    return Fault(hears=hearing_more("input_audio_buffer.commit", lambda _: [{"type": "response.create"}]))


@faults.mutant(killed_by="input_audio.no-speech-while-detection-is-off", during="audio/manual_turn")
def speech_is_announced_without_detection(_dialect: Dialect) -> Fault:
    """The beginning of speech is announced although turn detection is off."""
    kind = "input_audio_buffer.speech_started"
    return adding_before(COMMITTED, lambda event: [{"type": kind, "audio_start_ms": 0, "item_id": item_id_of(event)}])


@faults.mutant(killed_by="input_audio.no-commit-while-detection-is-off", during="audio/clear")
def the_endpoint_commits_by_itself(_dialect: Dialect) -> Fault:
    """Audio is committed before the client asks."""
    commit = {"type": "input_audio_buffer.commit"}
    return Fault(hears=hearing_more("input_audio_buffer.clear", lambda _: [commit], first=True))
