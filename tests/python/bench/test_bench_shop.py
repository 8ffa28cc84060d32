"""The benchmarks' shop: its files are what its truth says, read by somebody else."""

from __future__ import annotations

import csv
import io
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

from bench.electroniz.hourly_shop import HourlyShop
from bench.truth import ShopTruth
from sample.people import luhn_digit

DAYS, ORDERS, LINES = 4, 800, 12_000
BROWSERS = "Mozilla/5.0 ("
Rows = list[dict[str, str]]


def rows_of(folder: Path, pattern: str) -> Rows:
    return [
        row
        for file in sorted(folder.glob(pattern))
        for row in csv.DictReader(io.StringIO(file.read_text(), newline=""))
    ]


def lines_of(folder: Path, pattern: str) -> list[str]:
    return [line for file in sorted(folder.glob(pattern)) for line in file.open()]


def read_orders(folder: Path) -> ShopTruth:
    """The orders: the last event of each counts."""
    last: dict[tuple[str, str], tuple[str, str, str, Decimal]] = {}
    events = rows_of(folder, "store_orders/*.csv")
    for line in lines_of(folder, "web_orders/*.jsonl"):
        (event,) = json.loads(line)
        events.append({**event["data"], "units": "1", "updated_at": event["eventTime"]})
    for row in events:
        key = str("product_id" in row), row["order_number"]
        amount = int(row["units"]) * Decimal(row["sale_price"])
        event_of = row["updated_at"], row["order_mode"], row["currency"], amount
        last[key] = max(last.get(key, event_of), event_of)
    sold = [event for event in last.values() if event[1] != "DELETE"]
    pence: Counter[str] = Counter()
    for _, _, currency, amount in sold:
        pence[currency] += int(100 * amount)
    return ShopTruth(orders=len(sold), rejected=len(events) - len(sold), pence=dict(pence))


def country_of(network: str, ranges: list[tuple[int, int, str]]) -> str:
    """The country with most of the addresses of a network."""
    low = int(ip_network(network)[0])
    sizes: Counter[str] = Counter()
    first = max(0, bisect_right([begin for begin, _, _ in ranges], low) - 1)
    for begin, end, code in ranges[first : first + 4]:
        sizes[code] += max(0, min(end, low + 255) - max(begin, low) + 1)
    ((code, size),) = sizes.most_common(1)
    return code if size and code != "-" else "ZZ"


def read_log(folder: Path) -> tuple[ShopTruth, int]:
    """The log, and how many sessions of people it has."""
    ranges = [
        (int(first), int(last), code)
        for first, last, code, _ in csv.reader(lines_of(folder, "ip_ranges.csv"))
    ]
    assert ranges == sorted(ranges)
    assert all(one[1] < two[0] for one, two in pairwise(ranges))
    networks: Counter[str] = Counter()
    bot_hits = lines = 0
    visits: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for line in lines_of(folder, "access_log/*.jsonl"):
        row, lines = json.loads(line), lines + 1
        assert row["request"].startswith("GET /")
        if "Bot" in row["agent"] or not row["agent"].startswith(BROWSERS):
            bot_hits += 1
            continue
        networks[row["remote_ip"].rpartition(".")[0] + ".0/24"] += 1
        at = datetime.strptime(row["time"], "%d/%m/%Y:%H:%M:%S")
        visits[row["remote_ip"], row["agent"]].append(at)
    hits: Counter[str] = Counter()
    for network, count in networks.items():
        hits[country_of(network, ranges)] += count
    sessions = sum(
        place == 0 or at - times[place - 1] > timedelta(minutes=30)
        for times in visits.values()
        for place, at in enumerate(times)
    )
    return ShopTruth(log_lines=lines, bot_hits=bot_hits, hits=dict(hits)), sessions


def test_the_files_are_what_their_truth_says(tmp_path: Path) -> None:
    shop = HourlyShop(ORDERS, LINES, 970, DAYS)
    assert shop.lists(tmp_path) == len(lines_of(tmp_path, "*/ip_ranges.csv"))
    truth = shop.write_days(tmp_path, range(DAYS)) + shop.write_quarter(tmp_path, 0)
    (folder,) = tmp_path.iterdir()
    scans = rows_of(folder, "shipments/*.csv")
    shipments = {row["shipment_number"] for row in scans}
    events = {(row["shipment_number"], row["event_code"], row["event_time"]) for row in scans}
    assert len(events) < len(scans)
    read, sessions = read_log(folder)
    read += read_orders(folder) + ShopTruth(
        files=sum(1 for file in folder.glob("*/*")) - 1,
        shipments=len(shipments),
        scans=len(events),
    )
    assert read == truth
    assert set(truth.hits) > {"US", "CA", "ZZ"}
    assert sessions == shop.sessions(truth.log_lines)
    # Of a night: the same day, but a rate and a stock of its own.
    assert len(set(lines_of(folder, "rates/*.json"))) == DAYS + 1
    assert len({row["product"] for row in rows_of(folder, "inventory/*.csv")}) == 100
    for row in rows_of(folder, "store_customers/*.csv"):
        assert luhn_digit(row["credit_card"][:-1]) != int(row["credit_card"][-1])


def test_quarters_of_an_hour_lead_to_a_longer_history(tmp_path: Path) -> None:
    shop, longer = (
        HourlyShop(ORDERS * days // DAYS, LINES * days // DAYS, 970, days)
        for days in (DAYS, DAYS + 1)
    )
    for name in ("shop", "longer"):
        shop.lists(tmp_path / name)
    truth = shop.write_days(tmp_path / "shop", range(DAYS))
    for number in range(96):
        truth += shop.write_quarter(tmp_path / "shop", number)
    whole = longer.write_days(tmp_path / "longer", range(DAYS + 1))
    assert replace(truth, files=0) == replace(whole, files=0)
