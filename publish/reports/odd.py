"""What is out of the ordinary on a page: the anomalies of fct_sales_anomalies in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from publish.marts import MartReader
from publish.reports.figures import condition, rounded
from publish.reports.page import Advice, Source
from publish.reports.words import called, money, named, number, on_day, weekday

MART = "fct_sales_anomalies"
MEASURES = {
    "sales": "sales",
    "receipts": "number of receipts",
    "refund_share": "share of returns",
    "basket_size": "items per receipt",
}


@dataclass(frozen=True)
class Anomaly:
    """A figure outside its own range. `who`: the name of a sales person, where it may be shown."""

    subject_kind: str
    branch_key: str
    who: str | None
    product_name: str | None
    measure: str
    kind: str
    severity: str
    is_above: bool
    currency: str
    expected: Decimal
    lower: Decimal | None
    upper: Decimal
    actual: Decimal
    is_for_fraud_review: bool
    score: Decimal
    period: str
    first: date
    last: date


def read_anomalies(reader: MartReader, first: date, last: date) -> list[Anomaly]:
    """The anomalies of days and complete weeks that ended within a range, the most severe first."""
    if not reader.has(MART):
        return []
    found = reader.rows(
        """
        select
            subject_kind, branch_key, employee_name, product_name, measure, kind, severity,
            direction, currency_code, expected_value, lower_limit, upper_limit, actual_value,
            is_for_fraud_review, robust_score, period, period_start_date
        from fct_sales_anomalies
        where
            (period = 'day' and period_start_date between %(first)s and %(last)s)
            or (period = 'week' and period_start_date between %(first)s - 6 and %(last)s - 6)
        order by
            is_for_fraud_review desc, abs(robust_score) desc, period_start_date desc, branch_key,
            subject_kind, subject_key, measure, currency_code
        """,
        {"first": first, "last": last},
    )
    return [
        Anomaly(
            subject_kind=row["subject_kind"],
            branch_key=row["branch_key"],
            who=row["employee_name"],
            product_name=row["product_name"],
            measure=row["measure"],
            kind=row["kind"],
            severity=row["severity"],
            is_above=row["direction"] == "above",
            currency=row["currency_code"],
            expected=row["expected_value"],
            lower=row["lower_limit"],
            upper=row["upper_limit"],
            actual=row["actual_value"],
            is_for_fraud_review=row["is_for_fraud_review"],
            score=row["robust_score"],
            period=row["period"],
            first=row["period_start_date"],
            last=row["period_start_date"] + timedelta(days=6 if row["period"] == "week" else 0),
        )
        for row in found
    ]


def odd(
    anomalies: Iterable[Anomaly],
    branches: Mapping[str, str] | None = None,
    *,
    most: int,
    at_most: Mapping[str, int] | None = None,
) -> tuple[Advice, ...]:
    """The first anomalies in sentences, and a line for the number of the rest.

    `branches`: the names of branches, on pages with several. `at_most`: how many of a kind of
    subject, because a count of stock may give hundreds.
    """
    shown: list[Anomaly] = []
    rest: list[Anomaly] = []
    for anomaly in anomalies:
        limit = (at_most or {}).get(anomaly.subject_kind, most)
        alike = sum(one.subject_kind == anomaly.subject_kind for one in shown)
        (shown if len(shown) < most and alike < limit else rest).append(anomaly)
    advice = [_advice(anomaly, branches) for anomaly in shown]
    if rest:
        first, last = min(one.first for one in rest), max(one.last for one in rest)
        advice.append(
            Advice(
                f"{len(rest):,} more figure{'s are' if len(rest) > 1 else ' is'} out of range",
                f"Of {on_day(first)}" + (f" to {on_day(last)}." if last > first else "."),
                Source(
                    MART,
                    f"period_start_date between date '{first.isoformat()}'"
                    f" and date '{last.isoformat()}'",
                ),
            )
        )
    return tuple(advice)


def _advice(anomaly: Anomaly, branches: Mapping[str, str] | None) -> Advice:
    branch = called(branches.get(anomaly.branch_key, "")) if branches else ""
    where = f"{branch}: " if branch else ""
    when = on_day(anomaly.first) if anomaly.period == "day" else f"week to {on_day(anomaly.last)}"
    source = Source(
        MART,
        condition(
            branch_key=anomaly.branch_key,
            period_start_date=anomaly.first,
            measure=anomaly.measure,
            subject_kind=anomaly.subject_kind,
        ),
    )
    actual, expected = _value(anomaly, anomaly.actual), _value(anomaly, anomaly.expected)
    if anomaly.kind == "stock_gap":
        product = named(anomaly.product_name or "a product")
        return Advice(
            f"{where}the count of {product} differs from the records",
            f"{actual} counted, {expected} recorded ({when}).",
            source,
        )
    if anomaly.kind == "dormant_account":
        return Advice(
            f"{where}a customer account woke up after a long silence: check it for fraud",
            f"It bought for {actual}, where more than {_value(anomaly, anomaly.upper)} is out of"
            f" range ({when}).",
            source,
        )
    how = "above" if anomaly.is_above else "below"
    subject = {"employee": anomaly.who and named(anomaly.who), "customer": "a customer"}.get(
        anomaly.subject_kind, ""
    )
    if anomaly.subject_kind == "employee" and not subject:
        subject = "a sales person"
    of_whom = f" of {subject}" if subject else ""
    usual = f" for a {weekday(anomaly.first)}" if anomaly.subject_kind == "branch" else ""
    low = anomaly.lower if anomaly.lower is not None else anomaly.upper
    between = f"{_value(anomaly, max(low, Decimal(0)))} to {_value(anomaly, anomaly.upper)}"
    return Advice(
        f"{where}{MEASURES.get(anomaly.measure, anomaly.measure)}{of_whom} {how} the usual range",
        f"{actual} on {when}; usual{usual} are {between}."
        if anomaly.period == "day"
        else f"{actual} in the {when}; usual are {between}.",
        source,
    )


def _value(anomaly: Anomaly, value: Decimal) -> str:
    if anomaly.measure == "sales":
        return money(rounded(value, 2), anomaly.currency)
    if anomaly.measure == "refund_share":
        return f"{number(rounded(100 * value, 1))} %"
    if anomaly.measure == "receipts":
        return f"{number(rounded(value, 0))} receipts"
    if anomaly.measure == "basket_size":
        return f"{number(rounded(value, 2))} items"
    return f"{number(rounded(value, 3))} units"
