"""Text that an endpoint chose, made inert: it reads the same everywhere and commands nobody.

An endpoint may send escape sequences that repaint a terminal, marks that turn the direction of writing, halves of
surrogate pairs that no file can hold, and NUL.  Each of them is shown as a visible sign in its place.
"""

from __future__ import annotations

import re
from typing import Any

from conformance.secrets import ESCAPED

#: C0 without tab and line feed, DEL, C1, invisible and direction-turning marks, line separators, lone surrogates and
#: the noncharacters that XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets, https://www.unicode.org/reports/tr9/).
ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff]"
)
#: The control pictures of Unicode begin here, in the order of the controls.
PICTURES = 0x2400
DELETE, DELETE_PICTURE = 0x7F, "␡"


def inert(text: str) -> str:
    """Return *text* with a visible sign for each character that would act, not read; tab and line feed stay."""
    return text if text.isprintable() else ACTIVE.sub(_sign, text)  # nothing printable acts


def one_line(text: str, most: int = 400) -> str:
    """Return *text* inert, in one line of at most *most* characters."""
    line = " ".join(inert(text[: most * 4]).split())
    return line if len(line) <= most and len(text) <= most * 4 else line[: most - 1] + "…"


def is_inert_json(text: str) -> bool:
    """Return whether nothing in a JSON text acts once it is read; of escapes, only line feeds and quotes pass."""
    return ACTIVE.search(text) is None and ESCAPED.search(text) is None


def inert_data(value: Any) -> Any:
    """Return a copy of JSON data with every text and key inert."""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, dict):
        return {inert(key): inert_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [inert_data(each) for each in value]
    return value


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < ord(" "):
        return chr(PICTURES + code)
    return DELETE_PICTURE if code == DELETE else f"⟨U+{code:04X}⟩"
