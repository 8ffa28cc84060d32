"""The daily sales page of a branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from publish.reports.daily_reading import (
    MOST_PRODUCTS,
    PRODUCT_WEEKS,
    TREND_DAYS,
    USUAL_WEEKS,
    Day,
    HoursOf,
    Row,
)
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
from publish.reports.missing import WEEKS
from publish.reports.odd import odd
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
)
from publish.reports.report import Part
from publish.reports.selling import (
    WORTH_A_REASON,
    Trend,
    decisive_hours,
    hours_section,
    main_reason,
    trend_section,
    usual_hours,
)
from publish.reports.trading import YEAR, days
from publish.reports.words import (
    called,
    cleaned,
    gone_or_going,
    hour,
    listed,
    money,
    more_or_less,
    named,
    on_day,
    percent,
    sentences,
    short_day,
    weekday,
)

MOST_ODD = 4
WORTH_A_LOOK_PERCENT = 10
"""A day that sold so much less than usual is asked about."""
MANY_RETURNED = 3
STATUSES = {"OUT_OF_STOCK": "out of stock", "STOCKOUT_RISK": "running out"}


def branch_page(day: Day, part: Part) -> Page:
    """The page of one branch; also of one that sold nothing on the day."""
    return _BranchPage(day, part).page()


class _BranchPage:
    """The figures of one branch, and what they say."""

    def __init__(self, day: Day, part: Part) -> None:
        self.day, self.part, self.on, self.key = day, part, day.on, part.key
        self.sold = day.trading.day(self.key, self.on)
        self.branch = day.branches.get(self.key)
        self.currency = self._currency()
        self.now = self.sold.sales if self.sold else None
        self.before = self._sales(day.week_before)
        self.year_before = self._sales(day.year_before)
        self.is_missing = self.key in day.missing
        self.name = called(part.name)
        self.source = self._source("rpt_daily_sales")

    def _currency(self) -> str:
        """Of the latest day with a sale, else of the list of branches."""
        for past in reversed(days(self.on - timedelta(days=TREND_DAYS), self.on)):
            if found := self.day.trading.day(self.key, past):
                return found.currency
        return self.branch.currency_code if self.branch else ""

    def _sales(self, on: date) -> Sales | None:
        return self.day.trading.sales(self.key, on, self.currency)

    def _source(self, mart: str, first: date | None = None) -> Source:
        """The rows of the branch on the day, or from a first day to it."""
        if first is None:
            return Source(mart, condition(branch_key=self.key, business_date=self.on))
        return Source(mart, during(first, self.on, branch_key=self.key))

    def page(self) -> Page:
        sections = (
            self._hours(),
            self._trend(),
            self._products(),
            self._payments(),
            self._reorder(),
        )
        return Page(
            report="daily_sales",
            title="Daily sales",
            part=self.key,
            part_name=cleaned(self.part.name),
            part_place=cleaned(self.part.place),
            business_date=self.on,
            period=on_day(self.on),
            headline=self._headline(),
            figures=tuple(self._figures()),
            sections=tuple(section for section in sections if section),
            odd=odd(
                [one for one in self.day.anomalies if one.branch_key == self.key],
                most=MOST_ODD,
                at_most={"product": 2},
            ),
            advice=tuple(self._advice()),
            missing=(self.day.labels.get(self.key, self.part.name),) if self.is_missing else (),
        )

    def _headline(self) -> str:
        holiday = self.day.holidays.of(self.branch, self.on)
        is_holiday = f"The day was a public holiday{_in_brackets(holiday)}."
        before = (
            f"On the {weekday(self.on)} before it sold"
            f" {money(self.before.net_sales, self.currency)}."
            if self.before
            else ""
        )
        if self.is_missing:
            weeks = self.day.missing[self.key]
            return sentences(
                f"{self.name}: the sales of {on_day(self.on)} have not come.",
                f"It sold on {weeks} {weekday(self.on)}s of its last {WEEKS} weeks with sales.",
            )
        if self.now is None:
            return sentences(
                f"{self.name} sold nothing on {on_day(self.on)}.",
                is_holiday if holiday is not None else "",
                before,
            )
        return sentences(
            self._against_last_week(self.now),
            self._against_last_year(self.now),
            is_holiday if holiday is not None else "",
        )

    def _against_last_week(self, now: Sales) -> str:
        sold = f"{self.name} sold {money(now.net_sales, self.currency)} on {on_day(self.on)}"
        if self.before is None:
            return f"{sold}; on the {weekday(self.on)} before it sold nothing."
        change = change_percent(now.net_sales, self.before.net_sales)
        if change is None:
            return f"{sold}, after {money(self.before.net_sales, self.currency)} a week before."
        then = f"on the {weekday(self.on)} before"
        holiday = self.day.holidays.of(self.branch, self.day.week_before)
        if holiday is not None:
            then += f", which was a public holiday{_in_brackets(holiday)}"
        reason = main_reason(now, self.before, self.currency)
        is_worth_it = reason and abs(change) >= WORTH_A_REASON
        return f"{sold}, {more_or_less(change)} {then}{f', {reason}' if is_worth_it else ''}."

    def _against_last_year(self, now: Sales) -> str:
        before = self.year_before.net_sales if self.year_before else None
        change = change_percent(now.net_sales, before)
        if change is None:
            return ""
        holiday = self.day.holidays.of(self.branch, self.day.year_before)
        then = f", then a public holiday{_in_brackets(holiday)}" if holiday is not None else ""
        return f"That is {more_or_less(change)} on the same {weekday(self.on)} a year before{then}."

    def _figures(self) -> list[Figure]:
        # What has not come is not known; a branch that was closed sold 0.
        now = self.now or (None if self.is_missing else Sales())
        shown: list[tuple[str, str, Kind, bool, Callable[[Sales], Decimal | int | None]]] = [
            ("net_sales", "Net sales", Kind.MONEY, True, lambda sales: sales.net_sales),
            ("transactions", "Receipts", Kind.NUMBER, True, lambda sales: sales.transactions),
            (
                "average_transaction_value",
                "Average receipt",
                Kind.MONEY,
                True,
                lambda sales: sales.average_receipt,
            ),
            (
                "returned_amount",
                "Returned",
                Kind.MONEY,
                False,
                lambda sales: sales.returned_amount,
            ),
        ]
        figures = [
            Figure(
                key,
                label,
                of(now) if now else None,
                kind,
                self.source,
                self.currency if kind is Kind.MONEY else "",
                both("on last week", now, self.before, of)
                + both("on last year", now, self.year_before, of),
                more_is_better,
            )
            for key, label, kind, more_is_better, of in shown
        ]
        if self.sold:
            figures.append(
                Figure(
                    "new_customers",
                    "New customers",
                    self.sold.new_customers,
                    Kind.NUMBER,
                    self.source,
                )
            )
        return [*figures, *self._sales_per_hour(), *self._month()]

    def _sales_per_hour(self) -> list[Figure]:
        staffed = self.day.staff.get((self.key, self.on))
        if not staffed or not staffed["worked_hours"]:
            return []
        before = self.day.staff.get((self.key, self.day.week_before))
        value = ratio(staffed["net_sales"], staffed["worked_hours"])
        return [
            Figure(
                "net_sales_per_hour",
                "Sales per hour worked",
                value,
                Kind.MONEY,
                self._source("fct_staffed_days"),
                self.currency,
                compared(
                    "on last week",
                    value,
                    ratio(before["net_sales"], before["worked_hours"]) if before else None,
                ),
            )
        ]

    def _month(self) -> list[Figure]:
        """The month to date, against what the target has for its days so far."""
        first = self.on.replace(day=1)
        sold = self.day.trading.branch(self.key, first, self.on, self.currency) or Sales()
        target = self.day.targets.branch(self.key, self.currency)
        return [
            Figure(
                "month_net_sales",
                "Month to date",
                sold.net_sales,
                Kind.MONEY,
                self._source("rpt_daily_sales", first),
                self.currency,
                compared("on target to date", sold.net_sales, target.expected if target else None),
            )
        ]

    def _usual_hours(self) -> dict[int, Decimal]:
        of = self.day.hours.get(self.key, HoursOf())
        usual = sum(self.day.trading.day(self.key, day) is not None for day in self.day.usual_days)
        return usual_hours(of.usual_net_sales, usual, 2)

    def _hours(self) -> Section | None:
        of = self.day.hours.get(self.key)
        if of is None or self.now is None:
            return None
        usual = self._usual_hours()
        name = weekday(self.on)
        text = ""
        if usual:
            total, total_usual = sum(of.net_sales.values()), sum(usual.values())
            stretch = decisive_hours(of.net_sales, usual, is_up=total >= total_usual)
            if stretch:
                more = "more" if stretch.difference > 0 else "less"
                text = (
                    f"Most of the difference from a usual {name}: {hour(stretch.first)} to"
                    f" {hour(stretch.last)}, with"
                    f" {money(abs(stretch.difference), self.currency)} {more}."
                    f" Usual is the mean of the {USUAL_WEEKS} {name}s before, as far as it sold"
                    " on them."
                )
        return hours_section(
            of.net_sales,
            usual,
            (short_day(self.on), f"Usual {name}"),
            self._source("rpt_hourly_sales"),
            Kind.MONEY,
            self.currency,
            text,
        )

    def _trend(self) -> Section | None:
        shown = days(self.on - timedelta(days=TREND_DAYS - 1), self.on)
        first = shown[0]
        trading, key, currency = self.day.trading, self.key, self.currency
        total = trading.branch(key, first, self.on, currency)
        if total is None:
            return None
        back = timedelta(days=TREND_DAYS)
        before, year = (
            trading.branch(key, first - past, self.on - past, currency)
            if trading.is_covered(first - past, currency, key)
            else None
            for past in (back, YEAR)
        )
        return trend_section(
            Trend(
                shown,
                [_net_sales(self._sales(on)) for on in shown],
                [_net_sales(self._sales(on - YEAR)) for on in shown],
                total.net_sales,
                _net_sales(before),
                _net_sales(year),
            ),
            currency,
            self._source("rpt_daily_sales", first),
            "days",
            f"The last {TREND_DAYS} days",
        )

    def _products(self) -> Section | None:
        best = self._best_products()
        if not best or self.now is None:
            return None
        first = best[0]
        share = share_percent(first["net_sales"], self.now.net_sales)
        text = (
            f"{named(first['product_name'])} sold best:"
            f" {money(first['net_sales'], self.currency)}"
            f"{f', {percent(share)} of the day' if share is not None else ''}."
        )
        usual = [_usual(row) for row in best]
        name = weekday(self.on)
        return Section(
            "products",
            "Best products",
            Source(
                "rpt_daily_products",
                condition(branch_key=self.key, business_date=self.on)
                + f" and sales_rank <= {MOST_PRODUCTS}",
            ),
            text,
            Chart(
                ChartKind.BARS,
                tuple(cleaned(row["product_name"]) for row in best),
                (
                    Series(short_day(self.on), tuple(row["net_sales"] for row in best)),
                    Series(f"Usual {name}", tuple(usual)),
                ),
                Kind.MONEY,
                f"The {len(best)} best products of the day beside their usual {name}. {text}",
                self.currency,
            ),
            Table(
                (
                    Column("Product", Kind.TEXT),
                    Column("Units", Kind.QUANTITY),
                    Column("Net sales", Kind.MONEY, self.currency),
                    Column("Share of the day", Kind.PERCENT),
                    Column(f"Mean of {PRODUCT_WEEKS} {name}s before", Kind.MONEY, self.currency),
                ),
                tuple(
                    (
                        cleaned(row["product_name"]),
                        row["quantity"],
                        row["net_sales"],
                        share_percent(row["net_sales"], self.now.net_sales),
                        mean,
                    )
                    for row, mean in zip(best, usual, strict=True)
                ),
            ),
        )

    def _best_products(self) -> Sequence[Row]:
        rows = self.day.products.get(self.key, [])
        best = [row for row in rows if row["currency_code"] == self.currency]
        return [row for row in best if row["sales_rank"] <= MOST_PRODUCTS][:MOST_PRODUCTS]

    def _payments(self) -> Section | None:
        if self.now is None:
            return None
        ways = [
            ("Cash", self.now.cash_sales),
            ("Card", self.now.card_sales),
            ("Other or not known", self.now.other_sales),
        ]
        return Section(
            "payments",
            "How it was paid",
            self.source,
            table=Table(
                (
                    Column("Payment", Kind.TEXT),
                    Column("Net sales", Kind.MONEY, self.currency),
                    Column("Share", Kind.PERCENT),
                ),
                tuple(
                    (way, amount, share_percent(amount, self.now.net_sales))
                    for way, amount in ways
                    if amount
                ),
            ),
        )

    def _reorder(self) -> Section | None:
        first = self.day.reorder.get(self.key)
        if not first:
            return None
        return Section(
            "reorder",
            "What to reorder first",
            Source(
                "rpt_inventory_status",
                condition(branch_key=self.key) + " and priority <= 2 and units_per_day > 0",
            ),
            self._to_reorder(first),
            table=Table(
                (
                    Column("Product", Kind.TEXT),
                    Column("State", Kind.TEXT),
                    Column("In stock", Kind.QUANTITY),
                    Column("Sold a day", Kind.QUANTITY),
                    Column("Days it lasts", Kind.QUANTITY),
                ),
                tuple(
                    (
                        cleaned(row["product_name"]),
                        STATUSES[row["status"]],
                        row["stock_quantity"],
                        row["units_per_day"],
                        row["days_of_cover"] if row["stock_quantity"] > 0 else None,
                    )
                    for row in first
                ),
            ),
            is_latest=True,
        )

    def _to_reorder(self, first: Sequence[Row]) -> str:
        products, gone = first[0]["products"], first[0]["out_of_stock"]
        on = first[0]["business_date"]
        return f"{gone_or_going(gone, products - gone)}, by the list of stock of {short_day(on)}."

    def _advice(self) -> list[Advice]:
        found = []
        if self.is_missing:
            found.append(
                Advice(
                    f"Send the sales of {on_day(self.on)}",
                    "Nothing has come for this day; in its last"
                    f" {WEEKS} weeks with sales the branch sold on {self.day.missing[self.key]}"
                    f" {weekday(self.on)}s.",
                    self.source,
                )
            )
        found += [*self._lost_hours(), *self._returned(), *self._behind_target()]
        if first := self.day.reorder.get(self.key):
            names = [named(row["product_name"]) for row in first[:3]]
            found.append(
                Advice(
                    f"Reorder {listed(names)}"
                    + (" first" if first[0]["products"] > len(names) else ""),
                    self._to_reorder(first),
                    Source(
                        "rpt_inventory_status",
                        condition(branch_key=self.key) + " and priority <= 2 and units_per_day > 0",
                    ),
                    is_latest=True,
                )
            )
        return found

    def _lost_hours(self) -> list[Advice]:
        of, usual = self.day.hours.get(self.key), self._usual_hours()
        if of is None or self.now is None:
            return []
        total = sum(of.net_sales.values(), ZERO)
        wanted = sum(usual.values(), ZERO)
        change = change_percent(total, wanted)
        stretch = decisive_hours(of.net_sales, usual, is_up=False)
        if change is None or change > -WORTH_A_LOOK_PERCENT or stretch is None:
            return []
        hours = range(stretch.first, stretch.last)
        sold = sum((of.net_sales.get(at, ZERO) for at in hours), ZERO)
        would = sum((usual.get(at, ZERO) for at in hours), ZERO)
        return [
            Advice(
                f"Find out what was different from {hour(stretch.first)} to {hour(stretch.last)}",
                f"{money(sold, self.currency)} instead of the usual"
                f" {money(would, self.currency)}; the day is {percent(change)} below a usual"
                f" {weekday(self.on)}.",
                self._source("rpt_hourly_sales"),
            )
        ]

    def _returned(self) -> list[Advice]:
        rows = [
            row
            for row in self.day.products.get(self.key, [])
            if row["returned_quantity"] >= MANY_RETURNED
        ]
        if not rows:
            return []
        worst = max(rows, key=lambda row: (row["returned_amount"], row["product_name"]))
        return [
            Advice(
                f"Look at {named(worst['product_name'])}: {worst['returned_quantity']:,} came back",
                f"{money(worst['returned_amount'], self.currency)} was paid back for it on this"
                f" day.",
                Source(
                    "rpt_daily_products",
                    condition(
                        branch_key=self.key,
                        business_date=self.on,
                        product_key=worst["product_key"],
                    ),
                ),
            )
        ]

    def _behind_target(self) -> list[Advice]:
        target = self.day.targets.branch(self.key, self.currency)
        if target is None or target.short <= 0 or target.a_day is None:
            return []
        left = target.days_left
        return [
            Advice(
                f"Sell {money(target.a_day, self.currency)} a day to reach the month's target",
                f"{money(target.sold, self.currency)} of {money(target.amount, self.currency)} so"
                f" far, {money(target.short, self.currency)} less than expected by now, and"
                f" {left:,} trading day{'s' if left > 1 else ''} left.",
                self.day.targets.source(branch_key=self.key),
            )
        ]


def _net_sales(sales: Sales | None) -> Decimal | None:
    return sales.net_sales if sales else None


def _usual(row: Row) -> Decimal:
    """The mean of a product's net sales on the same weekday of the weeks before."""
    return rounded(row["net_sales_before"] / PRODUCT_WEEKS, 2)


def _in_brackets(name: str | None) -> str:
    return f" ({named(name)})" if name else ""
