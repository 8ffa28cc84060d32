"""Erased customers are nowhere in the database, and every figure is what it was.

What was built is changed in place; a full refresh must build the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import psycopg2
import pytest
import throwaway
from erasures import Request, dump, erase, same_totals, totals
from nightly import Project, Row, new_project

from base.link import Connection
from ingest.cards import CardTokens
from operate.privacy import erasing
from operate.privacy.built import BuiltCustomers

VISA = "4929000000000004"
UUID = "11111111-aaaa-4aaa-8aaa-111111111111"
OTHER = "22222222-bbbb-4bbb-8bbb-222222222222"
TILL = f"""\
10/01/2024 09:00,Leeds,Zoe Quill,Tea - 2.00,2.00,CASH,
10/01/2024 09:05,Leeds,Zed Vex,Tea - 2.00,2.00,CARD,{VISA}
10/01/2024 09:06,Leeds,Bo Ek,Tea - 2.00,2.00,CARD,5105105105105100
10/01/2024 09:10,Leeds,Zoe Quill,Tea - 2.00,9.99,CASH,
10/01/2024 09:11,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
10/01/2024 09:12,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
10/01/2024 09:15,Leeds,Zoe Quill,Tea - 2.00
"""
CUSTOMERS = "customer_id,first_name,last_name,address,pincode,phone_number,customer_joining_date\n"
SALES = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"
USERS = (
    "index,first_name,last_name,date_of_birth,company,email_address,address,country,country_code,"
    "phone_number,join_date,user_uuid\n"
)
ORDERS = (
    "level_0,index,date_uuid,first_name,last_name,user_uuid,card_number,store_code,product_code,"
    "product_quantity,1\n"
)
HERE = Path(__file__).parent
LISTS = HERE.parent / "multinational" / "small_inbox" / "multinational"
FIRST = {
    "branch_pos/leeds_10-01-2024_09-00-00.csv": TILL,
    "sales_desk/customer.csv": CUSTOMERS
    + "Zq7001,Asha,Zqrao,9 Zqroad,411012,+91-7000000001,2021-12-12\n"
    + "Zu7002,Uma,Sen,7 Lane,411012,+91-7000000002,2021-12-12\n"
    + "Zw7004,Wim,Sen,3 Zwroad,411012,+91-7000000004,2021-12-12\n",
    "sales_desk/sales/may.csv": SALES
    + "Zq7001,571,besan,2023-05-01,7,52,7,364\n"
    + "Zu7002,571,besan,2023-05-01,7,52,7,364\n"
    + "Zq7001,571,besan,2023-05-03,7,52,7,ten\n"
    + "Zv7003,571,besan,2023-06-01,7,52,1,52\n",
    "multinational/users.csv": USERS
    + "0,Ann,Zqlee,1990-09-30,Zq Ltd,zq@example.com,1 Zqstreet,United Kingdom,GB,"
    f"no zqphone,2015-07-14,{UUID}\n"
    + f"1,Bo,Ek,1961-07-14,Ek GmbH,bo@,Hauptstr. 2,Germany,DE,0221445566,2014-01-02,{OTHER}\n",
    "multinational/orders.csv": ORDERS
    + f"0,0,aaaaaaaa-0000-4000-8000-000000000001,,,{UUID},{VISA},HI-00000001,R7-3126933h,2,\n"
    + f"1,1,aaaaaaaa-0000-4000-8000-000000000002,,,{OTHER},5105105105105100,HI-00000001,"
    "R7-3126933h,1,\n"
    + f"2,2,aaaaaaaa-0000-4000-8000-000000000003,Bo,,{OTHER},{VISA},HI-00000001,R7-3126933h,1,\n",
}
MOVED = {
    "sales_desk/customer.csv": FIRST["sales_desk/customer.csv"]
    .replace("9 Zqroad", "1 Zqlane")
    .replace("3 Zwroad", "4 Zwlane"),
    # One who is in no list any more, and a day that changes what was built.
    "sales_desk/sales/june.csv": SALES + "Zq7001,571,besan,2023-06-01,7,52,1,52\n",
}
PERSONAL = (
    *("zoe quill", "zed vex", "zqrao", "zqroad", "zqlane", "7000000001", "zq7001", UUID, "zqlee"),
    *("zq ltd", "zq@example.com", "zqstreet", "1990-09-30", "zqphone"),
)


def found_in(project: Project) -> list[str]:
    text = dump(project)
    assert "bo ek" in text
    return [value for value in PERSONAL if value in text]


def built(project: Project) -> dict[str, list[Row]]:
    """The content of everything that is stored, but for pseudonyms that a hash is made of."""
    return {
        name: project.rows(f"select to_jsonb(stored)::text from {name} as stored order by 1")
        for (name,) in project.rows(
            "select format('%I.%I', nspname, relname) from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname in ('intermediate', 'marts', 'snapshots') and relkind in ('r', 'v')"
            " order by 1"
        )
    }


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse of three sources, built twice: one customer has moved in between."""
    with new_project(postgres_server, tmp_path_factory.mktemp("erasure")) as made:
        for path in ("products.csv", "stores.csv", "date_details.json", "card_details.csv"):
            made.deliver(f"multinational/{path}", (LISTS / path).read_bytes())
        for files in (FIRST, MOVED):
            for path, text in files.items():
                made.deliver(path, text)
            made.load()
            # As where a reason repeats what could not be read.
            made.rows(
                "update raw.ingest_rejects set reason = 'not read: ZOE Quill'"
                " where line like '%Zoe Quill%'"
            )
            made.seed()
        build(made)
        yield made


MARTS = (
    *("dim_customers", "dim_customer_versions", "dim_cards", "customers_data_mart"),
    *("fct_transactions", "rejected_rows", "int_customers__last_seen"),
)
TRAFFIC = ("fct_page_requests", "fct_web_sessions", "int_web_days__counted")


def build(project: Project, *words: str, models: Sequence[str] = MARTS) -> None:
    """Build models and what they need: those that customers are in."""
    project.dbt(
        "build",
        *("--exclude-resource-type", "test", "unit_test"),
        *("--select", *(f"+{name}" for name in models), "int_customers__lines"),
        *words,
    )


def test_nothing_is_left_and_no_figure_changes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(found_in(project)) == set(PERSONAL)
    before = totals(project)
    [(zoe,)] = project.rows(
        "select customer_key from marts.dim_customers where customer_name = 'Zoe Quill'"
    )
    asked = [Request(None, zoe), Request("sales_desk", "Zq7001"), Request("multinational", UUID)]
    planned = erase(project, asked, dry_run=True)
    assert set(found_in(project)) == set(PERSONAL)
    # Killed between raw and what is built: nothing else is built, and the next call goes on.
    with monkeypatch.context() as killed:
        killed.setattr(erasing, "_changed_by_dbt", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(project, asked)
    assert "An erasure was interrupted" in project.dbt("run", "-s", "dim_dates", expect=2)
    assert "not read: zoe quill" in dump(project)
    done = erase(project, asked)
    assert done.continued
    assert done.erasure.erased_before == asked
    assert done.erasure.is_empty
    assert found_in(project) == []
    after = totals(project)
    same_totals(before, after)
    assert after["rejected_rows"][0] == before["rejected_rows"][0] - 1
    [(counts, reason)] = project.rows(
        "select row_counts, reason from raw.ingest_erasures where finished_at is not null"
    )
    assert reason == "a letter"
    assert set(planned.built) <= set(counts)
    assert counts["snapshots.snap_sales_desk__customers"] == 2
    assert project.rows("select count(*) from raw.ingest_erasing") == [(0,)]
    # A key says nothing of the person: it is not made of the name any more.
    assert project.rows(
        "select count(*) from marts.dim_customers where customer_key = %s", zoe
    ) == [(0,)]


def test_a_later_file_and_a_full_refresh_bring_nobody_back(project: Project) -> None:
    project.deliver("sales_desk/customer.csv", MOVED["sales_desk/customer.csv"] + "\n")
    project.deliver("sales_desk/sales/july.csv", SALES + "Zq7001,571,besan,2023-07-01,7,52,1,52\n")
    project.deliver(
        "branch_pos/leeds_11-01-2024_09-00-00.csv",
        f"11/01/2024 09:00,Leeds,ZOE  QUILL,Tea - 2.00,2.00,CASH,\n"
        f"11/01/2024 09:01,Leeds,Zed Vex,Tea - 2.00,2.00,CARD,{VISA}\n",
    )
    project.load()
    customers = "select count(*) from marts.dim_customers"
    before = project.rows(customers)
    build(project)
    assert found_in(project) == []
    assert project.rows(customers) == before
    [(purchases,)] = project.rows(
        "select purchases from marts.dim_customers where customer_id like 'erased-%%'"
        " and source_system = 'sales_desk'"
    )
    assert purchases == 3
    kept = built(project)
    build(project, "--full-refresh")
    assert found_in(project) == []
    refreshed = built(project)
    differing = {
        name: set(kept[name]) ^ set(refreshed[name])
        for name in kept
        if kept[name] != refreshed[name] and name not in HISTORIES
    }
    assert differing == {}


HISTORIES = {
    # Which file changed a state, and what it was before: a full refresh knows no former states.
    "intermediate.int_customers__first_purchases",
    "intermediate.int_branch_days__changed",
    "intermediate.int_branches__opened",
}


def test_expired_customers_are_erased_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"sales_desk": (date.today() - date(2023, 5, 20)).days}
    monkeypatch.setattr(erasing, "retained_days", lambda _: days)
    before = totals(project)
    with contextlib.closing(psycopg2.connect(project.url)) as link:
        [expired] = BuiltCustomers(link).expired(days)
    assert project.rows(
        "select customer_id from marts.dim_customers where customer_key = %s", expired
    ) == [("Zu7002",)]
    # Another one has moved, and that is long ago.
    snapshot = "snapshots.snap_sales_desk__customers"
    moved = f"select count(*) from {snapshot} where address = '3 Zwroad'"
    project.rows(f"update {snapshot} set dbt_valid_to = '2023-05-01' where address = '3 Zwroad'")
    assert project.rows(moved) == [(1,)]
    project.rows(
        "insert into operations.builds (ledger_file_id, project_fingerprint, models, tests,"
        " started_at, finished_at) values (1, 'this one', 1, 1, now(), now())"
    )
    # Killed when dbt is done: what reads the snapshot is built again all the same.
    with monkeypatch.context() as killed:
        killed.setattr(erasing, "note_finished", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(project, None, "age")
    assert project.rows(moved) == [(0,)]
    assert project.rows("select project_fingerprint from operations.builds") == [
        ("before an erasure",)
    ]
    assert project.rows("select customers from raw.ingest_erasures where finished_at is null") == [
        (1,)
    ]
    done = erase(project, None, "age")
    assert (done.continued, done.erasure.is_empty) == (True, True)
    text = dump(project)
    # The third one has bought since.
    assert ("zu7002" in text, "zv7003" in text, "7 lane" in text) == (False, True, False)
    same_totals(before, totals(project))
    project.rows("update operations.builds set project_fingerprint = 'this one'")
    assert erase(project, None, "age").erasure.is_empty
    assert project.rows("select project_fingerprint from operations.builds") == [("this one",)]


def test_days_are_counted_from_the_last_receipt(project: Project) -> None:
    [(key, last)] = project.rows(
        "select customer_key, last_seen_on from intermediate.int_customers__last_seen"
        " where customer_key in (select customer_key from intermediate.int_customers__lines"
        " where customer_id = 'Zv7003')"
    )
    assert last == date(2023, 6, 1)
    days = (date.today() - last).days
    with contextlib.closing(psycopg2.connect(project.url)) as link:
        assert BuiltCustomers(link).expired({"sales_desk": days}) == []
        assert BuiltCustomers(link).expired({"sales_desk": days - 1}) == [key]


OLD, KEPT, UNDATED = "203.0.113.7", "203.0.113.8", "203.0.113.9"


def hits(*requests: tuple[str, str], agent: str = "Mozilla/5.0 (Windows NT 10.0)") -> str:
    """Lines of an access log, of times and addresses."""
    return "".join(
        json.dumps(
            {
                "time": at,
                "remote_ip": address,
                "request": "GET /products/1 HTTP/1.1",
                "response": "200",
                "agent": agent,
            }
        )
        + "\n"
        for at, address in requests
    )


def test_addresses_expire_with_their_last_request(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = [
        hits(
            ("18/05/2021:23:50:00", OLD),
            ("19/05/2021:08:00:00", KEPT),
            ("some day", UNDATED),
            ("18/05/2021:10:00:00", "unknown"),
        )
        + hits(("18/05/2021:09:00:00", OLD), agent="curl/7.68.0"),
        # Over midnight, in another file.
        hits(("19/05/2021:00:10:00", OLD), ("05/06/2023:08:00:00", KEPT)),
    ]
    for number, text in enumerate(logs):
        project.deliver(f"electroniz/access_log/{number}.jsonl", text)
    project.load()
    build(project, models=TRAFFIC)
    token = CardTokens(throwaway.TOKEN_KEY.encode()).token
    former = {
        key
        for (key,) in project.rows(
            "select visitor_key from marts.fct_page_requests where ip_token = %s"
            " union select session_key from marts.fct_web_sessions where began_at < '2021-05-19'",
            token(OLD),
        )
    } | {token(OLD)}
    assert len(former) == 4

    def left() -> set[str]:
        text = dump(project)
        assert all(token(address) in text for address in (KEPT, UNDATED))
        return {value for value in former if value in text}

    def traffic() -> dict[str, list[Row]]:
        return {name: project.contents(name) for name in TRAFFIC[:2]} | {
            name: project.rows(f"select * from intermediate.{name} order by 1, 2, 3, 4, 5, 6, 7")
            for name in TRAFFIC[2:]
        }

    assert left() == former
    before = totals(project)
    days = {"electroniz": (date.today() - date(2022, 1, 1)).days}
    monkeypatch.setattr(erasing, "retained_days", lambda _: days)
    assert erase(project, None, "age", dry_run=True).erasure.addresses == 1
    done = erase(project, None, "age")
    assert (done.erasure.addresses, done.erasure.rows) == (1, {"electroniz_access_log": 3})
    assert done.built == {
        "intermediate.int_electroniz__log_lines": 3,
        "intermediate.int_web_sessions__built": 1,
    }
    assert left() == set()
    same_totals(before, totals(project))
    kept = traffic()
    # An erasure reads a view on the lines, which is dropped with the former table.
    build(project, "--full-refresh", models=(*TRAFFIC, "int_list_lines__refused"))
    assert traffic() == kept
    assert erase(project, None, "age").erasure.is_empty

    # The same lines in a corrected file have the token of the address, until it expires anew.
    corrected = logs[0] + hits(("05/06/2023:08:05:00", KEPT))
    project.deliver("electroniz/access_log/0.jsonl", corrected)
    project.load()
    build(project, models=TRAFFIC)
    assert token(OLD) in left()
    assert erase(project, None, "age").erasure.rows == {"electroniz_access_log": 2}
    assert left() == set()
