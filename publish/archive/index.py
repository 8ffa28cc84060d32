"""The index pages of the archive, like a newspaper's: by date, by audience, by branch.

Three pages list editions, each of them a function of what it lists:

- `index`: the latest date in full, the company's reports of the dates before, links to all dates;
- `day`: everything that was published for one date;
- `part`: the editions of one branch.

They can be searched without a network. The search is a script of the page itself; without scripts
the pages are complete, only the fields are not shown.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from publish.layout import formats
from publish.layout.rendering import fill, screen_styles, sheet

MOST_HEADLINES = 300
"""A page of more editions of branches lists them without their headlines."""
MOST_OPEN = 12
"""The first page folds a longer list of branches; a search unfolds it."""
COMPANY = "Whole company"


@dataclass(frozen=True)
class Link:
    """A file of an edition. `href`: its path relative to the folder of the archive."""

    text: str
    href: str


@dataclass(frozen=True)
class EditionRow:
    """A published edition. The first of its links is the one to read.

    `audiences`: in words. `part`, `part_name`, `part_place`: as in a report's page. `note`: in
    place of a headline, such as the number of rows of an export.
    """

    publication: str
    title: str
    audiences: tuple[str, ...]
    business_date: date
    links: tuple[Link, ...]
    part: str = ""
    part_name: str = ""
    part_place: str = ""
    headline: str = ""
    note: str = ""
    version: int = 1
    is_complete: bool = True
    shows_names: bool = False


@dataclass(frozen=True)
class ArchiveFrame:
    """What surrounds the index. Links are relative to the folder of the archive.

    `state`: a sentence above everything, such as that today's publication is held back.
    """

    company: str
    docs: str = ""
    lineage: str = ""
    state: str = ""


@dataclass(frozen=True)
class _Entry:
    title: str
    audiences: str
    part: str
    place: str
    headline: str
    note: str
    badges: tuple[str, ...]
    links: tuple[Link, ...]
    found_by: str


@dataclass(frozen=True)
class _Group:
    """The editions of one report for the branches."""

    title: str
    entries: tuple[_Entry, ...]


@dataclass(frozen=True)
class _Day:
    date: date
    name: str
    company: tuple[_Entry, ...]
    groups: tuple[_Group, ...]
    href: str


@dataclass(frozen=True)
class _Month:
    name: str
    days: tuple[Link, ...]


def index(
    editions: Sequence[EditionRow],
    frame: ArchiveFrame,
    dates: Sequence[date] = (),
    parts: Sequence[Link] = (),
) -> str:
    """The first page of the archive.

    `editions`: all of the latest date, and those for the company of as many dates before as are to
    be listed with their headlines. `dates`: every date that has a page of its own. `parts`: the
    branches that have one.
    """
    return _page(editions, frame, "Reports", root="", dates=dates, parts=parts)


def day(editions: Sequence[EditionRow], frame: ArchiveFrame) -> str:
    """The page of one date: `<date>/index.html`."""
    title = formats.full_date(editions[0].business_date) if editions else "Reports"
    return _page(editions, frame, title, root="../")


def part(editions: Sequence[EditionRow], frame: ArchiveFrame, root: str = "../../") -> str:
    """The page of one branch. `root`: the way from its folder to that of the archive."""
    name = formats.name(editions[0].part_name) if editions else "Reports"
    return _page(editions, frame, name, root=root)


def _page(
    editions: Sequence[EditionRow],
    frame: ArchiveFrame,
    title: str,
    *,
    root: str,
    dates: Sequence[date] = (),
    parts: Sequence[Link] = (),
) -> str:
    days = _days(editions, set(dates), root)
    of_branches = sum(len(group.entries) for one in days for group in one.groups)
    text = "".join(
        [frame.company, frame.state]
        + [f"{row.part_name}{row.part_place}{row.headline}{row.note}" for row in editions]
        + [link.text for link in parts]
    )
    return fill(
        "index.html.j2",
        company=formats.name(frame.company, formats.LONGEST_TEXT),
        title=title,
        state=formats.sentence(frame.state),
        links=[
            Link(name, _joined(root, href))
            for name, href in (
                ("All reports", "index.html" if root else ""),
                ("Documentation", frame.docs),
                ("Lineage", frame.lineage),
            )
            if href
        ],
        days=days,
        most_open=len(editions) if root else MOST_OPEN,
        has_headlines=of_branches <= MOST_HEADLINES,
        audiences=sorted({name for row in editions for name in row.audiences}),
        titles=sorted({row.title for row in editions}),
        months=_months(dates, root),
        parts=[Link(formats.name(link.text), _joined(root, link.href)) for link in parts],
        css=screen_styles("index.css", text=text),
        script=sheet("index.js"),
        policy=_policy(),
    )


@functools.cache
def _policy() -> str:
    """What a browser allows the page: its own styles, and the one script that is in it."""
    digest = base64.b64encode(hashlib.sha256(sheet("index.js").encode("utf-8")).digest())
    return (
        f"default-src 'none'; script-src 'sha256-{digest.decode('ascii')}'; style-src"
        " 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _days(editions: Iterable[EditionRow], dates: set[date], root: str) -> list[_Day]:
    """The dates, the latest first; of each the company's editions, then those of branches."""
    by_date = sorted(editions, key=_order)
    days = []
    for business_date, rows in groupby(by_date, key=lambda row: row.business_date):
        of_day = list(rows)
        of_branches = [row for row in of_day if row.part]
        days.append(
            _Day(
                date=business_date,
                name=formats.full_date(business_date),
                company=tuple(_entry(row, root) for row in of_day if not row.part),
                groups=tuple(
                    _Group(formats.sentence(title), tuple(_entry(row, root) for row in group))
                    for title, group in groupby(of_branches, key=lambda row: row.title)
                ),
                href=f"{business_date}/index.html" if business_date in dates else "",
            )
        )
    return days


def _order(row: EditionRow) -> tuple[int, bool, bool, str, str, str, str, str]:
    return (
        -row.business_date.toordinal(),
        bool(row.part),
        # Reports before exports.
        not row.headline,
        row.title,
        row.publication,
        row.part_name.casefold(),
        row.part_place,
        row.part,
    )


def _entry(row: EditionRow, root: str) -> _Entry:
    badges = []
    if not row.is_complete:
        badges.append("Incomplete")
    if row.version > 1:
        badges.append(f"Restated, version {row.version}")
    if row.shows_names:
        badges.append("Confidential")
    audiences = ", ".join(map(formats.name, row.audiences))
    part_name = formats.name(row.part_name) if row.part else COMPANY
    return _Entry(
        title=formats.sentence(row.title),
        audiences=audiences,
        part=part_name,
        place=formats.name(row.part_place) if row.part else "",
        headline=formats.sentence(row.headline),
        note=formats.sentence(row.note),
        badges=tuple(badges),
        links=tuple(Link(formats.name(link.text), _joined(root, link.href)) for link in row.links),
        found_by=f"|{'|'.join(row.audiences)}|",
    )


def _months(dates: Sequence[date], root: str) -> list[_Month]:
    """The dates by month, the latest first."""
    return [
        _Month(
            formats.month(first[0]),
            tuple(Link(str(one.day), _joined(root, f"{one}/index.html")) for one in first),
        )
        for first in (
            list(days)
            for _, days in groupby(
                sorted(set(dates), reverse=True), key=lambda one: (one.year, one.month)
            )
        )
    ]


def _joined(root: str, href: str) -> str:
    """A link below the archive's folder, seen from a page; one to elsewhere stays as it is."""
    return f"{root}{href}" if href and "://" not in href else href
