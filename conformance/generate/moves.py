"""The moves of a generated conversation, which are written into its draft.

A move is drawn without knowing what came before it: it says *the last item but one*, not *item_3*.
The draft knows what the protocol owes by then, and writes the steps that make the move legal, or a refusal certain.
So any move can be left out of a conversation and the rest still means something: that is what makes cases shrink.
"""

from __future__ import annotations

from typing import Any

from conformance.generate.draft import Draft

SHORT = {"instructions": "Say exactly: OK.", "max_output_tokens": 100}
#: Long enough to be still running when the next event of the client arrives.
LONG = {"instructions": "Count from 1 to 30 in digits.", "modalities": "text", "max_output_tokens": 200}
#: Long enough to be still running when somebody has spoken.
TALE = {"instructions": "Tell me a long story about a lighthouse.", "modalities": "text", "max_output_tokens": 2000}
CLOCK = {
    "type": "function",
    "name": "get_time",
    "description": "Tells the time in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ASKED_FOR_THE_TIME = {
    "instructions": "What time is it in Paris? Use the tool get_time.",
    "modalities": "text",
    "tools": [CLOCK],
    "tool_choice": "required",
}
#: Milliseconds of silence after which a turn is surely over.
AFTER_A_TURN = 1500
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
NEVER_WAS = "item_that_never_was"
#: Milliseconds of audio that an assistant says at least.
SAID_MS = 100


def nth(known: list[str], back: int) -> str:
    """Choose one of those that there are, counted back from the latest: what is left out before changes nothing."""
    return known[-1 - back % len(known)]


def configure(draft: Draft, settings: dict[str, Any]) -> None:
    """Change settings."""
    draft.step("configure", settings)


def wait(draft: Draft) -> None:
    """Let everything that is under way end."""
    if draft.running:
        draft.settle()
    else:
        draft.step("barrier")


# Items


def say(draft: Draft, text: str, role: str, place: int | str | None, *, named: bool) -> None:
    """Add a message, perhaps under an id of our own, perhaps in front of others."""
    given: dict[str, Any] = {"text": text}
    if role != "user":
        given["role"] = role
    if place == "root":
        given["after"] = "root"
    elif isinstance(place, int) and draft.items:
        given["after"] = nth(draft.items, place)
    if named:
        given["id"] = reference = draft.name("item")
        draft.own.append(reference)
        draft.step("say", given)
    else:
        kept = draft.name("said")
        draft.step("say", given if given.keys() != {"text"} else text, remember=kept)
        reference = f"${{{kept}.item.id}}"
    draft.items.append(reference)


def say_after_nothing(draft: Draft) -> None:
    """Add a message behind one that does not exist."""
    draft.step("say", {"text": "Hello.", "after": _not_there(draft)}, answer="error")


def say_twice(draft: Draft, at: int) -> None:
    """Add a message under an id that is taken."""
    if not draft.own:
        say(draft, "Hello.", "user", None, named=True)
    draft.step("say", {"text": "Hello again.", "id": nth(draft.own, at)}, answer="error")


def delete(draft: Draft, at: int) -> None:
    """Delete an item."""
    if not draft.items:
        say(draft, "Hello.", "user", None, named=True)
    reference = nth(draft.items, at)
    draft.items.remove(reference)
    draft.gone.append(reference)
    draft.spoken.pop(reference, None)
    if reference in draft.own:
        draft.own.remove(reference)
    draft.step("delete", reference)


def delete_nothing(draft: Draft) -> None:
    """Delete an item that is not there (any more)."""
    draft.step("delete", _not_there(draft), answer="error")


def retrieve(draft: Draft, at: int) -> None:
    """Ask for an item."""
    if not draft.items:
        say(draft, "Hello.", "user", None, named=True)
    draft.step("retrieve", nth(draft.items, at))


def retrieve_nothing(draft: Draft) -> None:
    """Ask for an item that is not there (any more)."""
    draft.step("retrieve", _not_there(draft), answer="error")


def truncate(draft: Draft, at: int, milliseconds: int) -> None:
    """Cut what the assistant said, which it says first if it has not."""
    if not draft.spoken:
        respond(draft, "audio", aside=False, awaited=True)
    reference = nth(list(draft.spoken), at)
    draft.spoken[reference] = min(draft.spoken[reference], milliseconds)
    draft.step("truncate", {"item": reference, "at": draft.spoken[reference]})


def _not_there(draft: Draft) -> str:
    return draft.gone[-1] if draft.gone else NEVER_WAS


# The input audio buffer


def append(draft: Draft, milliseconds: int) -> None:
    """Append silence."""
    draft.listen_by_hand()
    draft.step("pause", milliseconds)
    draft.held_ms += milliseconds


def speak(draft: Draft) -> None:
    """Append speech."""
    draft.listen_by_hand()
    draft.step("speak", "hello")
    draft.held_ms += SAID_MS


def commit(draft: Draft) -> None:
    """Commit the buffer; without any audio in it that is refused."""
    draft.listen_by_hand()
    if not draft.held_ms:
        draft.step("commit", answer="error")
        return
    kept = draft.name("heard")
    draft.step("commit", remember=kept)
    draft.items.append(f"${{{kept}.item_id}}")
    draft.held_ms = 0


def clear(draft: Draft) -> None:
    """Clear the buffer; with nothing in it, endpoints differ."""
    draft.listen_by_hand()
    draft.step("clear", answer="" if draft.held_ms else "either")
    draft.held_ms = 0


# Turns of detected speech


def talk(draft: Draft, clip: str, *, answered: bool) -> None:
    """Speak as people do: the endpoint hears where the turn ends, and answers it or leaves that to the client."""
    draft.listen_by_ear(create_response=answered, interrupt_response=True)
    _utter(draft, clip, [STARTED, STOPPED, *(["response.created", "response.done"] if answered else [])])


def interrupt(draft: Draft, clip: str) -> None:
    """Speak while a long response runs; one that is over by then is none's fault."""
    draft.listen_by_ear(create_response=False, interrupt_response=True)
    draft.respond(TALE)
    _utter(draft, clip, [STARTED, draft.end_of_latest(), STOPPED])


def _utter(draft: Draft, clip: str, awaited: list[str | dict[str, Any]]) -> None:
    kept = draft.name("turn")
    draft.step("speak", clip)
    draft.step("pause", AFTER_A_TURN)
    draft.remainder = True
    draft.step("await", [*awaited, COMMITTED], remember=kept)
    draft.items.append(f"${{{kept}.item_id}}")


# Responses


def respond(draft: Draft, modality: str, *, aside: bool, awaited: bool) -> None:
    """Ask for a response, beside another one or after it, in the conversation or beside it."""
    if not aside:
        draft.settle()
    asked: dict[str, Any] = {**SHORT, "modalities": modality}
    if aside:
        asked |= {"conversation": "none", "metadata": {"purpose": "aside"}}
    draft.respond(asked)
    if not awaited:
        return
    if aside or len(draft.running) > 1:
        draft.settle()
        return
    kept = draft.name("answer")
    draft.step("await", draft.end_of_latest(), remember=kept)
    reference = f"${{{kept}.response.output.0.id}}"
    draft.items.append(reference)
    if modality == "audio":
        draft.spoken[reference] = SAID_MS


def begin(draft: Draft) -> None:
    """Begin a long response, and do not wait for it."""
    draft.settle()
    draft.respond(LONG)


def collide(draft: Draft) -> None:
    """Ask for a second response while one is running."""
    begin(draft)
    draft.step("respond", answer="error")


def cancel(draft: Draft) -> None:
    """Cancel a running response."""
    begin(draft)
    draft.step("cancel")
    draft.settle()


def cancel_anything(draft: Draft) -> None:
    """Cancel whatever runs; nothing, perhaps."""
    draft.step("cancel", answer="" if draft.running else "error")


def limit(draft: Draft) -> None:
    """Ask for more than the tokens suffice for."""
    draft.settle()
    draft.respond({**LONG, "max_output_tokens": 16})
    draft.settle()


def call(draft: Draft) -> None:
    """Let the assistant call a tool, and answer it."""
    draft.settle()
    draft.respond(ASKED_FOR_THE_TIME)
    kept = draft.name("call")
    draft.step("call", remember=kept)
    draft.settle()
    draft.items.append(f"${{{kept}.id}}")
    draft.step("answer_call", {"call_id": f"${{{kept}.call_id}}", "output": "Noon."})


def answer_no_call(draft: Draft) -> None:
    """Answer a call that never was."""
    draft.step("answer_call", {"call_id": "call_that_never_was", "output": "Noon."}, answer="error")


# Garbage


def send(draft: Draft, frame: dict[str, Any]) -> None:
    """Send what no endpoint can understand; an event gets an id, so that the error can name it.

    A barrier hears the error: one that names nobody could be taken for the refusal of what follows.
    """
    named = {} if frame.keys() == {"text"} else {"event_id": draft.name("garbage")}
    draft.step("send", {**named, **frame})
    draft.step("barrier")
