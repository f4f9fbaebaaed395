"""Secrets are scrubbed by value: whatever is printed or written passes here with the actual keys in hand.

In memory a conversation stays as it was said, so that rules judge what the endpoint did; `Scrubber.trace` is what
leaves the process.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance.resources import folder
from conformance.secret_spellings import SHORTEST, spelled
from conformance.secret_splits import split_secrets
from conformance.trace import json_text
from conformance.trace.trace import TOKEN_MARK, End, Entry, Handshake, Trace

#: What a key that we never gave looks like: ephemeral and provider keys that an endpoint sends.
KEY_SHAPED = re.compile(r"\b(?:ek_|sk-(?:proj-|svcacct-|ant-)?)[A-Za-z0-9_-]{16,}")
KEY_MARK = "‹key›"
#: Names of headers and query parameters whose values are secrets.
SECRET_NAMES = re.compile(r"auth|key|token|secret|cookie|password|signature|^sig$", re.IGNORECASE)
#: Headers that hold nothing but credentials.
CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key"})
#: What no key looks like: words (`platform`, `per session`).
WORDS = re.compile(r"[A-Za-z][a-z]*(?:[ ._-][a-z]+)*")
#: So many characters of a secret are not printed, where a text was cut in its middle.
FRAGMENT = 8
#: So many lists of secrets are kept spelled out: a run has one, and one more for each secret that an endpoint mints.
MOST_KEPT = 32
#: Silence in base64 is a run of `A`; looking for secrets in it takes seconds.  None of their spellings has such a run.
RUNS, SHORTENED = re.compile("A{512,}"), "A" * 512
#: Characters from which a text is looked at without its silence first.
LARGE = 2**20
#: What JSON text escapes, but for line feeds and quotes: a secret may be written in it in a way that has no spelling.
ESCAPED = re.compile(r'\\[^n"]')
#: What a word of the protocol is made of; only such are looked up.
WORD = re.compile(r"[a-z_.]{1,60}")


def hides(text: Any, clean: Any, mark: str = TOKEN_MARK) -> bool:
    """Return whether scrubbing put a mark into a text: one that somebody wrote there is no secret."""
    return isinstance(text, str) and mark in clean and clean.count(mark) > text.count(mark)


def is_public(word: str) -> bool:
    """Return whether the protocol itself says *word* (`session`, `completed`): every conversation shows it anyway."""
    return bool(WORD.fullmatch(word)) and word in _protocol()


@cache
def _protocol() -> str:
    """Return the text of every schema."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder("schemas").rglob("*.json")))


def secrets_in(url: str, headers: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return the secrets in a URL or in headers, also without the name of their scheme; ValueError of a broken URL.

    Headers are judged by their names; plain words are secrets only where a header can hold nothing but credentials.
    """
    parts = urlsplit(url)
    secret = [text for name, text in parse_qsl(parts.query) if SECRET_NAMES.search(name)]
    for name, text in headers:
        certain = name.lower() in CREDENTIAL_HEADERS
        if certain or (SECRET_NAMES.search(name) and not WORDS.fullmatch(text)):
            secret.append(text)
    user = [each for each in (parts.username, parts.password) if each]
    return [*secret, *(text.rpartition(" ")[2] for text in secret), *user, *map(unquote, user)]


@lru_cache(MOST_KEPT)
def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    kept = (secret for secret in secrets if len(secret) >= SHORTEST and not is_public(secret))
    found = {each for secret in kept for each in spelled(secret)}
    return tuple(sorted(found, key=len, reverse=True))


@lru_cache(MOST_KEPT)
def _fragments(spellings: tuple[str, ...]) -> frozenset[str]:
    """Return what a part of a secret is known by."""
    return frozenset(
        spelling[start : start + FRAGMENT]
        for spelling in spellings
        for start in range(len(spelling) - FRAGMENT + 1)
        if not is_public(spelling[start : start + FRAGMENT])
    )


@dataclass(frozen=True)
class Scrubber:
    """Replaces secrets, in every spelling in which they travel."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Every secret in each of its spellings, longest first."""
        return _spellings(self.secrets)

    def __call__(self, text: str) -> str:
        """Return *text* with every secret replaced by its mark."""
        if len(text) > LARGE and self._cannot_hold(RUNS.sub(SHORTENED, text)):
            return text
        for spelling in self.spellings:
            if spelling in text:
                text = text.replace(spelling, TOKEN_MARK)
        return KEY_SHAPED.sub(KEY_MARK, text) if "ek_" in text or "sk-" in text else text

    def _cannot_hold(self, text: str) -> bool:
        """Return whether neither a secret nor anything in the shape of a key stands in *text*."""
        return not any(each in text for each in ("ek_", "sk-", *self.spellings))

    def shown(self, text: str) -> str:
        """Return *text* fit to be shown: without secrets, or parts of one that was cut, or half surrogate pairs."""
        text, known = self(text.encode("utf-8", "backslashreplace").decode()), _fragments(self.spellings)
        if not known or len(text) < FRAGMENT:
            return text
        kept, start = [], 0
        while start < len(text):
            end = start
            while text[end : end + FRAGMENT] in known:
                end += 1
            kept.append(TOKEN_MARK if end > start else text[start])
            start = end + FRAGMENT - 1 if end > start else start + 1
        return "".join(kept)

    def data(self, value: Any) -> Any:
        """Return a copy of JSON data with every secret replaced, in texts, keys and numbers; nesting may be deep."""
        root: list[Any] = [value]
        waiting: list[Any] = [root]
        while waiting:
            each = waiting.pop()
            for place, inner in list(each.items() if isinstance(each, dict) else enumerate(each)):
                if isinstance(inner, dict):
                    each[place] = copy = {self._part(key): content for key, content in inner.items()}
                    waiting.append(copy)
                elif isinstance(inner, list | tuple):
                    each[place] = copied = list(inner)
                    waiting.append(copied)
                else:
                    each[place] = self._part(inner)
        return root[0]

    def json(self, value: Any) -> str:
        """Return JSON data as text, its secrets replaced as `data` does; fast where there is none."""
        text = json_text.dumps(value).decode()
        if ESCAPED.search(text) is None and self(text) == text:
            return text
        return json_text.dumps(self.data(value)).decode()

    def finds(self, value: Any) -> tuple[bool, bool]:
        """Return whether JSON data holds a secret of ours, and whether it holds somebody's key; nesting may be deep."""
        waiting, ours, shaped = [value], False, False
        while waiting:
            each = waiting.pop()
            if isinstance(each, dict):
                waiting += [*each, *each.values()]
            elif isinstance(each, list):
                waiting += each
            elif isinstance(clean := self._part(each), str) and clean != each:
                ours, shaped = ours or hides(str(each), clean), shaped or hides(str(each), clean, KEY_MARK)
        return ours, shaped

    def _part(self, value: Any) -> Any:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10 ** (SHORTEST - 1):
            clean = self(text := _digits(value))
            return value if clean == text else clean
        return value

    def trace(self, trace: Trace) -> Trace:
        """Return *trace* as it may leave the process."""
        entries = trace.entries
        if any(entry.secret for entry in entries):
            entries = tuple(self._entry(entry) if entry.secret else entry for entry in entries)
        if split := split_secrets(entries, self.spellings, TOKEN_MARK):
            entries = tuple(_with_delta(each, split[each.index]) if each.index in split else each for each in entries)
        return replace(
            trace,
            entries=entries,
            intent=self.data(dict(trace.intent)),
            handshake=self._handshake(trace.handshake) if trace.handshake is not None else None,
            end=self._end(trace.end) if trace.end is not None else None,
        )

    def _entry(self, entry: Entry) -> Entry:
        text = self(entry.text) if entry.text is not None else None
        return replace(entry, event=self.data(entry.event), text=text, secret=False)

    def _handshake(self, hand: Handshake) -> Handshake:
        return replace(
            hand,
            url=self(hand.url),
            request_headers=tuple(map(self, hand.request_headers)),
            offered_subprotocols=tuple(map(self, hand.offered_subprotocols)),
            response_headers={self(name): self(value) for name, value in hand.response_headers.items()},
            subprotocol=self(hand.subprotocol) if hand.subprotocol is not None else None,
            body=self.shown(hand.body),
            leaked=tuple(map(self, hand.leaked)),
        )

    def _end(self, end: End) -> End:
        return replace(end, reason=self.shown(end.reason))

    def with_more(self, secrets: Iterable[str]) -> Scrubber:
        """Return a scrubber that knows further secrets."""
        return Scrubber(tuple(dict.fromkeys((*self.secrets, *secrets))))


def _with_delta(entry: Entry, delta: str) -> Entry:
    return replace(entry, event={**(entry.event or {}), "delta": delta})


def _digits(number: float) -> str:
    """Write a number; of one that has more digits than Python writes out, nothing."""
    try:
        return repr(number)
    except ValueError:
        return ""


@contextmanager
def scrubbed_log(scrub: Scrubber) -> Iterator[None]:
    """Scrub every record that anybody logs meanwhile, whoever formats it and wherever it goes."""
    make, formatter = logging.getLogRecordFactory(), logging.Formatter()

    def scrubbed(*args: Any, **told: Any) -> logging.LogRecord:
        record = make(*args, **told)
        record.msg, record.args = scrub(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = scrub(formatter.formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(scrubbed)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def scrub_file(path: str | None, scrub: Scrubber) -> None:
    """Scrub a text file that somebody else wrote, if there is one."""
    if path is None or not (file := Path(path)).is_file():
        return
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    if (clean := scrub(text)) != text:
        file.write_text(clean, encoding="utf-8", errors="surrogateescape")
