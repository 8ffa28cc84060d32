"""Customers: months, lifetime values, segments, cohorts, new and lapsed ones."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import throwaway
from nightly import Project, Row, new_project

from base.link import Connection

CUSTOMER_MARTS = {
    "customers_data_mart",
    "rpt_customer_cohorts",
    "rpt_customers_at_risk",
    "rpt_new_vs_returning",
}
# With their upstream models.
SELECTED = [f"+{name}" for name in sorted(CUSTOMER_MARTS)]


# Changed by the models that replace what they count.
KEPT_COUNTS = {
    "int_customers__counted": "source_system, currency_code, measure, measured_value",
    "int_cohort_months__sold": "source_system, currency_code, first_sales_month, sales_month",
}


def kept_counts(project: Project) -> dict[str, list[Row]]:
    return {
        name: project.rows(
            f"select {keys}, to_jsonb(counts) from intermediate.{name} as counts order by {keys}"
        )
        for name, keys in KEPT_COUNTS.items()
    }


def tables_of_counts(project: Project) -> list[Row]:
    """A full refresh makes new ones."""
    return [
        row
        for name in KEPT_COUNTS
        for row in project.rows(f"select cast('intermediate.{name}' as regclass)::oid")
    ]


def receipt(branch: str, time: str, customer: str, price: str) -> str:
    """One line of a branch file, of one item, paid by card: the same customer in any branch."""
    card = f"49927398716{len(customer):05d}" if customer else ""
    return (
        f"{time},{branch},{customer},Latte - {price},{Decimal(price)},"
        f"{'CARD' if card else 'CASH'},{card}\n"
    )


def new_and_returning(project: Project) -> dict[tuple[str, str], tuple[int, int]]:
    rows = project.rows(
        "select branch_name, to_char(sales_week, 'MM-DD'), new_customers, returning_customers"
        " from marts.rpt_new_vs_returning"
    )
    return {(branch, week): (new, returning) for branch, week, new, returning in rows}


def lifetime(project: Project) -> list[Row]:
    return project.rows(
        "select full_name, sales_date_month, total_sales, customer_lifetime_value,"
        " first_purchase_month, purchase_frequency from marts.customers_data_mart order by 1, 2"
    )


def test_a_night_updates_every_affected_month_and_week(project: Project) -> None:
    def night(name: str, *lines: str) -> None:
        project.deliver(f"branch_pos/{name}_09-00-00.csv", "".join(lines))
        project.load()
        project.dbt("run", "--select", *SELECTED)

    project.prepare()
    project.seed()

    # Ann buys in Leeds and, in the same week (from Monday the 8th), in York: new in both.
    night("leeds_10-01-2024", receipt("Leeds", "10/01/2024 09:00", "Ann", "2.00"))
    night(
        "york_11-01-2024",
        receipt("York", "11/01/2024 09:00", "Ann", "3.00"),
        receipt("York", "11/01/2024 09:05", "Bo Ek", "4.00"),
    )
    assert new_and_returning(project) == {("Leeds", "01-08"): (1, 0), ("York", "01-08"): (2, 0)}
    assert lifetime(project) == [
        ("Ann", "2024-01", Decimal("5.00"), Decimal("5.00"), "2024-01", 2),
        ("Bo Ek", "2024-01", Decimal("4.00"), Decimal("4.00"), "2024-01", 1),
    ]
    tables = tables_of_counts(project)

    # A late file brings an older receipt of Ann's: she was not new in York either, although no
    # file of York has changed.
    night("leeds_29-12-2023", receipt("Leeds", "29/12/2023 09:00", "Ann", "1.50"))
    assert new_and_returning(project) == {
        ("Leeds", "12-25"): (1, 0),
        ("Leeds", "01-08"): (0, 1),
        ("York", "01-08"): (1, 1),
    }
    assert lifetime(project) == [
        ("Ann", "2023-12", Decimal("1.50"), Decimal("6.50"), "2023-12", 3),
        ("Ann", "2024-01", Decimal("5.00"), Decimal("6.50"), "2023-12", 3),
        ("Bo Ek", "2024-01", Decimal("4.00"), Decimal("4.00"), "2024-01", 1),
    ]
    cohorts = (
        "select to_char(cohort_month, 'YYYY-MM'), months_since_first, customers, retained_percent,"
        " net_sales from marts.rpt_customer_cohorts order by 1, 2"
    )
    assert project.rows(cohorts) == [
        ("2023-12", 0, 1, Decimal("100.00"), Decimal("1.50")),
        ("2023-12", 1, 1, Decimal("100.00"), Decimal("5.00")),
        ("2024-01", 0, 1, Decimal("100.00"), Decimal("4.00")),
    ]

    # It is corrected: the receipt was of an unknown customer. Ann is new in January again.
    project.deliver(
        "branch_pos/leeds_29-12-2023_10-00-00.csv",
        receipt("Leeds", "29/12/2023 09:00", "", "1.50"),
    )
    night("leeds_05-05-2024", receipt("Leeds", "05/05/2024 09:00", "Cleo B", "9.00"))
    assert new_and_returning(project) == {
        ("Leeds", "12-25"): (0, 0),
        ("Leeds", "01-08"): (1, 0),
        ("York", "01-08"): (2, 0),
        ("Leeds", "04-29"): (1, 0),
    }
    # Ann and Bo have bought nothing since, so they are inactive: today is in May.
    inactive = "select full_name, inactive_status from marts.customers_data_mart order by 1"
    assert project.rows(inactive) == [("Ann", True), ("Bo Ek", True), ("Cleo B", False)]

    # Another date on her first receipt: it is still the first, but it moves the week in which
    # she was new in York.
    project.deliver(
        "branch_pos/leeds_10-01-2024_10-00-00.csv",
        receipt("Leeds", "05/01/2024 09:00", "Ann", "2.00"),
    )
    project.load()
    project.dbt("run", "--select", *SELECTED)
    assert new_and_returning(project) == {
        ("Leeds", "12-25"): (0, 0),
        ("Leeds", "01-01"): (1, 0),
        ("York", "01-08"): (1, 1),
        ("Leeds", "04-29"): (1, 0),
    }

    counts = kept_counts(project)
    assert tables_of_counts(project) == tables
    project.keep_marts("nightly")
    project.dbt("run", "--full-refresh", "--select", *SELECTED)
    assert project.differences("nightly") == {}
    assert kept_counts(project) == counts

    # Where a run replaced customers only, the counts may have missed a change: they start anew.
    tables = tables_of_counts(project)
    project.deliver(
        "branch_pos/leeds_06-05-2024_09-00-00.csv",
        receipt("Leeds", "06/05/2024 09:00", "Ann", "7.00"),
    )
    project.load()
    project.dbt("run", "--select", "+int_customers__valued")
    night("leeds_07-06-2024", receipt("Leeds", "07/06/2024 09:00", "Dee", "3.00"))
    assert not set(tables_of_counts(project)) & set(tables)

    # So they do where somebody changed a customer without dbt.
    [_] = project.rows(
        "update intermediate.int_customers__valued set purchases = 77"
        " where last_customer_name = 'Dee' returning customer_key"
    )
    night("leeds_08-06-2024", receipt("Leeds", "08/06/2024 09:00", "Dee", "3.00"))
    counts = kept_counts(project)
    assert not any(77 in row for row in counts["int_customers__counted"])
    project.dbt("run", "--full-refresh", "--select", *KEPT_COUNTS)
    assert kept_counts(project) == counts


def test_views_stay_and_changed_segments_apply_without_a_new_file(project: Project) -> None:
    def deliver(day: str) -> None:
        line = receipt("Leeds", f"{day}/01/2024 09:00", "Ann", "2.00")
        project.deliver(f"branch_pos/leeds_{day}-01-2024_09-00-00.csv", line)
        project.load()

    deliver("10")
    # In another currency, too, where somebody else came later.
    project.deliver(
        "branch_pos/dublin docklands_12-01-2024_09-00-00.csv",
        receipt("Dublin Docklands", "10/01/2024 09:00", "Ann", "2.00")
        + receipt("Dublin Docklands", "12/01/2024 09:00", "Bo Ek", "1.00"),
    )
    project.load()
    project.seed()
    project.dbt("run", "--select", *SELECTED)
    query = (
        "select currency_code, purchase_frequency, rfm_segment from marts.customers_data_mart"
        " where full_name = 'Ann' order by 1"
    )
    abroad = ("EUR", 1, "Needs attention")
    assert project.rows(query) == [abroad, ("GBP", 1, "New")]

    # All but the marts, as if the run had ended before them: their upstream tables are never
    # swapped, so that the marts exist all night.
    deliver("11")
    project.dbt("run", "--select", *SELECTED, "--exclude", *CUSTOMER_MARTS)
    assert project.rows(query) == [abroad, ("GBP", 2, "New")]

    project.rows(
        "update reference.rfm_segments set rfm_segment = 'Fresh' where rfm_segment = 'New'"
    )
    project.dbt("run", "--select", "int_rfm_scores__segmented")
    assert project.rows(query) == [abroad, ("GBP", 2, "Fresh")]


@pytest.fixture(scope="module")
def real(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The real files of both sources, loaded and built."""
    source = throwaway.real_files()
    with new_project(postgres_server, tmp_path_factory.mktemp("real")) as project:
        for name in ("branch_pos", "sales_desk"):
            for path in sorted((source / name).rglob("*.csv")):
                project.deliver(path.relative_to(source).as_posix(), path.read_bytes())
        project.load()
        only_what_is_built = ("--indirect-selection", "cautious")
        project.dbt(
            "build", "--select", *SELECTED, *only_what_is_built, "--exclude", "test_type:unit"
        )
        yield project


def test_real_customers_with_and_without_a_master_row(real: Project) -> None:
    query = (
        "select count(distinct customer_key),"
        " count(distinct customer_key) filter (where full_name is null and address is null),"
        " count(*), sum(total_sales),"
        " sum(purchase_frequency) filter (where sales_date_month = first_purchase_month),"
        " count(distinct customer_key) filter (where inactive_status)"
        " from marts.customers_data_mart where source_system = %s"
    )
    [found] = real.rows(query, "sales_desk")
    assert found == (99, 49, 1999, Decimal("3043871.00"), 3000, 5)
    unlisted = (
        "select sum(purchase_frequency) from marts.customers_data_mart"
        " where source_system = 'sales_desk' and sales_date_month = first_purchase_month"
        " and address is null"
    )
    assert real.rows(unlisted) == [(1497,)]


def test_a_real_customer_matches_a_manual_calculation(real: Project) -> None:
    # 25 sales from 24 March 2021 to 10 August 2023: 869 days, 30 calendar months, 35,414.00 in all.
    [found] = real.rows(
        "select distinct full_name, address, customer_lifetime_value, first_purchase_month,"
        " last_purchase_month, purchase_frequency, monetary_value, avg_monthly_spending,"
        " max_single_transaction, avg_time_between_purchases, inactive_status"
        " from marts.customers_data_mart"
        " where source_system = 'sales_desk' and customer_id = '1'"
    )
    assert found[2:] == (
        Decimal("35414.00"),
        "2021-03",
        "2023-08",
        25,
        Decimal("1416.56"),
        Decimal("1180.47"),
        Decimal("5960.00"),
        Decimal("36.21"),
        False,
    )
    assert found[1] == "Pune"


def test_real_reports_add_up(real: Project) -> None:
    totals = dict(
        real.rows("select source_system, sum(net_amount) from marts.fct_transactions group by 1")
    )
    for mart in ("rpt_new_vs_returning", "rpt_customer_cohorts"):
        assert (
            dict(real.rows(f"select source_system, sum(net_sales) from marts.{mart} group by 1"))
            == totals
        ), mart
    at_risk = "select count(*), count(*) filter (where is_churned) from marts.rpt_customers_at_risk"
    assert real.rows(at_risk) == [(15, 1)]
