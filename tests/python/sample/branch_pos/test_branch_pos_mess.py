"""The errors in a till's file match their sentences."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from sample.branch_pos import mess
from sample.company import write_company
from sample.truth import CURRENT, REFUSED, REPEAT, SUPERSEDED, FileTruth, Mess, Summary


def _only(summary: Summary, kind: str) -> Mess:
    (trouble,) = [trouble for trouble in summary.mess if trouble.kind == kind]
    return trouble


def _bytes(summary: Summary, kind: str) -> bytes:
    return (summary.out / _only(summary, kind).path).read_bytes()


def _same_day(summary: Summary, path: str) -> list[str]:
    """The other files of the same branch and day."""
    stem = path.rsplit("/", 1)[1].rsplit("_", 1)[0]
    return [
        truth.path for truth in summary.files if f"/{stem}_" in truth.path and truth.path != path
    ]


def test_the_repeat_has_the_bytes_of_the_first(company: Summary) -> None:
    repeat = _only(company, mess.TWICE).path
    (first,) = _same_day(company, repeat)
    assert first < repeat
    assert (company.out / first).read_bytes() == (company.out / repeat).read_bytes()


def test_the_correction_lacks_a_line_and_changes_a_price(company: Summary) -> None:
    corrected = _only(company, mess.CORRECTED).path
    (first,) = _same_day(company, corrected)
    assert first < corrected
    before = Counter((company.out / first).read_text(encoding="utf-8").splitlines())
    after = Counter((company.out / corrected).read_text(encoding="utf-8").splitlines())
    assert sum((before - after).values()) == 2
    assert sum((after - before).values()) == 1


def test_the_late_day_is_separate(company: Summary) -> None:
    late = _only(company, mess.LATE).path
    assert late.startswith("branch_pos/late/")
    assert _same_day(company, late) == []


def test_the_cut_file_ends_inside_a_basket(company: Summary) -> None:
    data = _bytes(company, mess.CUT)
    assert not data.endswith(b"\n")
    rest = data.rsplit(b"\n", 1)[1].decode("utf-8")
    assert re.fullmatch(r"[^,]+,[^,]+,[^,]+,\"[^\",]+", rest), rest


def test_the_picture_is_a_picture(company: Summary) -> None:
    data = _bytes(company, mess.NOT_CSV)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")


def test_the_empty_file_is_the_only_one_of_its_day(company: Summary) -> None:
    assert _bytes(company, mess.EMPTY) == b""
    assert _same_day(company, _only(company, mess.EMPTY).path) == []


def test_three_lines_are_broken_in_three_ways(company: Summary) -> None:
    text = _bytes(company, mess.BROKEN).decode("utf-8")
    widths = Counter(len(row) for row in csv.reader(io.StringIO(text)))
    assert widths.pop(7) > 10
    assert sum(widths.values()) == 3
    assert widths[1] == widths[3] == 1
    assert max(widths) > 7


def test_the_spreadsheet_leaves_its_marks(company: Summary) -> None:
    data = _bytes(company, mess.SPREADSHEET)
    assert data.startswith(b"\xef\xbb\xbftimestamp,branch,")
    assert data.count(b"\n") == data.count(b"\r\n") > 10
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]
    assert {len(row) for row in rows} == {7}
    assert all(re.fullmatch(r"[1-9]\d?/[1-9]\d?/\d{4} [1-9]\d?:\d\d", row[0]) for row in rows)
    card = re.compile(r"[1-9]\.\d\dE\+15|1\.00E\+16|")
    assert all(card.fullmatch(row[6]) for row in rows)
    assert any(row[6] for row in rows)
    assert not any(row[4].endswith(".0") for row in rows)


def _of_tills(company: Summary) -> list[FileTruth]:
    return [truth for truth in company.files if truth.path.startswith("branch_pos/")]


def test_the_mess_costs_what_it_states(company: Summary) -> None:
    files = _of_tills(company)
    # Three broken lines and a cut one; an unbalanced basket and an unreadable date.
    assert sum(truth.rejected_lines for truth in files) == 3 + 1
    assert sum(truth.rejected_rows for truth in files) == 2
    outcomes = Counter(truth.outcome for truth in files)
    # Corrected; sent twice; the picture and the empty file.
    assert (outcomes[SUPERSEDED], outcomes[REPEAT], outcomes[REFUSED]) == (1, 1, 2)


def test_without_mess_there_is_a_file_for_each_branch_and_day(tmp_path: Path) -> None:
    summary = write_company(tmp_path, branches=2, days=4, mess=False, sources=("branch_pos",))
    assert [truth.outcome for truth in summary.files] == [CURRENT] * 8


def test_late_corrected_and_repeated_files_come_later(company: Summary) -> None:
    days_late = {
        truth.path: (truth.delivered_on - truth.business_date).days for truth in _of_tills(company)
    }
    assert {path: days for path, days in days_late.items() if days} == {
        _only(company, mess.LATE).path: 5,
        _only(company, mess.CORRECTED).path: 2,
        _only(company, mess.TWICE).path: 1,
    }
