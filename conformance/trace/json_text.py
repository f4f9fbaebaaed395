"""JSON as strangers write it: what one parser refuses and RFC 8259 allows is read all the same, and written again.

Half a surrogate pair stays what it is; a number beyond 64 bits becomes a float, beyond that the largest one.
NaN and Infinity are no JSON.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, NoReturn

import orjson

#: Digits of the integers that fit into 64 bits, with their sign.
MOST_DIGITS = 20
LARGEST_INTEGER, SMALLEST_INTEGER = 2**64 - 1, -(2**63)


class TooDeep(ValueError):
    """The text is nested more deeply than a parser goes: it may well be JSON."""


def loads(text: str | bytes) -> Any:
    """Return the value of a JSON text; TooDeep where it is nested beyond reading, else ValueError if it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth" in str(error) or "recursion" in str(error).lower():
            raise TooDeep("nested too deeply to be read") from error
        refused = error
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_float)
    except RecursionError as error:
        raise TooDeep("nested too deeply to be read") from error
    except ValueError:
        raise refused from None


def dumps(value: Any, *, indent: bool = False) -> bytes:
    """Return JSON data as UTF-8, on request indented by 2; TooDeep where it is nested beyond writing."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None)
    except TypeError:  # half a surrogate pair, an integer beyond 64 bits, or nesting beyond 254 levels
        pass
    try:
        return json.dumps(value, default=str, indent=2 if indent else None).encode()
    except RecursionError as error:
        raise TooDeep("nested too deeply to be written") from error


def _integer(digits: str) -> int | float:
    if len(digits) <= MOST_DIGITS and SMALLEST_INTEGER <= (number := int(digits)) <= LARGEST_INTEGER:
        return number
    return _float(digits)


def _float(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
