"""`branchline withdraw`: a file counts no more, and only what is sent anew counts again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from nightly import Project
from throwaway import Branchline

from base.errors import BranchlineError
from ingest.review.withdrawal import Withdrawn, withdraw

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"
LINE = "44,571,besan,2023-05-01,7,52,7,364\n"
SOLD = "select count(*), coalesce(sum(net_amount), 0) from marts.fct_transactions"
MAY, COPY = "sales_desk/sales/may.csv", "sales_desk/sales/old/may.csv"


def build(project: Project, *arguments: str) -> tuple[object, ...]:
    project.dbt("run", "--select", "+fct_transactions", *arguments)
    return project.rows(SOLD)[0]


def quiet(_: str) -> None:
    return


def test_a_copy_is_taken_back(project: Project) -> None:
    project.deliver(MAY, HEADER + LINE * 3)
    project.deliver(COPY, HEADER + LINE * 3)
    told = {file.path: file.reason or "" for file in project.load().files}
    assert "branchline withdraw" in told[COPY]
    project.seed()
    assert build(project) == (6, 6 * 364)

    assert withdraw(project.url, [COPY], "a copy", quiet) == [
        Withdrawn(COPY, "sales_desk_sales", 3)
    ]
    assert build(project) == (3, 3 * 364)
    # It lies there still, and even read again it is known.
    (project.inbox / COPY).touch()
    assert not project.load().changed
    assert build(project, "--full-refresh") == (3, 3 * 364)
    assert project.rows("select count(*) from raw.sales_desk_sales") == [(6,)]
    assert project.rows(
        "select reason, row_count from raw.ingest_files where path = %s and status = 'loaded'", COPY
    ) == [("withdrawn: a copy", 0)]

    # Other content under the path is a file again.
    project.deliver(COPY, HEADER + LINE)
    project.load()
    assert build(project) == (4, 4 * 364)


def test_a_day_of_a_till_is_taken_back(project: Project) -> None:
    path = "branch_pos/leeds_10-01-2024_09-00-00.csv"
    till = "10/01/2024 09:00,Leeds,Ann Lee,Latte - 2.00,2.00,CASH,\n"
    project.deliver(path, till)
    project.deliver(path.replace("10-01", "11-01"), till.replace("10/01", "11/01"))
    project.load()
    project.seed()
    assert build(project) == (2, 4)
    withdraw(project.url, [path], "of a test", quiet)
    assert build(project) == (1, 2)
    # The branch and day are not forgotten: what is sent for them takes its place.
    assert project.rows(
        "select branch, business_date, status from raw.ingest_files where path = %s"
        " order by file_id",
        path,
    ) == [("leeds", date(2024, 1, 10), "superseded"), ("leeds", date(2024, 1, 10), "loaded")]
    project.deliver(path.replace("09-00-00", "10-00-00"), till * 3)
    project.load()
    assert build(project) == (4, 8)


def test_nothing_is_withdrawn_unless_all_can_be(project: Project) -> None:
    project.deliver(MAY, HEADER + LINE)
    project.load()
    for other in ("sales_desk/sales/june.csv", "database/sales_desk/customer.csv"):
        with pytest.raises(BranchlineError, match=other):
            withdraw(project.url, [MAY, other], "a test", quiet)
    assert project.rows("select count(*), min(status) from raw.ingest_files") == [(1, "loaded")]


def test_withdraw_on_the_command_line(branchline: Branchline, project_env: dict[str, str]) -> None:
    def call(*words: str, code: int = 0) -> str:
        done = branchline(*words, environment=project_env)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "Nothing that counts" in call("withdraw", MAY, "--because", "a test", code=1)
    file = Path(project_env["BRANCHLINE_INBOX"]) / MAY
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + LINE)
    call("load")
    assert "Missing option" in call("withdraw", MAY, code=2)
    said = call("withdraw", MAY, MAY, "--because", "of card 4929000000000004")
    assert f"{MAY}: 1 row of sales_desk_sales withdrawn." in said
    assert "Nothing that counts" in call("withdraw", MAY, "--because", "again", code=1)
    assert "4929000000000004" not in call("sql", "select reason from raw.ingest_files")
