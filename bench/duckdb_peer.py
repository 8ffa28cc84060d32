"""The alternative for comparison: one script with DuckDB that reads the same files.

`python -m bench.duckdb_peer INBOX DATABASE` runs it alone. It has no ledger, no card tokens, no
checks and no history: every file counts, card numbers are stored in clear, and everything is
rebuilt each time. It is written to be fast: types and dialect are given, so that no file is read
twice, and rows may come in any order, which halves the time for many files.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench.figures import Section
from bench.truth import Truth

ANY_ORDER = "set preserve_insertion_order = false"

# -- benchmark 1: the files as they are ------------------------------------------------------------

READ_AS_TEXT = """
create table transactions as
select *
from read_csv(
    $files,
    columns = {
        'sold_at': 'varchar',
        'branch': 'varchar',
        'customer_name': 'varchar',
        'basket': 'varchar',
        'total': 'varchar',
        'payment_method': 'varchar',
        'card_number': 'varchar'
    },
    header = false, auto_detect = false, delim = ',', quote = '"', escape = '"'
)
"""

# -- benchmark 5: five tables ----------------------------------------------------------------------

RECEIPT_IDS = "create sequence receipt_ids"

# A customer is a card, or a name within a branch.
RECEIPTS = """
create table receipts as
select
    nextval('receipt_ids') as receipt_id,
    branch,
    case
        when payment_method = 'CARD' and card_number is not null then card_number
        else branch || '/' || lower(customer_name)
    end as customer,
    customer_name,
    basket,
    payment_method,
    card_number,
    len(string_split(basket, ', ')) as items,
    total as net_amount,
    cast(sold_at as date) as business_date,
    sold_at
from read_csv(
    $files,
    columns = {
        'sold_at': 'timestamp',
        'branch': 'varchar',
        'customer_name': 'varchar',
        'basket': 'varchar',
        'total': 'decimal(18, 2)',
        'payment_method': 'varchar',
        'card_number': 'varchar'
    },
    timestampformat = '%d/%m/%Y %H:%M',
    header = false, auto_detect = false, delim = ',', quote = '"', escape = '"'
)
"""

# The price follows the last ' - '; a name may contain one itself.
LINES = """
create table lines as
with items as (
    select
        receipt_id,
        generate_subscripts(string_split(basket, ', '), 1) as line_number,
        branch,
        unnest(string_split(basket, ', ')) as item,
        business_date
    from receipts
),
priced as (
    select *, split_part(item, ' - ', -1) as price_text from items
)
select
    receipt_id,
    line_number,
    branch,
    left(item, length(item) - length(price_text) - length(' - ')) as product,
    cast(price_text as decimal(18, 2)) as net_amount,
    business_date
from priced
"""

PRODUCTS = """
create table products as
select
    product,
    count(*) as lines,
    sum(net_amount) as net_sales,
    min(business_date) as first_sold_date,
    max(business_date) as last_sold_date
from lines
group by product
"""

FIRST_VISITS = """
create table first_visits as
select distinct on (customer)
    customer,
    receipt_id,
    branch,
    business_date
from receipts
order by customer, sold_at, receipt_id
"""

DAILY_SALES = """
create table daily_sales as
select
    receipts.branch,
    count(*) as receipts,
    sum(receipts.items) as items,
    sum(receipts.net_amount) as net_sales,
    sum(receipts.net_amount) filter (where receipts.payment_method = 'CASH') as cash_sales,
    sum(receipts.net_amount) filter (where receipts.payment_method = 'CARD') as card_sales,
    count(first_visits.receipt_id) as new_customers,
    receipts.business_date
from receipts
left join first_visits on receipts.receipt_id = first_visits.receipt_id
group by receipts.branch, receipts.business_date
"""


def read_as_text(inbox: Path, database: Path) -> None:
    """Read every file into one table of text columns of a new database file."""
    with duckdb.connect(str(database)) as link:
        link.execute(ANY_ORDER)
        link.execute(READ_AS_TEXT, {"files": f"{inbox}/**/*.csv"})


def build_tables(inbox: Path, database: Path) -> None:
    """Create receipts, lines, products, first visits and daily sales in a new database file."""
    with duckdb.connect(str(database)) as link:
        link.execute(ANY_ORDER)
        link.execute(RECEIPT_IDS)
        link.execute(RECEIPTS, {"files": f"{inbox}/**/*.csv"})
        for statement in (LINES, PRODUCTS, FIRST_VISITS, DAILY_SALES):
            link.execute(statement)


# -- results ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reported:
    """The figures of the peer or of this project's marts, to compare them."""

    days: frozenset[tuple[Any, ...]]
    """Branch, business date, receipts, items, net sales, new customers."""
    products: frozenset[str]
    customers: int


def rows_read(database: Path) -> int:
    """The rows of `read_as_text`, counted from outside."""
    return int(_rows(database, "select count(*) from transactions")[0][0])


def check_tables(section: Section, database: Path, truth: Truth) -> None:
    """Compare the five tables with what was written, a file per branch and day."""
    receipts = _rows(database, "select count(*), sum(net_amount) from receipts")[0]
    items = _rows(database, "select count(*), sum(net_amount) from lines")[0]
    days = _rows(
        database, "select count(*), sum(receipts), sum(items), sum(net_sales) from daily_sales"
    )[0]
    products = _rows(database, "select sum(lines), sum(net_sales) from products")[0]
    customers = _rows(database, "select count(distinct customer) from receipts")[0][0]
    first_visits = _rows(database, "select count(*), count(distinct customer) from first_visits")[0]
    for what, expected, found in (
        ("receipts", truth.rows, receipts[0]),
        ("money of receipts", truth.money, receipts[1]),
        ("items", truth.items, items[0]),
        ("money of items", truth.money, items[1]),
        ("branch days", truth.files, days[0]),
        ("receipts of days", truth.rows, days[1]),
        ("items of days", truth.items, days[2]),
        ("money of days", truth.money, days[3]),
        ("items of products", truth.items, products[0]),
        ("money of products", truth.money, products[1]),
        ("first visits", customers, first_visits[0]),
        ("customers with a first visit", customers, first_visits[1]),
    ):
        section.check(f"DuckDB script: {what}", expected, found)


def reported(database: Path) -> Reported:
    """The figures of the script's tables."""
    return Reported(
        frozenset(
            _rows(
                database,
                "select branch, business_date, receipts, cast(items as bigint), net_sales,"
                " new_customers from daily_sales",
            )
        ),
        frozenset(product for (product,) in _rows(database, "select product from products")),
        int(_rows(database, "select count(*) from first_visits")[0][0]),
    )


def check_the_same(section: Section, ours: Reported, peer: Reported) -> None:
    """Compare the script with this project's marts, day by day."""
    section.check("DuckDB script: days unlike the marts'", 0, len(ours.days ^ peer.days))
    section.check("DuckDB script: products", len(ours.products), len(peer.products))
    section.check("DuckDB script: products unlike ours", 0, len(ours.products ^ peer.products))
    section.check("DuckDB script: customers", ours.customers, peer.customers)


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as link:
        return link.execute(query).fetchall()


if __name__ == "__main__":
    build_tables(Path(sys.argv[1]), Path(sys.argv[2]))
