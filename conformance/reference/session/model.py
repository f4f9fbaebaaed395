"""The scripted model: what the reference answers.

It obeys simple requests that a real model obeys too, so that a scenario written for one works with the
other: say exactly …, reply with the word …, count from 1 to N, tell a long story, call a tool by its name,
please fail.
Otherwise it says one short sentence.  The same prompt always gives the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.reference.session.arguments import fitting
from conformance.reference.session.refusals import Event

GREETING = "Hello! How can I help you today?"
STORY = (
    "Once upon a time a small lighthouse stood at the end of the world. Every night its keeper lit the lamp, "
    "and every night the ships answered with a short blink of their own. "
)
STORY_TIMES = 8
QUOTES = "\"'\u2018\u2019\u201c\u201d"
COUNT_UP_TO = 1000
#: Words of a tool's name that say nothing about its subject.
VERBS = frozenset(
    {"get", "set", "do", "the", "a", "look", "lookup", "find", "fetch", "search", "make", "create", "call"}
)


@dataclass(frozen=True)
class Say:
    """A message to the user."""

    text: str
    voice: bytes = b""
    """How it sounds (pcm16); empty for the reference's own voice."""


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    name: str
    arguments: str


@dataclass(frozen=True)
class RemoteCall:
    """A call of a tool that a tool server offers: the endpoint makes it itself."""

    server: str
    """Its label."""
    name: str
    arguments: str


@dataclass(frozen=True)
class Fail:
    """The model breaks down."""

    code: str = "server_error"
    message: str = "The server had an error while processing your request."


@dataclass(frozen=True)
class Pause:
    """The model thinks for a while."""

    seconds: float


Act = Say | Call | RemoteCall | Fail | Pause


@dataclass(frozen=True)
class Prompt:
    """What the model is given."""

    requests: Sequence[str]
    """Texts that may ask for something, the most important first."""
    text: str = ""
    """The last message of the user and the instructions of this response: only they ask for a tool."""
    tools: Sequence[Event] = ()
    tool_choice: Any = "auto"
    remote: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    """Label of a tool server -> what it offers."""
    metadata: Event = field(default_factory=dict)
    tool_output: str | None = None
    """What the tool said, if that is the last thing in the conversation."""
    user: str = ""
    """What the user said last."""


def answer(prompt: Prompt) -> list[Act]:
    """Decide what to do about *prompt*: one message, or calls."""
    text = " ".join(prompt.requests)
    if prompt.metadata.get("reference") == "fail" or "please fail" in text.lower():
        return [Fail()]
    calls: list[Act] = [*_calls(prompt), *_remote_calls(prompt)]
    if calls:
        return [*calls]
    for request in prompt.requests:
        for pattern, reply in REQUESTS:
            if found := pattern.search(request):
                return [Say(reply(found))]
    if prompt.tool_output is not None:
        return [Say(f"The tool says: {' '.join(prompt.tool_output.split()[:60])}".rstrip())]
    return [Say(GREETING)]


def _calls(prompt: Prompt) -> Iterator[Call]:
    tools = [each for each in prompt.tools if each.get("type") == "function"]
    text, choice = prompt.text, prompt.tool_choice
    if choice == "none" or not tools:
        return
    asked = sorted((each for each in tools if _asked_for(each["name"], text)), key=lambda t: _where(t["name"], text))
    if isinstance(choice, dict):
        asked = [each for each in tools if each["name"] == choice.get("name")] or tools[:1]
    elif choice == "required":
        asked = asked or tools[:1]
    elif prompt.tool_output is not None:
        return
    if len(asked) == 1 and re.search(r"\b(twice|two calls)\b", text, re.IGNORECASE):
        asked *= 2
    for tool in asked:
        yield Call(tool["name"], json.dumps(fitting(tool.get("parameters"), text)))


def _remote_calls(prompt: Prompt) -> Iterator[RemoteCall]:
    """Call a tool server only where the choice of tools names it."""
    choice = prompt.tool_choice if isinstance(prompt.tool_choice, dict) else {}
    label = choice.get("server_label") if choice.get("type") == "mcp" else None
    offered = prompt.remote.get(label, ()) if isinstance(label, str) else ()
    for tool in [each for each in offered if choice.get("name") in (None, each["name"])][:1]:
        yield RemoteCall(str(label), tool["name"], json.dumps(fitting(tool["input_schema"], prompt.text)))


def _asked_for(name: str, text: str) -> bool:
    text = text.lower()
    if name.lower() in text:
        return True
    subject = [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) if word]
    subject = [word for word in subject if word not in VERBS]
    return bool(subject) and all(re.search(rf"\b{re.escape(word)}\b", text) for word in subject)


def _where(name: str, text: str) -> int:
    at = text.lower().find(name.lower())
    return at if at >= 0 else len(text)


def _given(found: re.Match[str]) -> str:
    return found.group(1).strip().strip(QUOTES) or "OK"


def _counted(found: re.Match[str]) -> str:
    first, last = int(found.group(1)[:9]), int(found.group(2)[:9])
    return ", ".join(str(each) for each in range(first, min(last, first + COUNT_UP_TO) + 1)) or str(first)


def _story(_found: re.Match[str]) -> str:
    return (STORY * STORY_TIMES).rstrip()


def _request(pattern: str, reply: Callable[[re.Match[str]], str]) -> tuple[re.Pattern[str], Callable[..., str]]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), reply


#: A request and what it gets; the first that fits wins.
REQUESTS = (
    _request(
        r"\b(?:say|repeat|answer|reply with|respond with) exactly(?: (?:the|one) word| this)?:?\s+(.+?)\s*$",
        _given,
    ),
    _request(r"\brepeat after me:?\s+(.+?)\s*$", _given),
    _request(r"\bsay:\s*(.+?)\s*$", _given),
    _request(
        r"\b(?:say|reply|answer|respond)(?: only)?(?: with)?(?: only| just)? the (?:single )?word:?"
        rf"\s+[{QUOTES}]?([\w-]+)",
        _given,
    ),
    _request(r"\bcount\b.*?(\d+)\s+(?:up )?to\s+(\d+)", _counted),
    _request(r"\bcount\b.*\bhundred\b", lambda _: ", ".join(map(str, range(1, 101)))),
    _request(r"\b(?:long|whole)\b.*\b(?:story|answer|text|poem|essay)\b", _story),
)


def words(text: str) -> list[str]:
    """Cut *text* into the pieces that stream; together they are the text."""
    return re.findall(r"\s*(?:\w{1,8}|[^\w\s])|\s+$", text)
