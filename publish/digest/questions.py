"""A shop owner's questions at the end of a run: each part is one model in models/marts/digest/.

To add a question, see "The digest" in models/docs/overview.md. A part is left out if its
model has no rows or does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from psycopg2.extensions import connection as Link

from publish.digest.answers import is_readable, read_answer


class Kind(Enum):
    """The kind of values in a column, which decides their format."""

    TEXT = "text"
    MONTH = "month"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    CHANGE = "change"
    POINTS = "points"
    # A number whose unit depends on the row, so it is not comparable down the column.
    FIGURE = "figure"


@dataclass(frozen=True)
class Column:
    """One column of a part: its header, the model's column, and its kind."""

    heading: str
    name: str
    kind: Kind


@dataclass(frozen=True)
class Part:
    """A question and the layout of its answer.

    `question`: the answer is marts.rpt_digest__<question>. `mart`: where to find more.
    `where`: a condition on the model's own columns, for a part of the rows; `most_rows`: the first
    of them, where there may be many.
    """

    title: str
    question: str
    mart: str
    columns: tuple[Column, ...]
    where: str = "true"
    most_rows: int | None = None


@dataclass(frozen=True)
class Insight:
    """A part and the rows of its answer, with values in the order of the part's columns."""

    part: Part
    rows: Sequence[tuple[Any, ...]]


# The day has a row per branch.
MOST_BRANCHES = 10

LAST_DAY = Part(
    title=f"Last day: branches against the week before, {MOST_BRANCHES} at most",
    question="day_summary",
    mart="rpt_daily_sales",
    columns=(
        Column("Branch", "branch_name", Kind.TEXT),
        Column("Day", "business_date", Kind.TEXT),
        Column("Net sales", "net_sales", Kind.MONEY),
        Column("", "currency_code", Kind.TEXT),
        Column("Change", "net_sales_change_percent", Kind.CHANGE),
        Column("Returns", "returns", Kind.NUMBER),
        Column("Best product", "best_product_name", Kind.TEXT),
    ),
    most_rows=MOST_BRANCHES,
)

STOCK_AND_STAFF = Part(
    title="Last day: products by stock status, hours of staff",
    question="day_summary",
    mart="rpt_inventory_status",
    columns=(
        Column("Branch", "branch_name", Kind.TEXT),
        Column("Out of stock", "out_of_stock_products", Kind.NUMBER),
        Column("At risk", "stockout_risk_products", Kind.NUMBER),
        Column("Dead", "dead_stock_products", Kind.NUMBER),
        Column("Too much", "overstock_products", Kind.NUMBER),
        Column("Median cover", "median_days_of_cover", Kind.NUMBER),
        Column("Hours", "staff_hours", Kind.NUMBER),
    ),
    where="out_of_stock_products is not null or staff_hours is not null",
    most_rows=MOST_BRANCHES,
)

BRANCHES_AGAINST_LAST_WEEK = Part(
    title="Branches: last 7 days against the 7 before",
    question="branches_on_week",
    mart="rpt_daily_sales",
    columns=(
        Column("Branch", "branch_name", Kind.TEXT),
        Column("Net sales", "net_sales", Kind.MONEY),
        Column("", "currency_code", Kind.TEXT),
        Column("7 days before", "net_sales_week_before", Kind.MONEY),
        Column("Change", "net_sales_change_percent", Kind.CHANGE),
    ),
)

BRANCHES_AGAINST_LAST_YEAR = Part(
    title="Branches: latest month against a year before",
    question="branches_on_year",
    mart="rpt_like_for_like_sales",
    columns=(
        Column("Branch", "branch_name", Kind.TEXT),
        Column("Net sales", "like_for_like_net_sales_on_year", Kind.MONEY),
        Column("", "currency_code", Kind.TEXT),
        Column("Year before", "net_sales_year_before", Kind.MONEY),
        Column("Change", "change_on_year_percent", Kind.CHANGE),
    ),
)

RISING_AND_FALLING_PRODUCTS = Part(
    title="Products: share of all sales, 3 most up, 3 most down",
    question="product_shares",
    mart="rpt_company_products",
    columns=(
        Column("Product", "product_name", Kind.TEXT),
        Column("Month", "sales_month", Kind.MONTH),
        Column("Net sales", "net_sales", Kind.MONEY),
        Column("", "currency_code", Kind.TEXT),
        Column("Share", "company_sales_percent", Kind.SHARE),
        Column("On month before", "company_sales_percent_change", Kind.POINTS),
    ),
)

BEST_SALES_PEOPLE = Part(
    title="Sales people: best of the latest month",
    question="best_sales_people",
    mart="sales_team_data_mart",
    columns=(
        Column("Name", "full_name", Kind.TEXT),
        Column("Store", "store_id", Kind.TEXT),
        Column("Month", "sales_month", Kind.TEXT),
        Column("Net sales", "total_sales", Kind.MONEY),
        Column("", "currency_code", Kind.TEXT),
        Column("Of the store", "sales_contribution_percentage", Kind.SHARE),
        Column("Incentive", "incentive", Kind.MONEY),
    ),
)

BOUGHT_TOGETHER = Part(
    title="Bought together, more often than by chance",
    question="bought_together",
    mart="rpt_basket_pairs",
    columns=(
        Column("Product", "first_product_name", Kind.TEXT),
        Column("and", "second_product_name", Kind.TEXT),
        Column("Receipts", "transactions_with_both", Kind.NUMBER),
        Column("Of all", "support_percent", Kind.SHARE),
        Column("Times chance", "lift", Kind.TEXT),
    ),
)

WHAT_IS_ODD = Part(
    title="Anomalies in the last four weeks",
    question="anomalies",
    mart="fct_sales_anomalies",
    columns=(
        Column("Who", "subject", Kind.TEXT),
        Column("When", "period", Kind.TEXT),
        Column("What", "what_is_odd", Kind.TEXT),
        Column("Expected", "expected_value", Kind.FIGURE),
        Column("Was", "actual_value", Kind.FIGURE),
        Column("Severity", "severity", Kind.TEXT),
    ),
)

# In display order.
PARTS = (
    LAST_DAY,
    STOCK_AND_STAFF,
    BRANCHES_AGAINST_LAST_WEEK,
    BRANCHES_AGAINST_LAST_YEAR,
    RISING_AND_FALLING_PRODUCTS,
    BOUGHT_TOGETHER,
    BEST_SALES_PEOPLE,
    WHAT_IS_ODD,
)


def read_insights(link: Link, parts: Sequence[Part] = PARTS) -> list[Insight]:
    """The parts with rows, in display order."""
    found = []
    for part in parts:
        if not is_readable(link, part.question):
            continue
        names = [column.name for column in part.columns]
        if rows := read_answer(link, part.question, names, part.where):
            found.append(Insight(part, rows[: part.most_rows]))
    return found
