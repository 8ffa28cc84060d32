"""The feeds of electroniz: files of every kind, what is added later, its database and its APIs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway
from api_server import Call, Reply, api_server
from inbox_places import clean_environment
from ingest_helpers import Inbox, dump

from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from ingest.report import LoadReport

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

CARD = "5555555555554444"
CUSTOMERS = (
    "customer_id,customer_name,address,city,postalcode,country,phone,email,credit_card,updated_at"
)
ORDERS = (
    "order_number,customer_id,product_id,order_date,units,sale_price,currency,order_mode,updated_at"
)
EVENT = {
    "customer_name": "Ann Example", "address": "1 Example Road", "city": "Leeds",
    "postalcode": "LS1 1AA", "country": "UK", "phone": "0113 496 0758", "email": "ann@example.com",
    "product_name": "microwave", "order_date": "18/05/2021", "currency": "EUR",
    "order_mode": "NEW", "sale_price": "32.34", "order_number": "17",
}  # fmt: skip


@pytest.fixture
def feeds() -> FeedContract:
    return load_feeds().of_sources(["electroniz"])


def order(number: int, mode: str = "NEW", price: str = "9.70", at: str = "18:00:00") -> str:
    return f"{number},5,3,07/05/2019,2,{price},USD,{mode},2021-04-28 {at}"


def event(number: int, **changes: str) -> str:
    """A line of the stream, with blanks and tabs between the values."""
    data = " ,\t".join(f'"{name}"\t: "{text}"' for name, text in (EVENT | changes).items())
    return (
        f'[ {{"id": "{number}", "eventType": "recordInserted", "subject": "ecomm/customers",'
        f' "eventTime": "2021-05-18",\t "data":{{ {data} }}\t, "dataVersion": "1.0"}} ]\n'
    )


def request(address: str = "192.0.2.5", status: int = 200) -> str:
    found = {
        "time": "18/05/2021:08:00:00", "remote_ip": address, "request": "GET /products/1 HTTP/1.1",
        "response": status, "agent": "curl/7.68.0",
    }  # fmt: skip
    return json.dumps(found) + "\n"


def rows(query: Query, feed: str, columns: str) -> list[tuple[Any, ...]]:
    """The rows of the current versions, in the order of loading."""
    return query(
        f"select {columns} from raw.{feed} as t inner join raw.ingest_files as f"
        " on t._file_id = f.file_id where f.status = 'loaded' order by t._file_id, t._line_number"
    )


def fill(inbox: Inbox) -> None:
    """A file of every kind, with made-up rows."""
    drop = inbox.drop
    drop("electroniz/products.csv", "product_code,product_name,product_category ,updated_at\n"
         "4,Microwave,HomeAppliance,2021-04-28 18:00:00\n")  # fmt: skip
    customer = (
        '5,Ann Example,"Flat 1, 2 Road",Leeds,LS1 1AA,United Kingdom,+1 5555 555-555,a@b.example,'
        f"{CARD}"
    )
    drop("electroniz/store_customers/history.csv", f"{CUSTOMERS}\n{customer},2021-04-28 18:00:00\n")
    drop("electroniz/store_orders/history.csv", "\n".join([ORDERS, order(1), order(2)]) + "\n")
    drop("electroniz/web_orders/1.jsonl", event(3001) + event(3003, currency="CAD"))
    stock = "2021-04-18,Watch,100"
    drop("electroniz/inventory/1.csv", f"inventory_date,product,inventory\n{stock}\n")
    drop("electroniz/inventory/2.csv",
         f'inventory_date,product,inventory,warehouse\n{stock},"Arizona"\n')  # fmt: skip
    drop("electroniz/inventory/3.csv",
         f'inventory_date,product,inventory,city\n{stock},"Phoenix"\n')  # fmt: skip
    drop("electroniz/rates/cad.json", '{"USD_CAD": 1.250}')
    drop("electroniz/rates/latest.json", json.dumps(
        {"result": "success", "base_code": "USD", "time_last_update_utc": "2021-05-19 00:00:01",
         "conversion_rates": {"USD": 1, "EUR": 0.8}}, indent=1))  # fmt: skip
    drop("electroniz/access_log/1.jsonl", request() + request("not-an-address", 404) + request())
    drop(
        "electroniz/ip_ranges.csv",
        '"16777216","16777471","US","United States of America"\n'
        '"3758096384","4294967295","-","-"\n',
    )
    drop("electroniz/shipments/1.csv",
         "shipment_number,channel,order_number,carrier,origin,destination_country,event_code,"
         "event_time,event_status\nS1,web,17,DHL,Phoenix,United Kingdom,PU,2021-05-19 08:00:00,"
         "label_created\n")  # fmt: skip


def test_every_kind_of_file(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract, database_url: str
) -> None:
    fill(inbox)
    report = run_load(feeds=feeds)
    assert (report.failed, report.rejected, report.unclaimed) == ([], 0, [])
    assert {outcome.path: outcome.rows for outcome in report.files} == {
        "electroniz/products.csv": 1,
        "electroniz/store_customers/history.csv": 1,
        "electroniz/store_orders/history.csv": 2,
        "electroniz/web_orders/1.jsonl": 2,
        "electroniz/inventory/1.csv": 1,
        "electroniz/inventory/2.csv": 1,
        "electroniz/inventory/3.csv": 1,
        "electroniz/rates/cad.json": 1,
        "electroniz/rates/latest.json": 2,
        "electroniz/access_log/1.jsonl": 3,
        "electroniz/ip_ranges.csv": 2,
        "electroniz/shipments/1.csv": 1,
    }
    assert [one.reason for one in report.files if one.reason is not None] == []
    assert rows(query, "electroniz_products", "product_category") == [("HomeAppliance",)]
    assert rows(query, "electroniz_store_customers", "address, phone, card_last4") == [
        ("Flat 1, 2 Road", "+1 5555 555-555", CARD[-4:])
    ]
    assert rows(query, "electroniz_inventory", "warehouse, city") == [
        (None, None), ("Arizona", None), (None, "Phoenix"),
    ]  # fmt: skip
    assert rows(
        query, "electroniz_exchange_rates", "base_code, currency_code, rate, stated_at"
    ) == [
        ("USD", "CAD", "1.250", None),
        ("USD", "USD", "1", "2021-05-19 00:00:01"),
        ("USD", "EUR", "0.8", "2021-05-19 00:00:01"),
    ]
    assert rows(query, "electroniz_ip_ranges", "ip_from, ip_to, country_code, country_name") == [
        ("16777216", "16777471", "US", "United States of America"),
        ("3758096384", "4294967295", "-", "-"),
    ]
    found = rows(query, "electroniz_web_orders", "event_id, event_time, currency, record::jsonb")
    assert [row[:3] for row in found] == [
        ("3001", "2021-05-18", "EUR"), ("3003", "2021-05-18", "CAD"),
    ]  # fmt: skip
    assert found[0][3]["data"] == EVENT
    (columns,) = query("select string_agg(column_name, ',') from information_schema.columns"
                       " where table_name = 'electroniz_access_log'")  # fmt: skip
    assert "record" not in str(columns[0]).split(",")
    assert CARD not in dump(database_url)


def test_later_files_add_to_the_earlier_ones(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract
) -> None:
    head = ORDERS + "\n"
    inbox.drop("electroniz/store_orders/history.csv", "\n".join([ORDERS, order(1), order(2)]))
    run_load(feeds=feeds)
    inbox.drop("electroniz/store_orders/increment_1.csv", head + order(1, "EDIT", "8.00", "19:00"))
    inbox.drop("electroniz/web_orders/1.jsonl", event(3001))
    run_load(feeds=feeds)
    deleted = order(1, "DELETE", "8.00", "20:00")
    inbox.drop("electroniz/store_orders/increment_2.csv", head + deleted)
    inbox.drop("electroniz/web_orders/2.jsonl", event(3001).replace("\t", "  "))
    report = run_load(feeds=feeds)
    assert (report.failed, report.rejected, report.unchanged) == ([], 0, 3)
    columns = "order_number, order_mode, sale_price, _record_id"
    found = rows(query, "electroniz_store_orders", columns)
    assert [row[:3] for row in found] == [
        ("1", "NEW", "9.70"), ("2", "NEW", "9.70"), ("1", "EDIT", "8.00"), ("1", "DELETE", "8.00"),
    ]  # fmt: skip
    assert [row[3] == found[0][3] for row in found] == [True, False, True, True]
    assert len(rows(query, "electroniz_web_orders", "event_id")) == 2


def test_files_that_were_taken_and_deleted_stay_loaded(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract
) -> None:
    path = "electroniz/access_log/1.jsonl"
    taken = inbox.drop(path, request() + request() + request(status=304))
    assert run_load(feeds=feeds).rows == 3
    taken.unlink()
    inbox.drop("electroniz/access_log/2.jsonl", request("203.0.113.1"))
    assert run_load(feeds=feeds).rows == 1
    addresses = ["192.0.2.5"] * 3 + ["203.0.113.1"]
    assert len(rows(query, "electroniz_access_log", "_file_id")) == len(addresses)
    before = query("select file_id, status, row_count from raw.ingest_files order by file_id")
    assert [row[1:] for row in before] == [("loaded", 3), ("loaded", 1)]
    # Sent again, it is known; other lines under its name do not supersede it.
    inbox.drop(path, request() + request() + request(status=304))
    assert run_load(feeds=feeds).files == []
    assert query("select file_id, status, row_count from raw.ingest_files order by 1") == before
    inbox.drop(path, "".join(request(f"198.51.100.{n}") for n in range(4)))
    (outcome,) = run_load(feeds=feeds).files
    assert outcome.status == "quarantined"
    assert "it would supersede electroniz/access_log/1.jsonl but has none of its 3" in str(
        outcome.reason
    )
    assert len(rows(query, "electroniz_access_log", "_file_id")) == len(addresses)


def test_a_rate_that_returns_is_a_new_version(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract
) -> None:
    """Every answer is the rate of its time, also the one of the day before yesterday again."""
    for number, rate in enumerate(("1.25", "1.26", "1.25", "1.25")):
        inbox.drop("electroniz/rates/cad.json", f'{{"USD_CAD": {rate}}}', 1_600_000_000 + number)
        run_load(feeds=feeds)
    found = query(
        "select rate, extract(epoch from file_modified_at)::int from raw.electroniz_exchange_rates"
        " inner join raw.ingest_files on _file_id = file_id order by file_id"
    )
    assert found == [("1.25", 1_600_000_000), ("1.26", 1_600_000_001), ("1.25", 1_600_000_002)]


def test_the_database_and_the_apis(
    run_load: Load,
    query: Query,
    feeds: FeedContract,
    second_database: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    clean_environment(monkeypatch, tmp_path)
    source = psycopg2.connect(second_database)
    with source, source.cursor() as cursor:
        cursor.execute("""
            create table products (
                product_code text primary key, product_name text, "product_category " text,
                updated_at timestamp(3), internal_note text
            );
            insert into products values ('2', 'Vaccum', 'HomeAppliance', '2021-04-28 18:00:00.123');
            create table store_customers as select 5 as customer_id, 'Ann Example' as customer_name,
                '1 Road' as address, 'Leeds' as city, 'LS1' as postalcode, 'India' as country,
                '123' as phone, 'a@b.example' as email, '5555555555554444' as credit_card,
                timestamp '2021-04-28 18:00:00' as updated_at;
            create table store_orders as select n as order_number, 5 as customer_id,
                3 as product_id, '07/05/2019' as order_date, 2 as units, '9.70' as sale_price,
                'USD' as currency, 'NEW' as order_mode,
                timestamp '2021-04-28 18:00:00' as updated_at
                from generate_series(1, 3) as n
        """)
    source.close()
    ranges = "".join(f'"{n * 256}","{n * 256 + 255}","US","United States"\r\n' for n in range(300))
    latest = {"base_code": "USD", "conversion_rates": {"USD": 1, "CAD": 1.25}}
    parcel = {"channel": "web", "order_number": "17", "carrier": "DHL", "event_code": "OK"}
    tracked = [
        {
            "shipment_number": f"S{number}",
            "event_time": f"2021-05-19T0{number}:00:00-04:00",
            "event_status": "in_transit",
            "updated_at": f"2021-05-19 0{number}:00:00",
            **parcel,
        }
        for number in range(3)
    ]

    def answer(call: Call) -> Reply:
        if call.path == "/events":
            since = call.params.get("updated_since", "")
            begun = [one for one in tracked if one["updated_at"] >= since]
            return Reply({"events": begun[int(call.params["offset"]) :]})
        found = {"/ip_ranges.csv": ranges.encode(), "/latest/USD": latest}
        return Reply(found[call.path]) if call.path in found else Reply(status=404)

    with api_server() as server:
        server.answer = answer
        monkeypatch.setenv("BRANCHLINE_SOURCE_ELECTRONIZ_URL", second_database)
        for name in ("RATES", "IP_RANGES", "SHIPMENTS"):
            monkeypatch.setenv(f"BRANCHLINE_SOURCE_ELECTRONIZ_{name}_URL", server.url)
        report = run_load(inbox=None, feeds=feeds)
        assert (report.failed, report.rejected) == ([], 0)
        assert {outcome.feed: outcome.rows for outcome in report.files} == {
            "electroniz_products": 1,
            "electroniz_store_customers": 1,
            "electroniz_store_orders": 3,
            "electroniz_exchange_rates": 2,
            "electroniz_shipments": 3,
            "electroniz_ip_ranges": 300,
        }
        # Rates and ranges are not asked for again within their time, and only new events.
        tracked.append(tracked[2] | {"event_status": "delivered", "event_code": "DL"})
        (outcome,) = run_load(inbox=None, feeds=feeds).files
        assert (outcome.feed, outcome.rows) == ("electroniz_shipments", 1)
        asked = [call for call in server.calls if call.path != "/events"]
        assert sorted(call.path for call in asked) == ["/ip_ranges.csv", "/latest/USD"]
        assert server.calls[-1].params["updated_since"] == "2021-05-19 01:00:00"
    (product,) = query("select * from raw.electroniz_products")
    assert "HomeAppliance" in product
    assert len(rows(query, "electroniz_shipments", "event_code")) == 4
    assert rows(query, "electroniz_products", "updated_at") == [("2021-04-28 18:00:00.123",)]
    assert len(rows(query, "electroniz_ip_ranges", "ip_from")) == 300


PLACES = {
    "store_customers": ("store_customers", "increment_1_customers"),
    "store_orders": ("store_orders", "increment_?_orders"),
    "inventory": ("inventory_?",),
    "web_orders": ("web_orders_?",),
    "rates": ("ours/currency_*",),
    "access_log": ("ours/access_log_?",),
    "": ("products", "ours/ip_ranges"),
}


def test_the_real_files(inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract) -> None:
    real = throwaway.real_files() / "electroniz"
    for folder, names in PLACES.items():
        target = inbox.folder / "electroniz" / folder
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            for path in real.glob(f"{name}.*"):
                shutil.copy(path, target)
    report = run_load(feeds=feeds)
    assert (report.failed, report.rejected, report.unclaimed) == ([], 0, [])
    assert {outcome.status for outcome in report.files} == {"loaded"}
    found = query("select feed, sum(row_count)::int, count(*) from raw.ingest_files group by feed")
    assert {feed: (count, files) for feed, count, files in found} == {
        "electroniz_products": (10, 1),
        "electroniz_store_customers": (751 + 26, 2),
        "electroniz_store_orders": (612 + 51 + 3 + 1, 4),
        "electroniz_web_orders": (6, 2),
        "electroniz_inventory": (12, 3),
        "electroniz_exchange_rates": (3 + 4, 4),
        "electroniz_access_log": (43, 2),
        "electroniz_ip_ranges": (5, 1),
    }
