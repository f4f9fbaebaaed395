"""In how many ways a key is written down: escaped for a format, encoded, spaced out."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

#: Characters: shorter than this is no secret; replacing it would mangle ordinary text.
SHORTEST = 6


def spelled(secret: str) -> Iterable[str]:
    """Yield *secret* plain, for URLs, JSON, Python, XML, in hex, UTF-16, spaced out, in base64 once and twice."""
    encoded = (quote(secret, safe=""), quote_plus(secret), quote(secret))
    yield secret
    yield from encoded
    # Some write %2b for %2B.
    yield from (re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in encoded)
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False))
    yield from (" ".join(secret), "\0".join(secret), "\\u0000".join(secret))
    octets = secret.encode("utf-8", "surrogatepass")
    wide = [secret.encode(name, "surrogatepass") for name in ("utf-16-le", "utf-16-be")]
    for each in (octets, *wide):
        yield from (each.hex(), each.hex().upper())
        for once in set(_in_base64(each)):
            yield once
            if each is octets:
                yield from _in_base64(once.encode())
    yield from (octets.hex(" "), octets.hex(" ").upper())


def _in_base64(octets: bytes) -> Iterable[str]:
    """Yield the runs of base64 that hold *octets* at each of the three alignments, whatever stands around it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            run = encode(b"\0" * shift + octets).decode()
            start = (0, 2, 3)[shift]
            stop = len(run) - (4 if (len(octets) + shift) % 3 else 0)
            if stop - start >= SHORTEST:
                yield run[start:stop]
