"""Reading marts: one snapshot, one role at a time, nothing below the marts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg2
import pytest
from small_company import PREFIX, SmallCompany, small_company

from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.access.lowered import reading
from operate.access.people import make_user
from operate.access.role_names import find_roles
from publish.marts import open_marts

PASSWORD = "only-for-tests-0123456789"
BOTH = ("analyst", "pii_reader")


@pytest.fixture
def company(postgres_server: Connection, tmp_path: Path) -> Iterator[SmallCompany]:
    with small_company(postgres_server, tmp_path) as made:
        made.open_branch("Leeds")
        made.sell("2026-03-30", {"Leeds": 5})
        made.ask(
            "create table marts.rpt_staff (branch_key text, employee text);"
            "insert into marts.rpt_staff values ('key of Leeds', 'Ann Archer');"
            "create view marts_masked.rpt_staff as"
            " select branch_key, cast(null as text) as employee from marts.rpt_staff;"
            f"grant select on marts.rpt_staff to {PREFIX}pii_reader;"
            f"grant select on marts_masked.rpt_staff to {PREFIX}analyst;"
            "create table intermediate.int_staff as select * from marts.rpt_staff"
        )
        yield made


def connection(company: SmallCompany, url: str = "") -> Connection:
    return Connection(url or company.url, "", 0, "", "", "")


def test_each_role_reads_what_it_may_in_one_transaction(company: SmallCompany) -> None:
    with reading(connection(company), BOTH) as (low, roles), open_marts(low.url, roles) as marts:
        query = "select employee from rpt_staff"
        for _ in range(2):
            assert marts["analyst"].rows(query) == [{"employee": None}]
            assert marts["pii_reader"].rows(query) == [{"employee": "Ann Archer"}]
        assert [*marts["analyst"].stream(query)] == [(None,)]
        assert [marts[role].shows_names for role in BOTH] == [False, True]
        assert not marts["analyst"].has("int_staff")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            marts["pii_reader"].rows("select * from intermediate.int_staff")


def test_nothing_can_be_written(company: SmallCompany) -> None:
    with (
        reading(connection(company), BOTH) as (low, roles),
        open_marts(low.url, roles) as marts,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        marts["analyst"].rows("create temporary table mine (a int)")


def test_what_is_read_does_not_change_meanwhile(company: SmallCompany) -> None:
    with (
        reading(connection(company), ("analyst",)) as (low, roles),
        open_marts(low.url, roles) as marts,
    ):
        company.sell("2026-03-30", {"Leeds": 6})
        query = "select net_sales from rpt_daily_sales"
        assert [float(row["net_sales"]) for row in marts["analyst"].rows(query)] == [5]
        # As dbt replaces a table; this would look empty in the snapshot.
        company.ask("set lock_timeout = '50ms'")
        for mart in ("rpt_daily_sales", "rpt_staff"):
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                company.ask(f"alter table marts.{mart} rename to replaced")
    company.ask("alter table marts.rpt_daily_sales rename to replaced")


def test_a_member_reads_in_its_own_roles_and_others_are_refused(company: SmallCompany) -> None:
    with open_link(company.url) as link:
        roles = find_roles(link)
        assert roles is not None
        make_user(link, roles, "pub_nia", ["loader", "transformer", "analyst"], PASSWORD)
        make_user(link, roles, "pub_lou", ["loader", "transformer"], PASSWORD)
    nia, lou = (
        connection(company, re.sub(r"//.*?@", f"//{name}:{PASSWORD}@", company.url))
        for name in ("pub_nia", "pub_lou")
    )
    with reading(nia, ("analyst",)) as (low, names), open_marts(low.url, names) as marts:
        assert low is nia
        # As a transformer, she could read the table itself.
        assert marts["analyst"].rows("select employee from rpt_staff") == [{"employee": None}]
    for who, purposes in ((nia, BOTH), (lou, BOTH)):
        with (
            pytest.raises(BranchlineError, match="is not a member") as error,
            reading(who, purposes),
        ):
            pass
        assert "branchline warehouse user pub_" in error.value.hint


def test_branches_trade_from_their_first_sale_until_a_quarter_after_the_last(
    company: SmallCompany,
) -> None:
    company.open_branch("New", first_business_date="2026-03-15")
    company.open_branch("Closed", last_business_date="2026-01-31")
    company.open_branch("Listed", first_business_date=None, last_business_date=None)
    with (
        reading(connection(company), ("analyst",)) as (low, roles),
        open_marts(low.url, roles) as marts,
    ):

        def names(on: str) -> list[str]:
            return [branch.name for branch in marts["analyst"].branches(date.fromisoformat(on))]

        assert names("2026-03-14") == ["Closed", "Leeds"]
        assert names("2026-03-15") == ["Closed", "Leeds", "New"]
        assert names("2026-05-03") == ["Closed", "Leeds", "New"]
        assert names("2026-05-04") == ["Leeds", "New"]
        assert marts["analyst"].all_branches[0].names == ("Closed", "tills/Closed")


def test_keys_and_dates_come_from_the_descriptions_of_the_marts(company: SmallCompany) -> None:
    with (
        reading(connection(company), ("analyst",)) as (low, roles),
        open_marts(low.url, roles) as marts,
    ):
        reader = marts["analyst"]
        assert reader.key("rpt_daily_sales") == ("branch_key", "business_date")
        assert reader.date_column("rpt_daily_sales") == "business_date"
        # A branch has dates, but none of them is what its row is about.
        assert (reader.key("dim_branches"), reader.date_column("dim_branches")) == (
            ("branch_key",),
            None,
        )
        # No model of the project describes it.
        assert reader.key("rpt_staff") == ("branch_key", "employee")
        with pytest.raises(BranchlineError, match="rpt_nothing does not exist"):
            reader.columns("rpt_nothing")
