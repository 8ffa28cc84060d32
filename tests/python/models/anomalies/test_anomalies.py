"""The sample company's anomalies are found, and nights find the same as a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from nightly import Project, new_project

from base.link import Connection
from sample.branch_pos import oddities as till_oddities
from sample.company import write_company, write_deliveries
from sample.sales_desk import oddities as desk_oddities
from sample.truth import Summary

# Long enough for anomalies, and for a history to compare with.
COMPANY = {"branches": 2, "days": 63, "seed": 3, "mess": False}
MODELS = (
    "int_branch_days__out_of_range",
    "int_customer_visits__large",
    "int_customer_visits__out_of_range",
)


@pytest.fixture(scope="module")
def grown(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Summary]]:
    """A warehouse in two nights: nearly everything, then late and corrected files."""
    folder = tmp_path_factory.mktemp("grown")
    truth = write_company(folder / "truth", **COMPANY)
    odd = {oddity.kind: oddity for oddity in truth.oddities}
    surge = odd[till_oddities.SURGE]
    asleep = odd[desk_oddities.DORMANT].day - timedelta(days=50)
    files = list(write_deliveries(**COMPANY))

    def is_held_back(path: str) -> bool:
        """A day that others are compared with, and one of the dormant customer's first visits."""
        found = next(file for file in truth.files if file.path == path)
        if found.branch_name == surge.branch_name:
            return surge.day - found.business_date == timedelta(days=14)
        return found.branch_name == "601" and found.business_date <= asleep

    held_back = [(path, data) for _, path, data in files if is_held_back(path)]
    assert len(held_back) > 1
    with new_project(postgres_server, folder) as project:
        # The store's wrong file has a visit of the dormant customer during the gap.
        wrong = next(
            (path, data)
            for day, path, data in files
            if "/sales/601/" in path and day == odd[desk_oddities.DORMANT].day - timedelta(days=13)
        )
        sleeper = odd[desk_oddities.DORMANT].subject
        day = (odd[desk_oddities.DORMANT].day - timedelta(days=13)).isoformat()
        awake = f"{sleeper},601,Milk jug 60 cl,{day},1,12.95,1,12.95\n".encode()
        for _, path, data in files:
            if path not in {path for path, _ in held_back}:
                project.deliver(path, data + awake if path == wrong[0] else data)
        project.load()
        project.seed()
        project.dbt("run", "--select", "+fct_sales_anomalies")
        project.keep_marts("before_the_last_night")
        for path, data in [*held_back, wrong]:
            project.deliver(path, data)
        project.load()
        project.dbt("run", "--select", "+fct_sales_anomalies")
        yield project, truth


def test_late_and_corrected_files_change_the_anomalies(grown: tuple[Project, Summary]) -> None:
    project, _ = grown
    assert "fct_sales_anomalies" in project.differences("before_the_last_night")
    dormant = "select count(*) from {}.fct_sales_anomalies where kind = 'dormant_account'"
    assert project.rows(dormant.format("before_the_last_night")) == [(0,)]
    assert project.rows(dormant.format("marts")) == [(1,)]


def test_every_intended_anomaly_is_found(grown: tuple[Project, Summary]) -> None:
    project, truth = grown
    found = {
        (kind, branch, employee or customer or "", day): (measures, directions, severe)
        for kind, branch, employee, customer, day, measures, directions, severe in project.rows(
            "select subject_kind, branch_name, employee_id, customer_id, period_start_date,"
            " array_agg(measure || ' ' || kind order by measure),"
            " array_agg(distinct direction), bool_or(severity in ('medium', 'high'))"
            " from marts.fct_sales_anomalies"
            " left join marts.dim_employees using (employee_key)"
            " left join intermediate.int_customers__summed_up using (customer_key)"
            " group by 1, 2, 3, 4, 5"
        )
    }
    ranged = ["receipts out_of_range", "sales out_of_range"]
    expected = {
        till_oddities.COLLAPSE: ("branch", ranged, "below"),
        till_oddities.SURGE: ("branch", ranged, "above"),
        desk_oddities.BUSY_PERSON: ("employee", ranged, "above"),
        desk_oddities.DORMANT: ("customer", ["sales dormant_account"], "above"),
    }
    assert {odd.kind for odd in truth.oddities} == set(expected)
    for odd in truth.oddities:
        subject_kind, measures, direction = expected[odd.kind]
        seen, directions, severe = found[subject_kind, odd.branch_name, odd.subject, odd.day]
        assert set(measures) <= set(seen), odd
        assert directions == [direction], odd
        assert severe, odd


def test_there_are_few_other_anomalies(grown: tuple[Project, Summary]) -> None:
    project, truth = grown
    busy = next(odd for odd in truth.oddities if odd.kind == desk_oddities.BUSY_PERSON)
    others = project.rows(
        "select * from marts.fct_sales_anomalies where not (branch_name = '601'"
        " and period_start_date between %s and %s)",
        busy.day,
        busy.day + timedelta(days=7),
    )
    # Three branches, nine weeks.
    assert len(others) <= 4 + 6


def test_a_full_refresh_finds_the_same(grown: tuple[Project, Summary]) -> None:
    project, _ = grown
    project.keep_marts("before_full_refresh")
    for name in MODELS:
        project.rows(f"create table before_full_refresh.kept_{name} as table intermediate.{name}")
    project.dbt("run", "--full-refresh", "--select", "+fct_sales_anomalies")
    assert project.differences("before_full_refresh") == {}
    for name in MODELS:
        kept, now = f"before_full_refresh.kept_{name}", f"intermediate.{name}"
        assert project.rows(f"table {kept} except all table {now}") == []
        assert project.rows(f"table {now} except all table {kept}") == []


def test_a_changed_setting_rebuilds_its_models(grown: tuple[Project, Summary]) -> None:
    project, _ = grown
    count = "select count(*) from intermediate.int_branch_days__out_of_range"
    ((before,),) = project.rows(count)
    project.dbt(
        "run", "--select", "int_branch_days__out_of_range", "--vars", "{anomaly_min_score: 100}"
    )
    assert project.rows(count) == [(0,)]
    assert before > 0
