"""`branchline withdraw`: a file does not count any more until new content is sent; an erased one is
deleted everywhere."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest
from nightly import Project
from throwaway import Branchline

from base.errors import BranchlineError
from ingest.review.withdrawal import Withdrawn, erase, withdraw
from operate.server.postgres import programs

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"
LINE = "44,571,besan,2023-05-01,7,52,7,364\n"
SOLD = "select count(*), coalesce(sum(net_amount), 0) from marts.fct_transactions"
MAY, COPY = "sales_desk/sales/may.csv", "sales_desk/sales/old/may.csv"


def build(project: Project, *arguments: str) -> tuple[object, ...]:
    project.dbt("run", "--select", "+fct_transactions", *arguments)
    return project.rows(SOLD)[0]


def quiet(_: str) -> None:
    return


def test_a_copy_is_withdrawn(project: Project) -> None:
    project.deliver(MAY, HEADER + LINE * 3)
    project.deliver(COPY, HEADER + LINE * 3)
    reported = {file.path: file.reason or "" for file in project.load().files}
    assert "branchline withdraw" in reported[COPY]
    project.seed()
    assert build(project) == (6, 6 * 364)

    assert withdraw(project.url, [COPY], "a copy", quiet) == [
        Withdrawn(COPY, "sales_desk_sales", 3)
    ]
    assert build(project) == (3, 3 * 364)
    # It is still in the inbox, and known even if read again.
    (project.inbox / COPY).touch()
    assert not project.load().changed
    assert build(project, "--full-refresh") == (3, 3 * 364)
    assert project.rows("select count(*) from raw.sales_desk_sales") == [(6,)]
    assert project.rows(
        "select reason, row_count from raw.ingest_files where path = %s and status = 'loaded'", COPY
    ) == [("withdrawn: a copy", 0)]

    # Other content under the path is a new file.
    project.deliver(COPY, HEADER + LINE)
    project.load()
    assert build(project) == (4, 4 * 364)


def test_a_day_of_a_till_is_withdrawn(project: Project) -> None:
    path = "branch_pos/leeds_10-01-2024_09-00-00.csv"
    till = "10/01/2024 09:00,Leeds,Ann Lee,Latte - 2.00,2.00,CASH,\n"
    project.deliver(path, till)
    project.deliver(path.replace("10-01", "11-01"), till.replace("10/01", "11/01"))
    project.load()
    project.seed()
    assert build(project) == (2, 4)
    withdraw(project.url, [path], "of a test", quiet)
    assert build(project) == (1, 2)
    # Branch and day are kept: a new file for them supersedes it.
    assert project.rows(
        "select branch, business_date, status from raw.ingest_files where path = %s"
        " order by file_id",
        path,
    ) == [("leeds", date(2024, 1, 10), "superseded"), ("leeds", date(2024, 1, 10), "loaded")]
    project.deliver(path.replace("09-00-00", "10-00-00"), till * 3)
    project.load()
    assert build(project) == (4, 8)


def test_a_withdrawal_is_all_or_nothing(project: Project) -> None:
    project.deliver(MAY, HEADER + LINE)
    project.load()
    for other in ("sales_desk/sales/june.csv", "database/sales_desk/customer.csv"):
        with pytest.raises(BranchlineError, match=other):
            withdraw(project.url, [MAY, other], "a test", quiet)
    assert project.rows("select count(*), min(status) from raw.ingest_files") == [(1, "loaded")]


def dump(project: Project) -> str:
    """The whole content of the database."""
    command = [str(programs() / "pg_dump"), project.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


CUSTOMERS = "customer_id,first_name,last_name,address,pincode,phone_number,joining_date\n"
ASHA = "1,Asha,Rao,Pune,411012,+91-7000000001,2021-12-12\n"
TILL = "branch_pos/leeds_10-01-2024_09-00-00.csv"


def test_erased_rows_are_nowhere(project: Project) -> None:
    """Neither in raw, nor in the models, nor in the history of lists."""
    marts = ("+fct_sales", "+dim_customers", "+dim_customer_versions", "+rejected_rows")

    def run() -> None:
        project.seed()
        project.dbt("run", "--select", *marts)

    customers = "sales_desk/customer.csv"
    project.deliver(customers, CUSTOMERS + ASHA)
    project.load()
    run()
    # A person, an address, a customer and products that should never have arrived.
    project.deliver(
        customers, CUSTOMERS + ASHA.replace("Pune", "Zqpune") + "2,Zqbela,Sen,Pune,4,7,2022-12-08\n"
    )
    project.deliver(TILL, "10/01/2024 09:00,Leeds,Zqann,Zqtea - 2.00,2.00,CASH,\nZqbroken\n")
    project.deliver(MAY, HEADER + LINE * 3)
    project.deliver(COPY, HEADER + LINE.replace("besan", "Zqbesan"))
    project.load()
    run()
    project.deliver(customers, CUSTOMERS + ASHA)
    project.deliver(TILL, "10/01/2024 09:00,Leeds,Ann,Tea - 2.00,2.00,CASH,\n")
    project.load()
    withdraw(project.url, [COPY], "a copy", quiet)
    run()
    for text in ("Zqpune", "Zqbela", "Zqann", "Zqtea", "Zqbroken", "Zqbesan"):
        assert text in dump(project), text
    project.keep_marts("kept")
    history = (
        "select customer_id, address, dbt_valid_from::text, dbt_valid_to::text"
        " from snapshots.snap_sales_desk__customers order by customer_id, dbt_valid_from"
    )
    first, moved, latest, other = project.rows(history)
    assert [moved[:2], other[:2]] == [("1", "Zqpune"), ("2", "Pune")]

    bad = [
        str(file_id)
        for (file_id,) in project.rows(
            "select max(file_id) from raw.ingest_files where path in (%s, %s)"
            " and status = 'superseded' group by path order by path",
            customers,
            TILL,
        )
    ]
    withdrawn, erased = erase(project.url, [COPY, *bad], "people", quiet)
    assert withdrawn == []
    assert {(version.path, version.rows, version.rejects) for version in erased} == {
        (customers, 2, 0), (TILL, 1, 1), (COPY, 1, 0),
    }  # fmt: skip
    run()
    # Only the history of a list has changed: the previous version is valid until the next one.
    assert set(project.differences("kept")) == {"dim_customer_versions"}
    assert project.rows(history) == [(*first[:3], latest[2]), latest]
    project.rows("drop schema kept cascade")
    assert [line for line in dump(project).splitlines() if "Zq" in line] == []
    project.dbt("test", "--select", "assert_the_ledger_counts_what_raw_holds")

    # Again: there is nothing left to do, and no model is refreshed for it.
    assert erase(project.url, [COPY, *bad], "again", quiet) == ([], [])
    assert project.rows(
        "select path, reason, row_count from raw.ingest_files where status = 'erasure'"
        " and path = %s",
        COPY,
    ) == [(COPY, "erased: 1 rows and 0 rejected lines of version 4: people", 0)]
    # The file is still in the inbox and known; under another name it is not loaded either.
    assert not project.load().changed
    project.deliver("sales_desk/sales/again.csv", HEADER + LINE.replace("besan", "Zqbesan"))
    (outcome,) = project.load().files
    assert outcome.status == "quarantined"
    assert "erased" in (outcome.reason or "")


def test_an_erasure_is_atomic(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever statement the database fails at."""
    project.deliver(MAY, HEADER + LINE * 3 + "broken\n")
    project.load()
    held = "select status, row_count, rejected_count, erased_by from raw.ingest_files order by 1"
    lines = "select count(*) from raw.sales_desk_sales"
    before = project.rows(held), project.rows(lines)
    for table in ("ingest_files", "ingest_rejects", "sales_desk_sales"):
        project.rows(
            f"""
            create function raw.refuse() returns trigger language plpgsql
            as $$ begin raise 'the power failed'; end $$;
            create trigger refuse after {"update" if table == "ingest_files" else "delete"}
            on raw.{table} for each row execute function raw.refuse()
            """
        )
        with pytest.raises(BranchlineError, match="power failed"):
            erase(project.url, [MAY], "a test", quiet)
        assert (project.rows(held), project.rows(lines)) == before
        project.rows("drop function raw.refuse cascade")
    withdrawn, erased = erase(project.url, [MAY], "a test", quiet)
    assert withdrawn == [Withdrawn(MAY, "sales_desk_sales", 3)]
    assert [(file.rows, file.rejects) for file in erased] == [(3, 1)]
    assert project.rows(lines) == [(0,)]


def test_versions_with_the_same_content_are_named(project: Project, branchline: Branchline) -> None:
    """In any state: current, superseded or withdrawn, its rows are stored."""
    rows, others = HEADER + LINE * 3 + "broken\n", ("c", "d", "e", "f")
    paths = [f"sales_desk/sales/{name}.csv" for name in others]
    for path in (MAY, COPY, *paths):
        project.deliver(path, rows)
    project.load()
    withdraw(project.url, [paths[1]], "a copy", quiet)
    erase(project.url, [paths[2]], "a copy", quiet)
    project.deliver(paths[0], HEADER + LINE)
    project.deliver(COPY, HEADER + LINE * 4)
    project.load()
    (numbers,) = zip(
        *project.rows(
            "select file_id::text from raw.ingest_files where path = any(%s) and row_count = 3"
            " order by path",
            [paths[0], paths[1], paths[3], COPY],
        ),
        strict=True,
    )

    def call() -> str:
        words = ("withdraw", MAY, "--erase", "--because", "a person")
        return branchline(*words, environment=project.env).stdout

    command = f"branchline withdraw {' '.join(numbers)} --erase --because"
    for _ in range(2):
        reported = call()
        assert "The same content is still stored of:" in reported
        for path in (paths[0], paths[1], paths[3], COPY):
            assert f"{path}: 3 rows and 1 rejected line" in reported
        assert paths[2] not in reported
        assert command in reported
    erase(project.url, numbers, "a person", quiet)
    assert "same content" not in call()
    assert project.rows("select count(*) from raw.sales_desk_sales") == [(5,)]


def test_unknown_files_cannot_be_erased(project: Project) -> None:
    project.deliver(MAY, HEADER + LINE)
    project.load()
    for other in ("sales_desk/sales/june.csv", "4711", "99999999999999999999"):
        with pytest.raises(BranchlineError, match=other):
            erase(project.url, [MAY, other], "a test", quiet)
    assert project.rows("select count(*), min(status) from raw.ingest_files") == [(1, "loaded")]


def test_withdraw_on_the_command_line(branchline: Branchline, project_env: dict[str, str]) -> None:
    def call(*words: str, code: int = 0) -> str:
        done = branchline(*words, environment=project_env)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "No current file" in call("withdraw", MAY, "--because", "a test", code=1)
    file = Path(project_env["BRANCHLINE_INBOX"]) / MAY
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + LINE)
    call("load")
    assert "Missing option" in call("withdraw", MAY, code=2)
    said = call("withdraw", MAY, MAY, "--because", "of card 4929000000000004")
    assert f"{MAY}: 1 row of sales_desk_sales withdrawn." in said
    assert "No current file" in call("withdraw", MAY, "--because", "again", code=1)
    assert "4929000000000004" not in call("sql", "select reason from raw.ingest_files")
    said = call("withdraw", MAY, "--because", "a person", "--erase")
    assert f"{MAY}: 1 row and 0 rejected lines of sales_desk_sales erased (version 1)." in said
    assert "is a full refresh" in said
    assert "erased before" in call("withdraw", "1", "--because", "a person", "--erase")
    assert call("sql", "select count(*) from raw.sales_desk_sales", "--format", "csv").startswith(
        "count\n0\n"
    )
