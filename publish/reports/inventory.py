"""Weekly inventory analysis: of the company with its branches, or of one branch.

Numbers of products by status are those of each branch's last list of stock on or before the
business date, from rpt_inventory_trend, which can be read again. Single products come from the
latest state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from publish.marts import Branch, MartReader
from publish.reports.figures import ZERO, compared, condition, during, largest, ratio, share_percent
from publish.reports.missing import read_missing
from publish.reports.odd import Anomaly, odd, read_anomalies
from publish.reports.page import (
    Advice,
    Chart,
    ChartKind,
    Column,
    Figure,
    Kind,
    Page,
    Section,
    Series,
    Source,
    Table,
    Value,
)
from publish.reports.report import Part, Report
from publish.reports.staff_reading import last_ended_month
from publish.reports.trading import WEEK, labels
from publish.reports.words import (
    called,
    cleaned,
    days_of,
    gone_or_going,
    listed,
    money,
    named,
    number,
    of_month,
    on_day,
    sentences,
    short_day,
)

WEEKS = 12
LIST_DAYS = 28
"""An older list says nothing about the stock of a day."""
MOST_ROWS = 15
MOST_ODD = 6
COUNTED = (
    "products",
    "out_of_stock_products",
    "stockout_risk_products",
    "dead_stock_products",
    "overstock_products",
    "healthy_products",
)
STATUSES = {
    "OUT_OF_STOCK": "out of stock",
    "STOCKOUT_RISK": "running out",
    "DEAD_STOCK": "not sold for long",
    "OVERSTOCK": "too much",
    "HEALTHY": "enough",
}
SHOWN = {
    "out_of_stock_products": "Out of stock",
    "stockout_risk_products": "Running out",
    "dead_stock_products": "Not sold for long",
    "overstock_products": "Too much",
}

Row = dict[str, Any]


def read(reader: MartReader, business_date: date, parts: Sequence[Part]) -> list[Page]:
    """A page for the company, and for each branch with lists of stock."""
    stock = _read(reader, business_date)
    found = (_Pages(stock, part).page() for part in parts)
    return [page for page in found if page]


INVENTORY = Report(
    name="inventory",
    title="Inventory analysis",
    read=read,
    reads=("rpt_inventory_trend", "dim_branches", "rpt_daily_sales"),
    looks_back=7 * WEEKS + LIST_DAYS,
    may_read=(
        "rpt_inventory_status",
        "rpt_stockouts",
        "rpt_stock_count_gaps",
        "rpt_inventory_turnover",
        "fct_sales_anomalies",
        "dim_country_dates",
    ),
)


@dataclass(frozen=True)
class Stock:
    """Everything that the pages of one business date show.

    `lists`: of each branch, the oldest first. The rest are rows of all branches: products of the
    latest lists, where these are not later than the business date.
    """

    on: date
    branches: Mapping[str, Branch]
    labels: Mapping[str, str]
    lists: Mapping[str, Sequence[Row]]
    by_status: Sequence[Row]
    reorder: Sequence[Row]
    idle: Sequence[Row]
    stockouts: Sequence[Row]
    gaps: Sequence[Row]
    turnover: Sequence[Row]
    anomalies: Sequence[Anomaly]
    missing: Mapping[str, int]

    @property
    def first(self) -> date:
        """The first day of the week."""
        return self.on - timedelta(days=6)

    def last_list(self, branch_key: str, on: date) -> Row | None:
        """The branch's last list on or before a day, unless it is too old."""
        oldest = on - timedelta(days=LIST_DAYS)
        found = [
            row for row in self.lists.get(branch_key, []) if oldest < row["business_date"] <= on
        ]
        return found[-1] if found else None


def _read(reader: MartReader, on: date) -> Stock:
    branches = reader.all_branches
    lists = reader.rows(
        f"select branch_key, business_date, {', '.join(COUNTED)}, sale_days_without_list,"
        " days_since_previous from rpt_inventory_trend"
        " where business_date between %(first)s and %(on)s order by branch_key, business_date",
        {"first": on - timedelta(days=7 * WEEKS + LIST_DAYS), "on": on},
    )
    by_branch: dict[str, list[Row]] = defaultdict(list)
    for row in lists:
        by_branch[row["branch_key"]].append(row)
    return Stock(
        on=on,
        branches={branch.key: branch for branch in branches},
        labels=labels(branches),
        lists=dict(by_branch),
        by_status=_by_status(reader, on),
        reorder=_products(reader, on, "priority <= 2 and units_per_day > 0", _URGENT),
        idle=_products(
            reader, on, "status in ('DEAD_STOCK', 'OVERSTOCK')", "stock_value desc nulls last"
        ),
        stockouts=_stockouts(reader, on),
        gaps=_gaps(reader, on),
        turnover=_turnover(reader, on),
        anomalies=[
            one
            for one in read_anomalies(reader, on - timedelta(days=6), on)
            if one.subject_kind == "product"
        ],
        missing=read_missing(reader, on),
    )


_URGENT = "priority, units_per_day desc"
_NOT_LATER = """
    business_date <= %(on)s and coalesce(window_end_date, business_date) <= %(on)s
"""


def _by_status(reader: MartReader, on: date) -> list[Row]:
    if not reader.has("rpt_inventory_status"):
        return []
    return reader.rows(
        "select branch_key, currency_code, status, priority, count(*) as products,"
        " count(stock_value) as valued, sum(stock_value) as stock_value"
        f" from rpt_inventory_status where {_NOT_LATER}"
        " group by branch_key, currency_code, status, priority"
        " order by currency_code, priority, branch_key",
        {"on": on},
    )


def _products(reader: MartReader, on: date, which: str, order: str) -> list[Row]:
    """The first products of each branch that a condition selects."""
    if not reader.has("rpt_inventory_status"):
        return []
    return reader.rows(
        f"""
        select * from (
            select
                branch_key, product_key, product_name, currency_code, status, priority,
                stock_quantity, units_per_day, days_of_cover, reason, stock_value, business_date,
                count(*) over (partition by branch_key) as products,
                count(*) filter (where status = 'OUT_OF_STOCK')
                    over (partition by branch_key) as out_of_stock,
                row_number() over (
                    partition by branch_key
                    order by {order}, product_name collate "C", product_key
                ) as place
            from rpt_inventory_status
            where {which} and {_NOT_LATER}
        ) as placed
        where place <= {MOST_ROWS}
        order by {order}, branch_key, product_name collate "C", product_key
        """,
        {"on": on},
    )


def _stockouts(reader: MartReader, on: date) -> list[Row]:
    """Products that are out of stock now, by the sales that they have cost so far."""
    if not reader.has("rpt_stockouts"):
        return []
    return reader.rows(
        """
        select
            branch_key, product_name, currency_code, current_run_days, days_out_of_stock,
            estimated_lost_quantity, estimated_lost_sales
        from rpt_stockouts
        where
            is_out_of_stock and estimated_lost_sales > 0 and last_out_of_stock_date <= %(on)s
            and branch_key in (
                select branch_key from rpt_inventory_trend
                where is_latest and business_date <= %(on)s
            )
        order by
            currency_code, estimated_lost_sales desc, product_name collate "C", branch_key,
            product_key
        """,
        {"on": on},
    )


def _gaps(reader: MartReader, on: date) -> list[Row]:
    if not reader.has("rpt_stock_count_gaps"):
        return []
    return reader.rows(
        """
        select
            branch_key, product_name, currency_code, recorded_quantity, counted_quantity,
            gap_quantity, gap_value, counted_on
        from rpt_stock_count_gaps
        where business_date <= %(on)s and counted_on > %(since)s
        order by abs(gap_value) desc nulls last, product_name collate "C", branch_key, product_key
        """,
        {"on": on, "since": on - timedelta(days=7)},
    )


def _turnover(reader: MartReader, on: date) -> list[Row]:
    """The sums of the last month that has ended, by branch."""
    if not reader.has("rpt_inventory_turnover"):
        return []
    return reader.rows(
        "select branch_key, currency_code, sum(cost_of_goods_sold) as cost_of_goods_sold,"
        " sum(average_stock_value) as average_stock_value"
        " from rpt_inventory_turnover where stock_month = %(month)s"
        " group by branch_key, currency_code order by currency_code, branch_key",
        {"month": last_ended_month(on)},
    )


class _Pages:
    """The page of one part: of the company, or of a branch."""

    def __init__(self, stock: Stock, part: Part) -> None:
        self.stock, self.part, self.on = stock, part, stock.on
        self.is_company = not part.key
        keys = stock.lists if self.is_company else [key for key in stock.lists if key == part.key]
        self.keys = sorted(
            (key for key in keys if stock.last_list(key, self.on)),
            key=lambda key: (stock.labels.get(key, key), key),
        )
        self.now = self._counts(self.on)
        self.before = self._counts(self.on - WEEK)
        self.reorder = self._mine(stock.reorder)

    def _mine(self, rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if row["branch_key"] in self.keys]

    def _label(self, key: str) -> str:
        return self.stock.labels.get(key, key)

    def _counts(self, on: date) -> dict[str, int] | None:
        """Products by status on the last lists on or before a day; None without any."""
        found = [row for key in self.keys if (row := self.stock.last_list(key, on))]
        if not found:
            return None
        return {name: sum(int(row[name]) for row in found) for name in COUNTED}

    def _where(self, more: str) -> str:
        return more if self.is_company else f"{condition(branch_key=self.part.key)} and {more}"

    def _trend_source(self, first: date) -> Source:
        values = {} if self.is_company else {"branch_key": self.part.key}
        return Source("rpt_inventory_trend", during(first, self.on, **values))

    def page(self) -> Page | None:
        if self.now is None:
            return None
        sections = (
            self._trend(),
            self._branches() if self.is_company else None,
            self._reorder(),
            self._lost(),
            self._values(),
            self._idle(),
            self._counted(),
            self._turned(),
        )
        odd_ones = [
            one for one in self.stock.anomalies if self.is_company or one.branch_key in self.keys
        ]
        return Page(
            report="inventory",
            title="Inventory analysis",
            part=self.part.key,
            part_name=cleaned(self.part.name),
            part_place=cleaned(self.part.place),
            business_date=self.on,
            period=days_of(self.stock.first, self.on),
            headline=self._headline(self.now),
            figures=tuple(self._figures(self.now)),
            sections=tuple(section for section in sections if section),
            odd=odd(odd_ones, self.stock.labels if self.is_company else None, most=MOST_ODD),
            advice=tuple(self._advice()),
            missing=tuple(
                self._label(key)
                for key in self.stock.missing
                if key in self.stock.lists and (self.is_company or key == self.part.key)
            ),
        )

    def _headline(self, now: Mapping[str, int]) -> str:
        out, products = now["out_of_stock_products"], now["products"]
        share = share_percent(out, products)
        who = "" if self.is_company else f"{called(self.part.name)}: "
        verb = "product is" if out == 1 else "products are"
        said = f"{who}{out:,} of {products:,} {verb} out of stock on {on_day(self.on)}"
        if share is not None:
            said += f" ({number(share)} %)"
        if self.before:
            was = self.before["out_of_stock_products"]
            said += f", after {was:,} a week before" if was != out else ", as a week before"
        risk = now["stockout_risk_products"]
        more = f"{risk:,} more {'is' if risk == 1 else 'are'} running out." if risk else ""
        worst = self._worst() if self.is_company else ""
        return sentences(said + ".", more, worst)

    def _worst(self) -> str:
        """The branch with the largest share of products out of stock."""
        if len(self.keys) < 2:
            return ""
        shares = [
            (share_percent(row["out_of_stock_products"], row["products"]) or ZERO, key)
            for key in self.keys
            if (row := self.stock.last_list(key, self.on))
        ]
        share, key = max(shares, key=lambda one: (one[0], one[1]))
        if not share:
            return ""
        return (
            f"Most are missing in {called(self._label(key))} ({number(share)} % of its products)."
        )

    def _figures(self, now: Mapping[str, int]) -> list[Figure]:
        source = self._trend_source(self.on - timedelta(days=LIST_DAYS - 1))
        before = self.before or {}

        def figure(name: str, label: str, more_is_better: bool | None) -> Figure:
            return Figure(
                name,
                label,
                now[name],
                Kind.NUMBER,
                source,
                comparisons=compared("on last week", now[name], before.get(name)),
                more_is_better=more_is_better,
            )

        return [
            figure("products", "Products in the lists", None),
            *(figure(name, label, False) for name, label in SHOWN.items()),
            figure("healthy_products", "Enough in stock", True),
        ]

    def _trend(self) -> Section | None:
        """Week by week, each branch by its last list until then."""
        ends = [self.on - week * WEEK for week in reversed(range(WEEKS))]
        counts = [self._counts(end) for end in ends]
        known = [(end, count) for end, count in zip(ends, counts, strict=True) if count]
        if len(known) < 2:
            return None
        (first, old), (_, new) = known[0], known[-1]
        text = (
            f"Out of stock: {old['out_of_stock_products']:,} on {short_day(first)},"
            f" {new['out_of_stock_products']:,} now. Not sold for long:"
            f" {old['dead_stock_products']:,}, and {new['dead_stock_products']:,} now."
        )
        return Section(
            "weeks",
            "Products by status, week by week",
            self._trend_source(ends[0] - timedelta(days=LIST_DAYS - 1)),
            text,
            Chart(
                ChartKind.LINE,
                tuple(short_day(end) for end in ends),
                tuple(
                    Series(label, tuple(count[name] if count else None for count in counts))
                    for name, label in SHOWN.items()
                ),
                Kind.NUMBER,
                f"Products by status in {WEEKS} weeks. {text}",
            ),
        )

    def _branches(self) -> Section | None:
        rows: list[tuple[Value, ...]] = []
        old = []
        for key in self.keys:
            row = self.stock.last_list(key, self.on)
            if row is None:
                continue
            before = self.stock.last_list(key, self.on - WEEK)
            if (self.on - row["business_date"]).days > 2:
                old.append(self._label(key))
            rows.append(
                (
                    self._label(key),
                    row["business_date"],
                    row["products"],
                    row["out_of_stock_products"],
                    share_percent(row["out_of_stock_products"], row["products"]),
                    before["out_of_stock_products"] if before else None,
                    row["stockout_risk_products"],
                    row["dead_stock_products"],
                    row["overstock_products"],
                )
            )
        return Section(
            "branches",
            "Branch by branch",
            self._trend_source(self.on - timedelta(days=LIST_DAYS - 1)),
            f"The last list of {listed(old)} is more than two days old." if old else "",
            table=Table(
                (
                    Column("Branch", Kind.TEXT),
                    Column("List of", Kind.DATE),
                    Column("Products", Kind.NUMBER),
                    Column("Out of stock", Kind.NUMBER),
                    Column("Share", Kind.PERCENT),
                    Column("A week before", Kind.NUMBER),
                    Column("Running out", Kind.NUMBER),
                    Column("Not sold for long", Kind.NUMBER),
                    Column("Too much", Kind.NUMBER),
                ),
                tuple(sorted(rows, key=lambda row: (-largest(row[4]), str(row[0])))),
            ),
        )

    def _named(self, row: Row) -> list[Value]:
        """The first cells of a product's row."""
        return [cleaned(row["product_name"]), *([self._label(row["branch_key"])] * self.is_company)]

    def _name_columns(self) -> tuple[Column, ...]:
        branch = (Column("Branch", Kind.TEXT),) if self.is_company else ()
        return (Column("Product", Kind.TEXT), *branch)

    def _reorder(self) -> Section | None:
        if not self.reorder:
            return None
        rows = self.reorder[:MOST_ROWS]
        return Section(
            "reorder",
            "What to reorder first",
            Source("rpt_inventory_status", self._where("priority <= 2 and units_per_day > 0")),
            self._to_reorder(),
            table=Table(
                (
                    *self._name_columns(),
                    Column("State", Kind.TEXT),
                    Column("In stock", Kind.QUANTITY),
                    Column("Sold a day", Kind.QUANTITY),
                    Column("Days it lasts", Kind.QUANTITY),
                ),
                tuple(
                    (
                        *self._named(row),
                        STATUSES[row["status"]],
                        row["stock_quantity"],
                        row["units_per_day"],
                        row["days_of_cover"] if row["stock_quantity"] > 0 else None,
                    )
                    for row in rows
                ),
            ),
            is_latest=True,
        )

    def _to_reorder(self) -> str:
        found = {
            row["branch_key"]: (int(row["out_of_stock"]), int(row["products"]))
            for row in self.reorder
        }
        gone = sum(one[0] for one in found.values())
        total = sum(one[1] for one in found.values())
        where = f" in {len(found):,} branches" if len(found) > 1 else ""
        return f"{gone_or_going(gone, total - gone)}{where}."

    def _lost(self) -> Section | None:
        rows = self._mine(self.stock.stockouts)
        if not rows:
            return None
        lost: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for row in rows:
            lost[row["currency_code"]] += row["estimated_lost_sales"]
        sums = [money(amount, currency) for currency, amount in lost.items()]
        one = next(iter(lost)) if len(lost) == 1 else ""
        return Section(
            "stockouts",
            "Sales lost to products that are out of stock",
            Source("rpt_stockouts", self._where("is_out_of_stock and estimated_lost_sales > 0")),
            f"An estimate by what they sold before: {listed(sums)} of {len(rows):,}"
            f" product{'s' if len(rows) != 1 else ''}, over all their stockouts so far.",
            table=Table(
                (
                    *self._name_columns(),
                    Column("Days out of stock now", Kind.NUMBER),
                    Column("Days in all", Kind.NUMBER),
                    *([] if one else [Column("Currency", Kind.CODE)]),
                    Column("Lost sales, estimate", Kind.MONEY, one),
                ),
                tuple(
                    (
                        *self._named(row),
                        row["current_run_days"],
                        row["days_out_of_stock"],
                        *([] if one else [row["currency_code"]]),
                        row["estimated_lost_sales"],
                    )
                    for row in rows[:MOST_ROWS]
                ),
            ),
            is_latest=True,
        )

    def _values(self) -> Section | None:
        """Stock at cost by status; amounts by currency."""
        rows = self._mine(self.stock.by_status)
        if not rows:
            return None
        sums: dict[tuple[str, int, str], tuple[int, int, Decimal]] = {}
        for row in rows:
            key = row["currency_code"], row["priority"], row["status"]
            products, valued, value = sums.get(key, (0, 0, ZERO))
            sums[key] = (
                products + row["products"],
                valued + row["valued"],
                value + (row["stock_value"] or ZERO),
            )
        currencies = {currency for currency, _, _ in sums}
        one = next(iter(currencies)) if len(currencies) == 1 else ""
        unvalued = sum(products - valued for products, valued, _ in sums.values())
        return Section(
            "value",
            "Stock at cost, by status",
            Source("rpt_inventory_status", "" if self.is_company else self._where("true")),
            f"{unvalued:,} products have no known cost and are in no amount." if unvalued else "",
            table=Table(
                (
                    Column("Status", Kind.TEXT),
                    *([] if one else [Column("Currency", Kind.CODE)]),
                    Column("Products", Kind.NUMBER),
                    Column("Value at cost", Kind.MONEY, one),
                    Column("Share", Kind.PERCENT),
                ),
                tuple(
                    (
                        STATUSES[status].capitalize(),
                        *([] if one else [currency]),
                        products,
                        value if valued else None,
                        share_percent(
                            value,
                            sum(
                                (of[2] for of_key, of in sums.items() if of_key[0] == currency),
                                ZERO,
                            ),
                        ),
                    )
                    for (currency, _, status), (products, valued, value) in sorted(sums.items())
                ),
            ),
            is_latest=True,
        )

    def _idle(self) -> Section | None:
        """Money in goods that do not sell, the most first; of each currency its own list."""
        rows = [row for row in self._mine(self.stock.idle) if row["stock_value"]]
        if not rows:
            return None
        currencies = {row["currency_code"] for row in rows}
        one = next(iter(currencies)) if len(currencies) == 1 else ""
        rows.sort(key=lambda row: (row["currency_code"], -row["stock_value"], row["product_name"]))
        shown: list[Row] = []
        for currency in sorted(currencies):
            of = [row for row in rows if row["currency_code"] == currency]
            shown += of[: max(5, MOST_ROWS // len(currencies))]
        return Section(
            "idle",
            "Money in goods that hardly sell",
            Source("rpt_inventory_status", self._where("status in ('DEAD_STOCK', 'OVERSTOCK')")),
            table=Table(
                (
                    *self._name_columns(),
                    Column("State", Kind.TEXT),
                    Column("In stock", Kind.QUANTITY),
                    Column("Sold a day", Kind.QUANTITY),
                    *([] if one else [Column("Currency", Kind.CODE)]),
                    Column("Value at cost", Kind.MONEY, one),
                ),
                tuple(
                    (
                        *self._named(row),
                        STATUSES[row["status"]],
                        row["stock_quantity"],
                        row["units_per_day"],
                        *([] if one else [row["currency_code"]]),
                        row["stock_value"],
                    )
                    for row in shown
                ),
            ),
            is_latest=True,
        )

    def _counted(self) -> Section | None:
        rows = self._mine(self.stock.gaps)
        if not rows:
            return None
        currencies = {row["currency_code"] for row in rows}
        one = next(iter(currencies)) if len(currencies) == 1 else ""
        return Section(
            "counts",
            "Counts of the week that differ from the records",
            Source(
                "rpt_stock_count_gaps",
                self._where(during(self.stock.first, self.on, "counted_on")),
            ),
            f"{len(rows):,} product{'s differ' if len(rows) != 1 else ' differs'}.",
            table=Table(
                (
                    *self._name_columns(),
                    Column("Counted on", Kind.DATE),
                    Column("Recorded", Kind.QUANTITY),
                    Column("Counted", Kind.QUANTITY),
                    Column("Gap", Kind.QUANTITY),
                    *([] if one else [Column("Currency", Kind.CODE)]),
                    Column("Gap at cost", Kind.MONEY, one),
                ),
                tuple(
                    (
                        *self._named(row),
                        row["counted_on"],
                        row["recorded_quantity"],
                        row["counted_quantity"],
                        row["gap_quantity"],
                        *([] if one else [row["currency_code"]]),
                        row["gap_value"],
                    )
                    for row in rows[:MOST_ROWS]
                ),
            ),
            is_latest=True,
        )

    def _turned(self) -> Section | None:
        rows = [row for row in self._mine(self.stock.turnover) if row["average_stock_value"]]
        if not rows:
            return None
        month = last_ended_month(self.on)
        currencies = {row["currency_code"] for row in rows}
        one = next(iter(currencies)) if len(currencies) == 1 else ""
        return Section(
            "turnover",
            f"How often the stock turned over in {of_month(month)}",
            Source("rpt_inventory_turnover", self._where(condition(stock_month=month))),
            "Cost of the goods sold over the average stock at cost, of the month.",
            table=Table(
                (
                    Column("Branch", Kind.TEXT),
                    *([] if one else [Column("Currency", Kind.CODE)]),
                    Column("Cost of goods sold", Kind.MONEY, one),
                    Column("Average stock", Kind.MONEY, one),
                    Column("Turns", Kind.QUANTITY),
                ),
                tuple(
                    (
                        self._label(row["branch_key"]),
                        *([] if one else [row["currency_code"]]),
                        row["cost_of_goods_sold"],
                        row["average_stock_value"],
                        ratio(row["cost_of_goods_sold"], row["average_stock_value"]),
                    )
                    for row in rows
                ),
            ),
        )

    def _advice(self) -> list[Advice]:
        found = []
        if self.reorder:
            first = self.reorder[0]
            names = [self._with_branch(row) for row in self.reorder[:3]]
            found.append(
                Advice(
                    f"Reorder first: {listed(names)}",
                    f"{self._to_reorder()} {named(first['product_name'])}:"
                    f" {_plain(first['reason'])}.",
                    Source(
                        "rpt_inventory_status",
                        self._where("priority <= 2 and units_per_day > 0"),
                    ),
                    is_latest=True,
                )
            )
        found += self._mark_down()
        late = [
            (key, int(row["sale_days_without_list"]), row["business_date"])
            for key in self.keys
            if (row := self.stock.last_list(key, self.on))
            and row["business_date"] >= self.stock.first
            and row["sale_days_without_list"]
        ]
        if late:
            names = [
                f"{called(self._label(key))} ({count:,} days before {short_day(on)})"
                for key, count, on in late
            ]
            found.append(
                Advice(
                    "Ask for the lists of stock that did not come",
                    f"Days with sales and without a list: {listed(names)}.",
                    Source(
                        "rpt_inventory_trend",
                        self._where(during(self.stock.first, self.on))
                        + " and sale_days_without_list > 0",
                    ),
                )
            )
        return found

    def _mark_down(self) -> list[Advice]:
        """Goods that nobody buys, by currency."""
        found = []
        dead: dict[str, tuple[int, Decimal]] = {}
        for row in self._mine(self.stock.by_status):
            if row["status"] == "DEAD_STOCK" and row["stock_value"]:
                products, value = dead.get(row["currency_code"], (0, ZERO))
                dead[row["currency_code"]] = (
                    products + row["products"],
                    value + row["stock_value"],
                )
        for currency, (products, value) in sorted(dead.items()):
            dearest = [
                row
                for row in self._mine(self.stock.idle)
                if row["status"] == "DEAD_STOCK"
                and row["currency_code"] == currency
                and row["stock_value"]
            ]
            names = [
                f"{self._with_branch(row)} ({money(row['stock_value'], currency)})"
                for row in dearest[:3]
            ]
            found.append(
                Advice(
                    f"Mark down what nobody buys: {money(value, currency)} at cost",
                    f"{products:,} products in stock were not sold for weeks"
                    + (f"; most money is in {listed(names)}." if names else "."),
                    Source("rpt_inventory_status", self._where("status = 'DEAD_STOCK'")),
                    is_latest=True,
                )
            )
        return found

    def _with_branch(self, row: Row) -> str:
        name = named(row["product_name"])
        return f"{name} in {called(self._label(row['branch_key']))}" if self.is_company else name


def _plain(reason: str) -> str:
    """A mart's reason within a sentence."""
    return reason.rstrip(".")
