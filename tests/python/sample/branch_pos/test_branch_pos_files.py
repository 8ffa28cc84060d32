"""The tills' files have exactly the format of the real ones."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import throwaway

from sample.branch_pos import mess
from sample.branch_pos.till_files import total_text
from sample.truth import Summary

NAME = re.compile(r"(?P<branch>[a-z0-9_-]+)_\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d\.csv")
LINE = re.compile(
    r"\d\d/\d\d/\d{4} \d\d:\d\d,"  # time
    r"[^,\"]+,[^,\"]+,"  # branch, customer
    r"(?:[^,\"]+ - \d+\.\d\d|\"[^\"]+ - \d+\.\d\d(?:, [^\"]+ - \d+\.\d\d)+\"),"  # basket
    r"\d+\.\d\d?,"  # total
    r"(?:CASH,|CARD,[1-9]\d{15})"
)
SPOILT = {
    mess.BROKEN,
    mess.NOT_CSV,
    mess.UNBALANCED,
    mess.UNREADABLE_DATE,
    mess.CUT,
    mess.SPREADSHEET,
    mess.EMPTY,
}


def _check_file(path: Path) -> int:
    """Check one file by the rules of the real ones; return its number of sales."""
    named = NAME.fullmatch(path.name)
    assert named, path.name
    data = path.read_bytes()
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")
    day = path.name.rsplit("_", 2)[1].replace("-", "/")
    last = ""
    texts = data.decode("utf-8").splitlines()
    for text in texts:
        assert LINE.fullmatch(text), text
        moment, branch, _, basket, total, _, _ = next(csv.reader([text]))
        assert moment.startswith(f"{day} ")
        datetime.strptime(moment, "%d/%m/%Y %H:%M")
        assert moment >= last
        last = moment
        assert branch.lower().replace(" ", "_") == named["branch"]
        prices = [Decimal(item.rsplit(" - ", 1)[1]) for item in basket.split(", ")]
        assert sum(prices) == Decimal(total)
        assert total == repr(float(total))
    return len(texts)


def _sound_files(company: Summary) -> Iterator[Path]:
    spoilt = {trouble.path for trouble in company.mess if trouble.kind in SPOILT}
    for truth in company.files:
        if truth.path.startswith("branch_pos/") and truth.path not in spoilt:
            yield company.out / truth.path


def test_every_valid_file_is_like_a_real_one(company: Summary) -> None:
    files = list(_sound_files(company))
    assert len(files) > 470
    assert sum(_check_file(path) for path in files) > 50_000


def test_the_same_rules_hold_for_real_files() -> None:
    real = sorted((throwaway.real_files() / "branch_pos").glob("*.csv"))
    assert real
    for path in real:
        _check_file(path)


@pytest.mark.parametrize(
    ("pence", "text"), [(320, "3.2"), (600, "6.0"), (985, "9.85"), (5, "0.05"), (1240, "12.4")]
)
def test_totals_are_written_like_the_tills_do(pence: int, text: str) -> None:
    assert total_text(pence) == text == repr(pence / 100)


def test_awkward_names_and_lines_occur(company: Summary) -> None:
    texts = [
        text
        for truth in company.files
        if truth.branch_name == "London Camden"
        for text in (company.out / truth.path).read_text(encoding="utf-8").splitlines()
    ]
    whole = "\n".join(texts)
    for awkward in ("O'Neill", "Siobhán", "Crème brûlée", "Baker's", "Speciality Tea - "):
        assert awkward in whole, awkward
    minutes = Counter(text[:16] for text in texts)
    assert max(minutes.values()) > 3


def test_equal_lines_occur_but_rarely(company: Summary) -> None:
    alike = 0
    for truth in company.files:
        if truth.figures.transactions and truth.path.startswith("branch_pos/"):
            lines = (company.out / truth.path).read_bytes().split(b"\n")
            alike += sum(count - 1 for count in Counter(lines).values())
    assert 5 < alike < 150
