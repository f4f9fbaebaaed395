"""The conversation: its items in their order, and what a client may do to them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.reference.audio.known_clips import words_in
from conformance.reference.audio.sound import FORMATS, AudioFormat, tone
from conformance.reference.session.counting import ASSISTANT_TOKEN_MS, USER_TOKEN_MS, TokenCount, text_tokens
from conformance.reference.session.ids import Ids
from conformance.reference.session.refusals import Event, EventRefused, invalid_value
from conformance.reference.session.request_schema import (
    Shape,
    anything,
    choice,
    listed,
    maybe,
    record,
    short,
    tagged,
    text,
)
from conformance.reference.session.revisions import RevisionHabits
from conformance.reference.session.settings import SessionSettings, copied

#: Longest id that a client may give an item; OpenAI refuses longer ones.
ID_LENGTH = 64
IMAGE_TOKENS = 85
#: So many bytes of the user's audio can be retrieved; older sound is forgotten, its item stays.
REMEMBERED = 32 * 1024 * 1024
_COMMON: dict[str, Shape] = {
    "id": short(ID_LENGTH),
    "object": choice("realtime.item"),
    "type": text,
    "status": choice("completed", "incomplete", "in_progress"),
}


@dataclass
class PartAudio:
    """The audio of one content part."""

    milliseconds: int
    data: bytes | None = b""
    """The sound itself; empty for the reference's own voice, which can be made again; None if forgotten."""
    format: str = "pcm16"
    words: str = ""
    """What is said in it, if the user speaks and the reference knows the clip."""

    def text(self) -> str | None:
        """Return it as base64, None if it was forgotten."""
        if self.data is None:
            return None
        size = self.milliseconds * FORMATS[self.format].bytes_per_ms
        whole = self.data or tone(self.format, -(-self.milliseconds // 50) * 50)
        return base64.b64encode(whole[:size]).decode()


def user_sound(data: bytes, fmt: AudioFormat) -> PartAudio:
    """Return the audio part of what the user said."""
    return PartAudio(int(fmt.milliseconds(len(data))), data, fmt.name, words_in(data, fmt.name))


@dataclass(eq=False)
class Item:
    """One item; `body` is what the wire shows of it, but for its id, and never holds audio."""

    id: str
    body: Event
    sound: dict[int, PartAudio] = field(default_factory=dict)
    """Audio by content index."""

    @property
    def role(self) -> str:
        """Who says it: `user`, `assistant`, `system`, or nothing for a tool's items."""
        return str(self.body.get("role") or "")

    def words(self) -> str:
        """Everything in it that is text."""
        parts = [
            part.get("text") or part.get("transcript") or (self.sound[at].words if at in self.sound else "")
            for at, part in enumerate(self.body.get("content", ()))
        ]
        return " ".join(filter(None, (*parts, self.body.get("arguments"), self.body.get("output"))))

    def tokens(self) -> TokenCount:
        """Count what it adds to the input of a response."""
        pace = ASSISTANT_TOKEN_MS if self.role == "assistant" else USER_TOKEN_MS
        spoken = {at for at in self.sound if self.role == "user"}
        written = [
            part.get("text") or part.get("transcript") or ""
            for at, part in enumerate(self.body.get("content", ()))
            if at not in spoken
        ]
        written += [str(self.body.get(key) or "") for key in ("name", "arguments", "output")]
        images = sum(part["type"] == "input_image" for part in self.body.get("content", ()))
        return TokenCount(
            sum(map(text_tokens, written)),
            sum(sound.milliseconds // pace for sound in self.sound.values()),
            images * IMAGE_TOKENS,
        )


class ItemList:
    """The items of one session in order."""

    def __init__(self, dialect: Dialect, revision: RevisionHabits, settings: SessionSettings, ids: Ids) -> None:
        self.id = ids.new("conv")
        self.items: list[Item] = []
        self._dialect, self._revision, self._settings, self._ids = dialect, revision, settings, ids
        self._shape = _item_shape()

    def shown(self, item: Item, *, with_audio: bool = False) -> Event:
        """Spell *item* as this revision does."""
        head: Event = {"id": item.id}
        if self._revision.item_object:
            head["object"] = "realtime.item"
        body: Event = copied(item.body)
        for at, part in enumerate(body.get("content", ())):
            part["type"] = self._dialect.content_type(part["type"])
            if with_audio and at in item.sound and (sound := item.sound[at].text()) is not None:
                part["audio"] = sound
        return head | body

    def find(self, item_id: str) -> Item | None:
        """Find an item by its id."""
        return next((item for item in self.items if item.id == item_id), None)

    def last_id(self) -> str | None:
        """Return the id of the last item."""
        return self.items[-1].id if self.items else None

    def append(self, item: Item) -> str | None:
        """Put *item* last, and give the id of its predecessor."""
        before = self.last_id()
        self.items.append(item)
        self._forget_old_sound()
        return before

    def _forget_old_sound(self) -> None:
        """Keep no more of the user's audio than `REMEMBERED`: a session may last an hour."""
        room = REMEMBERED
        for item in reversed(self.items):
            for sound in item.sound.values() if item.role == "user" else ():
                room -= len(sound.data or b"")
                if room < 0:
                    sound.data = None

    def added(self, item: Item, before: str | None) -> Iterator[Event]:
        """Announce an item that is complete at once."""
        for kind in ("conversation.item.added", "conversation.item.done"):
            yield {"type": kind, "previous_item_id": before, "item": self.shown(item)}

    def create(self, event: Event) -> Iterator[Event]:
        """Answer `conversation.item.create` (ITM-01 to ITM-07, ITM-17, ITM-18)."""
        item = self.read(event["item"], "item")
        if self.find(item.id) is not None:
            raise EventRefused("item_create_duplicate_item_id", param="item.id", facts={"id": item.id})
        call_id = item.body.get("call_id")
        if item.body["type"] == "function_call_output" and not any(
            each.body.get("call_id") == call_id for each in self.items if each.body["type"] == "function_call"
        ):
            raise EventRefused("invalid_tool_call_id", param="item.call_id", facts={"id": call_id})
        at = self._place(event.get("previous_item_id"))
        self.items.insert(at, item)
        self._forget_old_sound()
        yield from self.added(item, self.items[at - 1].id if at else None)

    def _place(self, previous: str | None) -> int:
        if previous is None:
            return len(self.items)
        if previous == "root":
            return 0
        for index, item in enumerate(self.items):
            if item.id == previous:
                return index + 1
        raise EventRefused("item_create_invalid_previous_item_id", param="previous_item_id", facts={"id": previous})

    def read(self, given: Any, path: str) -> Item:
        """Turn an item that a client gives into ours; *path* is where it lies in the client's event."""
        self._shape(given, path)
        if given["type"] == "message":
            return self._message(given, path)
        body = {"type": given["type"]}
        if given["type"] == "function_call":
            call_id = given.get("call_id") or self._ids.new("call")
            body |= {
                "status": "completed",
                "name": given["name"],
                "call_id": call_id,
                "arguments": given["arguments"],
            }
        else:
            body |= {"call_id": given["call_id"], "output": given["output"]}
        return Item(given.get("id") or self._ids.new("item"), body)

    def _message(self, given: Event, path: str) -> Item:
        content, sound = [], {}
        allowed = {
            "system": ("input_text",),
            "user": self._revision.user_content,
            "assistant": (self._revision.assistant_content,),
        }[given["role"]]
        for at, part in enumerate(given["content"]):
            where = f"{path}.content[{at}]"
            if part["type"] not in allowed:
                raise invalid_value(f"{where}.type", part["type"], allowed)
            content.append(_content(part))
            if part["type"] == "input_audio":
                data = decoded(part.get("audio"), f"{where}.audio")
                sound[at] = user_sound(data, self._settings.input_format)
        body = {"type": "message", "status": "completed", "role": given["role"], "content": content}
        return Item(given.get("id") or self._ids.new("item"), body, sound)

    def _known(self, event: Event, doing: str) -> Item:
        item = self.find(event["item_id"])
        if item is None:
            raise EventRefused(f"item_{doing}_invalid_item_id", param="item_id", facts={"id": event["item_id"]})
        return item

    def delete(self, event: Event) -> Iterator[Event]:
        """Answer `conversation.item.delete` (ITM-11, ITM-12)."""
        item = self._known(event, "delete")
        self.items.remove(item)
        yield {"type": "conversation.item.deleted", "item_id": item.id}

    def retrieve(self, event: Event) -> Iterator[Event]:
        """Answer `conversation.item.retrieve` with the whole item, audio included (ITM-13)."""
        item = self._known(event, "retrieve")
        yield {"type": "conversation.item.retrieved", "item": self.shown(item, with_audio=True)}

    def truncate(self, event: Event) -> Iterator[Event]:
        """Answer `conversation.item.truncate` (ITM-14 to ITM-16)."""
        item, at, end = self._known(event, "truncate"), event["content_index"], event["audio_end_ms"]
        if item.role != "assistant":
            raise EventRefused("invalid_value", "Only model output audio messages can be truncated.", "item_id")
        if at not in item.sound:
            raise EventRefused("invalid_value", f"The item has no audio content at index {at}.", "content_index")
        sound = item.sound[at]
        if end > sound.milliseconds:
            had = f"Audio content of {sound.milliseconds}ms is already shorter than {end}ms"
            raise EventRefused("invalid_value", had, "audio_end_ms")
        sound.milliseconds = end
        item.body["content"][at].pop("transcript", None)
        yield {
            "type": "conversation.item.truncated",
            "item_id": item.id,
            "content_index": at,
            "audio_end_ms": end,
        }


def decoded(audio: Any, path: str) -> bytes:
    """Decode base64, or raise EventRefused (IAB-03)."""
    text(audio, path)
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        message = f"Invalid '{path}'. Expected base64-encoded audio bytes, but got an invalid value."
        raise EventRefused("invalid_value", message, path) from None


def _content(part: Event) -> Event:
    if part["type"] == "input_audio":
        return {"type": "input_audio", "transcript": part.get("transcript")}
    if part["type"] == "input_image":
        return {"type": "input_image", "image_url": part["image_url"], "detail": part.get("detail") or "auto"}
    canonical = "output_text" if part["type"] in ("text", "output_text") else "input_text"
    return {"type": canonical, "text": part["text"]}


def _item_shape() -> Shape:
    written = record({"type": text, "text": text}, "text")
    parts = tagged(
        {
            "input_text": written,
            "text": written,
            "output_text": written,
            "input_audio": record(
                {"type": text, "audio": text, "transcript": maybe(text), "format": anything}, "audio"
            ),
            "input_image": record({"type": text, "image_url": text, "detail": maybe(text)}, "image_url"),
            "output_audio": anything,
            "audio": anything,
        }
    )
    message = {"role": choice("user", "assistant", "system"), "content": listed(parts), "phase": anything}
    call = {"name": text, "arguments": text, "call_id": maybe(text)}
    return tagged(
        {
            "message": record(_COMMON | message, "role", "content"),
            "function_call": record(_COMMON | call, "name", "arguments"),
            "function_call_output": record(_COMMON | {"call_id": text, "output": text}, "call_id", "output"),
        }
    )
