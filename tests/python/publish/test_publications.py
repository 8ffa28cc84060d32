"""publications.yml: valid ones are read, errors name file, line, publication and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import BranchlineError
from publish.contract.publications import Publications
from publish.contract.reading import load_publications

GOOD = """\
company: A company
audiences:
  managers: {of: branch}
  board: {of: company}
places:
  share: {}
publications:
  daily:
    report: sales
    every: day
    for: [managers, board]
  hours:
    export: rpt_hours
    file: hours.csv
    every: week
    for: [managers]
    to: [share]
"""


def read(tmp_path: Path, text: str) -> Publications:
    path = tmp_path / "publications.yml"
    path.write_text(text, encoding="utf-8")
    return load_publications(["sales", "stock"], path)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    daily, hours = found.publications.values()
    assert (daily.name, daily.formats, daily.form) == ("daily", ["html", "pdf"], "")
    assert (hours.name, hours.form, hours.columns) == ("hours", "csv", None)
    assert found.parts_of(daily) == (True, True)
    assert found.parts_of(hours) == (True, False)
    assert found.audiences_of(daily, "a branch") == ["managers"]
    assert found.audiences_of(daily, "") == ["board"]


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [
        ("report: sales", "reports: sales", "line 9: publication daily, reports: is not a known"),
        ("report: sales", "report: sale", "line 9: publication daily, report: 'sale' is not a rep"),
        ("report: sales", "title: A", "publication daily, report: a publication has either report"),
        (
            "report: sales",
            "report: sales\n    export: a",
            "line 9: publication daily, report: a publication has either report or export",
        ),
        (
            "report: sales",
            "report: sales\n    days: 3",
            "line 10: publication daily, days: has no effect in a publication with report",
        ),
        (
            "file: hours.csv",
            "file: hours.csv\n    formats: [pdf]",
            "line 15: publication hours, formats: has no effect in a publication with export",
        ),
        (
            "every: day",
            "every: hour",
            "line 10: publication daily, every: 'hour' is not known; use",
        ),
        ("    every: day\n", "", "line 8: publication daily, every: is missing"),
        (
            "[managers, board]",
            "[managers, bored]",
            "line 11: publication daily, for[2]: 'bored' is not an audience; use managers, board",
        ),
        (
            "[managers, board]",
            "[board, board]",
            "line 11: publication daily, for[2]: 'board' is listed twice",
        ),
        ("[managers, board]", "[]", "line 11: publication daily, for: "),
        (
            "[share]",
            "[s3://a:b@c]",
            "line 17: publication hours, to[1]: an address is not a valid name",
        ),
        ("[share]", "[shares]", "line 17: publication hours, to[1]: 'shares' is not among the pl"),
        ("hours.csv", "hours.txt", "line 14: publication hours, file: 'hours.txt' must end in"),
        ("hours.csv", "../hours.csv", "publication hours, file: '../hours.csv' must be a name"),
        (
            "hours.csv",
            "hours.xlsx\n    spreadsheet: true",
            "line 15: publication hours, spreadsheet: is for CSV files only",
        ),
        ("hours.csv", "hours.csv\n    columns: []", "line 15: publication hours, columns: "),
        ("hours.csv", "hours.csv\n    days: 0", "line 15: publication hours, days: "),
        (
            "  hours:",
            "  more: {export: a, file: HOURS.csv, every: day, for: [board]}\n  hours:",
            "line 15: publication hours, file: 'hours.csv' is already the file of 'more'",
        ),
        ("  hours:", "  daily:", "line 12: publication daily: is given twice (first in line 8)"),
        ("{of: branch}", "{of: shop}", "line 3: audience managers, of: 'shop' is not known; use"),
        ("share: {}", "share: {url: 1}", "line 6: place share, url: is not a known key"),
        ("company: A company\n", "", "line 1: company: is missing"),
        (GOOD, "- a", "the file must hold 'company:'"),
        ("{of: branch}", "{of: branch", "invalid YAML"),
    ],
)
def test_errors_are_reported_with_their_place(
    tmp_path: Path, before: str, after: str, reported: str
) -> None:
    assert before in GOOD
    with pytest.raises(BranchlineError) as error:
        read(tmp_path, GOOD.replace(before, after, 1))
    assert "publications.yml" in str(error.value)
    assert reported in error.value.message


def test_all_errors_are_reported_in_the_order_of_their_lines(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError) as error:
        read(tmp_path, GOOD.replace("every: day", "every: hour").replace("of: branch", "of: shop"))
    first, second = error.value.message.splitlines()
    assert first.startswith("publications.yml, line 3: audience managers, of:")
    assert second.startswith("publications.yml, line 10: publication daily, every:")
    assert "nothing was published" in error.value.hint


def test_the_projects_file_is_valid_and_has_what_it_promises() -> None:
    from publish.reports import REPORTS

    found = load_publications(REPORTS)
    reports = {one.report for one in found.publications.values() if one.report}
    assert reports == set(REPORTS)
    assert {one.file for one in found.publications.values() if one.file} >= {
        "daily_sales_summary.csv",
        "employee_hours.csv",
        "product_performance.csv",
        "inventory_status.csv",
    }
