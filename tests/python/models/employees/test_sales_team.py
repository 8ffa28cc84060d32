"""The sales team's mart over real sales, recounted from the file in plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import throwaway
from nightly import Project

CENT = Decimal("0.01")


def test_real_sales_give_the_known_winners_and_incentives(project: Project) -> None:
    folder = throwaway.real_files()
    for path in sorted((folder / "sales_desk").rglob("*.csv")):
        project.deliver(path.relative_to(folder).as_posix(), path.read_bytes())
    project.load()
    project.seed()
    project.dbt("run", "--select", "+sales_team_data_mart")

    assert project.rows(
        "select count(*), count(*) filter (where top_performance_rank = 1), sum(incentive),"
        " sum(total_sales), sum(total_transactions) from marts.sales_team_data_mart"
    ) == [(492, 165, Decimal("15875.05"), Decimal("3043871.00"), 3000)]

    totals: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for file in sorted((folder / "sales_desk" / "sales").glob("*.csv")):
        with file.open(newline="") as lines:
            for line in csv.DictReader(lines):
                key = (line["store_id"], line["sales_date"][:7], line["sales_person_id"])
                totals[key].append(Decimal(line["total_cost"]))
    expected = {}
    for (store, month, person), sales in totals.items():
        others = [sum(found) for key, found in totals.items() if key[:2] == (store, month)]
        total = sum(sales, Decimal(0))
        first = total == max(others)
        year_to_date = sum(
            sum(found)
            for (other_store, other_month, other_person), found in totals.items()
            if (other_store, other_person) == (store, person)
            and other_month[:4] == month[:4]
            and other_month <= month
        )
        expected[store, month, person] = (
            total,
            len(sales),
            max(sales),
            1 + sum(other > total for other in others),
            (total / 100).quantize(CENT, ROUND_HALF_UP) if first else Decimal("0.00"),
            year_to_date,
            (100 * total / sum(others)).quantize(CENT, ROUND_HALF_UP),
        )
    found = {
        (store, month, person): tuple(values)
        for store, month, person, *values in project.rows(
            "select store_id, sales_month, sales_person_id, total_sales, total_transactions,"
            " max_single_transaction, top_performance_rank, incentive, year_to_date_sales,"
            " sales_contribution_percentage from marts.sales_team_data_mart"
        )
    }
    assert found == expected
