"""YAML contracts: the line of every key, and errors that name file, line, entry and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from base.errors import BranchlineError
from base.yaml_text import parse_yaml


class PlacedError(ValueError):
    """A ValueError with the key it is about."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def at(key: str, message: str) -> PlacedError:
    """The error about a key, for a contract's checks to raise."""
    return PlacedError(key, message)


class Line(NamedTuple):
    """A line of a file; problems are reported in this order."""

    file: Path
    number: int


Problem = tuple[Line, str]
"""Where it is, and what is wrong: the key first."""


class PlacedYaml:
    """The content of a YAML file and the line of every key, as `entries.name.key` and `key.0`.

    `entries`: keys of the file that hold named entries, and the word for one: `{"feeds": "feed"}`.
    """

    def __init__(
        self,
        content: Any,
        lines: dict[str, Line],
        problems: list[Problem],
        entries: Mapping[str, str],
    ) -> None:
        self.content = content
        self.lines = lines
        self.problems = problems
        """Keys that are given twice, of which YAML would keep the last."""
        self.entries = entries

    @classmethod
    def read(cls, file: Path, what: str, entries: Mapping[str, str]) -> PlacedYaml:
        """Read a file. `what`: what it is to people, such as "feed file".

        Raises BranchlineError if it does not exist, cannot be read or is not YAML.
        """
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise BranchlineError(
                f"The {what} {file} does not exist.", "Check the path, or leave it out."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise BranchlineError(
                f"The {what} {file} cannot be read: {error}.",
                "It must be a readable UTF-8 text file.",
            ) from None
        hint = f"Fix {file}; quote texts that hold a colon or a brace, and indent with spaces."
        tree, content = parse_yaml(text, file.name, hint)
        lines: dict[str, Line] = {}
        problems = [] if tree is None else list(_walk(tree, "", file, lines, entries))
        return cls(content, lines, problems, entries)


def described(error: Any, lines: Mapping[str, Line], entries: Mapping[str, str]) -> Problem:
    """Turn one pydantic error into (line, text for people)."""
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, PlacedError):
        # The contract gives paths from the root, an entry gives them from itself.
        path = f"{path}.{cause.key}".strip(".")
    kind, given = error["type"], error.get("input")
    message = {
        "extra_forbidden": "is not a known key; check its spelling",
        "missing": "is missing",
    }.get(kind)
    if message is None:
        message = str(cause) if cause is not None else error["msg"]
        if kind == "literal_error":
            expected = error["ctx"]["expected"].replace("'", "")
            message = f"'{given}' is not known; use {expected}"
    nearest = path
    while nearest and nearest not in lines:
        nearest = nearest.rpartition(".")[0]
    return lines[nearest], f"{place_of(path, entries)}: {message}"


def place_of(path: str, entries: Mapping[str, str]) -> str:
    """`feeds.shop.columns.2.name` as `feed shop, columns[3].name`: people count from one."""
    parts = path.split(".")
    entry = ""
    if parts[0] in entries and len(parts) > 1:
        entry, parts = f"{entries[parts[0]]} {parts[1]}", parts[2:]
    key = ""
    for part in parts:
        if part.isdigit():
            key += f"[{int(part) + 1}]"
        else:
            key += f".{part}" if key else part
    return ", ".join(text for text in (entry, key) if text)


def broken(problems: Sequence[Problem], what_now: str) -> BranchlineError:
    """The error that lists all problems, in the order of their lines."""
    texts = [f"{line.file.name}, line {line.number}: {text}." for line, text in sorted(problems)]
    files = " and ".join(str(file) for file in sorted({line.file for line, _ in problems}))
    return BranchlineError("\n".join(texts), f"Fix {files}; {what_now}")


def _walk(
    node: yaml.Node, path: str, file: Path, lines: dict[str, Line], entries: Mapping[str, str]
) -> Iterator[Problem]:
    """Record the line of every key, and find duplicate keys."""
    lines[path] = Line(file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, Line] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = Line(file, key_node.start_mark.line + 1)
            below = f"{path}.{key}" if path else key
            if key in seen:
                where = place_of(below, entries)
                yield line, f"{where}: is given twice (first in line {seen[key].number})"
            seen[key] = line
            yield from _walk(value_node, below, file, lines, entries)
            lines[below] = line
    elif isinstance(node, yaml.SequenceNode):
        for place, value_node in enumerate(node.value):
            yield from _walk(value_node, f"{path}.{place}", file, lines, entries)
