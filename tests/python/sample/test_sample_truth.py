"""What the summary promises is what an independent reading of the files finds."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from sample.branch_pos import mess
from sample.company import write_company, write_deliveries
from sample.sales_desk import desk
from sample.truth import CURRENT, REFUSED, REPEAT, SUPERSEDED, Mess, Summary

Key = tuple[str, date]
ALL_MESS = {
    mess.BROKEN,
    mess.TWICE,
    mess.NOT_CSV,
    mess.UNBALANCED,
    mess.UNREADABLE_DATE,
    mess.CORRECTED,
    mess.LATE,
    mess.CUT,
    mess.SPREADSHEET,
    mess.EMPTY,
    mess.POP_UP_DAY,
    *desk.MESS,
}


class Reading:
    """A plain reader of the inbox that shares no code with the package."""

    def __init__(self, inbox: Path) -> None:
        self.sales: dict[Key, list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        newest: dict[tuple[str, str], bytes] = {}
        for path in sorted((inbox / "branch_pos").rglob("*.csv"), key=lambda path: path.name):
            slug, day, _ = path.stem.rsplit("_", 2)
            data = path.read_bytes()
            if data and not data.startswith(b"\x89PNG"):
                newest[slug, day] = data
        for data in newest.values():
            self._read(data.decode("utf-8-sig"))
        for path in (inbox / "sales_desk" / "sales").rglob("*.csv"):
            self._read_desk(path.read_text(encoding="utf-8"))

    def _read_desk(self, text: str) -> None:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if "sales_person_id" not in row:
                return
            if not row["quantity"].isdecimal():
                self.rejected_rows += 1
                continue
            quantity, total = int(row["quantity"]), Decimal(row["total_cost"])
            assert quantity * Decimal(row["price"]) == total
            day = date.fromisoformat(row["sales_date"])
            self.sales[row["store_id"], day].append((quantity, total))

    def _read(self, text: str) -> None:
        for row in csv.reader(io.StringIO(text, newline="")):
            if len(row) != 7:
                self.rejected_lines += 1
            elif row[0] != "timestamp":
                self._sell(row)

    def _sell(self, row: list[str]) -> None:
        try:
            moment = datetime.strptime(row[0], "%d/%m/%Y %H:%M")
            prices = [Decimal(item.rpartition(" - ")[2]) for item in row[3].split(", ")]
            sound = sum(prices) == Decimal(row[4])
        except (ValueError, InvalidOperation):
            sound = False
        if sound:
            self.sales[row[1], moment.date()].append((len(prices), sum(prices, Decimal(0))))
        else:
            self.rejected_rows += 1


def _assert_truth(summary: Summary) -> None:
    reading = Reading(summary.out)
    found = {
        key: (len(sales), sum(items for items, _ in sales), sum(money for _, money in sales))
        for key, sales in reading.sales.items()
    }
    promised = {
        key: (figures.transactions, figures.items_sold, figures.net_amount)
        for key, figures in summary.expected.by_branch_day.items()
    }
    assert found == promised
    assert reading.rejected_lines == summary.expected.rejected_lines
    assert reading.rejected_rows == summary.expected.rejected_rows
    for branch, figures in summary.expected.by_branch.items():
        days = [days for (name, _), days in found.items() if name == branch]
        assert figures.transactions == sum(transactions for transactions, _, _ in days)
        assert figures.items_sold == sum(items for _, items, _ in days)
        assert figures.net_amount == sum(money for _, _, money in days)
    total = summary.expected.total
    assert total.transactions == sum(transactions for transactions, _, _ in found.values())
    assert total.net_amount == sum(money for _, _, money in found.values())


def _only(summary: Summary, kind: str) -> Mess:
    (trouble,) = [trouble for trouble in summary.mess if trouble.kind == kind]
    return trouble


def _bytes(summary: Summary, kind: str) -> bytes:
    return (summary.out / _only(summary, kind).path).read_bytes()


def test_the_default_company_is_as_promised(company: Summary) -> None:
    _assert_truth(company)
    assert company.expected.rejected_lines == 3 + 1
    assert company.expected.rejected_rows == 2 + 1


@pytest.mark.parametrize("seed", [1, 2, 3, 11])
@pytest.mark.parametrize(("branches", "days"), [(1, 1), (1, 2), (1, 7), (3, 3), (10, 2)])
def test_small_companies_are_as_promised(
    tmp_path: Path, branches: int, days: int, seed: int
) -> None:
    summary = write_company(tmp_path, branches=branches, days=days, seed=seed)
    _assert_truth(summary)
    kinds = {trouble.kind for trouble in summary.mess}
    assert {mess.BROKEN, mess.TWICE, mess.NOT_CSV, mess.POP_UP_DAY} <= kinds
    if branches * days >= 10:
        assert kinds | set(desk.MESS) == ALL_MESS
    assert set(desk.MESS) <= kinds or days < 7


def test_without_mess_every_file_counts_in_full(tmp_path: Path) -> None:
    summary = write_company(tmp_path, branches=2, days=4, mess=False)
    _assert_truth(summary)
    assert summary.mess == ()
    # Of the store, what it sold up to Wednesday and on Thursday, and the four lists.
    assert len(summary.files) == 8 + 2 + 4
    assert summary.expected.outcomes == {CURRENT: 14, SUPERSEDED: 0, REPEAT: 0, REFUSED: 0}
    assert summary.expected.rejected_lines == summary.expected.rejected_rows == 0


def test_each_mishap_happens_once_and_says_where(company: Summary) -> None:
    assert Counter(trouble.kind for trouble in company.mess) == Counter(ALL_MESS)
    for trouble in company.mess:
        assert (company.out / trouble.path).is_file()
        assert trouble.sentence.endswith(".")
    # A till's day and a store's file were corrected; one list of customers, goods, stores and
    # people each took the place of the first, that of customers twice.
    assert company.expected.outcomes[SUPERSEDED] == 1 + 1 + 5
    assert company.expected.outcomes[REPEAT] == 1
    assert company.expected.outcomes[REFUSED] == 3


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


def test_the_late_day_lies_apart(company: Summary) -> None:
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


def test_the_empty_file_is_all_there_is_of_its_day(company: Summary) -> None:
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


def test_deliveries_come_in_order_and_make_the_same_folder(company: Summary) -> None:
    delivered = list(write_deliveries())
    assert [day for day, _, _ in delivered] == sorted(day for day, _, _ in delivered)
    assert [(day, path) for day, path, _ in delivered] == [
        (truth.delivered_on, truth.path) for truth in company.files
    ]
    # What comes again under a path takes the place of what lay there.
    last = {path: data for _, path, data in delivered}
    for path, data in last.items():
        assert (company.out / path).read_bytes() == data, path
    overwritten = [truth for truth in company.files if truth.overwritten_on]
    assert len(last) == len(delivered) - len(overwritten)
    for truth in overwritten:
        assert truth.outcome == SUPERSEDED
        later = [other.delivered_on for other in company.files if other.path == truth.path]
        assert truth.overwritten_on in later
    days_late = {
        truth.path: (truth.delivered_on - truth.business_date).days for truth in company.files
    }
    lacking = _only(company, desk.LACKS_COLUMN).path
    expected = {
        _only(company, mess.LATE).path: 5,
        _only(company, mess.CORRECTED).path: 2,
        _only(company, mess.TWICE).path: 1,
        _only(company, desk.SENT_AGAIN).path: 2,
        f"{lacking.removesuffix('.csv')} complete.csv": 1,
    }
    assert {path: days for path, days in days_late.items() if days} == expected


def test_until_stops_the_clock(tmp_path: Path) -> None:
    whole = write_company(tmp_path / "whole", branches=2, days=12)
    (corrected,) = [truth for truth in whole.files if "corrected" in _kinds(whole, truth.path)]
    day_before = corrected.delivered_on - timedelta(days=1)
    early = write_company(tmp_path / "early", branches=2, days=12, until=day_before)
    _assert_truth(early)
    assert early.expected.outcomes[SUPERSEDED] == 0
    assert {truth.path for truth in early.files} == {
        truth.path for truth in whole.files if truth.delivered_on <= day_before
    }
    # The folder goes on from there.
    later = write_company(tmp_path / "early", branches=2, days=12)
    assert later.expected == whole.expected
    _assert_truth(later)


def _kinds(summary: Summary, path: str) -> set[str]:
    return {trouble.kind for trouble in summary.mess if trouble.path == path}
