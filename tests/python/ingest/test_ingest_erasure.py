"""Customers are erased in raw, and from later rows, without changing which rows are whose."""

from __future__ import annotations

import contextlib
import gc
import re
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import psycopg2
import pytest
from ingest_helpers import TOKEN_KEY, Inbox, dump

from base.errors import BranchlineError
from ingest.cards import CardTokens
from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from ingest.persons.identity import Identities, new_pseudonym
from ingest.report import LoadReport
from ingest.review.customers import Line, NothingBuilt, is_erased
from ingest.review.erasure import Erasure, Request, Retention, erase_customers, note_finished

Load = Callable[..., LoadReport]
Ask = Callable[..., list[tuple[Any, ...]]]

VISA, OTHER_CARD = "4929000000000004", "5105105105105100"
UUID, OTHER = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
TILL = f"""\
26/08/2021 09:00,Leeds,Zoë Quill,Tea - 2.00,2.00,CASH,
26/08/2021 09:05,Leeds,Zed Vex,Tea - 2.00,2.00,CARD,{VISA}
26/08/2021 09:10,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
26/08/2021 09:11,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
26/08/2021 09:12,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
26/08/2021 09:13,York,Zoë Quill,Tea - 2.00,2.00,CASH,
26/08/2021 09:14,Leeds,Bo Ek,Tea - 2.00,2.00,CASH,
26/08/2021 09:14,Leeds,Bo Ek,Scone - 2.00,2.00,CASH,
26/08/2021 09:14,Leeds,Bo Ek,Bun - 2.00,2.00,CASH,
26/08/2021 09:15,Leeds,Zoë Quill,Tea - 2.00
26/08/2021 09:20,Leeds,Bo Ek,Tea - 2.00
"""
CUSTOMERS = """\
customer_id,first_name,last_name,address,pincode,phone_number,customer_joining_date,Nick Name
1,Asha,Zqrao,9 Zqroad Pune,411012,+91-7000000001,2021-12-12,Zqnick
2,Asha,Sen,7 Lane Pune,411012,+91-7000000002,2022-12-08,
"""
SALES = """\
customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost
1,571,besan,2023-05-01,7,52,7,364
2,571,besan,2023-05-01,7,52,7,364
1.0,571,besan,2023-05-02,7,52,1,52
"""
USERS = f"""\
index,first_name,last_name,date_of_birth,company,email_address,address,country,country_code,\
phone_number,join_date,user_uuid
0,Ann,Zqlee,1990-09-30,Zq Ltd,zq@example.com,"1 Zqstreet
Leeds",United Kingdom,GB,+441134960758,2015-07-14,{UUID}
1,Bo,Ek,1961-07-14,Ek GmbH,bo@example.de,Hauptstr. 2,Germany,DE,0221445566,2014-01-02,{OTHER}
"""
ORDERS = f"""\
level_0,index,date_uuid,first_name,last_name,user_uuid,card_number,store_code,product_code,\
product_quantity,1
0,0,aaaaaaaa-0000-4000-8000-000000000001,,,{UUID},{VISA},HI-1,R7-1,2,
1,1,aaaaaaaa-0000-4000-8000-000000000002,,,{OTHER},{OTHER_CARD},HI-1,R7-1,1,
2,2,aaaaaaaa-0000-4000-8000-000000000003,Bo,,{OTHER},{VISA},HI-1,R7-1,1,
"""
FILES = {
    "branch_pos/leeds_26-08-2021_09-00-00.csv": TILL,
    "sales_desk/customer.csv": CUSTOMERS,
    "sales_desk/sales/may.csv": SALES,
    "multinational/users.csv": USERS,
    "multinational/orders.csv": ORDERS,
    "multinational/card_details.csv": "card_number,expiry_date,card_provider,"
    f"date_payment_confirmed\n{VISA},09/26,VISA 16 digit,2015-11-25\n",
}
ASKED = [
    Request("branch_pos", "LEEDS/zoë  quill"),
    Request("branch_pos", "york/Zoë Quill"),
    Request("sales_desk", "1"),
    Request("multinational", UUID.upper()),
]
CARD_TOKEN = CardTokens(TOKEN_KEY).token(VISA)
PERSONAL = [
    *("zoë quill", "zed vex", "zqrao", "zqroad", "7000000001", "zqnick", UUID, "zqlee", "zq ltd"),
    *("zq@example.com", "zqstreet", "1990-09-30", "4960758", CARD_TOKEN),
]
"""In small letters. Zed Vex has the card of one who asked."""
TABLES = {
    # Where a name is within its branch.
    "branch_pos_transactions": "branch || customer_name",
    "sales_desk_sales": "customer_id",
    "sales_desk_customers": "customer_id",
    "multinational_orders": "user_uuid",
    "multinational_users": "user_uuid",
}


def quiet(_: str) -> None:
    return


def erase(
    url: str, requested: Sequence[Request] | Retention, *, finish: bool = True, **options: Any
) -> Erasure:
    """Erase in raw; with `finish`, also what is noted for what dbt has built, which is nothing."""
    erasure = erase_customers(
        *(url, options.pop("feeds", None) or load_feeds(), [TOKEN_KEY], requested),
        *(options.pop("built", NothingBuilt()), options.pop("because", "asked by letter"), quiet),
        **options,
    )
    if finish and not options.get("dry_run"):
        with contextlib.closing(psycopg2.connect(url)) as link:
            link.autocommit = True
            note_finished(link, {}, "")
    return erasure


def found_in(url: str) -> set[str]:
    """What of the erased is anywhere in the database, in any capitals."""
    text = dump(url).lower()
    assert "bo ek" in text
    return {value for value in PERSONAL if value in text}


def content(query: Ask) -> dict[str, list[tuple[Any, ...]]]:
    """The newest rows of each table, without what differs from load to load."""
    return {
        table: query(
            f"select to_jsonb(stored) - '{{_file_id,_loaded_at,_dlt_load_id}}'::text[]"
            f" from raw.{table} as stored where _file_id = (select max(_file_id) from raw.{table})"
            " order by _line_number"
        )
        for table in (*TABLES, "multinational_cards")
    }


def groups(query: Ask) -> dict[str, list[int]]:
    """How many rows each customer has, in each table: whose rows are whose but for the names."""
    return {
        table: sorted(
            Counter(
                re.sub(r"[.]0$", "", str(name))
                for (name,) in query(f"select {column} from raw.{table}")
            ).values()
        )
        for table, column in TABLES.items()
    }


@pytest.fixture
def loaded(inbox: Inbox, run_load: Load) -> Load:
    for path, text in FILES.items():
        inbox.drop(path, text)
    assert run_load().counts()["loaded"] == len(FILES)
    return run_load


def test_customers_are_nowhere_and_still_themselves(
    loaded: Load, database_url: str, query: Ask
) -> None:
    query("update raw.ingest_rejects set reason = reason || ' (Zoë Quill)' where line like '%Zoë%'")
    assert found_in(database_url) == set(PERSONAL)
    before = groups(query)
    done = erase(database_url, ASKED)
    assert found_in(database_url) == set()
    assert groups(query) == before
    # Whoever asked, in both branches, and the till's customer with the same card.
    assert (done.customers, done.cards, done.rejected_lines) == (5, 1, 1)
    assert done.rows == {
        "branch_pos_transactions": 3,
        "sales_desk_sales": 2,
        "sales_desk_customers": 1,
        "multinational_orders": 2,
        "multinational_users": 1,
        "multinational_cards": 1,
    }
    # The rows of others, and what is not personal, are as they were; a card is one card.
    assert query(
        "select first_name, last_name, address, pincode, phone_number, nick_name,"
        " customer_joining_date from raw.sales_desk_customers order by _line_number"
    ) == [
        (None, None, None, None, None, None, "2021-12-12"),
        ("Asha", "Sen", "7 Lane Pune", "411012", "+91-7000000002", None, "2022-12-08"),
    ]
    cards = query(
        "select card_token, card_last4 from raw.multinational_orders union all"
        " select card_token, card_last4 from raw.multinational_cards union all"
        " select card_token, card_last4 from raw.branch_pos_transactions order by 1, 2"
    )
    erased = [token for token, _ in cards if token and token.startswith("erased-")]
    assert len(erased) == 4
    assert len(set(erased)) == 1
    assert Counter(last4 for _, last4 in cards) == {"####": 4, "5100": 1, None: 8}
    [(name,)] = query(
        "select customer_name from raw.branch_pos_transactions where card_token is not null"
    )
    # The card says who it is; the name is one of the other columns.
    assert name is None
    lines = query("select line, reason from raw.ingest_rejects order by _line_number")
    assert lines == [
        ("[erased]", "[erased]"),
        ("26/08/2021 09:20,Leeds,Bo Ek,Tea - 2.00", "4 columns where 7 are expected"),
    ]


def test_later_rows_of_the_erased_are_erased_as_they_are_loaded(
    loaded: Load, inbox: Inbox, database_url: str, query: Ask, several_workers: None
) -> None:
    erase(database_url, ASKED)
    first = content(query)
    # The same content under other names and with other line ends, as from another machine.
    for path, text in FILES.items():
        # Malformed lines cannot be compared.
        lines = text.replace("26/08/2021 09:15,Leeds,Zoë Quill,Tea - 2.00\n", "")
        inbox.drop(path.replace("09-00", "10-00").replace("may", "may again"), lines + "\n")
    loaded()
    assert content(query) == first
    # Other spellings, another branch's file that does not name the branch, a new card.
    inbox.drop(
        "leeds_27-08-2021_09-00-00.csv",
        f"27/08/2021 09:00,,ZOË_quill ,Tea - 2.00,2.00,CASH,\n"
        f"27/08/2021 09:05,York,Zed Vex,Tea - 2.00,2.00,card,{VISA[:4]} {VISA[4:]}\n",
    )
    inbox.drop("sales_desk/sales/june.csv", SALES.replace("\n1,", '\n"=""1""",'))
    inbox.drop("multinational/users.csv", USERS.replace(UUID, UUID.upper()) + "\n\n")
    inbox.drop("multinational/orders.csv", ORDERS.replace(VISA, "4012888888881881", 1))
    loaded()
    assert found_in(database_url) == set()
    for table, column in TABLES.items():
        names = query(f"select {column} from raw.{table} where {column} like '%%erased-%%'")
        assert len(set(names)) == (2 if table == "branch_pos_transactions" else 1), table
    # It belongs to an erased customer, so it is no token either.
    [(tokens,)] = query(
        "select count(distinct card_token) from raw.multinational_orders"
        " where card_token like 'erased-%%'"
    )
    assert tokens == 2


def test_an_erasure_is_all_or_nothing(
    loaded: Load, database_url: str, query: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picture() -> str:
        # A sequence does not go back, and the row of the loader's lock names the process.
        text = re.sub(r"\\(un)?restrict .*|setval\(.*", "", dump(database_url))
        return re.sub(r"(?m)^load\t.*", "", text)

    before = picture()
    planned = erase(database_url, ASKED, dry_run=True)
    assert picture() == before
    for requests, because, said in (
        ([*ASKED, Request("sales_desk", "17")], "", "no row of customer sales_desk 17"),
        ([*ASKED, Request(None, "f" * 32)], "", f"no row of customer {'f' * 32}"),
        ([Request("branch_pos", "Zoë Quill")], "", "names no customer"),
        ([Request("retail360", "1")], "", "how its rows name their customers"),
        (ASKED, "Ms ZQRAO wrote", "repeats what is to be erased"),
    ):
        with pytest.raises(BranchlineError, match=said):
            erase(database_url, requests, because=because)
    with monkeypatch.context() as patched:
        patched.setattr("ingest.review.erasure._Work._note_counts", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(database_url, ASKED)
    assert picture() == before

    done = erase(database_url, ASKED, finish=False)
    assert is_unfinished(query)
    assert (done.rows, done.customers) == (planned.rows, planned.customers)
    after = picture()
    again = erase(database_url, ASKED, finish=False)
    assert again.is_empty
    assert set(again.erased_before) == set(ASKED)
    assert picture() == after
    [row] = query(
        "select reason, is_retention, customers, cards, raw_rows, rejected_lines,"
        " requested_by = session_user, finished_at from raw.ingest_erasures"
    )
    assert row == ("asked by letter", False, 5, 1, 10, 1, True, None)


class BuiltInPart(NothingBuilt):
    """One row is built, of one customer."""

    def __init__(self, key: str, line: Line) -> None:
        self._key = key
        self._line = line

    def lines_of(self, keys: Collection[str]) -> Iterator[tuple[str, Line]]:
        return iter([(self._key, self._line)] if self._key in keys else [])


def test_a_person_who_is_named_in_two_ways_is_one(
    loaded: Load, database_url: str, query: Ask
) -> None:
    key = "f" * 32
    [line] = query(
        "select _file_id, _line_number from raw.sales_desk_sales where customer_id = '1'"
    )
    asked = [Request("sales_desk", "1"), Request(None, key)]
    done = erase(database_url, asked, built=BuiltInPart(key, (line[0], line[1])))
    assert done.customers == 1
    names = query(
        "select customer_id from raw.sales_desk_sales where starts_with(customer_id, 'erased-')"
        " union all select customer_id from raw.sales_desk_customers"
        " where starts_with(customer_id, 'erased-')"
    )
    assert (len(names), len(set(names))) == (3, 1)


def test_old_rows_that_name_nobody_are_erased(
    loaded: Load, inbox: Inbox, database_url: str, query: Ask
) -> None:
    inbox.drop("sales_desk/sales_team.csv", "id,first_name,last_name,manager_id,is_manager,"
        "joining_date\n7,Zqim,Zqor,,N,2020-01-01\n")  # fmt: skip
    inbox.drop("sales_desk/customer.csv", CUSTOMERS + ",Zqno,Number,,,,2022-12-08,\n")
    loaded()
    inbox.drop("sales_desk/sales_team.csv", "id,first_name,last_name,manager_id,is_manager,"
        "joining_date\n8,Uma,Das,,N,2020-01-01\n")  # fmt: skip
    loaded()
    retention = Retention({"sales_desk": 100, "branch_pos": 100}, [])
    assert erase(database_url, retention).is_empty
    assert not is_unfinished(query)
    query("update raw.ingest_files set loaded_at = loaded_at - interval '101 days',"
        " superseded_at = superseded_at - interval '101 days'")  # fmt: skip
    query("update raw.ingest_rejects set _loaded_at = _loaded_at - interval '101 days'")
    query("update raw.ingest_rejects set reason = 'QUILL?' where line like '%Zoë%'")
    done = erase(database_url, retention, finish=False)
    assert done.rows == {"sales_desk_customers": 1, "sales_desk_employees": 1}
    assert done.rejected_lines == 2
    assert query("select line, reason from raw.ingest_rejects order by _line_number") == [
        ("[erased]", "[erased]"),
        ("[erased]", "4 columns where 7 are expected"),
    ]
    text = dump(database_url)
    assert [name for name in ("Zqno", "Zqim", "Zqor") if name in text] == []
    # Customers, and the current list, stay until they expire.
    assert all(name in text for name in ("Zqrao", "Uma", "Zed Vex"))
    assert is_unfinished(query)


def is_unfinished(query: Ask) -> bool:
    """Whether the ledger says that what is built is still to be changed."""
    [(number,)] = query("select count(*) from raw.ingest_erasures where finished_at is null")
    return bool(number)


MAILED = """
feeds:
  shop_customers:
    source: shop
    table: shop_customers
    description: Customers by e-mail address.
    files: "shop/*.csv"
    key: [email]
    customer: [{columns: [email]}]
    header: required
    columns:
      - name: email
        personal: email
      - name: city
        personal: true
      - name: vip
      - name: address
        protect: ip_address
        required: false
"""


def test_an_address_stays_an_address_and_the_key_follows(
    inbox: Inbox,
    run_load: Load,
    database_url: str,
    query: Ask,
    feed_file: Callable[[str], FeedContract],
) -> None:
    feeds = feed_file(MAILED)
    inbox.drop("shop/a.csv", "email,city,vip\nZq@Example.com,Pune,y\nbo@example.com,Pune,n\n")
    run_load(feeds=feeds)
    erase(database_url, [Request("shop", "zq@example.com")], feeds=feeds)
    inbox.drop("shop/b.csv", "email,city,vip\nmailto:zq@@example.COM,Leeds,y\n")
    run_load(feeds=feeds)
    found = query("select email, city, vip, _record_id from raw.shop_customers order by 3 desc, 1")
    address = found[0][0]
    assert re.fullmatch(r"erased-[0-9a-f]{32}@erased\.invalid", address)
    assert found == [
        (address, None, "y", address),
        (address, None, "y", address),
        ("bo@example.com", "Pune", "n", "bo@example.com"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (new_pseudonym(), True),
        (f"{new_pseudonym()}@erased.invalid", True),
        ("erased-tapes records", False),
        ("erased-1", False),
    ],
    ids=["pseudonym", "address", "name", "number"],
)
def test_only_pseudonyms_are_taken_for_the_erased(text: str, expected: bool) -> None:
    assert is_erased(text) == expected


def test_what_is_remembered_of_a_file_is_forgotten_with_it(
    feed_file: Callable[[str], FeedContract],
) -> None:
    """A load collects no garbage: what refers to itself would be kept until its end."""
    (feed,) = feed_file(MAILED)
    was_on = gc.isenabled()
    gc.disable()
    try:
        identities = Identities(feed)
        assert identities.of(("ZQ@example.com",)) is not None
        known = weakref.ref(identities)
        del identities
        assert known() is None
    finally:
        if was_on:
            gc.enable()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("{columns: [emali]}", "'emali' is not a column"),
        ("{columns: [vip]}", "'vip' identifies a person"),
        ("{columns: [email], where: {city: x, emali: y}}", "'emali' is not a column"),
        ("{columns: []}", "customer[1].columns"),
        ("{columns: [address]}", "IP addresses name no customer"),
        ("{columns: [email], within: address}", "IP addresses name no customer"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(
    feed_file: Callable[[str], FeedContract], changed: str, said: str
) -> None:
    with pytest.raises(BranchlineError, match=re.escape(said)):
        feed_file(MAILED.replace("{columns: [email]}", changed))


LOG = """
feeds:
  shop_log:
    source: shop
    table: shop_log
    description: Requests to the shop.
    files: "shop/*.csv"
    header: required
    columns:
      - name: time
      - name: remote_ip
        protect: ip_address
"""


class BuiltRequests(NothingBuilt):
    """Requests up to a file are built, and these addresses have not been seen for long."""

    def __init__(self, last_file: int, *addresses: str) -> None:
        self._last_file = last_file
        self._tokens = [CardTokens(TOKEN_KEY).token(address) for address in addresses]

    def addresses_until(self, source: str, days: int) -> Iterator[str]:
        return iter(self._tokens if (source, days) == ("shop", 100) else [])

    def last_file_of_requests(self, source: str) -> int:
        return self._last_file


def test_addresses_expire_as_a_whole(
    inbox: Inbox,
    run_load: Load,
    database_url: str,
    query: Ask,
    feed_file: Callable[[str], FeedContract],
) -> None:
    feeds = feed_file(LOG)

    def load(name: str, *addresses: str) -> int:
        lines = "".join(f"{number},{address}\n" for number, address in enumerate(addresses))
        inbox.drop(f"shop/{name}.csv", f"time,remote_ip\n{lines}")
        run_load(feeds=feeds)
        [(file_id,)] = query("select max(file_id) from raw.ingest_files")
        return int(file_id)

    def expire(*built: Any) -> Erasure:
        retention = Retention({"shop": 100}, [])
        return erase(
            database_url, retention, feeds=feeds, built=BuiltRequests(*built), because="age"
        )

    def tokens() -> list[Any]:
        return query(
            "select ip_token, ip_network from raw.shop_log order by _file_id, _line_number"
        )

    first = load("a", "192.0.2.5", "192.0.2.6", "192.0.2.5", "unknown")
    second = load("b", "192.0.2.5", "192.0.2.6", "192.0.2.7")
    before = tokens()
    # Of the second file it is not known when the addresses were seen.
    assert expire(first, "192.0.2.5").is_empty
    done = expire(second, "192.0.2.5")
    assert (done.addresses, done.rows) == (1, {"shop_log": 3})
    assert done.columns == {"shop_log": ["ip_token"]}
    assert before[0][0] not in dump(database_url)
    after = tokens()
    assert re.fullmatch("erased-[0-9a-f]{32}", after[0][0])
    assert after[0] == after[2] == after[4] == (after[0][0], "192.0.2.0/24")
    assert [after[place] for place in (1, 3, 5, 6)] == [before[place] for place in (1, 3, 5, 6)]
    assert expire(second).is_empty

    # What no model knows expires by when it was loaded last.
    query(
        "update raw.ingest_files set loaded_at = loaded_at - interval '101 days'"
        f" where file_id = {first}"
    )
    done = expire(0)
    assert (done.addresses, done.columns) == (0, {"shop_log": ["ip_unreadable"]})
    query("update raw.ingest_files set loaded_at = loaded_at - interval '101 days'")
    assert expire(0).addresses == 2
    erased = [token for token, _ in tokens() if token is not None]
    assert [erased.index(token) for token in erased] == [0, 1, 0, 0, 1, 5]
    assert all(token.startswith("erased-") for token in erased)

    # The same file again is known as its newer version, and has its tokens again.
    third = load("a", "192.0.2.5", "192.0.2.6", "192.0.2.5", "unknown", "")
    assert query(f"select status from raw.ingest_files where file_id = {third}") == [("loaded",)]
    assert tokens()[-5:-2] == before[:3]
