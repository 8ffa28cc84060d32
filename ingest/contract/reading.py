"""Read and check the feed files: every error names its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from base.errors import BranchlineError
from base.placed_yaml import Line, PlacedYaml, Problem, broken, described, place_of
from ingest.contract.feeds import FeedContract

FEEDS_FOLDER = Path(__file__).parent.parent / "feeds"
"""One file per source."""

_ENTRIES = {"feeds": "feed"}
_WHAT_NOW = "nothing was loaded."


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
    lines: dict[str, Line] = {}
    problems: list[Problem] = []
    content: dict[str, Any] = {}
    feeds: dict[str, Any] = {}
    for file in files:
        found = PlacedYaml.read(file, "feed file", _ENTRIES)
        if not isinstance(found.content, dict):
            raise BranchlineError(
                f"{file.name}: the file must begin with 'feeds:' and have one entry per feed.",
                f"Fix {file}; see the project's ingest/feeds for examples.",
            )
        problems += [*found.problems, *_in_two_files(found.lines, lines)]
        lines = {**found.lines, **lines}
        own = found.content.pop("feeds", {})
        content |= found.content
        if isinstance(own, dict):
            feeds |= own
        else:
            content["feeds"], lines["feeds"] = own, found.lines["feeds"]
    if problems:
        raise broken(problems, _WHAT_NOW)
    content.setdefault("feeds", feeds)
    try:
        return FeedContract.model_validate(content)
    except ValidationError as error:
        found_in = [described(one, lines, _ENTRIES) for one in error.errors()]
        raise broken(found_in, _WHAT_NOW) from None


def _in_two_files(own: dict[str, Line], before: dict[str, Line]) -> Iterator[Problem]:
    """Find feeds that are defined in two files."""
    for key, line in own.items():
        if key.startswith("feeds.") and key.count(".") == 1 and key in before:
            first = before[key]
            yield (
                line,
                f"{place_of(key, _ENTRIES)}: is given twice (first in {first.file.name},"
                f" line {first.number})",
            )
