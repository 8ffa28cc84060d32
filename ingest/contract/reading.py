"""Read and check the feed files: every error names its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from base.errors import BranchlineError
from base.yaml_text import parse_yaml
from ingest.contract.feeds import FeedContract
from ingest.contract.placed_errors import PlacedError

FEEDS_FOLDER = Path(__file__).parent.parent / "feeds"
"""One file per source."""


class _Line(NamedTuple):
    """A line of a feed file; problems are reported in this order."""

    file: Path
    number: int


_Problem = tuple[_Line, str]


def load_feeds(path: Path | None = None, sources: Collection[str] | None = None) -> FeedContract:
    """Read the feed files of a folder, by name, or one file (default: the project's own folder).

    `sources`: the listed sources; the feeds of others are switched off (default: none are).
    Raises BranchlineError with file, line, feed and key of every problem, and for a listed source
    without a feed.
    """
    contract = _read_contract(FEEDS_FOLDER if path is None else path)
    return contract if sources is None else contract.of_sources(sources)


def _read_contract(path: Path) -> FeedContract:
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path]
    if not files:
        raise BranchlineError(
            f"The folder {path} has no feed file.",
            "A feed file's name ends in .yml; see the project's ingest/feeds for examples.",
        )
    lines: dict[str, _Line] = {}
    problems: list[_Problem] = []
    content: dict[str, Any] = {}
    feeds: dict[str, Any] = {}
    for file in files:
        found, own_lines = _read(file, problems)
        problems += _in_two_files(own_lines, lines)
        lines = {**own_lines, **lines}
        own = found.pop("feeds", {})
        content |= found
        if isinstance(own, dict):
            feeds |= own
        else:
            content["feeds"], lines["feeds"] = own, own_lines["feeds"]
    if problems:
        raise _broken(problems)
    content.setdefault("feeds", feeds)
    try:
        return FeedContract.model_validate(content)
    except ValidationError as error:
        raise _broken([_describe(found, lines) for found in error.errors()]) from None


def _in_two_files(own: dict[str, _Line], before: dict[str, _Line]) -> Iterator[_Problem]:
    """Find feeds that are defined in two files."""
    for key, line in own.items():
        if key.startswith("feeds.") and key.count(".") == 1 and key in before:
            first = before[key]
            yield (
                line,
                f"{_place(key)}: is given twice (first in {first.file.name}, line {first.number})",
            )


def _read(file: Path, problems: list[_Problem]) -> tuple[dict[str, Any], dict[str, _Line]]:
    """The content of one file, and the line of every key; adds duplicate keys to `problems`."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BranchlineError(
            f"The feed file {file} does not exist.", "Check the path, or leave it out."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BranchlineError(
            f"The feed file {file} cannot be read: {error}.",
            "It must be a readable UTF-8 text file.",
        ) from None
    hint = f"Fix {file}; quote texts that hold a colon or a brace, and indent with spaces."
    tree, content = parse_yaml(text, file.name, hint)
    lines: dict[str, _Line] = {}
    if tree is not None:
        problems.extend(_walk(tree, "", file, lines))
    if not isinstance(content, dict):
        raise BranchlineError(
            f"{file.name}: the file must begin with 'feeds:' and have one entry per feed.",
            f"Fix {file}; see the project's ingest/feeds for examples.",
        )
    return content, lines


def _walk(node: yaml.Node, path: str, file: Path, lines: dict[str, _Line]) -> Iterator[_Problem]:
    """Record the line of every key, and find duplicate keys (YAML would keep the last)."""
    lines[path] = _Line(file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, _Line] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = _Line(file, key_node.start_mark.line + 1)
            below = f"{path}.{key}" if path else key
            if key in seen:
                yield line, f"{_place(below)}: is given twice (first in line {seen[key].number})"
            seen[key] = line
            yield from _walk(value_node, below, file, lines)
            lines[below] = line
    elif isinstance(node, yaml.SequenceNode):
        for place, value_node in enumerate(node.value):
            yield from _walk(value_node, f"{path}.{place}", file, lines)


def _describe(error: Any, lines: dict[str, _Line]) -> _Problem:
    """Turn one pydantic error into (line, text for people)."""
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, PlacedError):
        # The contract gives paths from the root, a feed gives them from itself.
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
    return lines[nearest], f"{_place(path)}: {message}"


def _place(path: str) -> str:
    """`feeds.shop.columns.2.name` as `feed shop, columns[3].name`: people count from one."""
    parts = path.split(".")
    feed = ""
    if parts[0] == "feeds" and len(parts) > 1:
        feed, parts = f"feed {parts[1]}", parts[2:]
    key = ""
    for part in parts:
        if part.isdigit():
            key += f"[{int(part) + 1}]"
        else:
            key += f".{part}" if key else part
    return ", ".join(text for text in (feed, key) if text)


def _broken(problems: Sequence[_Problem]) -> BranchlineError:
    texts = [f"{line.file.name}, line {line.number}: {text}." for line, text in sorted(problems)]
    files = " and ".join(str(file) for file in sorted({line.file for line, _ in problems}))
    return BranchlineError("\n".join(texts), f"Fix {files}; nothing was loaded.")
