"""JSON without loss: numbers with all their digits, and names that occur twice in an object.

Parsed values are Python's own (dict, list, str, int, bool, None), so that others can search them;
what these would lose is kept beside them, and `written` writes it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_MOST_DIGITS = 4000
"""Python refuses to convert integers of more digits (sys.int_info.default_max_str_digits)."""


class Number(float):
    """A number that is not an integer, or that would not be written as it was read."""

    text: str

    def __new__(cls, text: str) -> Number:
        """The number of a text, which is kept."""
        made = super().__new__(cls, text)
        made.text = text
        return made


class Repeating(dict[str, Any]):
    """An object in which a name occurs twice; as a dict it has the last of them."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _integer(text: str) -> int | Number:
    return Number(text) if len(text) > _MOST_DIGITS or text == "-0" else int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Repeating(pairs)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=_integer, parse_constant=Number
)


def parsed(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, or RecursionError if it is too deep."""
    return _DECODER.decode(text)


def written(value: Any) -> str:
    """The text of a parsed value on one line: equal values have equal texts.

    The order of the names in an object means nothing in JSON, so they are sorted.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


_text = json.JSONEncoder(ensure_ascii=False).encode


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(_text(value))
    elif isinstance(value, Number):
        parts.append(value.text)
    elif isinstance(value, dict):
        pairs = value.pairs if isinstance(value, Repeating) else value.items()
        sign = "{"
        for name, inner in sorted(pairs, key=lambda pair: pair[0]):
            parts.append(f"{sign}{_text(name)}:")
            _write(inner, parts)
            sign = ","
        parts.append("}" if sign == "," else "{}")
    elif isinstance(value, list):
        sign = "["
        for inner in value:
            parts.append(sign)
            _write(inner, parts)
            sign = ","
        parts.append("]" if sign == "," else "[]")
    else:
        parts.append(json.dumps(value))


MISSING = object()


def found_at(value: Any, path: str | None) -> Any:
    """What is at a dotted path below a value; the value itself without one; else MISSING.

    A part of the path may also be the place in a list, from 0.
    """
    for name in path.split(".") if path else ():
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return MISSING
    return value
