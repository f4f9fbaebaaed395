"""What explains that evidence is missing: the rules whose failure keeps others from being exercised.

A response that tells no usage leaves two dozen rules on usage without evidence.  That is one finding, and they are its
consequences: told under it, and no failure of their own.  The table is explicit, because a finding that has nothing to
do with the missing evidence must not excuse it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

#: Without a count that is a number nothing can be reckoned.
COUNTED = ("usage.completed-has-usage", "usage.has-its-breakdown", "usage.counts-are-natural-numbers")
#: What the model says is no item of the conversation that anybody could look at, cut or ask for.
UNANNOUNCED = "ordering.output-item-joins-the-conversation"
#: What tells that a response is written though it was to be spoken, or the other way round.
IN_ANOTHER_MODALITY = (
    "response_create.text-only-has-no-audio",
    "response_create.audio-is-not-answered-in-text",
    "response_create.session-settings-hold",
)
#: Pattern of rule ids -> the rules without which they have nothing to look at, the outermost first.
PRESUPPOSED: Mapping[str, tuple[str, ...]] = {
    "usage.transcription-*": ("transcription.ends-at-all", "usage.transcription-comes-with-the-whole"),
    "metering.transcription-*": ("transcription.ends-at-all", "usage.transcription-comes-with-the-whole"),
    "usage.*": COUNTED,
    "metering.*": COUNTED,
    "session.a-refusal-names-the-parameter": (
        "session.out-of-range-values-are-refused",
        "session.unknown-parameters-are-refused",
        "session.audio-comes-with-text",
    ),
    "session.a-refused-update-changes-nothing": (
        "session.out-of-range-values-are-refused",
        "session.unknown-parameters-are-refused",
    ),
    "errors.wrong-types-have-their-codes": ("errors.unknown-types-are-refused", "errors.a-missing-type-is-refused"),
    "errors.garbage-leaves-the-session-open": ("errors.garbage-is-refused",),
    "errors.name-the-event-they-refuse": (
        "errors.garbage-is-refused",
        "items.a-duplicate-id-is-refused",
        "items.an-unknown-call-is-refused",
        "input_audio.undecodable-append-is-refused",
        "session.out-of-range-values-are-refused",
    ),
    "deltas.*-is-the-same-in-the-conversation": ("items.every-item-gets-done", UNANNOUNCED),
    "tools.arguments-are-the-same-in-the-conversation": ("items.every-item-gets-done", UNANNOUNCED),
    "items.model-items-start-empty": (UNANNOUNCED,),
    "items.retrieving-is-answered": (UNANNOUNCED,),
    "items.truncating-*": (UNANNOUNCED,),
    "transcription.names-an-audio-part": ("input_audio.committed-audio-becomes-an-item",),
    "deltas.text-*": IN_ANOTHER_MODALITY,
    "deltas.transcript-*": IN_ANOTHER_MODALITY,
    "ordering.text-*": IN_ANOTHER_MODALITY,
    "ordering.audio-*": IN_ANOTHER_MODALITY,
    "ordering.transcript-*": IN_ANOTHER_MODALITY,
    "streaming.audio-*": (*IN_ANOTHER_MODALITY, "session.created-shows-the-defaults"),
    "session.the-model-*": ("session.created-shows-the-defaults",),
    "turns.detection-is-on-at-first": ("session.created-shows-the-defaults",),
    "client_secrets.settings-are-carried": ("session.created-shows-the-defaults",),
    "input_audio.*-empties-the-buffer": ("input_audio.empty-commit-is-refused",),
    "response.done-lists-items-in-order": ("streaming.output-index-counts-up",),
    "streaming.an-item-shows-its-parts": ("streaming.item-ends-finished",),
    "streaming.a-response-shows-the-parts": ("streaming.item-ends-finished",),
    "deltas.*-is-the-same-in-*": ("streaming.content-index-counts-up",),
    "items.nothing-streams-after-the-end": ("ordering.response-done-is-last", UNANNOUNCED),
    "response.token-limit-*": ("usage.completed-has-usage",),
    "connection.a-refusal-says-*": ("connection.a-bad-key-opens-no-session", "connection.a-bad-model-is-refused"),
}
#: The rule that tells of events whose fields are not as they have to be, and the fields by which an event is known to
#: be about anything: without them every rule that looks for such events passes it over.
SCHEMA = "envelope.fits-its-schema"
IDENTIFYING = frozenset({"/item_id", "/response_id", "/item/id", "/response/id", "/delta"})
#: Rules that ask for a refusal or an answer: where one of them is broken, a script that awaits that answer stops.
AWAITED = (
    "*.*-is-refused",
    "*.*-are-refused",
    "errors.garbage-leaves-the-session-open",
    "input_audio.too-large-append-leaves-the-session-open",
    "session.audio-comes-with-text",
    "errors.are-about-what-was-sent",
    "turns.stopped-precedes-committed",
    "transcription.ends-at-all",
    "connection.answers-the-close-frame",
)


def cause_of(rule: str, broken: Collection[str]) -> str:
    """Return which of the *broken* rules explains that *rule* was not exercised; empty if none does."""
    for pattern, presupposed in PRESUPPOSED.items():
        if fnmatchcase(rule, pattern):
            for each in presupposed:
                if each in broken and each != rule:
                    return each
    return ""


def stops_a_script(rule: str) -> bool:
    """Return whether a script that waits for what *rule* demands cannot go on where it is broken."""
    return any(fnmatchcase(rule, pattern) for pattern in AWAITED)
