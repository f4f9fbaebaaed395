"""What a `response.create` overrides, and what it leaves to the session: metadata, modalities, limit, voice, format."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.left_out import overridden_settings, settings_of_responses
from conformance.rules.engine.rule import CLIENT_EVENTS, GUIDE, HELD, OVERRIDES, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.engine.settings import heard_audio, reflects, short, steady_setting, updates
from conformance.trace.frames import mapping
from conformance.trace.lens import gathered, lens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("response_create")

CREATE = CLIENT_EVENTS + "response/create"
#: Settings that the response object shows, and that the client can compare with what it asked for.
SHOWN = ("modalities", "max_output_tokens", "voice", "output_format")


@rules.should(
    "response_create.metadata-is-returned",
    about=OVERRIDES,
    covers=("RSP-14",),
    spec=GUIDE + "realtime-conversations",
)
def metadata_is_returned(view: View) -> Judged:
    """The metadata of a `response.create` is on its response when created and when done, and on no later one."""
    over: list[tuple[int, dict[str, str]]] = []
    for response in view.responses:
        wanted, cause = _metadata(response.asked), response.cause
        others = [] if cause is None or not cause.whole else [each for end, each in over if end < cause.index]
        for frame in (response.created, response.done):
            if frame is None or not frame.whole or "metadata" not in frame.part("response"):
                continue
            shown = _metadata(frame.part("response"))
            if wanted and shown == wanted:
                yield HELD
            elif wanted:
                message = f"{response.id} does not carry the metadata it was asked to."
                yield Finding(frame.index, message, str(wanted)[:80], str(shown)[:80], "/response/metadata")
            elif shown in others:
                message = f"{response.id} was asked for without metadata, and carries that of an earlier response."
                yield Finding(frame.index, message, "none", str(shown)[:80], "/response/metadata")
        if wanted and response.done is not None:
            over.append((response.done.index, wanted))


def _metadata(response: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata as the reference defines them: strings under names."""
    found = mapping(response.get("metadata"))
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _agree(wanted: Any, shown: Any) -> bool:
    """Return whether two settings are the same; modalities are a set: their order is not stable on the wire."""
    if isinstance(wanted, list) and isinstance(shown, list):
        return sorted(map(str, wanted)) == sorted(map(str, shown))
    return reflects(wanted, shown)


def _shown(view: View, response: Response) -> dict[str, Any]:
    """Return the settings that the new response object shows."""
    found = view.dialect.response_settings(response.initial)
    return {name: found[name] for name in SHOWN if found.get(name) is not None}


def _streamed(view: View, response: Response) -> list[str] | None:
    """Return the modalities that a response was seen to use; None if it streamed no message."""
    kinds = {stream.kind for item in response.items.values() for stream in item.streams}
    name = "audio" if "output_audio" in kinds else "text"
    spoken = not kinds.isdisjoint({"output_audio", "output_text"}) and name in view.dialect.modality_sets
    return list(view.dialect.modality_sets[name]) if spoken else None


def _asked(view: View, response: Response) -> dict[str, Any]:
    """Return the settings that a response was asked to have for itself; not the voice, once any was heard."""
    found = view.dialect.response_settings(response.asked)
    if heard_audio(view) < response.first:
        found.pop("voice", None)
    return {name: found[name] for name in SHOWN if found.get(name) is not None}


class _Session:
    """The session's settings while a response was asked for and begun.

    It is kept with the view, so it does not keep the view: a view without cycles is freed as soon as it was judged.
    """

    def __init__(self, view: View) -> None:
        asked = [each for each in updates(view) if not each.refused]
        self._sent = [each.sent.index for each in asked]
        never = len(view.frames)
        ends = (each.answer.index if each.answer is not None else never for each in asked)
        self._answered = list(accumulate(ends, max))
        self._accepted = [
            (each.answer.index, view.settings_in(each.sent.part("session")))
            for each in asked
            if each.answer is not None and not each.sent.entry.deliberate
        ]

    def asked_at(self, response: Response) -> int | None:
        """Return where a response was asked for; None if that is unknown, or an update was under way."""
        if response.cause is None:
            return None
        at, before = response.cause.index, bisect_left(self._sent, response.first) - 1
        return at if before < 0 or self._answered[before] <= at else None

    def accepted(self, at: int, name: str) -> Any:
        """Return what the last update before entry *at* set that was accepted; None if none did."""
        return next((told[name] for index, told in reversed(self._accepted) if index < at and name in told), None)


@lens
def _session(view: View) -> _Session:
    return _Session(view)


def _misfit(response: Response, name: str, wanted: Any, shown: Any, message: str) -> Finding:
    index = response.created.index if response.created is not None else response.first
    return Finding(index, f"{response.id} {message} {name}.", short(wanted), short(shown), "/response")


@rules.must(
    "response_create.overrides-are-honoured",
    about=OVERRIDES,
    covers=("RSP-21",),
    spec=CREATE,
    left_out=overridden_settings,
)
def overrides_are_honoured(view: View) -> Judged:
    """A response shows the modalities, token limit, voice and audio format that its `response.create` asked for."""
    for response in view.responses:
        if response.created is None or not response.asked:
            continue
        asked, shown = _asked(view, response), _shown(view, response)
        if "modalities" in asked.keys() - shown.keys() and _agree(asked["modalities"], _streamed(view, response)):
            yield HELD
        for name, value in shown.items():
            if name not in asked:
                continue
            if _agree(asked[name], value):
                yield HELD
            else:
                yield _misfit(response, name, asked[name], value, "was asked for another")


@rules.must(
    "response_create.overrides-end-with-their-response",
    about=OVERRIDES,
    covers=("RSP-21",),
    spec=CREATE,
    left_out=overridden_settings,
)
def overrides_end_with_their_response(view: View) -> Judged:
    """What a `response.create` overrides does not hold for the next response."""
    for response, name, usual, shown, was_overridden in _unasked(view):
        if not was_overridden:
            continue
        if _agree(usual, shown):
            yield HELD
        else:
            yield _misfit(response, name, usual, shown, "still has an earlier response's")


@rules.must(
    "response_create.session-settings-hold",
    about={"response.create"},
    covers=("SES-08", "RSP-21"),
    spec=CREATE,
    left_out=settings_of_responses,
)
def session_settings_hold(view: View) -> Judged:
    """A response without overrides shows the session's modalities, token limit, voice and audio format."""
    for response, name, usual, shown, was_overridden in _unasked(view):
        if was_overridden:
            continue
        if _agree(usual, shown):
            yield HELD
        else:
            yield _misfit(response, name, usual, shown, "departs from the session's")


@gathered
def _unasked(view: View) -> Iterator[tuple[Response, str, Any, Any, bool]]:
    """Yield each setting that a response shows and did not ask for, beside the session's.

    And whether an earlier response had it for itself.
    """
    overridden: set[str] = set()
    session = _session(view)
    for response in view.responses:
        asked = view.dialect.response_settings(response.asked)
        own = {name for name in SHOWN if asked.get(name) is not None}
        if (at := session.asked_at(response)) is not None:
            for name, value in _seen(view, response, at).items():
                usual = steady_setting(view, at, name)
                if name not in own and usual is not None:
                    yield response, name, usual, value, name in overridden
        overridden |= own


def _seen(view: View, response: Response, at: int) -> dict[str, Any]:
    """Return the settings that a response shows; the session's modalities where they are not shown, and yet hold."""
    shown = _shown(view, response)
    used = None if "modalities" in shown else _streamed(view, response)
    if used is not None and _agree(steady_setting(view, at, "modalities"), used):
        shown["modalities"] = used
    return shown


@rules.must(
    "response_create.text-only-has-no-audio",
    about={"response.created"},
    covers=("RSP-22",),
    spec=SERVER_EVENTS + "response/output_audio/delta",
)
def text_only_has_no_audio(view: View) -> Judged:
    """A response of text only streams neither audio nor a transcript."""
    for response in view.responses:
        if response.open or _modalities(view)[response.first] != "text":
            continue
        heard = [
            frame
            for item in response.items.values()
            for stream in item.streams
            if stream.kind.startswith("output_audio")
            for frame in (*stream.deltas, *stream.dones)
        ]
        for frame in heard[:1]:
            yield Finding(frame.index, f"{response.id} is text only.", "no audio", frame.type)
        if not heard:
            yield HELD


@lens
def _modalities(view: View) -> Mapping[int, str | None]:
    """Return what each response speaks in, by its first entry."""
    return {each.first: _modalities_of(view, each, _session(view)) for each in view.responses}


def _modalities_of(view: View, response: Response, session: _Session) -> str | None:
    """Return `text` or `audio`: as the response shows, was asked, or the session has it or accepted it; or None."""
    found = view.dialect.response_setting(response.initial, "modalities") or view.dialect.response_setting(
        response.asked, "modalities"
    )
    if not found and (at := session.asked_at(response)) is not None:
        found = steady_setting(view, at, "modalities") or session.accepted(at, "modalities")
    names = found if isinstance(found, list) else []
    return next(
        (name for name, own in view.dialect.modality_sets.items() if sorted(own) == sorted(map(str, names))), None
    )


@rules.must(
    "response_create.audio-is-not-answered-in-text",
    about={"response.created"},
    covers=("RSP-23",),
    spec=SERVER_EVENTS + "response/output_audio/delta",
)
def audio_is_not_answered_in_text(view: View) -> Judged:
    """A completed message of a response in audio is spoken, not written."""
    for response in view.responses:
        if response.open or response.gapped or _modalities(view)[response.first] != "audio":
            continue
        for item in response.items.values():
            done = item.done.part("item").get("status") if item.done is not None else None
            kinds = {stream.kind for stream in item.streams if stream.deltas or stream.dones}
            if item.kind != "message" or done != "completed" or not kinds:
                continue
            if "output_audio" in kinds:
                yield HELD
            elif kinds == {"output_text"}:
                message = f"{item.id} is written; {response.id} was to be spoken."
                yield Finding(
                    item.frames[0].index, message, "response.output_audio.delta", "response.output_text.delta"
                )


@rules.must(
    "response_create.audio-comes-with-a-transcript",
    about={"response.output_audio.delta", "response.output_audio.done"},
    covers=("RSP-23",),
    spec=SERVER_EVENTS + "response/output_audio_transcript/delta",
)
def audio_comes_with_a_transcript(view: View) -> Judged:
    """A completed item that speaks streams a transcript beside the audio."""
    for response in view.responses:
        if response.open or response.gapped:
            continue
        for item in response.items.values():
            if item.done is None or item.done.part("item").get("status") != "completed":
                continue
            for part in item.parts.values():
                if "output_audio" not in part.streams:
                    continue
                if "output_audio_transcript" in part.streams:
                    yield HELD
                else:
                    message = f"{item.id}, part {part.content_index}, speaks without a transcript."
                    yield Finding(item.done.index, message, "response.output_audio_transcript.delta", "nothing")
