"""Secrets are scrubbed by value: whatever is printed or written passes here with the actual keys in hand."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from conformance.trace.trace import TOKEN_MARK

#: Shorter than this is no secret; replacing it would mangle ordinary text.
SHORTEST = 6

#: What a key that we never gave looks like: ephemeral and provider keys that an endpoint sends.
KEY_SHAPED = re.compile(r"\b(?:ek_|sk-(?:proj-|svcacct-|ant-)?)[A-Za-z0-9_-]{16,}")
KEY_MARK = "‹key›"


def hides(text: Any, clean: Any, mark: str = TOKEN_MARK) -> bool:
    """Tell whether scrubbing put a mark into a text: one that somebody wrote there is no secret."""
    return isinstance(text, str) and mark in clean and clean.count(mark) > text.count(mark)


@dataclass(frozen=True)
class Scrubber:
    """Replaces secrets, in every spelling in which they travel."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Every secret in each of its spellings, longest first."""
        found = {each for secret in self.secrets if len(secret) >= SHORTEST for each in _spelled(secret)}
        return tuple(sorted(found, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Give *text* with every secret replaced by its mark."""
        for spelling in self.spellings:
            if spelling in text:
                text = text.replace(spelling, TOKEN_MARK)
        return KEY_SHAPED.sub(KEY_MARK, text) if "ek_" in text or "sk-" in text else text

    def everywhere(self, value: dict[str, Any]) -> bool:
        """Replace every secret in the texts and keys of a JSON object, in place; tell whether one of ours was there.

        Nesting may be deep.
        """
        waiting: list[Any] = [value]
        found = False
        while waiting:
            each = waiting.pop()
            pairs = list(each.items() if isinstance(each, dict) else enumerate(each))
            if isinstance(each, dict):
                each.clear()
            for key, inner in pairs:
                clean_key = self(key) if isinstance(key, str) else key
                clean = each[clean_key] = self(inner) if isinstance(inner, str) else inner
                found = found or any(map(hides, (key, inner), (clean_key, clean)))
                if isinstance(inner, dict | list):
                    waiting.append(inner)
        return found

    def with_more(self, secrets: Iterable[str]) -> Scrubber:
        """Give a scrubber that knows further secrets."""
        return Scrubber(tuple(dict.fromkeys((*self.secrets, *secrets))))


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


def _spelled(secret: str) -> Iterable[str]:
    """Give a secret as it is, in URLs, in JSON, in Python's repr, in XML and HTML, and in base64."""
    encoded = (quote(secret, safe=""), quote_plus(secret), quote(secret))
    yield secret
    yield from encoded
    # Some write %2b for %2B.
    yield from (re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in encoded)
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False))
    yield from _in_base64(secret.encode())


def _in_base64(secret: bytes) -> Iterable[str]:
    """Give the runs of base64 that hold *secret* at each of the three alignments, whatever stands around it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            run = encode(b"\0" * shift + secret).decode()
            start = (0, 2, 3)[shift]
            stop = len(run) - (4 if (len(secret) + shift) % 3 else 0)
            if stop - start >= SHORTEST:
                yield run[start:stop]
