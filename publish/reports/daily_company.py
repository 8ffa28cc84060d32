"""The daily sales page of the company, in its own currency; branches keep theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from publish.reports.daily_reading import (
    OPEN_DAYS,
    TREND_DAYS,
    Day,
    day_total,
)
from publish.reports.figures import (
    ZERO,
    Sales,
    both,
    change_percent,
    compared,
    condition,
    during,
    share_percent,
    sum_up,
)
from publish.reports.missing import LOOKED_AT, WEEKS, have_not_come
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
    Value,
)
from publish.reports.rates import rates_of
from publish.reports.report import Part
from publish.reports.selling import (
    WORTH_A_REASON,
    Trend,
    change_words,
    hours_section,
    main_reason,
    trend_section,
    usual_hours,
)
from publish.reports.trading import WEEK, YEAR, days
from publish.reports.words import (
    called,
    cleaned,
    listed,
    money,
    more_or_less,
    named,
    on_day,
    percent,
    sentences,
    short_day,
    signed_money,
    up_or_down,
    weekday,
)

MOST_ODD = 6
MOST_MOVED = 12
FALLING_PERCENT, FALLING_POINTS, MOST_FALLING = 10, 10, 3
"""A branch falls behind if it sold so much less than before, and its growth is so many points below
that of all branches.
"""
FEWEST_DAYS = 14


def company_page(day: Day, part: Part) -> Page:
    """The page of the company, also on a day on which nobody sold anything."""
    return _CompanyPage(day, part).page()


@dataclass(frozen=True)
class _Money:
    """The day of all branches in the company's currency. Without the branches that are missing, so
    that what is compared are the same branches.
    """

    currency: str
    now: Sales
    before: Sales | None
    year_before: Sales | None

    @property
    def on_week(self) -> Decimal | None:
        """The change of net sales on the week before."""
        return change_percent(self.now.net_sales, self.before.net_sales if self.before else None)

    @property
    def on_year(self) -> Decimal | None:
        """The change of net sales on the year before."""
        before = self.year_before.net_sales if self.year_before else None
        return change_percent(self.now.net_sales, before)


class _CompanyPage:
    def __init__(self, day: Day, part: Part) -> None:
        self.day, self.part, self.on = day, part, day.on
        first = self.on - timedelta(days=OPEN_DAYS - 1)
        self.branches = sorted(
            day.trading.branches(first, self.on), key=lambda key: day.labels.get(key, key)
        )
        self.sold = day.trading.on(self.on)
        # Currencies of the branches, which have columns of their own where they differ.
        recent = day.trading.currencies(self.on - timedelta(days=TREND_DAYS - 1), self.on)
        self.is_converted = bool({*recent} - {day.trading.currency})
        self.money = self._money()
        self.rates = rates_of(self.sold, day.trading.currency, day.labels)
        self.missing = [self._label(key) for key in day.missing]

    def _money(self) -> _Money | None:
        """None where no branch has sold lately, or none of them sells in a currency with a rate."""
        trading, without = self.day.trading, self.day.missing
        if trading.company(self.on - timedelta(days=TREND_DAYS - 1), self.on) is None:
            return None

        def of(on: date) -> Sales | None:
            return trading.company(on, on, without)

        return _Money(
            trading.currency,
            of(self.on) or Sales(),
            of(self.day.week_before),
            of(self.day.year_before),
        )

    def _label(self, key: str) -> str:
        return self.day.labels.get(key, key)

    def _source(self, mart: str) -> Source:
        return Source(mart, condition(business_date=self.on))

    def page(self) -> Page:
        one = self.money
        sections: list[Section | None] = [self._branch_table()]
        if one:
            sections.append(self._moved(one))
        sections.append(self._hours())
        if one:
            sections += [self._trend(one), self._products(one)]
        return Page(
            report="daily_sales",
            title="Daily sales",
            part=self.part.key,
            part_name=cleaned(self.part.name),
            part_place=cleaned(self.part.place),
            business_date=self.on,
            period=on_day(self.on),
            headline=self._headline(),
            figures=tuple(self._figures()),
            sections=tuple(section for section in sections if section),
            odd=odd(self.day.anomalies, self.day.labels, most=MOST_ODD, at_most={"product": 2}),
            advice=tuple(self._advice()),
            missing=tuple(self.missing),
        )

    def _headline(self) -> str:
        if not self.sold:
            said = f"No branch has sales for {on_day(self.on)}."
        elif self.money and not self.rates.leaves_out_all:
            said = self._sum_of_day(self.money)
        else:
            said = f"{self._count_of_branches()} sold on {on_day(self.on)}."
        return sentences(said, self.rates.missing_words, have_not_come(self.missing))

    def _count_of_branches(self) -> str:
        return f"{len(self.sold):,} branch{'es' if len(self.sold) != 1 else ''}"

    def _sum_of_day(self, one: _Money) -> str:
        said = (
            f"{self._count_of_branches()} sold {money(one.now.net_sales, one.currency)}"
            f" on {on_day(self.on)}"
        )
        if one.on_week is not None and one.before is not None:
            said += f", {more_or_less(one.on_week)} on the {weekday(self.on)} before"
            reason = main_reason(one.now, one.before, one.currency)
            if reason and abs(one.on_week) >= WORTH_A_REASON:
                said += f", {reason}"
        said += "."
        if one.on_year is not None:
            said += (
                f" That is {more_or_less(one.on_year)} on the same {weekday(self.on)} a year"
                " before."
            )
        moved = self._changes()
        if len(moved) > 1:
            best, worst = max(moved, key=_change), min(moved, key=_change)
            if _change(best) > 0 > _change(worst):
                said += (
                    f" {called(best[0])} gained most ({signed_money(_change(best), one.currency)}),"
                    f" {called(worst[0])} lost most ({signed_money(_change(worst), one.currency)})."
                )
        return said

    def _figures(self) -> list[Figure]:
        figures = []
        one = self.money
        if one:
            sold = self.day.trading.company(self.on, self.on)
            value = sold.net_sales if sold else None if self.sold else Decimal("0.00")
            figures.append(
                Figure(
                    f"net_sales_{one.currency}",
                    "Net sales",
                    value,
                    Kind.MONEY,
                    self._source("rpt_daily_sales"),
                    one.currency,
                    both("on last week", one.now, one.before, lambda sales: sales.net_sales)
                    + both("on last year", one.now, one.year_before, lambda sales: sales.net_sales),
                )
            )
        figures += self._counts()
        if one:
            figures += [*self._of_receipts(one), self._month(one)]
        return figures + self._targets()

    def _counts(self) -> list[Figure]:
        """Receipts and branches, which add up over currencies."""
        now = sum_up(branch.sales for branch in self.sold)
        before = sum_up(
            branch.sales
            for branch in self.day.trading.on(self.day.week_before)
            if branch.branch_key not in self.day.missing
        )
        source = self._source("rpt_daily_sales")
        figures = [
            Figure(
                "transactions",
                "Receipts",
                now.transactions,
                Kind.NUMBER,
                source,
                comparisons=compared("on last week", now.transactions, before.transactions),
            ),
            Figure(
                "branches",
                "Branches with sales",
                len(self.sold),
                Kind.NUMBER,
                source,
                comparisons=compared(
                    "on last week",
                    len(self.sold),
                    len(self.day.trading.on(self.day.week_before)),
                ),
            ),
        ]
        return figures + self.rates.figures(self.on, self.on)

    def _of_receipts(self, one: _Money) -> list[Figure]:
        now, before = one.now, one.before
        source = self._source("rpt_daily_sales")
        return [
            Figure(
                "average_transaction_value",
                "Average receipt",
                now.average_receipt,
                Kind.MONEY,
                source,
                one.currency,
                both("on last week", now, before, lambda sales: sales.average_receipt),
            ),
            Figure(
                "returned_amount",
                "Returned",
                now.returned_amount,
                Kind.MONEY,
                source,
                one.currency,
                both("on last week", now, before, lambda sales: sales.returned_amount),
                more_is_better=False,
            ),
        ]

    def _month(self, one: _Money) -> Figure:
        """The month to date."""
        first = self.on.replace(day=1)
        sold = self.day.trading.company(first, self.on)
        return Figure(
            f"month_net_sales_{one.currency}",
            "Month to date",
            sold.net_sales if sold else ZERO,
            Kind.MONEY,
            Source("rpt_daily_sales", during(first, self.on)),
            one.currency,
        )

    def _targets(self) -> list[Figure]:
        """The month to date of the branches with a target, which is set in their own money."""
        figures = []
        currencies = self.day.targets.currencies()
        for currency in currencies:
            target = self.day.targets.company(currency)
            if target is None:
                continue
            figures.append(
                Figure(
                    f"target_net_sales_{currency}",
                    f"Month to date, {self.day.targets.count(currency):,} branches with target"
                    + (f", {currency}" if len(currencies) > 1 else ""),
                    target.sold,
                    Kind.MONEY,
                    self.day.targets.source(currency_code=currency),
                    currency,
                    compared("on target to date", target.sold, target.expected),
                )
            )
        return figures

    def _branch_table(self) -> Section | None:
        if not self.branches:
            return None
        several = self.is_converted
        currency = "" if several else self.day.trading.currency
        rows = [self._row(key) for key in self._in_order()]
        silent = [key for key in self.branches if self.day.trading.day(key, self.on) is None]
        closed = [self._label(key) for key in silent if key not in self.day.missing]
        grown = [
            change
            for key in self.branches
            if (change := self._on_week(key)) is not None and key not in silent
        ]
        up = sum(change > 0 for change in grown)
        text = sentences(
            f"{up:,} of {len(grown):,} branches sold more than a week before." if grown else "",
            f"Without sales, as on most {weekday(self.on)}s before: {listed(closed)}."
            if closed
            else "",
            self.rates.estimated_words,
        )
        return Section(
            "branches",
            "Branch by branch",
            self._source("rpt_daily_sales"),
            text,
            table=Table(
                (
                    Column("Branch", Kind.TEXT),
                    *([Column("Currency", Kind.CODE)] if several else []),
                    Column("Net sales", Kind.MONEY, currency),
                    *(
                        [Column("Converted", Kind.MONEY, self.day.trading.currency)]
                        if several
                        else []
                    ),
                    Column("On last week", Kind.CHANGE),
                    Column("On last year", Kind.CHANGE),
                    Column("Receipts", Kind.NUMBER),
                    Column("Average receipt", Kind.MONEY, currency),
                    Column("Returned", Kind.MONEY, currency),
                ),
                tuple(rows),
            ),
        )

    def _in_order(self) -> list[str]:
        """By sales in the company's currency; then those without a rate, and without sales."""

        def rank(key: str) -> tuple[bool, bool, Decimal, str]:
            day = self.day.trading.day(key, self.on)
            converted = day.company.net_sales if day and day.company else None
            return day is None, converted is None, -(converted or ZERO), self._label(key)

        return sorted(self.branches, key=rank)

    def _currency(self, key: str) -> str:
        branch = self.day.branches.get(key)
        return branch.currency_code if branch else ""

    def _on_week(self, key: str) -> Decimal | None:
        day = self.day.trading.day(key, self.on)
        if day is None:
            return None
        before = self.day.trading.sales(key, self.day.week_before, day.currency)
        return change_percent(day.sales.net_sales, before.net_sales if before else None)

    def _row(self, key: str) -> tuple[Value, ...]:
        """A branch in its own money; beside it what that is worth in the company's."""
        several = self.is_converted
        day = self.day.trading.day(key, self.on)
        currency = day.currency if day else self._currency(key)
        name: list[Value] = [self._label(key), *([currency] if several else [])]
        if day is None:
            is_missing = key in self.day.missing
            none = None if is_missing else 0
            nothing = None if is_missing else ZERO
            worth: list[Value] = [nothing] if several else []
            return (*name, nothing, *worth, None, None, none, None, None)
        year = self.day.trading.sales(key, self.day.year_before, currency)
        sales = day.sales
        converted = self.day.trading.converted(key, self.on, self.on) if several else None
        return (
            *name,
            sales.net_sales,
            *([converted.net_sales if converted else None] if several else []),
            self._on_week(key),
            change_percent(sales.net_sales, year.net_sales if year else None),
            sales.transactions,
            sales.average_receipt,
            sales.returned_amount,
        )

    def _changes(self) -> list[tuple[str, Decimal, Decimal]]:
        """Label, sales and sales of the week before, of the branches that sold on both days; in the
        company's currency.
        """
        found = []
        for key in self.branches:
            now = self.day.trading.converted(key, self.on, self.on)
            before = self.day.trading.converted(key, self.day.week_before, self.day.week_before)
            if now and before:
                found.append((self._label(key), now.net_sales, before.net_sales))
        return found

    def _moved(self, one: _Money) -> Section | None:
        """The branches whose sales changed most in money."""
        changes = self._changes()
        if len(changes) < 2:
            return None
        most = sorted(changes, key=lambda moved: (-abs(_change(moved)), moved[0]))[:MOST_MOVED]
        shown = sorted(most, key=lambda moved: (-_change(moved), moved[0]))
        first, last = shown[0], shown[-1]
        text = (
            f"{called(first[0])}: {signed_money(_change(first), one.currency)},"
            f" {called(last[0])}: {signed_money(_change(last), one.currency)}."
        )
        return Section(
            f"moved_{one.currency}",
            "Largest changes on last week",
            Source(
                "rpt_daily_sales",
                f"business_date in (date '{self.on}', date '{self.day.week_before}')",
            ),
            text,
            Chart(
                ChartKind.BARS,
                tuple(moved[0] for moved in shown),
                (Series("Change on last week", tuple(_change(moved) for moved in shown)),),
                Kind.MONEY,
                f"Change of net sales on last week, of the {len(shown)} branches with the largest"
                f" changes. {text}",
                one.currency,
            ),
        )

    def _hours(self) -> Section | None:
        """Receipts, which add up over currencies, by the clock of each branch."""
        present = [of for key, of in self.day.hours.items() if key not in self.day.missing]
        trading = self.day.trading
        usual_days = sum(
            any(branch.branch_key not in self.day.missing for branch in trading.on(day))
            for day in self.day.usual_days
        )
        return hours_section(
            day_total([of.receipts for of in present]),
            usual_hours(day_total([of.usual_receipts for of in present]), usual_days, 0),
            (short_day(self.on), f"Usual {weekday(self.on)}"),
            self._source("rpt_hourly_sales"),
            Kind.NUMBER,
            text="Each branch by its own clock.",
        )

    def _trend(self, one: _Money) -> Section | None:
        shown = days(self.on - timedelta(days=TREND_DAYS - 1), self.on)
        first, back = shown[0], timedelta(days=TREND_DAYS)
        company = self.day.trading.company

        def of(on: date) -> Decimal | None:
            sold = company(on, on)
            return sold.net_sales if sold else None

        total = company(first, self.on)
        if total is None:
            return None
        before, year = (
            company(first - past, self.on - past)
            if self.day.trading.is_covered(first - past)
            else None
            for past in (back, YEAR)
        )
        return trend_section(
            Trend(
                shown,
                [of(on) for on in shown],
                [of(on - YEAR) for on in shown],
                total.net_sales,
                before.net_sales if before else None,
                year.net_sales if year else None,
            ),
            one.currency,
            Source("rpt_daily_sales", during(first, self.on)),
            f"days_{one.currency}",
            f"The last {TREND_DAYS} days",
        )

    def _products(self, one: _Money) -> Section | None:
        best = self.day.company_products
        if not best:
            return None
        now = self.day.trading.company(self.on, self.on) or Sales()
        share = share_percent(best[0]["net_sales"], now.net_sales)
        text = (
            f"{named(best[0]['product_name'])} sold best:"
            f" {money(best[0]['net_sales'], one.currency)}"
            f"{f', {percent(share)} of the day' if share is not None else ''}."
        )
        return Section(
            f"products_{one.currency}",
            "Best products",
            self._source("rpt_daily_products"),
            text,
            Chart(
                ChartKind.BARS,
                tuple(cleaned(row["product_name"]) for row in best),
                (Series("Net sales", tuple(row["net_sales"] for row in best)),),
                Kind.MONEY,
                f"The {len(best)} best products of the day. {text}",
                one.currency,
            ),
            Table(
                (
                    Column("Product", Kind.TEXT),
                    Column("Branches", Kind.NUMBER),
                    Column("Units", Kind.QUANTITY),
                    Column("Net sales", Kind.MONEY, one.currency),
                    Column("Share of the day", Kind.PERCENT),
                ),
                tuple(
                    (
                        cleaned(row["product_name"]),
                        row["branches"],
                        row["quantity"],
                        row["net_sales"],
                        share_percent(row["net_sales"], now.net_sales),
                    )
                    for row in best
                ),
            ),
        )

    def _advice(self) -> list[Advice]:
        found = []
        if self.missing:
            names = [called(name) for name in self.missing]
            found.append(
                Advice(
                    f"Ask {listed(names)} for the sales of {on_day(self.on)}",
                    f"{'They' if len(names) > 1 else 'It'} sold on at least two {weekday(self.on)}s"
                    f" of the last {WEEKS} weeks with sales, and nothing has come for this day."
                    " The comparisons on this page leave them out.",
                    Source("rpt_daily_sales", during(self.on - LOOKED_AT * WEEK, self.on)),
                )
            )
        found += self.rates.advice(self.on, self.on)
        if self.money:
            found += self._falling_behind()
        for currency in self.day.targets.currencies():
            found += self._behind_target(currency)
        return found

    def _falling_behind(self) -> list[Advice]:
        """Branches that sold less in the last weeks than before, and less than the others did."""
        span = timedelta(days=TREND_DAYS)
        first = self.on - span + timedelta(days=1)
        company = self.day.trading.company
        all_now = company(first, self.on, self.day.missing)
        all_before = company(first - span, self.on - span, self.day.missing)
        if all_now is None or all_before is None:
            return []
        growth = change_percent(all_now.net_sales, all_before.net_sales)
        falling = []
        for key in self.branches:
            change = self._growth(key)
            if change is None or growth is None or key in self.day.missing:
                continue
            currency, percent_of, now, before = change
            if percent_of > -FALLING_PERCENT or percent_of > growth - FALLING_POINTS:
                continue
            falling.append((self._lost(key), key, currency, percent_of, now, before))
        falling.sort(key=lambda one: (-one[0], one[1]))
        return [
            Advice(
                f"Look into {called(self._label(key))}: it falls behind",
                f"{TREND_DAYS} days to {short_day(self.on)}: {money(now, currency)} after"
                f" {money(before, currency)}, {change_words(percent_of, 'the 28 days before')};"
                f" all branches together {up_or_down(growth or ZERO)}.",
                Source("rpt_daily_sales", during(first - span, self.on, branch_key=key)),
            )
            for _, key, currency, percent_of, now, before in falling[:MOST_FALLING]
        ]

    def _growth(self, key: str) -> tuple[str, Decimal, Decimal, Decimal] | None:
        """A branch's currency, the change of its last weeks on those before, and both sums."""
        span = timedelta(days=TREND_DAYS)
        first = self.on - span + timedelta(days=1)
        trading = self.day.trading
        for start in (first, first - span):
            last = start + span - timedelta(days=1)
            if trading.trading_days(key, start, last) < FEWEST_DAYS:
                return None
        latest = [day for day in reversed(days(first, self.on)) if trading.day(key, day)]
        of_latest = trading.day(key, latest[0])
        currency = of_latest.currency if of_latest else ""
        now = trading.branch(key, first, self.on, currency)
        before = trading.branch(key, first - span, self.on - span, currency)
        if now is None or before is None:
            return None
        change = change_percent(now.net_sales, before.net_sales)
        return None if change is None else (currency, change, now.net_sales, before.net_sales)

    def _lost(self, key: str) -> Decimal:
        """How much less a branch sold in the last weeks, in the company's currency."""
        span = timedelta(days=TREND_DAYS)
        first = self.on - span + timedelta(days=1)
        now = self.day.trading.converted(key, first, self.on)
        before = self.day.trading.converted(key, first - span, self.on - span)
        return (before.net_sales if before else ZERO) - (now.net_sales if now else ZERO)

    def _behind_target(self, currency: str) -> list[Advice]:
        behind = sorted(
            (-target.short, self._label(key))
            for key, target in self.day.targets.of.items()
            if target.currency == currency and target.short > 0 and target.days_left
        )
        if not behind:
            return []
        names = [f"{called(name)} ({money(-short, currency)})" for short, name in behind]
        total = -sum((short for short, _ in behind), Decimal(0))
        several = len(behind) > 1
        return [
            Advice(
                f"Plan with {len(behind):,} branch{'es' if several else ''} that"
                f" {'are' if several else 'is'} behind the month's target",
                f"{money(total, currency)} short by {short_day(self.on)}: {listed(names, 3)}.",
                self.day.targets.source(currency_code=currency),
            )
        ]


def _change(moved: tuple[str, Decimal, Decimal]) -> Decimal:
    return moved[1] - moved[2]
