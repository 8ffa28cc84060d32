"""A run reports what it rejected, by file and rule, and unlisted branches."""

from __future__ import annotations

import io

from nightly import Project
from rich.console import Console

from base.link import open_link
from operate.runs.inboxes import ledger_mark
from publish.digest.terminal import show_doubtful, show_refused, show_unlisted_branches
from publish.digest.totals import (
    DoubtfulOfFile,
    RefusedOfFile,
    UnlistedBranch,
    read_refused,
    read_unlisted_branches,
)

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"


def desk_file(*days: str) -> str:
    return HEADER + "".join(f"44,571,besan,{day},7,52,7,364\n" for day in days)


def test_new_rejected_rows_are_reported_by_file(project: Project) -> None:
    project.deliver("sales_desk/sales/may.csv", desk_file("2023-05-01", "yesterday", "31/04/2023"))
    project.deliver("sales_desk/sales/june.csv", desk_file("2023-06-01"))
    # A line that cannot be split is reported by the load.
    till = "10/01/2024 09:00,Leeds,Ann Lee,Latte - 2.00,2.00,CASH,\n"
    project.deliver(
        "branch_pos/leeds_10-01-2024_09-00-00.csv",
        till * 8 + till.replace("2.00,2.00", "2.00,2.05") + "10/01/2024\n",
    )
    project.load()
    project.seed()
    project.dbt("run", "--select", "+rpt_digest__refused_files")
    with open_link(project.url) as link:
        first = ledger_mark(link)
        refused = read_refused(link, 0)
    assert refused == [
        RefusedOfFile("sales_desk/sales/may.csv", 3, 2, "timestamp_unreadable: 2"),
        RefusedOfFile(
            "branch_pos/leeds_10-01-2024_09-00-00.csv", 9, 1, "basket_differs_from_total: 1"
        ),
    ]

    # The fixed file is new, and the others are not.
    project.deliver("sales_desk/sales/may.csv", desk_file("2023-05-01", "2023-05-01", "today"))
    project.load()
    project.dbt("run", "--select", "+rpt_digest__refused_files")
    with open_link(project.url) as link:
        assert read_refused(link, first) == [
            RefusedOfFile("sales_desk/sales/may.csv", 3, 1, "timestamp_unreadable: 1")
        ]
        assert read_refused(link, ledger_mark(link)) == []


def shown(files: list[RefusedOfFile], *, judged_again: bool = False) -> str:
    out = io.StringIO()
    show_refused(Console(file=out, width=300), files, judged_again=judged_again)
    return out.getvalue()


def test_a_run_without_rejected_rows_does_not_mention_them() -> None:
    assert shown([]) == ""
    file = RefusedOfFile("sales/may.csv", 3, 2, "timestamp_unreadable: 2")
    reported = shown([file])
    assert reported.startswith("2 new rows are rejected")
    # After a change of the project, rows of files that an earlier run has reported are not new.
    again = shown([file], judged_again=True)
    assert "All files were judged again" in again
    assert " 2 rows are rejected" in again
    assert "sales/may.csv: 2 of 3 rows (timestamp_unreadable: 2)" in reported
    many = [RefusedOfFile(f"{n}.csv", 1, 1, "total_unreadable: 1") for n in range(20)]
    assert "and 5 more files" in shown(many)


def test_possible_duplicate_receipts_are_reported_by_file() -> None:
    out = io.StringIO()
    show_doubtful(Console(file=out, width=200), [])
    assert out.getvalue() == ""
    show_doubtful(Console(file=out, width=200), [DoubtfulOfFile("sales/copy.csv", 3)])
    assert out.getvalue().startswith("3 new receipts may be counted twice")
    assert "sales/copy.csv: 3 receipts" in out.getvalue()
    show_doubtful(
        Console(file=out, width=200), [DoubtfulOfFile("sales/copy.csv", 3)], judged_again=True
    )
    assert "\n3 receipts may be counted twice" in out.getvalue()


def test_unlisted_branches_are_reported(project: Project) -> None:
    till = "10/01/2024 09:00,{0},Ann Lee,Latte - 2.00,2.00,CASH,\n"
    for name in ("Leeds", "Nowhere"):
        path = f"branch_pos/{name.lower()}_10-01-2024_09-00-00.csv"
        project.deliver(path, till.format(name))
    project.deliver("sales_desk/sales/may.csv", desk_file("2023-05-01"))
    # Even if a list of stores has it, its currency is unknown.
    project.deliver(
        "sales_desk/store.csv",
        "id,address,store_pincode,store_manager_name,store_opening_date,reviews\n"
        "571,Pune,1,Ann Lee,2020-01-01,\n572,Pune,1,Bo Ek,2020-01-01,\n",
    )
    project.load()
    project.seed()
    project.dbt("run", "--select", "+rpt_digest__unlisted_branches")
    with open_link(project.url) as link:
        unlisted = read_unlisted_branches(link)
    assert unlisted == [
        UnlistedBranch("571", "GBP", "Europe/London"),
        UnlistedBranch("Nowhere", "GBP", "Europe/London"),
    ]
    out = io.StringIO()
    show_unlisted_branches(Console(file=out, width=200), unlisted)
    assert out.getvalue().strip().endswith("(GBP, Europe/London): 571, Nowhere")
