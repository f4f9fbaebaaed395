"""A scripted model: a file says what the endpoint answers when the user says something.

The file is YAML in the form of `schemas/harness/script.json` (docs/reference.md).  Answers are tried in their order
and the first that fits is given; where none fits, the reference's own model answers.  The same conversation gets the
same answers: a script remembers nothing.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from conformance.contract.harness_schemas import harness_schema
from conformance.errors import FileError
from conformance.reference.session.arguments import fitting
from conformance.reference.session.model import Act, Call, Fail, Pause, Prompt, Say, answer
from conformance.yaml_source import Marked, fits, known_keys, place_of, plain, read

#: Longest recording that a script may let the endpoint speak, in seconds.
LONGEST = 120
RATE = 24_000

Fits = Callable[[Prompt], bool]


class ScriptError(FileError):
    """A script file is wrong."""


@dataclass(frozen=True)
class Answer:
    """When it is given, and what it is."""

    when: Fits
    acts: Callable[[Prompt], list[Act]]


@dataclass(frozen=True)
class ModelScript:
    """A model that does what its file says."""

    title: str
    answers: tuple[Answer, ...]

    def __call__(self, prompt: Prompt) -> list[Act]:
        """Answer *prompt*."""
        found = next((each for each in self.answers if each.when(prompt)), None)
        return answer(prompt) if found is None else found.acts(prompt)


def load_script(path: Path) -> ModelScript:
    """Read a script file; ScriptError says what is wrong and where."""
    data = read(path, ScriptError)
    known_keys(data, harness_schema("script")["properties"], path, ScriptError)
    fits(data, harness_schema("script"), path, ScriptError)
    return ModelScript(data["script"], tuple(_answer(each, path, data, at) for at, each in enumerate(data["answers"])))


def lint_script(path: Path) -> list[str]:
    """Return what is wrong with a script file, in lines for people; empty if it can be served."""
    try:
        script = load_script(path)
    except ScriptError as error:
        return [str(error)]
    always = [at for at, each in enumerate(script.answers) if each.when is _anything]
    if always and always[0] < len(script.answers) - 1:
        return [f"{path}: answer {always[0] + 1} fits everything: the {_later(script, always[0])} after it never come"]
    return []


def is_script(path: Path) -> bool:
    """Return whether a YAML file means to be a script: it has the key that only scripts have."""
    try:
        return any(line.startswith("script:") for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return False


def _later(script: ModelScript, at: int) -> str:
    left = len(script.answers) - 1 - at
    return "answer" if left == 1 else f"{left} answers"


def _answer(data: Marked, path: Path, whole: Marked, at: int) -> Answer:
    def wrong(message: str, *steps: str) -> ScriptError:
        line, column = place_of(whole, ("answers", at, *steps))
        return ScriptError(message, where=f"{path}:{line}:{column}")

    when = _when(data.get("when", "anything"), wrong)
    voice = _recording(path.parent / data["sound"], wrong) if "sound" in data else b""
    fields = plain(data)

    def acts(prompt: Prompt) -> list[Act]:
        return [*_acts(fields, voice, prompt)]

    return Answer(when, acts)


def _anything(_prompt: Prompt) -> bool:
    return True


def _when(when: Any, wrong: Callable[..., ScriptError]) -> Fits:
    if when == "anything":
        return _anything
    ((kind, wanted),) = when.items()
    if kind == "matches":
        try:
            pattern = re.compile(wanted, re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise wrong(f"not a regular expression: {error}", "when", "matches") from error
        return lambda prompt: prompt.tool_output is None and pattern.search(prompt.user) is not None
    part = wanted.casefold()
    if kind == "says":
        return lambda prompt: prompt.tool_output is None and part in prompt.user.casefold()
    return lambda prompt: prompt.tool_output is not None and part in prompt.tool_output.casefold()


def _acts(data: Mapping[str, Any], voice: bytes, prompt: Prompt) -> Iterator[Act]:
    if data.get("takes"):
        yield Pause(data["takes"])
    if "fail" in data:
        yield Fail(**data["fail"])
    if "say" in data:
        yield Say(_filled(data["say"], prompt), voice)
    calls = data.get("call", [])
    for call in [calls] if isinstance(calls, Mapping) else calls:
        parameters = next((each.get("parameters") for each in prompt.tools if each.get("name") == call["name"]), None)
        arguments = call.get("arguments", fitting(parameters, prompt.user))
        yield Call(call["name"], orjson.dumps(arguments).decode())


def _filled(text: str, prompt: Prompt) -> str:
    return text.replace("{user}", prompt.user).replace("{tool}", prompt.tool_output or "")


def _recording(path: Path, wrong: Callable[..., ScriptError]) -> bytes:
    try:
        with wave.open(str(path)) as file:
            form = file.getframerate(), file.getnchannels(), file.getsampwidth()
            frames = file.getnframes()
            sound = file.readframes(min(frames, LONGEST * RATE))
    except (OSError, EOFError, wave.Error) as error:
        raise wrong(f"the sound {path.name} cannot be read: {error}", "sound") from error
    if form != (RATE, 1, 2):
        raise wrong(f"the sound {path.name} must be 16-bit mono PCM at 24 kHz", "sound")
    if frames > LONGEST * RATE:
        raise wrong(f"the sound {path.name} is longer than {LONGEST} s", "sound")
    return bytes(sound)
