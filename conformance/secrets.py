"""Secrets are scrubbed by value: whatever is printed or written passes here with the actual keys in hand."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

from conformance.trace.trace import TOKEN_MARK

#: Shorter than this is no secret; replacing it would mangle ordinary text.
SHORTEST = 6

#: What a key that we never gave looks like: ephemeral and provider keys that an endpoint sends.
KEY_SHAPED = re.compile(r"\b(?:ek_|sk-(?:proj-|svcacct-|ant-)?)[A-Za-z0-9_-]{16,}")
KEY_MARK = "‹key›"


@dataclass(frozen=True)
class Scrubber:
    """Replaces secrets, in every spelling in which they travel."""

    secrets: tuple[str, ...] = ()

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Every secret as it is, URL-encoded, JSON-escaped and in base64; longest first."""
        found: set[str] = set()
        for secret in self.secrets:
            if len(secret) < SHORTEST:
                continue
            found |= {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
            found |= set(_in_base64(secret.encode()))
        return tuple(sorted(found, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Give *text* with every secret replaced by its mark."""
        for spelling in self.spellings:
            if spelling in text:
                text = text.replace(spelling, TOKEN_MARK)
        return KEY_SHAPED.sub(KEY_MARK, text) if "ek_" in text or "sk-" in text else text

    def with_more(self, secrets: Iterable[str]) -> Scrubber:
        """Give a scrubber that knows further secrets."""
        return Scrubber(tuple(dict.fromkeys((*self.secrets, *secrets))))


def _in_base64(secret: bytes) -> Iterable[str]:
    """Give the runs of base64 that hold *secret* at each of the three alignments, whatever stands around it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            run = encode(b"\0" * shift + secret).decode()
            start = (0, 2, 3)[shift]
            stop = len(run) - (4 if (len(secret) + shift) % 3 else 0)
            if stop - start >= SHORTEST:
                yield run[start:stop]
