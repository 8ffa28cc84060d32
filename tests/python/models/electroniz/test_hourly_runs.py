"""Four hours of orders, shipments and stock, run hour by hour: nothing is lost or comes too late.

The hours end when the test begins. A run for the end of each hour is made now, and what it notes is
moved back to that hour. What the files say is counted here, and the last state is compared with a
full refresh.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

from nightly import Project
from order_events import MODES, PRODUCTS, Event, deliver, deliver_products, history

from operate.dbt.lineage import lineage_of

SEED = 7
HOURS = 4
PLACES = ("Phoenix", "New York")
STATUSES = ("label_created", "picked_up", "in_transit", "exception", "delivered")
SCANS_HEADER = "shipment_number,channel,order_number,carrier,event_status,event_time"

FEEDS = {
    "electroniz_store_orders": "orders",
    "electroniz_web_orders": "orders",
    "electroniz_shipments": "shipments",
    "electroniz_inventory": "stock",
}
ALL = ("orders", "shipments", "stock")
SHOWN = {
    "fct_transactions": ("orders",),
    "rpt_daily_sales": ("orders",),
    "fct_order_changes": ("orders",),
    "fct_shipment_events": ("shipments",),
    "fct_shipments": ("shipments",),
    "rpt_delivery_performance": ("shipments",),
    "fct_stock_levels": ("stock",),
    "rpt_stock_availability": ALL,
    "rpt_orders_at_risk": ALL,
}
MARTS = (*SHOWN, "rejected_rows", "rpt_data_lag")
BUILT = (*MARTS, "int_stock_days__judged")

Scan = tuple[int, str, datetime]
Levels = dict[tuple[str, str], int]


@dataclass
class Delivered:
    """What was delivered. `times`: of each feed, the times of the events of each hour."""

    ends: list[datetime]
    events: list[Event] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    lists: dict[date, Levels] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[list[datetime]]] = field(
        default_factory=lambda: {feed: [[] for _ in range(HOURS)] for feed in FEEDS}
    )

    def note(self, feed: str, hour: int, times: list[datetime], rows: int | None = None) -> None:
        """Note lines of a feed, by default one for each time."""
        self.times[feed][hour] += times
        self.rows[feed] += len(times) if rows is None else rows


def hours_until_now() -> list[datetime]:
    """The ends of the hours, in UTC without a zone."""
    end = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
    return [end - timedelta(hours=HOURS - 1 - hour) for hour in range(HOURS)]


def order_events(chance: random.Random, ends: list[datetime]) -> list[list[Event]]:
    """Events of few orders by the hour in which they arrive: every fourth one an hour or two late,
    so that an order may be deleted before it is made.
    """
    arriving: list[list[Event]] = [[] for _ in ends]
    for hour, end in enumerate(ends):
        for channel in ("store", "online"):
            # The last one of an hour is on time.
            for minutes in (*(chance.randint(21, 60) for _ in range(8)), chance.randint(5, 20)):
                at = end - timedelta(minutes=minutes, seconds=chance.randint(0, 59))
                event = Event(
                    channel=channel,
                    number=chance.randint(1, 12),
                    mode=chance.choice((*MODES, "EDIT")),
                    at=at,
                    product=chance.choice("123"),
                    day=at.date(),
                    units=1,
                    price=Decimal(chance.randint(100, 999)) / 100,
                    currency=chance.choice(("USD", "CAD", "EUR", "INR")),
                )
                late = chance.choice((0, 0, 0, 1, 2)) if minutes > 20 else 0
                arriving[min(hour + late, HOURS - 1)].append(event)
    for events in arriving:
        chance.shuffle(events)
    return arriving


def scans_of_shipments(chance: random.Random, ends: list[datetime]) -> list[list[Scan]]:
    """Scans by the hour in which they arrive. In the third hour only some of the first one arrive,
    which are older than those of the second; its own are in the last hour.
    """
    made = [
        [
            (
                chance.randint(1, 12),
                chance.choice(STATUSES),
                end - timedelta(minutes=minutes, seconds=chance.randint(0, 59)),
            )
            for minutes in (*chance.sample(range(21, 60), 9), chance.randint(5, 20))
        ]
        for end in ends
    ]
    late, made[0] = made[0][:4], made[0][4:]
    # What is reported again counts once.
    return [made[0], made[1] + made[0][:2], late, chance.sample(made[2] + made[3], 20)]


def deliver_hour(
    project: Project,
    chance: random.Random,
    delivered: Delivered,
    hour: int,
    events: list[Event],
    scans: list[Scan],
) -> None:
    """Write the files of an hour."""
    end = delivered.ends[hour]
    come = deliver(project, hour, events)
    if hour == 2:
        again = [replace(event, units=1) for event in chance.sample(delivered.events, 6)]
        come += deliver(project, hour + HOURS, again, spaced=True)
    delivered.events += come
    for feed, channel in (
        ("electroniz_store_orders", "store"),
        ("electroniz_web_orders", "online"),
    ):
        delivered.note(feed, hour, [event.at for event in come if event.channel == channel])

    lines = [
        f"S{number},web,{number},UPS,{status},{at:%Y-%m-%dT%H:%M:%S}+00:00"
        for number, status, at in scans
    ]
    project.deliver(f"electroniz/shipments/{hour}.csv", "\n".join([SCANS_HEADER, *lines]) + "\n")
    delivered.scans += scans
    delivered.note("electroniz_shipments", hour, [at for *_, at in scans])

    days = [end.date()]
    if hour == 2:
        days.append(delivered.ends[0].date() - timedelta(days=1))
    for day in days:
        levels = {(place, code): chance.randint(0, 9) for place in PLACES for code in PRODUCTS}
        lines = [
            f'{day},{PRODUCTS[code]},{units},"{place}"' for (place, code), units in levels.items()
        ]
        path = f"electroniz/inventory/{hour}_{day}.csv"
        header = "inventory_date,product,inventory,city"
        project.deliver(path, "\n".join([header, *lines]) + "\n")
        written = end - timedelta(minutes=chance.randint(2, 9))
        seconds = written.replace(tzinfo=timezone.utc).timestamp()
        os.utime(project.inbox / path, (seconds, seconds))
        delivered.lists[day] = levels
        delivered.note("electroniz_inventory", hour, [written], len(levels))


def run(project: Project, end: datetime, *words: str, untouched: Collection[str] = ()) -> None:
    """Load and build as `branchline run` does, with the clock set to the end of an hour."""
    [(began,)] = project.rows("select clock_timestamp()")
    assert not project.load().counts()["quarantined"]
    if untouched:
        # None of the files concerns these models (operate/runs/touched.py).
        project.rows(
            "update operations.high_water_marks set file_id = files.file_id"
            " from (select max(file_id) as file_id from raw.ingest_files) as files"
            " where model = any(%s)",
            list(untouched),
        )
    project.dbt(*words)
    project.rows(
        "update operations.mart_builds set visible_at = visible_at - %s where visible_at >= %s",
        began - end.replace(tzinfo=timezone.utc),
        began,
    )


def others(project: Project) -> list[str]:
    """The incremental models that read nothing of this source."""
    project.dbt("parse")
    manifest = Path(project.env["DBT_TARGET_PATH"]) / "manifest.json"
    lineage = lineage_of(json.loads(manifest.read_text(encoding="utf-8")), "")
    return lineage.left_out(
        {f"raw.{feed.table}" for feed in project.feeds if feed.source == "electroniz"}
    )


def expect_nothing_lost(project: Project, delivered: Delivered) -> None:
    """Each line of each feed is somewhere in the marts, and the amounts are those of the orders."""
    loaded = dict(
        project.rows(
            "select feed, sum(row_count)::int from raw.ingest_files where feed = any(%s)"
            " group by 1",
            list(FEEDS),
        )
    )
    assert loaded == delivered.rows
    out: Counter[str] = Counter(
        dict(project.rows("select feed, count(*)::int from marts.rejected_rows group by 1"))
    )
    for channel, receipts in project.rows(
        "select channel, count(*)::int from marts.fct_transactions group by 1"
    ):
        out[f"electroniz_{'web' if channel == 'online' else channel}_orders"] += receipts
    [(reports,)] = project.rows("select sum(reports)::int from marts.fct_shipment_events")
    out["electroniz_shipments"] = reports
    assert out == {name: rows for name, rows in delivered.rows.items() if "inventory" not in name}

    orders = history(delivered.events)
    sales: defaultdict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for *_, last in orders.values():
        if last.mode != "DELETE":
            sales[last.channel, last.currency, last.day] += last.units * last.price
    for query in (
        "select channel, currency_code, business_date, sum(net_amount) from marts.fct_transactions"
        " group by 1, 2, 3",
        "select case when branch_name like 'Web%' then 'online' else 'store' end, currency_code,"
        " business_date, net_sales from marts.rpt_daily_sales where transactions > 0",
    ):
        assert {tuple(row[:3]): row[3] for row in project.rows(query)} == sales
    [(changes,)] = project.rows("select count(*)::int from marts.fct_order_changes")
    assert changes == sum(map(len, orders.values()))

    scans = project.rows(
        "select shipment_number, event_status, event_at from marts.fct_shipment_events"
    )
    assert Counter(scans) == Counter(
        (f"S{number}", status, at.replace(tzinfo=timezone.utc))
        for number, status, at in set(delivered.scans)
    )
    levels = project.rows(
        "select business_date, product_id, stock_quantity::int from marts.fct_stock_levels"
    )
    assert Counter(levels) == Counter(
        (day, code, units)
        for day, levels_of_day in delivered.lists.items()
        for (_, code), units in levels_of_day.items()
    )


def expected_lags(project: Project, delivered: Delivered) -> Iterator[tuple[object, ...]]:
    """What the report has to say of each mart: the rows of its days together."""
    builds: defaultdict[tuple[str, str], list[datetime | None]] = defaultdict(list)
    for mart, subject, visible_at in project.rows(
        "select mart, subject, visible_at from operations.mart_builds order by to_file_id"
    ):
        builds[mart, subject].append(visible_at)
    for mart, subjects in SHOWN.items():
        for subject in subjects:
            first, *later = builds[mart, subject]
            assert first is None
            assert len(later) == HOURS - 1
            lags: list[Decimal] = []
            late = 0
            for feed in (name for name, of in FEEDS.items() if of == subject):
                newest = max(delivered.times[feed][0])
                for times, visible_at in zip(delivered.times[feed][1:], later, strict=True):
                    if max(times) <= newest:
                        late += 1
                        continue
                    newest = max(times)
                    assert visible_at
                    lags.append(minutes(visible_at - newest.replace(tzinfo=timezone.utc)))
            pauses = [minutes(end - begin) for begin, end in pairwise(filter(None, later))]
            yield mart, subject, len(lags), late, max(lags), max(pauses)


def minutes(lag: timedelta) -> Decimal:
    microseconds = Decimal(lag // timedelta(microseconds=1))
    return (microseconds / 60_000_000).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_hourly_runs_lose_nothing_and_show_everything_in_time(project: Project) -> None:
    chance = random.Random(SEED)
    delivered = Delivered(hours_until_now())
    events = order_events(chance, delivered.ends)
    scans = scans_of_shipments(chance, delivered.ends)
    readers = [f"source:electroniz+,+{model}" for model in BUILT]
    untouched: list[str] = []
    for hour, end in enumerate(delivered.ends):
        deliver_hour(project, chance, delivered, hour, events[hour], scans[hour])
        if hour == 0:
            deliver_products(project, PRODUCTS)
            selected = ("--select", *(f"+{model}" for model in BUILT))
            run(project, end, "build", *selected, "--exclude-resource-type", "unit_test", "test")
            untouched = others(project)
        else:
            # Without the views, which stand (operate/dbt/lineage.py).
            views = ("--exclude", "config.materialized:view")
            run(project, end, "run", "--select", *readers, *views, untouched=untouched)
    expect_nothing_lost(project, delivered)

    report = (
        "select mart, subject, sum(batches)::int, sum(late_batches)::int, max(max_minutes),"
        " max(max_minutes_between_builds) from marts.rpt_data_lag"
        " where source_system = 'electroniz' group by 1, 2"
    )
    expected = Counter(expected_lags(project, delivered))
    assert Counter(project.rows(report)) == expected
    assert sum(row[3] for row in project.rows(report)) == 5
    late = "select mart, subject from marts.rpt_data_lag where is_met is not true"
    assert project.rows(late) == []

    before = {mart: project.contents(mart) for mart in MARTS}
    assert all(before.values())
    project.dbt("run", "--full-refresh", "--select", *readers)
    assert {mart: project.contents(mart) for mart in MARTS} == before

    # Had the last run been two hours later, each of the marts would say so.
    project.rows(
        "update operations.mart_builds set visible_at = visible_at + interval '2 hours'"
        " where to_file_id = (select max(file_id) from raw.ingest_files)"
    )
    shown = {(mart, subject) for mart, subjects in SHOWN.items() for subject in subjects}
    assert set(project.rows(late)) == shown
