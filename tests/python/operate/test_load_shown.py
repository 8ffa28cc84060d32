"""The output of a load: known files in quarantine, and files of unlisted sources."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ingest import FileOutcome, LoadReport
from operate.terminal.load import show_load


def shown(report: LoadReport) -> str:
    out = io.StringIO()
    show_load(Console(file=out, width=400), report)
    return out.getvalue()


def report(unchanged: int, quarantined: int) -> LoadReport:
    return LoadReport("inbox", False, "1", unchanged=unchanged, still_quarantined=quarantined)


@pytest.mark.parametrize(
    ("unchanged", "quarantined", "reported"),
    [
        (7, 0, "7 files known."),
        (7, 7, "7 files known, all of them in quarantine: branchline quarantine list."),
        (7, 2, "7 files known, 2 of them in quarantine: branchline quarantine list."),
        (1, 0, "1 file known."),
        (1, 1, "1 file known and in quarantine: branchline quarantine list."),
    ],
)
def test_known_files_are_reported_with_the_quarantined_ones(
    unchanged: int, quarantined: int, reported: str
) -> None:
    assert shown(report(unchanged, quarantined)) == f"Nothing new to load: {reported}\n"


def test_known_files_are_reported_beside_new_ones() -> None:
    made = report(3, 1)
    made.files.append(FileOutcome("a.csv", "shop_sales", None, None, "loaded", rows=2))
    assert shown(made) == (
        "Loaded: 1 file with 2 rows; 3 known already, 1 of them in quarantine:"
        " branchline quarantine list.\n"
    )


def test_files_with_another_ending_are_reported_with_the_pattern() -> None:
    made = report(1, 0)
    made.unclaimed = ["shop/a.pdf", "shop/logo.png"]
    made.misnamed = {"shop/*.csv": ["shop/a.pdf"]}
    assert shown(made).splitlines()[1:] == [
        "2 files in the inbox without a feed: shop/a.pdf, shop/logo.png",
        "1 file not read, because the feed for that folder reads shop/*.csv: shop/a.pdf. Rename"
        " them: any format is read under that ending. Or change 'files' of the feed in"
        " ingest/feeds.",
    ]


def test_files_of_an_unlisted_source_are_reported_with_the_reason() -> None:
    made = report(0, 0)
    made.switched_off = {"shop": ["shop/a.csv", "shop/b.csv"]}
    assert shown(made) == (
        "2 files in the inbox not read, because source shop is not listed in source_systems"
        " (dbt_project.yml): shop/a.csv, shop/b.csv\n"
    )
