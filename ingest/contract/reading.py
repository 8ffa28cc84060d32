"""The feed file, read and checked: every error names its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.contract.placed_errors import PlacedError

FEEDS_FILE = Path(__file__).parent.parent / "feeds.yml"


def load_feeds(path: Path | None = None) -> FeedContract:
    """Read a feed file (default: the one beside this module).

    Raises BranchlineError naming file, line, feed and key of everything that is wrong in it.
    """
    path = FEEDS_FILE if path is None else path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BranchlineError(
            f"The feed file {path} does not exist.", "Check the path, or leave it out."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BranchlineError(
            f"The feed file {path} cannot be read: {error}.",
            "It has to be a readable UTF-8 text file.",
        ) from None
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise BranchlineError(
            f"{path.name}{where}: this is no valid YAML: {problem}.",
            f"Mend {path}; quote texts that hold a colon or a brace, and indent with spaces.",
        ) from None
    lines: dict[str, int] = {}
    problems = list(_walk(tree, "", lines)) if tree is not None else []
    if problems:
        raise _broken(path, problems)
    content = yaml.safe_load(text)
    if not isinstance(content, dict):
        raise BranchlineError(
            f"{path.name}: the file has to begin with 'feeds:' and hold one entry per feed.",
            f"See {FEEDS_FILE.name} of the project for an example.",
        )
    try:
        return FeedContract.model_validate(content)
    except ValidationError as error:
        raise _broken(path, [_tell(found, lines) for found in error.errors()]) from None


def _walk(node: yaml.Node, path: str, lines: dict[str, int]) -> Iterator[tuple[int, str]]:
    """Note the line of every key, and find keys that stand twice (YAML would keep the last)."""
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            below = f"{path}.{key}" if path else key
            if key in seen:
                yield line, f"{_place(below)}: stands twice (first in line {seen[key]})"
            seen[key] = line
            yield from _walk(value_node, below, lines)
            lines[below] = line
    elif isinstance(node, yaml.SequenceNode):
        for place, value_node in enumerate(node.value):
            yield from _walk(value_node, f"{path}.{place}", lines)


def _tell(error: Any, lines: dict[str, int]) -> tuple[int, str]:
    """Turn one pydantic error into (line, text for people)."""
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, PlacedError):
        # The contract as a whole places its errors from the root, a feed from itself.
        path = f"{path}.{cause.key}".strip(".")
    kind, given = error["type"], error.get("input")
    message = {
        "extra_forbidden": "is no known key; check its spelling",
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
    return lines.get(nearest, 1), f"{_place(path)}: {message}"


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


def _broken(path: Path, problems: list[tuple[int, str]]) -> BranchlineError:
    told = [f"{path.name}, line {line}: {text}." for line, text in sorted(problems)]
    return BranchlineError("\n".join(told), f"Mend {path}; nothing was loaded.")
