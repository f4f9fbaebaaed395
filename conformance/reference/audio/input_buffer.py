"""The input audio buffer: append, commit and clear, and the turns that voice activity finds in it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.reference.audio.transcription import transcribing
from conformance.reference.audio.vad import Boundary, VoiceActivityDetector
from conformance.reference.session.ids import Ids
from conformance.reference.session.items import Item, ItemList, decoded, user_sound
from conformance.reference.session.refusals import Event, EventRefused
from conformance.reference.session.response_context import RunningResponse
from conformance.reference.session.responses import Responses
from conformance.reference.session.schedule import Schedule, Steps
from conformance.reference.session.settings import SessionSettings

#: Most audio that one append may carry: 15 MiB, taken as decoded bytes (IAB-02 leaves it open).
APPEND_LIMIT = 15 * 1024 * 1024
#: Most audio that may wait for a commit: an hour of pcm16.
BUFFER_LIMIT = 3600 * 48_000
#: Least audio that can be committed (IAB-06).
COMMIT_MS = 100
TIMED_OUT = "input_audio_buffer.timeout_triggered"


class InputAudioBuffer:
    """The user's audio that waits for a commit, and the turns that are detected in it."""

    def __init__(
        self,
        settings: SessionSettings,
        conversation: ItemList,
        responses: Responses,
        schedule: Schedule,
        ids: Ids,
    ) -> None:
        self._settings, self._conversation, self._responses = settings, conversation, responses
        self._schedule, self._ids = schedule, ids
        self._detector = VoiceActivityDetector()
        self._buffer = bytearray()
        self._begins_ms = 0.0
        """Where in the session's audio the buffer begins."""
        self._announced: str | None = None
        """Id of the item that the speech under way will become (VAD-02)."""
        self._waits = 0
        """How many waits for the user have begun; only the last one may time out."""
        responses.ended = self._await_the_user

    def append(self, event: Event) -> Iterator[Event]:
        """Take audio; nothing is answered but what voice activity finds in it (IAB-01)."""
        data = decoded(event["audio"], "audio")
        if len(data) > APPEND_LIMIT:
            raise EventRefused("string_above_max_length", "Invalid 'audio': at most 15 MiB may be appended.", "audio")
        if len(self._buffer) + len(data) > BUFFER_LIMIT:
            raise EventRefused("invalid_value", "The input audio buffer is full; commit or clear it.", "audio")
        self._buffer += data
        detection = self._settings.get("turn_detection")
        if detection is None:
            self._detector.restart(self._begins_ms + self._held_ms())
            return
        for boundary in self._detector.listen(data, self._settings.input_format, detection):
            yield from (self._started(boundary, detection) if boundary.started else self._stopped(boundary, detection))
        if not self._detector.speaking:
            self._keep_from(self._detector.heard_ms - detection.get("prefix_padding_ms", 300) - 1000)

    def commit(self, _event: Event) -> Iterator[Event]:
        """Turn the buffer into an item of the user (IAB-04 to IAB-08)."""
        held = self._held_ms()
        if held < COMMIT_MS:
            raise EventRefused("input_audio_buffer_commit_empty", facts={"ms": held})
        data = bytes(self._buffer)
        self._forget()
        yield from self._commit(data)

    def clear(self, _event: Event) -> Iterator[Event]:
        """Empty the buffer (IAB-09)."""
        self._forget()
        self._announced = None
        yield {"type": "input_audio_buffer.cleared"}

    def _started(self, boundary: Boundary, detection: Event) -> Iterator[Event]:
        self._keep_from(boundary.at)
        self._waits += 1
        self._announced = self._ids.new("item")
        yield {
            "type": "input_audio_buffer.speech_started",
            "audio_start_ms": max(boundary.at, int(self._begins_ms)),
            "item_id": self._announced,
        }
        if detection.get("interrupt_response"):
            yield from self._responses.interrupt()

    def _stopped(self, boundary: Boundary, detection: Event) -> Iterator[Event]:
        yield {
            "type": "input_audio_buffer.speech_stopped",
            "audio_end_ms": boundary.at,
            "item_id": self._announced,
        }
        size = self._offset(boundary.at)
        data = bytes(self._buffer[:size])
        self._keep_from(boundary.at)
        yield from self._commit(data)
        if detection.get("create_response"):
            self._responses.take_turn()
            yield from self._schedule.tick()

    def _await_the_user(self, response: RunningResponse) -> None:
        """Take the turn by ourselves if the user stays silent once the answer has been played (VAD-09)."""
        self._waits += 1
        timeout = (self._settings.get("turn_detection") or {}).get("idle_timeout_ms")
        if timeout is not None and TIMED_OUT in self._settings.dialect.server_events:
            playing = sum(sound.milliseconds for item in response.output for sound in item.sound.values())
            since_ms = self._begins_ms + self._held_ms()
            self._schedule.start(self._timing_out(self._waits, (playing + timeout) / 1000, since_ms))

    def _timing_out(self, wait: int, seconds: float, since_ms: float) -> Steps:
        yield seconds
        detection = self._settings.get("turn_detection") or {}
        if detection.get("idle_timeout_ms") is None or wait != self._waits:
            return
        if self._announced or self._responses.active:
            return
        yield from [*self._timed_out(since_ms)]  # what it changes is changed before the first event is sent
        if detection.get("create_response"):
            self._responses.take_turn()

    def _timed_out(self, since_ms: float) -> Iterator[Event]:
        self._keep_from(since_ms)
        self._announced = self._ids.new("item")
        data = bytes(self._buffer)
        yield {
            "type": TIMED_OUT,
            "audio_start_ms": int(self._begins_ms),
            "audio_end_ms": int(self._begins_ms + self._held_ms()),
            "item_id": self._announced,
        }
        self._forget()
        yield from self._commit(data)

    def _commit(self, data: bytes) -> Iterator[Event]:
        item_id, self._announced = self._announced or self._ids.new("item"), None
        body = {
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        item = Item(item_id, body, {0: user_sound(data, self._settings.input_format)})
        before = self._conversation.append(item)
        yield {"type": "input_audio_buffer.committed", "previous_item_id": before, "item_id": item_id}
        yield from self._conversation.added(item, before)
        wanted = self._settings.get("transcription")
        if wanted is not None:
            self._schedule.start(transcribing(item, wanted, self._settings.get("include") or ()))

    def _held_ms(self) -> float:
        return self._settings.input_format.milliseconds(len(self._buffer))

    def _offset(self, at_ms: float) -> int:
        fmt = self._settings.input_format
        return max(0, int(at_ms - self._begins_ms)) * fmt.bytes_per_ms

    def _keep_from(self, at_ms: float) -> None:
        """Drop what lies before *at_ms* of the session's audio."""
        size = min(self._offset(at_ms), len(self._buffer))
        del self._buffer[:size]
        self._begins_ms += self._settings.input_format.milliseconds(size)

    def _forget(self) -> None:
        self._begins_ms += self._held_ms()
        self._buffer.clear()
        self._detector.restart(self._begins_ms)
