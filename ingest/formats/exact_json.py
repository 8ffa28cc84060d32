"""JSON written again without loss: numbers with all their digits, names that occur twice."""

from __future__ import annotations

import json
from typing import Any

from ingest.formats.json_text import Constant, Number, Twice

MISSING = object()

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def written(value: Any) -> str:
    """The text of a parsed value on one line: equal values have equal texts.

    The order of the names in an object means nothing in JSON, so they are sorted.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, (Number, Constant)):
        parts.append(value)
    elif isinstance(value, str):
        parts.append(_quoted(value))
    elif isinstance(value, dict):
        pairs = value.pairs if isinstance(value, Twice) else value.items()
        sign = "{"
        for name, inner in sorted(pairs, key=lambda pair: pair[0]):
            parts.append(f"{sign}{_quoted(name)}:")
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
