"""The people and branches of the company, and the reference list."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from sample.branches import KNOWN_BRANCHES, branch_at, reference_csv
from sample.people import luhn_digit, person
from sample.truth import Summary


def test_no_card_number_could_be_anybodys(company: Summary) -> None:
    cards: set[str] = set()
    for truth in company.files:
        text = (company.out / truth.path).read_bytes().decode("utf-8", "replace")
        cards.update(re.findall(r"\d{13,19}", text))
    assert len(cards) > 10_000
    for card in cards:
        assert luhn_digit(card[:-1]) != int(card[-1]), card


def test_luhn_digits_of_published_test_numbers() -> None:
    assert luhn_digit("411111111111111") == 1
    assert luhn_digit("7992739871") == 3


def test_a_customer_is_deterministic() -> None:
    assert person(1, "leeds", 5) == person(1, "leeds", 5)
    assert len({person(1, "leeds", number).card_number for number in range(2000)}) == 2000


def test_the_reference_list_has_the_known_branches() -> None:
    seed = Path(__file__).parents[3] / "seeds" / "branches.csv"
    texts = seed.read_text(encoding="utf-8").splitlines()
    # The reference list may have more columns and more branches.
    kept = {row["branch_name"]: row for row in csv.DictReader(texts)}
    for row in csv.DictReader(reference_csv().splitlines()):
        assert row.items() <= kept[row["branch_name"]].items()
    assert {branch.currency_code for branch in KNOWN_BRANCHES} == {"GBP", "EUR"}


def test_branch_names_never_repeat() -> None:
    slugs = [branch_at(position).slug for position in range(1000)]
    assert len(set(slugs)) == 1000
    assert all(re.fullmatch(r"[a-z0-9_-]+", slug) for slug in slugs)
