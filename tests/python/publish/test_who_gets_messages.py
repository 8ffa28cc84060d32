"""Who gets messages of a publication, and what a run says about those who do not."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

from rich.console import Console
from servers import closed_port
from small_company import SmallCompany, small_company

from base.link import Connection
from operate.terminal.published import show_plan, show_published

D = date(2026, 3, 30)
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales"


def plan_of(company: SmallCompany) -> str:
    """What `branchline publish --dry-run` shows."""
    shown = Console(file=io.StringIO(), width=250)
    publications = company.load(company.reports)
    show_plan(shown, company.publish(dry_run=True), publications, company.environ)
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


def test_no_store_gets_the_page_of_another_and_who_gets_none_is_said(
    postgres_server: Connection, tmp_path: Path
) -> None:
    hook = f"json://127.0.0.1:{closed_port()}"
    with small_company(postgres_server, tmp_path) as company:
        company.open_branch("Leeds")
        company.open_branch("York")
        company.open_branch("Leeds", branch_key="key of desk", source_system="desk")
        company.sell(D, {"Leeds": 100, "York": 10})
        # Without any address.
        said = plan_of(company)
        assert "BRANCHLINE_NOTIFY_MANAGERS has no address.\n" in said
        # Leeds is two stores; Slack's webhook can only have a link, and the archive has none.
        given = {"Leeds": [f"{hook}/a"], "desk/Leeds": [f"{hook}/b"], "York": [SLACK]}
        company.environ["BRANCHLINE_NOTIFY_MANAGERS"] = json.dumps(given)
        said = plan_of(company)
        assert "BRANCHLINE_NOTIFY_DIRECTORS has no address.\n" in said
        assert "BRANCHLINE_NOTIFY_MANAGERS has no address for Leeds.\n" in said
        assert "has addresses for Leeds, which is the name of several branches" in said
        assert "can only get a link, and BRANCHLINE_ARCHIVE_URL is not set" in said
        (row,) = [line for line in said.splitlines() if "takings" in line]
        # Editions of three stores and the company; recipients of York and of the desk.
        assert [word for word in row.split() if word.isdigit()] == ["4", "2"]
        company.environ["BRANCHLINE_NOTIFY_MANAGERS"] = json.dumps({**given, "York": []})
        report = company.publish()
        assert company.ask("select part, names from operations.outbox") == [
            ("key of desk", ["desk/Leeds"])
        ]
        shown = Console(file=io.StringIO(), width=250)
        show_published(shown, report)
        assert isinstance(shown.file, io.StringIO)
        assert "directors (BRANCHLINE_NOTIFY_DIRECTORS)" in shown.file.getvalue()
