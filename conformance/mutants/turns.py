"""Endpoints that treat turns of detected speech wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import adding_before, changing, dropping, holding, pretending, repeating, setting
from conformance.trace.trace import Event

faults = FaultTable()

COMMITTED, TIMED_OUT = "input_audio_buffer.committed", "input_audio_buffer.timeout_triggered"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"


@faults.mutant(killed_by="turns.positions-advance", during="turns/two_turns")
def a_later_turn_begins_earlier(_dialect: Dialect) -> Fault:
    """Every turn begins a little before the first one."""
    first: list[int] = []

    def change(event: Event) -> Event:
        first.append(event["audio_start_ms"])
        return {**event, "audio_start_ms": first[0] + (200 if len(first) == 1 else 100)}

    return changing({STARTED}, change)


@faults.mutant(killed_by="turns.positions-lie-in-the-audio", during="turns/server_vad", like="sample-rate-assumed-16k")
def positions_are_counted_at_another_rate(_dialect: Dialect) -> Fault:
    """Positions are counted as if the audio had a third of its sample rate."""

    def change(event: Event) -> Event:
        return {key: value * 3 if key in ("audio_start_ms", "audio_end_ms") else value for key, value in event.items()}

    return changing({STARTED, STOPPED}, change)


@faults.mutant(killed_by="turns.end-includes-the-silence", during="turns/server_vad")
def a_turn_is_shorter_than_its_silence(_dialect: Dialect) -> Fault:
    """The end of speech is said to be just after its beginning."""
    began = [0]

    def change(event: Event) -> Event:
        if event["type"] == STARTED:
            began[0] = event["audio_start_ms"]
            return event
        return {**event, "audio_end_ms": began[0] + 10}

    return changing({STARTED, STOPPED}, change)


@faults.mutant(
    killed_by="turns.committed-turn-is-answered",
    during="turns/server_vad",
    like="no-response-without-transcription",
)
def turns_are_never_answered(_dialect: Dialect) -> Fault:
    """With `create_response`, a turn is committed and nothing follows."""

    def sends(event: Event) -> Iterable[Event]:
        item = event.get("item")
        own = isinstance(item, dict) and item.get("role") == "assistant"
        if not own and not event["type"].startswith(("response.", "rate_limits.")):
            yield event

    return Fault(sends=sends)


@faults.mutant(killed_by="turns.response-follows-a-committed-turn", during="turns/server_vad")
def the_response_comes_before_the_commit(_dialect: Dialect) -> Fault:
    """A turn is committed only after its response has begun."""

    def held(event: Event) -> bool:
        item = event.get("item")
        of_the_user = isinstance(item, dict) and item.get("role") == "user"
        return event["type"] == COMMITTED or (of_the_user and event["type"].startswith("conversation."))

    return holding(held, until="response.created")


@faults.mutant(killed_by="turns.interruption-gives-its-reason", during="turns/barge_in")
def an_interruption_blames_the_client(_dialect: Dialect) -> Fault:
    """A response that speech cancelled says that the client cancelled it."""

    def change(event: Event) -> Event:
        changed = deepcopy(event)
        if changed["response"]["status"] == "cancelled":
            changed["response"]["status_details"]["reason"] = "client_cancelled"
        return changed

    return changing({"response.done"}, change)


@faults.mutant(killed_by="turns.timeout-is-committed", during="turns/server_vad", dialects={"ga"})
def a_timeout_commits_something_else(_dialect: Dialect) -> Fault:
    """A turn times out under an id that is never committed."""
    event = {"type": TIMED_OUT, "item_id": "item_idle", "audio_start_ms": 0, "audio_end_ms": 100}
    return adding_before(COMMITTED, lambda _: [event])


@faults.mutant(killed_by="turns.an-idle-timeout-ends-the-silence", during="turns/idle_timeout", dialects={"ga"})
def an_idle_timeout_is_shown_and_forgotten(_dialect: Dialect) -> Fault:
    """The idle timeout is taken and shown, and silence is never ended."""

    def receives(event: Event) -> Iterable[Event]:
        changed = deepcopy(event)
        detection = _input(changed).get("turn_detection") or {}
        detection.pop("idle_timeout_ms", None)
        return [changed]

    def sends(event: Event) -> Iterable[Event]:
        changed = deepcopy(event)
        if changed["type"] == "session.updated" and _input(changed).get("turn_detection"):
            _input(changed)["turn_detection"]["idle_timeout_ms"] = 5000
        return [changed]

    return Fault(receives=receives, sends=sends)


def _input(event: Event) -> Event:
    """Return the settings of the user's audio in an event of ga."""
    settings: Any = event
    for name in ("session", "audio", "input"):
        settings = settings.get(name) if isinstance(settings, dict) else None
    return settings if isinstance(settings, dict) else {}


@faults.mutant(killed_by="turns.detection-is-on-at-first", during="turns/server_vad")
def detection_is_off_at_first(dialect: Dialect) -> Fault:
    """A conversation begins without turn detection."""
    path = dialect.session_paths["turn_detection"]

    def change(event: Event) -> Event:
        changed = deepcopy(event)
        where = changed["session"]
        for step in path[:-1]:
            where = where[step]
        where[path[-1]] = None
        return changed

    return changing(("session.created",), change)


# fmt: off
faults.rows(
    ("speech-stops-twice", "turns.speech-alternates", "turns/server_vad", "speech-stopped-without-started",
     "The end of speech is announced twice.", lambda _: repeating(STOPPED)),
    ("speech-stops-under-another-id", "turns.stopped-names-its-speech", "turns/server_vad",
     "ids-inconsistent-over-events",
     "Speech ends under another item id than it began with.", lambda _: setting(STOPPED, item_id="item_other")),
    ("speech-is-committed-under-another-id", "turns.committed-names-its-speech", "turns/server_vad",
     "committed-item-id-not-used-again",
     "The item announced when speech began is not the one that is committed.",
     lambda _: setting(STARTED, STOPPED, item_id="item_heard")),
    ("speech-begins-unannounced", "turns.speech-alternates", "turns/server_vad", "",
     "The beginning of speech is not announced, only its end.", lambda _: dropping(STARTED)),
    ("speech-never-stops", "turns.stopped-precedes-committed", "turns/server_vad", "",
     "A turn is committed, and its end was never announced.", lambda _: dropping(STOPPED)),
    ("a-turn-is-never-committed", "turns.speech-ends-in-a-commit", "turns/no_automatic_response", "",
     "Detected speech becomes an item without a commit.", lambda _: dropping(COMMITTED)),
    ("a-turn-is-committed-before-it-stops", "turns.stopped-precedes-committed", "turns/server_vad", "",
     "The end of speech is announced after the commit.",
     lambda _: holding(lambda event: event["type"] == STOPPED, until=COMMITTED)),
    ("speech-ends-before-it-begins", "turns.speech-ends-after-it-begins", "turns/server_vad",
     "speech-stopped-without-started",
     "A turn begins a minute after its end.",
     lambda _: changing({STARTED}, lambda event: {**event, "audio_start_ms": event["audio_start_ms"] + 60_000})),
    ("create-response-is-ignored", "turns.no-response-by-itself", "turns/no_automatic_response",
     "create-response-ignored",
     "`create_response` false is confirmed, and turns are answered all the same.",
     lambda dialect: pretending(dialect, "create_response", shown=False, real=True)),
    ("speech-interrupts-nothing", "turns.speech-interrupts-the-response", "turns/barge_in", "barge-in-missing",
     "`interrupt_response` is confirmed, and responses go on through speech.",
     lambda dialect: pretending(dialect, "interrupt_response", shown=True, real=False)),
    ("speech-always-interrupts", "turns.uninterrupted-response-runs-on", "turns/no_interruption", "",
     "`interrupt_response` false is confirmed, and speech cancels responses all the same.",
     lambda dialect: pretending(dialect, "interrupt_response", shown=False, real=True)),
)
