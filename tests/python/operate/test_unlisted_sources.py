"""Commands of a company that has removed a source from its list, but still has its files."""

from __future__ import annotations

from pathlib import Path

import pytest
import throwaway
from click.testing import CliRunner

from base.errors import BranchlineError
from base.link import Connection
from base.settings import PROJECT, Settings
from ingest import LoadReport
from operate.commands import quarantine as quarantine_command
from operate.commands import status as status_command
from operate.runs import loading

TILL = "branch_pos/leeds_10-01-2024_09-00-00.csv"
DESK = "sales_desk/sales/pune.csv"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for path in (TILL, DESK):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("no,csv\n")
    return folder


def list_only(monkeypatch: pytest.MonkeyPatch, *sources: str) -> None:
    for module in (loading, status_command, quarantine_command):
        monkeypatch.setattr(module, "listed_sources", lambda: list(sources))


def load(url: str, folder: Path) -> LoadReport:
    settings = Settings(PROJECT, url, folder.parent, throwaway.TOKEN_KEY, "inbox")
    return loading.load_inbox(settings, Connection(url, "", 0, "", "", ""), str(folder))


def test_an_inbox_with_only_unlisted_files_does_not_stop_a_run(
    database_url: str, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_only(monkeypatch, "branch_pos")
    (inbox / TILL).unlink()
    report = load(database_url, inbox)
    assert (report.files, report.switched_off) == ([], {"sales_desk": [DESK]})


def test_an_inbox_with_only_unclaimed_files_is_refused(database_url: str, inbox: Path) -> None:
    for path in (TILL, DESK):
        (inbox / path).unlink()
    (inbox / "letters").mkdir()
    (inbox / "letters" / "a.txt").write_text("Dear all")
    with pytest.raises(BranchlineError, match=r"None of the 1 files in .* belongs to a feed"):
        load(database_url, inbox)


def test_the_refusal_says_which_ending_a_feed_reads(database_url: str, inbox: Path) -> None:
    (inbox / TILL).rename(inbox / TILL.replace(".csv", ".pdf"))
    (inbox / DESK).rename(inbox / "elsewhere.csv")
    with pytest.raises(BranchlineError, match=r"None of the 2 files") as caught:
        load(database_url, inbox)
    hint = caught.value.hint or ""
    assert "reads branch_pos/**/*.csv: branch_pos/leeds_10-01-2024_09-00-00.pdf." in hint
    assert "Rename" in hint


def test_status_and_retry_omit_unlisted_sources(
    project_env: dict[str, str],
    database_url: str,
    inbox: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in project_env.items():
        monkeypatch.setenv(name, value)

    def said(command: str, *words: str) -> str:
        group = {"status": status_command.status, "retry": quarantine_command.retry}
        return CliRunner().invoke(group[command], words, standalone_mode=False).output

    assert load(database_url, inbox).counts()["quarantined"] == 2
    assert DESK in said("status")
    list_only(monkeypatch, "branch_pos")
    reported = said("status")
    assert TILL in reported
    assert "sales_desk" not in reported
    reported = " ".join(said("retry", "--inbox", str(inbox)).split())
    assert "is not read: source sales_desk is not listed in source_systems" in reported
    assert "is not in" not in reported
