"""How much of history the data tests read: changes every night, everything in an audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nightly import Project, new_project

from base.link import Connection

MONEY = "assert_raw_rows_and_money_are_sold_or_rejected"
ITEMS = "assert_items_match_their_receipt"
DAILY = "assert_daily_sales_add_up_to_receipts"
HOURS = "assert_peak_hours_add_up_to_receipts"
CUSTOMERS = "assert_customer_months_add_up_to_receipts"
AMOUNTS = "assert_amounts_are_converted_at_the_rate_of_their_day"
# Views over incremental models: they include a file once these have processed it.
VIEWS = ("customers_data_mart", "rpt_customers_at_risk", "int_customers__rfm_scored")
LIES_BETWEEN = "assert_lifetimes_add_up_to_months"
ONLY_DATA_TESTS = ("--exclude", "test_type:unit")
# Only tests whose models are all selected.
OF_THE_SELECTED = (*ONLY_DATA_TESTS, "--indirect-selection", "cautious")


def with_inputs(*names: str) -> tuple[str, ...]:
    """dbt's option for these tests or models and everything upstream."""
    return ("--select", *(f"+{name}" for name in names))


def day(
    number: int,
    branch: str = "Leeds",
    price: str = "2.00",
    receipts: int = 3,
    customer: str = "Ann Lee",
) -> str:
    """A branch's file of one day: receipts of one item each, by name and in cash."""
    lines = [
        f"{number:02}/01/2024 {9 + n:02}:00,{branch},{customer} {n},Latte - {price},{price},CASH,\n"
        for n in range(receipts)
    ]
    return "".join(lines)


def deliver(project: Project, number: int, content: str, time: str = "09-00-00") -> None:
    project.deliver(f"branch_pos/leeds_{number:02}-01-2024_{time}.csv", content)
    project.load()


def spoil(project: Project, number: int) -> None:
    """Make every write of one day's receipts a penny too much from now on."""
    project.rows(
        "create function spoil() returns trigger language plpgsql as"
        " $$ begin new.net_amount := new.net_amount + 0.01; return new; end $$"
    )
    project.rows(
        "create trigger spoil before insert on marts.fct_transactions for each row"
        f" when (new.business_date = '2024-01-{number:02}') execute function spoil()"
    )


def stop_spoiling(project: Project) -> None:
    project.rows("drop function spoil cascade")


def add_to_receipts(project: Project, number: int, pence: int) -> None:
    project.rows(
        "update marts.fct_transactions set net_amount = net_amount + 0.01 * %s"
        " where business_date = make_date(2024, 1, %s)",
        pence,
        number,
    )


def marks(project: Project) -> dict[str, int]:
    """Data test -> the newest file that it has passed with; singular tests by their plain names."""
    found = project.rows("select split_part(test, '.', 3), file_id from operations.test_marks")
    return dict(found)


@pytest.fixture(scope="module")
def kept(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse of three days, built and tested."""
    with new_project(postgres_server, tmp_path_factory.mktemp("kept")) as project:
        for number in (10, 11, 12):
            deliver(project, number, day(number))
        project.dbt("build", *ONLY_DATA_TESTS)
        yield project


def test_every_passed_data_test_records_its_high_water_mark(kept: Project) -> None:
    [(listed,)] = kept.rows("select count(*) from operations.test_marks")
    [(newest,)] = kept.rows("select max(file_id) from raw.ingest_files")
    assert listed == kept.dbt("--quiet", "list", "--resource-type", "test").count("\n")
    assert set(marks(kept).values()) == {newest}
    # The first one read everything, but it was not an audit.
    assert kept.rows("select * from operations.audits") == []


def test_dbt_test_alone_is_an_audit(kept: Project) -> None:
    add_to_receipts(kept, 10, 1)
    kept.dbt("build", "--select", MONEY)
    kept.dbt("test", "--select", MONEY, expect=1)
    add_to_receipts(kept, 10, -1)
    kept.dbt("test", "--select", MONEY)
    assert kept.rows("select * from operations.audits") == []
    kept.dbt("test", *ONLY_DATA_TESTS)
    [(tests,)] = kept.rows("select tests from operations.audits")
    assert tests == len(kept.rows("select * from operations.test_marks"))


def test_only_the_audit_finds_an_error_in_an_old_day(kept: Project) -> None:
    add_to_receipts(kept, 10, 1)
    # By others: a customer's month is tested as a whole.
    deliver(kept, 13, day(13, customer="Bo Ek"))
    said = kept.dbt("build", *ONLY_DATA_TESTS)
    assert "the rows touched since they last passed" in said

    before, audits = marks(kept), kept.rows("table operations.audits")
    said = kept.dbt("build", "--vars", "{audit: true}", *ONLY_DATA_TESTS, expect=1)
    failed = [line for line in said.splitlines() if " FAIL " in line]
    assert len(failed) == 6
    for name in (MONEY, ITEMS, DAILY, HOURS, CUSTOMERS, AMOUNTS):
        assert f" {name} " in "\n".join(failed)
    assert kept.rows("table operations.audits") == audits
    # The error may be anywhere: they read everything until they pass.
    found = {MONEY, ITEMS, DAILY, HOURS, CUSTOMERS, AMOUNTS}
    assert found == before.keys() - marks(kept).keys()
    kept.dbt("build", "--select", MONEY, expect=1)

    add_to_receipts(kept, 10, -1)
    kept.dbt("build", "--select", MONEY)
    assert MONEY in marks(kept)


@pytest.mark.parametrize(
    ("number", "content", "time"),
    [
        pytest.param(14, day(14), "09-00-00", id="a new day"),
        pytest.param(5, day(5), "09-00-00", id="a late day"),
        pytest.param(11, day(11, price="3.00"), "10-00-00", id="a corrected day"),
    ],
)
def test_an_error_in_changed_rows_is_found_the_same_night(
    kept: Project, number: int, content: str, time: str
) -> None:
    spoil(kept, number)
    deliver(kept, number, content, time)
    kept.dbt("run", *with_inputs(MONEY, ITEMS))
    kept.dbt("build", "--select", MONEY, ITEMS, expect=1)
    stop_spoiling(kept)
    if number == 14:
        # Nothing is new, but the error is still there: the same rows are read again.
        kept.dbt("build", "--select", MONEY, ITEMS, expect=1)
    add_to_receipts(kept, number, -1)
    kept.dbt("build", "--select", MONEY, ITEMS)


def test_a_fully_refreshed_model_is_tested_in_full(kept: Project) -> None:
    add_to_receipts(kept, 10, 1)
    kept.dbt("build", "--select", MONEY)
    # The items do not have the penny; the test that reads both starts over.
    kept.dbt("run", "--full-refresh", "--select", "fct_sales")
    assert ITEMS not in marks(kept)
    assert MONEY in marks(kept)
    kept.dbt("build", "--select", ITEMS, expect=1)
    add_to_receipts(kept, 10, -1)
    kept.dbt("build", "--select", ITEMS)


def test_the_database_matches_the_contracts(kept: Project, tmp_path: Path) -> None:
    """After nights that replaced rows and a model that was rebuilt."""
    refusals = [
        ("insert into marts.fct_sales select * from marts.fct_sales limit 1", "fct_sales.*_pkey"),
        ("update marts.fct_sales set net_amount = null", "net_amount"),
        ("update marts.fct_transactions set sold_at = null", "sold_at"),
        ("update marts.fct_transactions set payment_method = 'IOU'", "payment_method_check"),
        (
            "update marts.rpt_daily_sales set cash_sales = cash_sales + 1",
            "cash_card_and_other_sales_add_up_to_net_sales",
        ),
        (
            "update intermediate.int_branch_pos__transactions_checked set net_amount = null",
            "a_sale_has_branch_date_and_amount",
        ),
        (
            "insert into intermediate.int_customers__summed_up"
            " select * from intermediate.int_customers__summed_up limit 1",
            "summed_up.*_pkey",
        ),
    ]
    for statement, reason in refusals:
        with pytest.raises(Exception, match=reason):
            kept.rows(statement)


def let_months_lie_outside(project: Project, customer: str, days: int) -> None:
    project.rows(
        "update intermediate.int_customers__valued"
        " set first_purchase_date = first_purchase_date + %s,"
        " last_purchase_date = last_purchase_date + %s where last_customer_name = %s",
        days,
        days,
        customer,
    )


def test_a_views_tests_have_the_mark_of_the_tables_below_it(kept: Project) -> None:
    listed = kept.dbt("--quiet", "list", "--resource-type", "test", "--select", *VIEWS)
    names = {line.rpartition(".")[2] for line in listed.split()}
    kept.dbt("build", *with_inputs(*names), *OF_THE_SELECTED)
    before = marks(kept)
    assert len(names & before.keys()) > len(VIEWS)

    deliver(kept, 20, day(20, customer="Di Fox"))
    kept.dbt("build", "--select", *VIEWS, *ONLY_DATA_TESTS)
    after = marks(kept)
    assert {name: after[name] for name in names} == {name: before[name] for name in names}

    # So an error in the new file is found as soon as the views show it.
    kept.dbt("run", *with_inputs(*names))
    let_months_lie_outside(kept, "Di Fox 1", 31)
    kept.dbt("build", "--select", "customers_data_mart", *ONLY_DATA_TESTS, expect=1)
    let_months_lie_outside(kept, "Di Fox 1", -31)
    kept.dbt("build", "--select", *VIEWS, *ONLY_DATA_TESTS)
    [(newest,)] = kept.rows("select max(file_id) from raw.ingest_files")
    assert {marks(kept)[name] for name in names} == {newest}


def test_a_views_tests_restart_after_a_refresh_of_a_table_below_it(kept: Project) -> None:
    kept.dbt("build", *with_inputs(*VIEWS, ITEMS), *OF_THE_SELECTED)
    assert {LIES_BETWEEN, ITEMS} <= marks(kept).keys()
    kept.dbt("run", "--full-refresh", "--select", "int_customers__valued")
    assert LIES_BETWEEN not in marks(kept)
    # Which reads nothing of it.
    assert ITEMS in marks(kept)
    # With the table PostgreSQL has dropped the views.
    kept.dbt("run", *with_inputs(*VIEWS))
    let_months_lie_outside(kept, "Ann Lee 1", 31)
    kept.dbt("build", "--select", "customers_data_mart", *ONLY_DATA_TESTS, expect=1)
    let_months_lie_outside(kept, "Ann Lee 1", -31)
    kept.dbt("build", "--select", "customers_data_mart", *ONLY_DATA_TESTS)


def test_a_line_of_a_till_costs_what_its_items_cost(kept: Project) -> None:
    kept.dbt("run", *with_inputs("fct_sales"))
    of_the_tills = "assert_a_tills_line_is_quantity_times_unit_price"
    kept.rows("update marts.fct_sales set net_amount = net_amount + 1")
    kept.dbt("test", "--select", of_the_tills, expect=1)
    kept.rows("update marts.fct_sales set net_amount = net_amount - 1")
    kept.dbt("test", "--select", of_the_tills)
