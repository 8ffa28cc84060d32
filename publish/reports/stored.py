"""Read back what was stored of a page: its figures from the record, its sections from page.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from publish.reports.page import (
    Chart,
    ChartKind,
    Column,
    Kind,
    Page,
    Restatement,
    Section,
    Series,
    Source,
    Table,
    Value,
)

_TEXTS = (Kind.TEXT, Kind.CODE)


def stored_value(value: Any, kind: Kind) -> Value:
    """A value as a page has it, from its form in JSON."""
    if not isinstance(value, str) or kind in _TEXTS:
        found: Value = value
        return found
    return date.fromisoformat(value) if kind is Kind.DATE else Decimal(value)


def figures_of(page: Page) -> list[dict[str, Any]]:
    """The figures of a page for the record, in its order."""
    return [
        {
            "key": figure.key,
            "label": figure.label,
            "value": _plain(figure.value),
            "kind": figure.kind.value,
            "currency": figure.currency,
            "comparisons": {one.label: _plain(one.before) for one in figure.comparisons},
        }
        for figure in page.figures
    ]


def restatements(before: Sequence[Mapping[str, Any]], page: Page) -> tuple[Restatement, ...]:
    """The figures of a page that differ from the recorded ones, in the order of the page; and what
    figures are compared with, where that differs.
    """
    after = {figure["key"]: figure for figure in figures_of(page)}
    recorded = {figure["key"]: figure for figure in before}
    found = []
    for key in dict.fromkeys([*after, *recorded]):
        old, new = recorded.get(key), after.get(key)
        said = new or old
        assert said is not None
        values = [None if one is None else one["value"] for one in (old, new)]
        differing = [(said["label"], *values)] if values[0] != values[1] else []
        if old is not None and new is not None:
            now = new["comparisons"]
            then = old.get("comparisons", now)
            # Of a figure that was not known before, all comparisons are new.
            labels = [*now, *then] if not differing else [one for one in now if one in then]
            differing += [
                (f"{said['label']} {label}", then.get(label), now.get(label))
                for label in dict.fromkeys(labels)
                if then.get(label) != now.get(label)
            ]
        kind = Kind(said["kind"])
        for label, value_before, value_after in differing:
            values_of = (stored_value(value_before, kind), stored_value(value_after, kind))
            found.append(Restatement(label, *values_of, kind, said["currency"]))
    return tuple(found)


def plain_restatements(found: Sequence[Restatement]) -> list[dict[str, Any]]:
    """Restatements for the record."""
    return [
        {
            "label": one.label,
            "before": _plain(one.before),
            "after": _plain(one.after),
            "kind": one.kind.value,
            "currency": one.currency,
        }
        for one in found
    ]


def stored_restatements(found: Sequence[Mapping[str, Any]]) -> tuple[Restatement, ...]:
    """Restatements from the record."""
    return tuple(
        Restatement(
            one["label"],
            stored_value(one["before"], Kind(one["kind"])),
            stored_value(one["after"], Kind(one["kind"])),
            Kind(one["kind"]),
            one["currency"],
        )
        for one in found
    )


def stored_section(found: Mapping[str, Any]) -> Section:
    """A section from page.json."""
    return Section(
        key=found["key"],
        title=found["title"],
        source=Source(**found["source"]),
        text=found["text"],
        chart=None if found["chart"] is None else _chart(found["chart"]),
        table=None if found["table"] is None else _table(found["table"]),
        is_latest=found["is_latest"],
    )


def _chart(found: Mapping[str, Any]) -> Chart:
    kind = Kind(found["value_kind"])
    series = []
    for one in found["series"]:
        values = [stored_value(value, kind) for value in one["values"]]
        numbers = [value for value in values if value is None or isinstance(value, (int, Decimal))]
        series.append(Series(one["name"], tuple(numbers)))
    return Chart(
        ChartKind(found["kind"]),
        tuple(found["labels"]),
        tuple(series),
        kind,
        found["alt"],
        found["currency"],
    )


def _table(found: Mapping[str, Any]) -> Table:
    columns = tuple(
        Column(one["heading"], Kind(one["kind"]), one["currency"]) for one in found["columns"]
    )
    rows = tuple(
        tuple(stored_value(value, column.kind) for value, column in zip(row, columns, strict=True))
        for row in found["rows"]
    )
    return Table(columns, rows, found["when_empty"])


def _plain(value: Value) -> str | int | None:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
