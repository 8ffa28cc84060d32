"""Monthly business review: a page for the board.

What all branches sold is in the company's currency; a branch, its costs and wages keep their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from publish.marts import MartReader
from publish.reports.figures import (
    ZERO,
    Sales,
    both,
    change_percent,
    compared,
    condition,
    during,
    ratio,
    rounded,
    share_percent,
)
from publish.reports.missing import have_not_come
from publish.reports.month_reading import (
    LOOKS_BACK,
    Month,
    Period,
    Row,
    end_of,
    months_before,
    months_of,
    read_month,
)
from publish.reports.odd import odd
from publish.reports.page import (
    Advice,
    Chart,
    ChartKind,
    Column,
    Comparison,
    Figure,
    Kind,
    Page,
    Section,
    Series,
    Source,
    Table,
    Value,
)
from publish.reports.rates import rates_of
from publish.reports.report import Part, Report
from publish.reports.selling import WORTH_A_REASON, main_reason
from publish.reports.targets import MART as TARGETS
from publish.reports.words import (
    MONTHS,
    called,
    cleaned,
    listed,
    money,
    more_or_less,
    named,
    of_month,
    percent,
    sentences,
    signed_money,
    up_or_down,
)

MONTHS_SHOWN = 13
MOST_PRODUCTS = 10
MOST_MOVED = 12
MOST_ODD = 6
FALLING_PERCENT, FALLING_POINTS, MOST_FALLING = 10, 10, 3
RETURNS_POINTS = Decimal(1)
"""The share of returns is a reason to act where it has grown by so many points."""


def read(reader: MartReader, business_date: date, parts: Sequence[Part]) -> list[Page]:
    """A page for the company, for the last month that has ended on the date; branches have none."""
    company = [part for part in parts if not part.key]
    if not company:
        return []
    month = read_month(reader, business_date)
    return [_Review(month, part).page() for part in company]


BUSINESS_REVIEW = Report(
    name="business_review",
    title="Business review",
    read=read,
    reads=("rpt_daily_sales", "dim_branches"),
    looks_back=LOOKS_BACK,
    may_read=(
        "rpt_like_for_like_sales",
        "rpt_company_products",
        "rpt_product_margins",
        "rpt_customer_cohorts",
        "rpt_inventory_turnover",
        "fct_staffed_days",
        "fct_sales_anomalies",
        "dim_country_dates",
        TARGETS,
    ),
    not_compared=("rpt_customer_cohorts",),
)


@dataclass(frozen=True)
class _Compared:
    """The sums of a period, and of those before it where the company's history has them."""

    period: Period
    now: Sales
    before: Sales | None
    before_name: str
    year_before: Sales | None
    year_name: str


class _Review:
    def __init__(self, month: Month, part: Part) -> None:
        self.month, self.part = month, part
        self.on = month.month
        self.name = of_month(self.on)
        self.currency = month.currency
        # Currencies of the branches, which have columns of their own where they differ.
        self.currencies = month.currencies()
        self.is_converted = bool({*self.currencies} - {self.currency})
        self.missing = [month.labels.get(key, key) for key in month.missing]
        self.rates = rates_of(
            (one for one in month.sold if one.month == self.on), self.currency, month.labels
        )
        self.one = self._compared(self._month())

    @property
    def has_sums(self) -> bool:
        """Whether anything was sold in the month that can be added up."""
        return bool(self.currencies) and not self.rates.leaves_out_all

    def _month(self) -> Period:
        return Period(self.name, self.on, self.on)

    def _quarter(self) -> Period:
        """The calendar quarter, up to the month."""
        first = date(self.on.year, (self.on.month - 1) // 3 * 3 + 1, 1)
        number_of = (self.on.month - 1) // 3 + 1
        name = f"Quarter {number_of} of {self.on.year}"
        return Period(name if self.on.month % 3 == 0 else f"{name} to date", first, self.on)

    def _year(self) -> Period:
        return Period(f"{self.on.year} to date", date(self.on.year, 1, 1), self.on)

    def _compared(self, period: Period) -> _Compared:
        """A year is not compared with the one before twice."""
        length = 3 if period.name.startswith("Quarter") else 1
        before = period.moved(length, "")
        year = period.moved(12, "")
        is_year = period.name == self._year().name
        before_name = "the quarter before" if length == 3 else of_month(before.first)
        return _Compared(
            period,
            self.month.company(period.first, period.last) or Sales(),
            None if is_year else self._covered(before),
            "" if is_year else before_name,
            self._covered(year),
            of_month(year.last) if period.first == period.last else "a year before",
        )

    def _covered(self, period: Period) -> Sales | None:
        """The sums of a period that the company's history covers from its first days on."""
        if not self.month.is_covered(period.first):
            return None
        return self.month.company(period.first, period.last)

    def _source(self, first: date | None = None) -> Source:
        return Source("rpt_daily_sales", during(first or self.on, self.month.end))

    def _mart(self, mart: str, column: str, more: str = "") -> Source:
        where = condition(**{column: self.on})
        return Source(mart, where + (f" and {more}" if more else ""))

    def page(self) -> Page:
        sections: list[Section | None] = [self._periods()]
        if self.has_sums:
            sections += [self._months(), self._moved()]
        sections += [self._branches(), self._regions(), self._like_for_like()]
        if self.has_sums:
            sections += [self._products(), self._movers()]
        sections += [
            self._margin(),
            self._customers(),
            self._payments(),
            self._staff(),
            self._stock(),
        ]
        return Page(
            report="business_review",
            title="Business review",
            part=self.part.key,
            part_name=cleaned(self.part.name),
            part_place=cleaned(self.part.place),
            business_date=self.month.end,
            period=self.name,
            headline=self._headline(),
            figures=tuple(self._figures()),
            sections=tuple(section for section in sections if section),
            odd=odd(self.month.anomalies, self.month.labels, most=MOST_ODD),
            advice=tuple(self._advice()),
            missing=tuple(self.missing),
        )

    def _headline(self) -> str:
        if not self.currencies:
            return f"No branch has sales in {self.name}."
        return sentences(
            self._sum_of_month() if self.has_sums else f"The company sold in {self.name}.",
            self.rates.missing_words,
            have_not_come(self.missing).replace("The sales", "The last day's sales"),
        )

    def _sum_of_month(self) -> str:
        one, currency = self.one, self.currency
        said = f"In {self.name} the company sold {money(one.now.net_sales, currency)}"
        on_year = change_percent(
            one.now.net_sales, one.year_before.net_sales if one.year_before else None
        )
        on_month = change_percent(one.now.net_sales, one.before.net_sales if one.before else None)
        if on_year is not None and one.year_before is not None:
            said += f", {more_or_less(on_year)} in {one.year_name}"
            reason = main_reason(one.now, one.year_before, currency)
            if reason and abs(on_year) >= WORTH_A_REASON:
                said += f", {reason}"
            if on_month is not None:
                said += f"; on {one.before_name} it is {up_or_down(on_month)}"
        elif on_month is not None and one.before is not None:
            said += f", {more_or_less(on_month)} in {one.before_name}"
            reason = main_reason(one.now, one.before, currency)
            if reason and abs(on_month) >= WORTH_A_REASON:
                said += f", {reason}"
        return said + "."

    def _figures(self) -> list[Figure]:
        figures: list[Figure] = []
        if self.has_sums:
            figures.append(
                Figure(
                    f"net_sales_{self.currency}",
                    "Net sales",
                    self.one.now.net_sales,
                    Kind.MONEY,
                    self._source(),
                    self.currency,
                    _comparisons(self.one, lambda sales: sales.net_sales),
                )
            )
        figures += self._targets()
        if self.has_sums:
            year = self._compared(self._year())
            figures.append(
                Figure(
                    f"year_net_sales_{self.currency}",
                    "Year to date",
                    year.now.net_sales,
                    Kind.MONEY,
                    self._source(year.period.first),
                    self.currency,
                    _comparisons(year, lambda sales: sales.net_sales),
                )
            )
            figures += self._of_receipts()
        return [*figures, *self._counts()]

    def _targets(self) -> list[Figure]:
        """What branches with a target sold, in the money in which it is set."""
        figures = []
        currencies = self.month.targets.currencies()
        for currency in currencies:
            target = self.month.targets.company(currency)
            if target is None:
                continue
            figures.append(
                Figure(
                    f"target_net_sales_{currency}",
                    f"Sales of {self.month.targets.count(currency):,} branches with a target"
                    + (f", {currency}" if len(currencies) > 1 else ""),
                    target.sold,
                    Kind.MONEY,
                    self.month.targets.source(currency_code=currency),
                    currency,
                    compared("on target", target.sold, target.amount),
                )
            )
        return figures

    def _of_receipts(self) -> list[Figure]:
        one = self.one
        days = Decimal(self.month.end.day)

        def per_day(sales: Sales, month: date) -> Decimal | None:
            return ratio(sales.net_sales, Decimal(end_of(month).day))

        now = ratio(one.now.net_sales, days)
        return [
            Figure(
                "net_sales_per_day",
                "Net sales per calendar day",
                now,
                Kind.MONEY,
                self._source(),
                self.currency,
                compared(
                    "on the month before",
                    now,
                    per_day(one.before, self.month.month_before) if one.before else None,
                ),
            ),
            Figure(
                "average_transaction_value",
                "Average receipt",
                one.now.average_receipt,
                Kind.MONEY,
                self._source(),
                self.currency,
                _comparisons(one, lambda sales: sales.average_receipt),
            ),
            Figure(
                "returned_amount",
                "Returned",
                one.now.returned_amount,
                Kind.MONEY,
                self._source(),
                self.currency,
                _comparisons(one, lambda sales: sales.returned_amount),
                more_is_better=False,
            ),
        ]

    def _counts(self) -> list[Figure]:
        """Receipts and branches, which add up over currencies."""
        sold = [one for one in self.month.sold if one.month == self.on]
        before = [one for one in self.month.sold if one.month == self.month.month_before]
        is_covered = self.month.is_covered(self.month.month_before)
        receipts = sum(one.sales.transactions for one in sold)
        receipts_before = sum(one.sales.transactions for one in before)
        branches = {one.branch_key for one in sold}
        branches_before = {one.branch_key for one in before}
        figures = [
            Figure(
                "transactions",
                "Receipts",
                receipts,
                Kind.NUMBER,
                self._source(),
                comparisons=compared(
                    "on the month before", receipts, receipts_before if is_covered else None
                ),
            ),
            Figure(
                "branches",
                "Branches with sales",
                len(branches),
                Kind.NUMBER,
                self._source(),
                comparisons=compared(
                    "on the month before", len(branches), len(branches_before) or None
                ),
            ),
        ]
        return figures + self.rates.figures(self.on, self.month.end)

    def _periods(self) -> Section | None:
        """Month, quarter and year beside those before."""
        if not self.has_sums:
            return None
        rows: list[tuple[Value, ...]] = []
        for period in (self._month(), self._quarter(), self._year()):
            one = self._compared(period)
            rows.append(
                (
                    period.name,
                    one.now.net_sales,
                    one.before.net_sales if one.before else None,
                    _change(one.now, one.before),
                    one.year_before.net_sales if one.year_before else None,
                    _change(one.now, one.year_before),
                )
            )
        return Section(
            "periods",
            "Month, quarter and year",
            self._source(self._year().first),
            self.rates.estimated_words,
            table=Table(
                (
                    Column("Period", Kind.TEXT),
                    Column("Net sales", Kind.MONEY, self.currency),
                    Column("Period before", Kind.MONEY, self.currency),
                    Column("Change", Kind.CHANGE),
                    Column("A year before", Kind.MONEY, self.currency),
                    Column("Change", Kind.CHANGE),
                ),
                tuple(rows),
            ),
        )

    def _months(self) -> Section:
        first = months_before(self.on, MONTHS_SHOWN - 1)
        shown = months_of(first, self.on)
        values = [self._sales_of(month) for month in shown]
        past = [self._sales_of(months_before(month, 12)) for month in shown]
        known = [(value, month) for value, month in zip(values, shown, strict=True) if value]
        best = max(known) if known else None
        text = (
            f"The best of these months was {of_month(best[1])} with"
            f" {money(best[0], self.currency)}."
            if best
            else ""
        )
        series = [Series("Net sales", tuple(values))]
        if any(value is not None for value in past):
            series.append(Series("A year before", tuple(past)))
        return Section(
            f"months_{self.currency}",
            "Month by month",
            self._source(first),
            text,
            Chart(
                ChartKind.COLUMNS,
                tuple(f"{MONTHS[month.month - 1][:3]} {month.year % 100:02}" for month in shown),
                tuple(series),
                Kind.MONEY,
                f"Net sales of {MONTHS_SHOWN} months to {self.name}. {text}",
                self.currency,
            ),
        )

    def _sales_of(self, month: date) -> Decimal | None:
        found = self.month.company(month, month)
        return found.net_sales if found else None

    def _converted(self, key: str, month: date) -> Decimal | None:
        """What a branch sold in a month, in the company's currency."""
        found = self.month.company(month, month, {key})
        return found.net_sales if found else None

    def _keys(self) -> list[str]:
        """The branches that sold in the month or the one before, by sales in one currency."""
        months = (self.on, self.month.month_before)
        sold: dict[str, set[date]] = {}
        for one in self.month.sold:
            if one.month in months:
                sold.setdefault(one.branch_key, set()).add(one.month)

        def rank(key: str) -> tuple[bool, bool, Decimal, str]:
            is_now = self.on in sold[key]
            worth = self._converted(key, self.on if is_now else self.month.month_before)
            return not is_now, worth is None, -(worth or ZERO), self._label(key)

        return sorted(sold, key=rank)

    def _label(self, key: str) -> str:
        return self.month.labels.get(key, key)

    def _currency_of(self, key: str) -> str:
        for one in self.month.sold:
            if one.branch_key == key and one.month == self.on:
                return one.currency
        branch = self.month.branches.get(key)
        return branch.currency_code if branch else ""

    def _branches(self) -> Section | None:
        """Each branch in its own money; beside it what that is worth in the company's, of which it
        has a share.
        """
        keys = self._keys()
        if not keys:
            return None
        several = self.is_converted
        rows: list[tuple[Value, ...]] = []
        for key in keys:
            currency = self._currency_of(key)
            now = self.month.branch(key, self.on, currency)
            before = self.month.branch(key, self.month.month_before, currency)
            year = self.month.branch(key, self.month.year_before, currency)
            worth = self._converted(key, self.on)
            sold = now or Sales()
            if now is None:
                worth = ZERO
            rows.append(
                (
                    self._label(key),
                    *([currency] if several else []),
                    sold.net_sales,
                    *([worth] if several else []),
                    None if worth is None else share_percent(worth, self.one.now.net_sales),
                    _change(sold, before),
                    _change(sold, year),
                    sold.transactions,
                    sold.average_receipt,
                    share_percent(sold.returned_amount, sold.net_sales + sold.returned_amount),
                )
            )
        money_of = "" if several else self.currency
        return Section(
            "branches",
            "Branch by branch",
            self._source(),
            table=Table(
                (
                    Column("Branch", Kind.TEXT),
                    *([Column("Currency", Kind.CODE)] if several else []),
                    Column("Net sales", Kind.MONEY, money_of),
                    *([Column("Converted", Kind.MONEY, self.currency)] if several else []),
                    Column("Share", Kind.PERCENT),
                    Column("On the month before", Kind.CHANGE),
                    Column("On the year before", Kind.CHANGE),
                    Column("Receipts", Kind.NUMBER),
                    Column("Average receipt", Kind.MONEY, money_of),
                    Column("Returned, of sales", Kind.PERCENT),
                ),
                tuple(rows),
            ),
        )

    def _moves(self) -> tuple[str, list[tuple[str, Decimal, Decimal]]]:
        """What is compared with, and of the branches that sold in both months label and sums."""
        for past in (self.month.year_before, self.month.month_before):
            found = []
            for key in self._keys():
                now, before = self._converted(key, self.on), self._converted(key, past)
                if now is not None and before is not None:
                    found.append((self._label(key), now, before))
            if len(found) > 1 and self.month.is_covered(past):
                return of_month(past), found
        return "", []

    def _moved(self) -> Section | None:
        against, moves = self._moves()
        if not moves:
            return None
        most = sorted(moves, key=lambda one: (-abs(one[1] - one[2]), one[0]))[:MOST_MOVED]
        shown = sorted(most, key=lambda one: (-(one[1] - one[2]), one[0]))
        first, last = shown[0], shown[-1]
        text = (
            f"{called(first[0])}: {signed_money(first[1] - first[2], self.currency)},"
            f" {called(last[0])}: {signed_money(last[1] - last[2], self.currency)}."
        )
        return Section(
            f"moved_{self.currency}",
            f"Largest changes on {against}",
            self._source(),
            text,
            Chart(
                ChartKind.BARS,
                tuple(one[0] for one in shown),
                (Series(f"Change on {against}", tuple(one[1] - one[2] for one in shown)),),
                Kind.MONEY,
                f"Change of net sales on {against}, of the {len(shown)} branches with the largest"
                f" changes. {text}",
                self.currency,
            ),
        )

    def _regions(self) -> Section | None:
        """The branches of a region together, in the company's currency."""
        members: dict[str, list[str]] = {}
        for key in self._keys():
            members.setdefault(self.month.regions.get(key, "Without region"), []).append(key)
        if len(members) < 2:
            return None
        rows: list[tuple[Value, ...]] = []
        for region, keys in members.items():
            now = self.month.company(self.on, self.on, keys)
            past = [
                self.month.company(month, month, keys)
                for month in (self.month.month_before, self.month.year_before)
            ]
            rows.append(
                (
                    cleaned(region),
                    len(keys),
                    now.net_sales if now else None,
                    *(_change(now or Sales(), one) for one in past),
                )
            )
        return Section(
            "regions",
            "Region by region",
            self._source(),
            table=Table(
                (
                    Column("Region", Kind.TEXT),
                    Column("Branches", Kind.NUMBER),
                    Column("Net sales", Kind.MONEY, self.currency),
                    Column("On the month before", Kind.CHANGE),
                    Column("On the year before", Kind.CHANGE),
                ),
                tuple(rows),
            ),
        )

    def _like_for_like(self) -> Section | None:
        """Of the latest state: a branch's latest day decides which days are compared."""
        rows = [
            row
            for row in self.month.like_for_like
            # Without other currencies the company's row says everything.
            if (row["currency_code"] is None or self.is_converted)
            and (row["branches_on_year"] or row["branches_on_month"])
        ]
        if not rows:
            return None
        return Section(
            "like_for_like",
            "Like for like",
            self._mart("rpt_like_for_like_sales", "sales_month"),
            sentences(
                "Only days on which a branch was open in both months: growth without openings and"
                " closings.",
                "What exchange rates did is part of the growth of all branches."
                if self.is_converted
                else "",
            ),
            table=Table(
                (
                    Column("Branches in", Kind.TEXT),
                    Column("Branches", Kind.NUMBER),
                    Column("On the month before", Kind.CHANGE),
                    Column("Branches", Kind.NUMBER),
                    Column("On the year before", Kind.CHANGE),
                ),
                tuple(
                    (
                        row["currency_code"] or f"All, in {self.currency}",
                        row["branches_on_month"],
                        change_percent(row["on_month"], row["month_before"]),
                        row["branches_on_year"],
                        change_percent(row["on_year"], row["year_before"]),
                    )
                    for row in rows
                ),
            ),
            is_latest=True,
        )

    def _products(self) -> Section | None:
        rows = self.month.products[:MOST_PRODUCTS]
        if not rows:
            return None
        count = sum(row["abc_class"] == "A" for row in self.month.products)
        first = rows[0]
        text = (
            f"{named(first['product_name'])} brought most:"
            f" {money(first['net_sales'], self.currency)}. {count:,} of"
            f" {len(self.month.products):,} products bring most of the sales (class A)."
        )
        return Section(
            f"products_{self.currency}",
            "Best products",
            self._mart("rpt_company_products", "sales_month", f"sales_rank <= {MOST_PRODUCTS}"),
            text,
            Chart(
                ChartKind.BARS,
                tuple(cleaned(row["product_name"]) for row in rows),
                (Series("Net sales", tuple(row["net_sales"] for row in rows)),),
                Kind.MONEY,
                f"The {len(rows)} best products of {self.name}. {text}",
                self.currency,
            ),
            _product_table(rows, self.currency),
        )

    def _movers(self) -> Section | None:
        """The products that gained and lost most, against the year before or the month before."""
        on_year = self.month.is_covered(self.month.year_before)
        column = "net_sales_change_on_last_year" if on_year else "net_sales_change"
        past = self.month.year_before if on_year else self.month.month_before
        if not self.month.is_covered(past):
            return None
        moved = sorted(
            (row for row in self.month.products if row[column]),
            key=lambda row: (-row[column], row["product_name"], row["product_key"]),
        )
        half = MOST_PRODUCTS // 2
        gained = [row for row in moved[:half] if row[column] > 0]
        lost = [row for row in moved[-half:] if row[column] < 0]
        rows = [*gained, *lost]
        if not rows:
            return None
        against = of_month(past)
        best, worst = rows[0], rows[-1]
        text = (
            f"{named(best['product_name'])}: {signed_money(best[column], self.currency)},"
            f" {named(worst['product_name'])}: {signed_money(worst[column], self.currency)}."
        )
        return Section(
            f"movers_{self.currency}",
            f"Products that moved most, on {against}",
            self._mart("rpt_company_products", "sales_month"),
            text,
            Chart(
                ChartKind.BARS,
                tuple(cleaned(row["product_name"]) for row in rows),
                (Series(f"Change on {against}", tuple(row[column] for row in rows)),),
                Kind.MONEY,
                f"Change of net sales on {against}. {text}",
                self.currency,
            ),
        )

    def _past(self, of: Callable[[str, date], Value], currency: str) -> tuple[Value, Value, Value]:
        """A value of the month, the month before and the year before."""
        months = (self.on, self.month.month_before, self.month.year_before)
        now, before, year = (of(currency, month) for month in months)
        return now, before, year

    def _margin(self) -> Section | None:
        found = [
            currency for currency in self.currencies if (currency, self.on) in self.month.margins
        ]
        if not found:
            return None

        def share(currency: str, month: date) -> Decimal | None:
            row = self.month.margins.get((currency, month))
            return share_percent(row["margin"], row["costed_sales"]) if row else None

        rows: list[tuple[Value, ...]] = []
        for currency in found:
            row = self.month.margins[currency, self.on]
            rows.append(
                (
                    currency,
                    row["costed_sales"],
                    row["cost"],
                    row["margin"],
                    *self._past(share, currency),
                    share_percent(row["assumed_cost"], row["cost"]),
                )
            )
        return Section(
            "margin",
            "Margin of goods with a known cost",
            self._mart("rpt_product_margins", "sales_month"),
            "Sales without VAT, minus what the goods cost.",
            table=Table(
                (
                    Column("Currency", Kind.CODE),
                    Column("Sales without VAT", Kind.MONEY),
                    Column("Cost", Kind.MONEY),
                    Column("Margin", Kind.MONEY),
                    Column("Margin, of sales", Kind.PERCENT),
                    Column("Month before", Kind.PERCENT),
                    Column("Year before", Kind.PERCENT),
                    Column("Of the cost assumed", Kind.PERCENT),
                ),
                tuple(rows),
            ),
        )

    def _customers(self) -> Section | None:
        """Who buys in two currencies counts in each."""
        row = self.month.customers.get(self.on)
        if row is None:
            return None

        def of(name: str, month: date) -> Value:
            found = self.month.customers.get(month)
            # In the first month of the history everybody is new.
            is_known = self.month.is_covered(months_before(month, 1))
            return int(found[name]) if found and (is_known or month == self.on) else None

        months = (self.on, self.month.month_before, self.month.year_before)
        rows: list[tuple[Value, ...]] = [
            (
                label,
                *(of(f"{name}_customers", month) for month in months),
                row[f"{name}_net_sales"],
            )
            for label, name in (("New", "new"), ("Returning", "returning"))
        ]
        return Section(
            "customers",
            "Known customers",
            Source(
                "rpt_customer_cohorts",
                "cohort_month + make_interval(months => months_since_first) ="
                f" date '{self.on.isoformat()}'",
            ),
            sentences(
                "New: with their first purchase in the month.",
                "Who pays in two currencies counts in each." if self.is_converted else "",
            ),
            table=Table(
                (
                    Column("Customers", Kind.TEXT),
                    Column(self.name, Kind.NUMBER),
                    Column("Month before", Kind.NUMBER),
                    Column("Year before", Kind.NUMBER),
                    Column("What they bought", Kind.MONEY, self.currency),
                ),
                tuple(rows),
            ),
        )

    def _payments(self) -> Section | None:
        """In the money in which customers paid."""
        if not self.currencies:
            return None
        several = len(self.currencies) > 1
        ways: tuple[tuple[str, Callable[[Sales], Decimal]], ...] = (
            ("Cash", lambda sales: sales.cash_sales),
            ("Card", lambda sales: sales.card_sales),
            ("Other or not known", lambda sales: sales.other_sales),
        )
        rows: list[tuple[Value, ...]] = []
        for currency in self.currencies:
            now = self.month.sums(self.on, self.on, currency) or Sales()
            past = self.month.year_before
            year = self.month.sums(past, past, currency) if self.month.is_covered(past) else None
            for label, of in ways:
                if not of(now):
                    continue
                rows.append(
                    (
                        label,
                        *([currency] if several else []),
                        of(now),
                        share_percent(of(now), now.net_sales),
                        share_percent(of(year), year.net_sales) if year else None,
                    )
                )
        return Section(
            "payments",
            "How customers paid",
            self._source(),
            table=Table(
                (
                    Column("Payment", Kind.TEXT),
                    *([Column("Currency", Kind.CODE)] if several else []),
                    Column("Net sales", Kind.MONEY, "" if several else self.currencies[0]),
                    Column("Share", Kind.PERCENT),
                    Column("A year before", Kind.PERCENT),
                ),
                tuple(rows),
            ),
        )

    def _staff(self) -> Section | None:
        found = [
            currency
            for currency in self.currencies
            if (row := self.month.staff.get((currency, self.on))) and row["worked_hours"]
        ]
        if not found:
            return None

        def per_hour(currency: str, month: date) -> Decimal | None:
            row = self.month.staff.get((currency, month))
            return ratio(row["assigned_net_sales"], row["worked_hours"]) if row else None

        return Section(
            "staff",
            "Hours of work",
            Source("fct_staffed_days", during(self.on, self.month.end)),
            "Branches with a time clock.",
            table=Table(
                (
                    Column("Currency", Kind.CODE),
                    Column("Hours worked", Kind.HOURS),
                    Column("Sales per hour", Kind.MONEY),
                    Column("Month before", Kind.MONEY),
                    Column("Year before", Kind.MONEY),
                ),
                tuple(
                    (
                        currency,
                        rounded(self.month.staff[currency, self.on]["worked_hours"], 2),
                        *self._past(per_hour, currency),
                    )
                    for currency in found
                ),
            ),
        )

    def _stock(self) -> Section | None:
        found = [
            currency
            for currency in self.currencies
            if (row := self.month.turnover.get((currency, self.on))) and row["average_stock_value"]
        ]
        if not found:
            return None

        def turns(currency: str, month: date) -> Decimal | None:
            row = self.month.turnover.get((currency, month))
            if not row or row["cost_of_goods_sold"] is None or not row["average_stock_value"]:
                return None
            return ratio(row["cost_of_goods_sold"], row["average_stock_value"])

        return Section(
            "stock",
            "Stock",
            self._mart("rpt_inventory_turnover", "stock_month"),
            "Turns: cost of the goods sold over the average stock at cost, of the month.",
            table=Table(
                (
                    Column("Currency", Kind.CODE),
                    Column("Average stock at cost", Kind.MONEY),
                    Column("Turns", Kind.QUANTITY),
                    Column("Month before", Kind.QUANTITY),
                    Column("Year before", Kind.QUANTITY),
                ),
                tuple(
                    (
                        currency,
                        self.month.turnover[currency, self.on]["average_stock_value"],
                        *self._past(turns, currency),
                    )
                    for currency in found
                ),
            ),
        )

    def _advice(self) -> list[Advice]:
        found = []
        if self.missing:
            found.append(
                Advice(
                    f"Wait for {listed([called(name) for name in self.missing], 3)} before deciding"
                    " on this month",
                    "They sold on the same weekday before, and nothing has come for the month's"
                    " last day.",
                    self._source(),
                )
            )
        found += self.rates.advice(self.on, self.month.end)
        if self.has_sums:
            found += self._falling()
        for currency in self.month.targets.currencies():
            found += self._missed_targets(currency)
        if self.has_sums:
            found += [*self._more_returns(), *self._falling_product()]
        return found + self._sold_below_cost()

    def _falling(self) -> list[Advice]:
        """Branches that lost much more than all branches together."""
        against, moves = self._moves()
        growth = change_percent(
            sum((now for _, now, _ in moves), ZERO), sum((past for _, _, past in moves), ZERO)
        )
        if growth is None:
            return []
        falling = sorted(
            (now - past, label, now, past)
            for label, now, past in moves
            if (change := change_percent(now, past)) is not None
            and change <= -FALLING_PERCENT
            and change <= growth - FALLING_POINTS
        )
        return [
            Advice(
                f"Decide about {called(label)}: it falls behind",
                f"{money(now, self.currency)} after {money(past, self.currency)} in {against},"
                f" {up_or_down(change_percent(now, past) or ZERO)}; all branches that sold in both"
                f" months {up_or_down(growth)}.",
                self._source(),
            )
            for _, label, now, past in falling[:MOST_FALLING]
        ]

    def _missed_targets(self, currency: str) -> list[Advice]:
        missed = sorted(
            (target.sold - target.amount, self._label(key))
            for key, target in self.month.targets.of.items()
            if target.currency == currency and target.sold < target.amount
        )
        if not missed:
            return []
        names = [f"{called(name)} ({signed_money(gap, currency)})" for gap, name in missed]
        count = self.month.targets.count(currency)
        return [
            Advice(
                f"Talk about the targets: {len(missed):,} of {count:,} branches missed theirs",
                f"{listed(names)}.",
                self.month.targets.source(currency_code=currency),
            )
        ]

    def _more_returns(self) -> list[Advice]:
        one = self.one
        past = one.year_before or one.before
        name = one.year_name if one.year_before else one.before_name
        now_share, past_share = _returned(one.now), _returned(past) if past else None
        if now_share is None or past_share is None or now_share - past_share < RETURNS_POINTS:
            return []
        return [
            Advice(
                "Find out why more goods come back",
                f"{percent(now_share)} of what was sold was returned"
                f" ({money(one.now.returned_amount, self.currency)}), after"
                f" {percent(past_share)} in {name}.",
                self._source(),
            )
        ]

    def _falling_product(self) -> list[Advice]:
        """The product that lost most against the year before, if it was one of the best then."""
        rows = [
            row
            for row in self.month.products
            if row["net_sales_last_year"]
            and (row["net_sales_change_on_last_year_percent"] or ZERO) <= -2 * FALLING_PERCENT
        ]
        if not rows or not self.month.is_covered(self.month.year_before):
            return []
        worst = min(
            rows, key=lambda row: (row["net_sales_change_on_last_year"], row["product_key"])
        )
        total = self.one.now.net_sales
        if 200 * abs(worst["net_sales_change_on_last_year"]) < total:
            # Less than half a percent of the sales.
            return []
        return [
            Advice(
                f"Look at {named(worst['product_name'])}: it sells much less than a year ago",
                f"{money(worst['net_sales'], self.currency)} after"
                f" {money(worst['net_sales_last_year'], self.currency)},"
                f" {up_or_down(worst['net_sales_change_on_last_year_percent'])}.",
                self._mart(
                    "rpt_company_products",
                    "sales_month",
                    condition(product_key=worst["product_key"]),
                ),
            )
        ]

    def _sold_below_cost(self) -> list[Advice]:
        rows = self.month.below_cost
        if not rows:
            return []
        names = [
            f"{named(row['product_name'])} ({signed_money(row['margin'], row['currency_code'])})"
            for row in rows
        ]
        return [
            Advice(
                "Check prices and costs of what was sold below cost",
                f"{listed(names)}.",
                self._mart("rpt_product_margins", "sales_month", more="margin < 0"),
            )
        ]


def _product_table(rows: Sequence[Row], currency: str) -> Table:
    return Table(
        (
            Column("Product", Kind.TEXT),
            Column("Class", Kind.CODE),
            Column("Branches", Kind.NUMBER),
            Column("Units", Kind.QUANTITY),
            Column("Net sales", Kind.MONEY, currency),
            Column("Share", Kind.PERCENT),
            Column("On the month before", Kind.CHANGE),
            Column("On the year before", Kind.CHANGE),
        ),
        tuple(
            (
                cleaned(row["product_name"]),
                row["abc_class"],
                row["branches"],
                row["quantity"],
                row["net_sales"],
                row["company_sales_percent"],
                row["net_sales_change_percent"],
                row["net_sales_change_on_last_year_percent"],
            )
            for row in rows
        ),
    )


def _comparisons(
    one: _Compared, of: Callable[[Sales], Decimal | int | None]
) -> tuple[Comparison, ...]:
    return both("on the month before", one.now, one.before, of) + both(
        "on the year before", one.now, one.year_before, of
    )


def _change(now: Sales, before: Sales | None) -> Decimal | None:
    return change_percent(now.net_sales, before.net_sales if before else None)


def _returned(sales: Sales) -> Decimal | None:
    """What was returned, in percent of what was sold."""
    return share_percent(sales.returned_amount, sales.net_sales + sales.returned_amount)
