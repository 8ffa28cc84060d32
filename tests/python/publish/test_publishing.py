"""Publishing from a warehouse: what is due, what is restated, what is held back."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from message_servers import mail_server
from small_company import CONTRACT, DAY, PREFIX, TAKINGS, SmallCompany, small_company

from base.console import PlainConsole
from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.runs import publishing
from operate.runs.builds import note_build, server_time
from operate.server.notes import prepare_notes
from operate.terminal.published import show_plan
from publish.editions import archiving, record
from publish.editions.archiving import remove_archive
from publish.editions.files import sha256_of
from publish.editions.record import Record, close_build, open_build
from publish.exports import xlsx_file
from publish.marts import MartReader
from publish.places.folder import FolderPlace
from publish.reports.page import Column, Kind, Page, Section, Source, Table
from publish.reports.report import Part

D = date(2026, 3, 30)


@pytest.fixture
def company(postgres_server: Connection, tmp_path: Path) -> Iterator[SmallCompany]:
    """Two branches with three days of sales; the last day is D."""
    with small_company(postgres_server, tmp_path) as made:
        made.open_branch("Leeds")
        made.open_branch("York")
        for back in range(3):
            made.sell(D - back * DAY, {"Leeds": 100 + back, "York": 10 + back})
        yield made


def page(company: SmallCompany, day: date, publication: str = "takings", part: str = "") -> Any:
    """The content of a published page."""
    folders = [
        path.parent
        for path in (company.archive / str(day) / publication).glob("*/page.json")
        if path.parent.name.startswith(part.lower() or "company")
    ]
    (folder,) = folders
    return json.loads((folder / "page.json").read_text())


def test_the_first_run_publishes_every_part_of_what_is_due(company: SmallCompany) -> None:
    report = company.publish()
    assert report.succeeded
    assert company.editions() == [
        ("all_days", "key of Leeds", "2026-03-30", 1),
        ("all_days", "key of York", "2026-03-30", 1),
        ("last_days", "", "2026-03-30", 1),
        ("takings", "", "2026-03-30", 1),
        ("takings", "key of Leeds", "2026-03-30", 1),
        ("takings", "key of York", "2026-03-30", 1),
        # The latest week that has ended is that of the day before.
        ("week", "", "2026-03-29", 1),
    ]
    assert page(company, D)["headline"] == "Small company took 110.00."
    assert page(company, D, part="York")["headline"] == "York took 10.00."
    assert page(company, D - DAY, "week")["title"] == "The week"
    files = company.files()
    assert files["2026-03-30/last_days.csv"].decode().splitlines() == [
        "branch_name,net_sales,business_date",
        "Leeds,101.00,2026-03-29",
        "Leeds,100.00,2026-03-30",
        "York,11.00,2026-03-29",
        "York,10.00,2026-03-30",
    ]
    (own,) = [name for name in files if name.endswith("all_days.csv") and "/york-" in name]
    assert files[own].decode().count("key of York") == 3
    assert "Leeds" not in files[own].decode()
    manifest = json.loads(files["2026-03-30/MANIFEST.json"])
    listed = {one["file"] for one in manifest["files"]}
    assert "last_days.csv" in listed
    assert {one["part"] for one in manifest["files"]} == {"", "key of Leeds", "key of York"}
    assert "index.html" in files
    assert not [name for name in files if name.endswith(".new")]


def test_a_second_run_changes_nothing(company: SmallCompany) -> None:
    company.publish()
    before = company.files()
    report = company.publish()
    assert report.published is not None
    assert (report.published.new, report.published.restated) == (0, 0)
    assert company.files() == before
    # A file that somebody has deleted or changed is made again, with the same bytes.
    published = company.archive / str(D) / "takings" / "company" / "report.pdf"
    size = published.stat().st_size
    published.unlink()
    company.publish()
    assert company.files() == before
    published.write_bytes(b"x" * size)
    company.publish()
    assert company.files() == before
    assert {version for *_, version in company.editions()} == {1}


def test_a_correction_restates_exactly_what_it_concerns(company: SmallCompany) -> None:
    for back in (2, 1, 0):
        company.publish(on=D - back * DAY)
    before = company.files()
    company.sell(D - DAY, {"York": 5})
    report = company.publish()
    assert report.published is not None
    assert [row for row in company.editions() if row[3] > 1] == [
        ("all_days", "key of York", "2026-03-30", 2),
        ("last_days", "", "2026-03-29", 2),
        ("last_days", "", "2026-03-30", 2),
        ("takings", "", "2026-03-29", 2),
        ("takings", "key of York", "2026-03-29", 2),
        ("takings", "", "2026-03-30", 2),
        ("takings", "key of York", "2026-03-30", 2),
        ("week", "", "2026-03-29", 2),
    ]
    assert page(company, D - DAY, part="York")["restated"] == [
        {
            "label": "Net sales",
            "before": "11.00",
            "after": "5.00",
            "kind": "money",
            "currency": "GBP",
        }
    ]
    assert [one["label"] for one in page(company, D)["restated"]] == ["Day before"]
    changed = {
        name.rpartition("/")[0] for name, old in before.items() if company.files()[name] != old
    }
    assert not [folder for folder in changed if "leeds" in folder or "2026-03-28" in folder]
    # Once: the next run finds nothing to restate.
    again = company.publish()
    assert again.published is not None
    assert (again.published.new, again.published.restated) == (0, 0)


def test_a_late_branch_is_missing_then_restates_and_is_sent_again_once(
    company: SmallCompany,
) -> None:
    with mail_server() as server:
        company.environ = {
            "BRANCHLINE_NOTIFY_MANAGERS": json.dumps(
                {"York": [_mail(server.port, "york")], "Leeds": [_mail(server.port, "leeds")]}
            ),
            "BRANCHLINE_NOTIFY_DIRECTORS": _mail(server.port, "director"),
        }
        company.ask("delete from marts.rpt_daily_sales where branch_name = 'York'")
        company.ask(
            "update marts.dim_branches set last_business_date = '2026-03-20'"
            " where branch_name = 'York'"
        )
        first = company.publish()
        assert (first.delivery.sent, page(company, D)["missing"]) == (3, ["York"])
        company.publish()
        assert len(server.mails) == 3
        company.sell(D, {"York": 7})
        company.publish()
        to = sorted(recipients[0] for recipients in server.recipients)
        assert to == sorted(
            f"{who}@test.example" for who in ("york", "leeds", "director", "york", "director")
        )
        assert page(company, D)["missing"] == []
        # Another correction is shown, not sent.
        company.sell(D, {"York": 8})
        company.publish()
        assert len(server.mails) == 5
        assert len(set(server.ids)) == 5


def _mail(port: int, who: str) -> str:
    return f"mailto://127.0.0.1:{port}?from=reports@test.example&to={who}@test.example"


def test_nothing_is_published_from_a_build_that_did_not_succeed(company: SmallCompany) -> None:
    company.publish(on=D - DAY)
    before = company.files()
    with open_link(company.url) as link:
        open_build(link)
        report = company.publish()
        assert not report.succeeded
        assert "did not finish" in report.held_back
        after = company.files()
        changed = {name for name, text in before.items() if after[name] != text}
        assert after.keys() == before.keys()
        # The index says so, and a branch's own; the editions stay.
        assert "index.html" in changed
        assert {name.partition("/")[0] for name in changed} == {"index.html", "branches"}
        assert "did not finish" in after["index.html"].decode()
        close_build(link)
    assert company.publish().succeeded
    assert "did not finish" not in company.files()["index.html"].decode()


def test_nothing_is_published_after_dbt_was_run_by_hand(company: SmallCompany) -> None:
    company.ask(
        "create table operations.dbt_runs as"
        " select 'build' as command, clock_timestamp() as started_at;"
        f"grant select on operations.dbt_runs to {PREFIX}transformer"
    )
    report = company.publish()
    assert not report.succeeded
    assert "dbt was run since" in report.held_back
    assert company.editions() == []
    company.ask("delete from operations.dbt_runs")
    assert company.publish().succeeded


def test_nothing_is_published_before_a_build_has_succeeded(company: SmallCompany) -> None:
    company.ask("delete from operations.builds")
    report = company.publish()
    assert not report.succeeded
    assert "No build of this warehouse has succeeded yet" in report.held_back
    assert company.editions() == []


def test_missed_days_are_published_later_and_only_the_newest_is_sent(
    company: SmallCompany,
) -> None:
    company.publish(on=D - 2 * DAY)
    with mail_server() as server:
        company.environ = {"BRANCHLINE_NOTIFY_DIRECTORS": _mail(server.port, "director")}
        company.publish()
        assert {day for name, _, day, _ in company.editions() if name == "takings"} == {
            "2026-03-28",
            "2026-03-29",
            "2026-03-30",
        }
        assert len(server.mails) == 1


def test_a_publication_without_its_mart_does_not_exist(company: SmallCompany) -> None:
    company.contract = CONTRACT.replace(
        "export: rpt_daily_sales\n    file: all", "export: x\n    file: all"
    )
    company.reports["takings"] = TAKINGS.__class__(
        "takings", "Takings", TAKINGS.read, ("rpt_daily_sales", "rpt_stock"), 1
    )
    report = company.publish(dry_run=True)
    assert report.plan is not None
    assert {one.name: one.reason for one in report.plan.absent} == {
        "takings": "the mart rpt_stock does not exist",
        "week": "the mart rpt_stock does not exist",
        "all_days": "the mart x does not exist",
    }
    assert not company.archive.exists()
    company.ask("delete from marts.rpt_daily_sales")
    report = company.publish(dry_run=True)
    assert report.plan is not None
    assert not report.plan.planned


def test_an_export_of_unknown_columns_is_reported_with_its_line(company: SmallCompany) -> None:
    company.contract = CONTRACT.replace("[branch_name, net_sales,", "[branch_name, netsales,")
    with pytest.raises(BranchlineError) as error:
        company.publish()
    assert error.value.message.startswith(
        "publications.yml, line 23: publication last_days, columns[2]: 'netsales' is not a column"
    )


def test_an_export_that_cannot_be_written_keeps_nothing_else_from_being_published(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.contract = CONTRACT.replace("last_days.csv", "last_days.xlsx")
    company.publish(on=D - DAY)
    with mail_server() as server, monkeypatch.context() as patched:
        company.environ = {"BRANCHLINE_NOTIFY_DIRECTORS": _mail(server.port, "director")}
        # Two days of two branches are four rows.
        patched.setattr(xlsx_file, "MOST_ROWS", 3)
        company.sell(D - DAY, {"York": 5})
        report = company.publish()
        assert not report.succeeded
        assert report.published is not None
        (said,) = report.published.failed
        assert said.startswith("last_days: rpt_daily_sales has more rows than a sheet")
        assert "Export fewer rows" in said
        editions = company.editions()
        assert [row for row in editions if row[0] == "last_days"] == [
            ("last_days", "", "2026-03-29", 1)
        ]
        assert ("all_days", "key of York", "2026-03-30", 1) in editions
        assert ("takings", "key of York", "2026-03-29", 2) in editions
        finished = "select publication from operations.publication_dates where business_date = %s"
        assert ("last_days",) not in company.ask(finished, D)
        assert ("all_days",) in company.ask(finished, D)
        assert len(server.mails) == 1
        files = company.files()
        assert "2026-03-30/last_days.xlsx" not in files
        assert "2026-03-30" in files["index.html"].decode()
        assert "2026-03-30/MANIFEST.json" in files
        assert not [name for name in files if name.endswith(".new")]
    # The next run tries again, also what a correction concerned.
    assert company.publish().succeeded
    assert [row for row in company.editions() if row[0] == "last_days"] == [
        ("last_days", "", "2026-03-29", 1),
        ("last_days", "", "2026-03-29", 2),
        ("last_days", "", "2026-03-30", 1),
    ]


def test_a_message_leads_to_what_there_is(company: SmallCompany) -> None:
    company.contract = (
        CONTRACT.replace("file: last_days.csv", "file: last_days.csv\n    message: true")
        .replace("file: all_days.csv", "file: all_days.csv\n    message: true")
        .replace("formats: [html]", "formats: [html]\n    message: true")
        .replace("formats: [html, pdf]", "formats: [pdf]")
    )

    def messages(day: date) -> dict[str, Any]:
        files = company.files()
        company.publish(on=day)
        return {
            name: json.loads(text)
            for name, text in company.files().items()
            if name.endswith("mail.json") and name not in files
        }

    for said in messages(D - DAY).values():
        assert said["link"] == ""
        assert ("attached PDF" in said["text"]) == bool(said["pdf_name"])
        assert ("attached PDF" in said["html"]) == bool(said["pdf_name"])
    company.settings = {"BRANCHLINE_ARCHIVE_URL": "https://reports.test.example/"}
    found = messages(D)
    links = {said["link"].removeprefix("https://reports.test.example/") for said in found.values()}
    assert len(links) == len(found) == 6
    assert links <= company.files().keys()
    assert {Path(link).name for link in links} == {"last_days.csv", "all_days.csv", "report.pdf"}
    for said in found.values():
        assert said["link"] in said["text"]
        assert said["link"] in said["html"]


def test_a_dry_run_counts_recipients_and_names_who_has_none(company: SmallCompany) -> None:
    company.environ = {
        # By the source, as where two sources have a York.
        "BRANCHLINE_NOTIFY_MANAGERS": json.dumps({"tills/York": [_mail(25, "york")]}),
    }
    report = company.publish(dry_run=True)
    text = io.StringIO()
    console = PlainConsole(width=200, file=text)
    show_plan(console, report, company.load(company.reports), company.environ)
    said = text.getvalue()
    (row,) = [line.split() for line in said.splitlines() if line.startswith("takings")]
    assert row == ["takings", "2026-03-30", "managers,", "directors", "3", "1"]
    assert "BRANCHLINE_NOTIFY_MANAGERS has no address for Leeds." in said
    assert "BRANCHLINE_NOTIFY_DIRECTORS has no address." in said


def test_names_are_only_in_what_declares_them(company: SmallCompany) -> None:
    company.ask(
        "create table marts.rpt_staff (branch_key text, employee text);"
        "insert into marts.rpt_staff values ('key of Leeds', 'Ann Archer');"
        "create view marts_masked.rpt_staff as"
        " select branch_key, cast(null as text) as employee from marts.rpt_staff;"
        "grant select on marts.rpt_staff to publishing_pii_reader;"
        "grant select on marts_masked.rpt_staff to publishing_analyst"
    )
    staff = "    export: rpt_staff\n    every: day\n    for: [managers]\n"
    company.contract = CONTRACT + (
        f"  masked:\n{staff}    file: masked.csv\n"
        f"  named:\n{staff}    file: named.csv\n    names: true\n"
    )
    company.publish()
    of = {
        name.rpartition("/")[2]: text.decode()
        for name, text in company.files().items()
        if "/leeds-" in name and name.endswith(".csv")
    }
    assert "Ann Archer" in of["named.csv"]
    assert "Ann Archer" not in of["masked.csv"]
    log_ins = "select 1 from pg_roles where rolname ~ '^branchline_(read|run)_'"
    assert company.ask(log_ins) == []


def test_a_place_that_is_down_gets_its_files_later(company: SmallCompany) -> None:
    blocked = company.folder / "share"
    blocked.write_text("not a folder")
    company.environ = {"BRANCHLINE_PLACE_SHARE": str(blocked)}
    report = company.publish()
    assert not report.succeeded
    assert len(report.not_copied) == 1
    blocked.unlink()
    blocked.mkdir()
    assert company.publish().succeeded
    copied = company.files("share")
    assert set(copied) == {"2026-03-30/MANIFEST.json", "2026-03-30/last_days.csv"}
    assert copied["2026-03-30/last_days.csv"] == company.files()["2026-03-30/last_days.csv"]
    listed = json.loads(copied["2026-03-30/MANIFEST.json"])["files"]
    assert [one["file"] for one in listed] == ["last_days.csv"]


def test_a_place_with_wrong_settings_stops_nothing_else(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.environ = {"BRANCHLINE_PLACE_SHARE": "sftp:///reports"}
    report = company.publish()
    assert not report.succeeded
    assert "has no server name" in report.not_copied[0]
    assert "2026-03-30/last_days.csv" in company.files()

    class NoCredentials(FolderPlace):
        def put(self, local: Path, remote: str) -> bool:
            raise BranchlineError("There are no credentials for it.")

    folder = company.folder / "share"
    folder.mkdir()
    company.environ = {"BRANCHLINE_PLACE_SHARE": str(folder)}
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "open_place", lambda name, _: NoCredentials(name, folder))
        assert company.publish().not_copied == ["There are no credentials for it."]
    assert company.publish().succeeded
    assert "2026-03-30/last_days.csv" in company.files("share")


def list_stock(company: SmallCompany) -> None:
    """A mart of the latest state, and its export."""
    company.ask(
        "create table marts.rpt_stock (branch_key text, quantity integer);"
        "insert into marts.rpt_stock values ('key of Leeds', 1);"
        f"grant select on marts.rpt_stock to {PREFIX}analyst"
    )
    company.contract += (
        "  stock:\n    export: rpt_stock\n    file: stock.csv\n    every: day\n"
        "    for: [directors]\n    message: true\n"
    )


def test_the_latest_state_is_exported_for_the_newest_date_only(company: SmallCompany) -> None:
    list_stock(company)
    report = company.publish(on=D - 2 * DAY)
    assert report.plan is not None
    assert [(one.name, one.reason) for one in report.plan.absent] == [
        ("stock", "rpt_stock holds the latest state, not that of 2026-03-28")
    ]
    # The day between is published later, without the stock of today.
    company.publish()
    names = [name for name in company.files() if name.endswith("stock.csv")]
    assert names == ["2026-03-30/stock.csv"]
    assert "2026-03-29/last_days.csv" in company.files()
    first = company.files()[names[0]]
    # On the day itself it is the latest one; afterwards it stays as it was.
    company.ask("update marts.rpt_stock set quantity = 2")
    company.publish()
    second = company.files()[names[0]]
    assert second == first.replace(b"1", b"2")
    company.ask("update marts.rpt_stock set quantity = 3")
    company.ask("update marts.dim_branches set last_business_date = '2026-03-31'")
    company.now += DAY
    for on in (D, D + DAY, D):
        company.publish(on=on)
    assert company.files()[names[0]] == second
    assert company.files()["2026-03-31/stock.csv"] == first.replace(b"1", b"3")


def test_an_export_becomes_complete_although_its_file_stays(company: SmallCompany) -> None:
    list_stock(company)
    for weeks in (1, 2):
        company.sell(D - 7 * weeks * DAY, {"York": 10, "Leeds": 10})
    company.ask(
        "delete from marts.rpt_daily_sales where branch_name = 'York' and business_date = %s",
        str(D),
    )
    recorded = "select version, is_complete from operations.editions where publication = 'stock'"
    with mail_server() as server:
        company.environ = {"BRANCHLINE_NOTIFY_DIRECTORS": _mail(server.port, "director")}
        company.publish(only="stock")
        assert company.ask(recorded) == [(1, False)]
        assert "Incomplete" in company.files()["index.html"].decode()
        company.sell(D, {"York": 7})
        for _ in range(2):
            company.publish(only="stock")
        assert company.ask(recorded) == [(1, True)]
        assert "Incomplete" not in company.files()["index.html"].decode()
        assert len(server.mails) == 2


def test_old_editions_are_not_read_by_later_runs(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    for back in (2, 1):
        company.publish(on=D - back * DAY)
    read = []
    parse = record._recorded

    def recorded(row: tuple[Any, ...]) -> record.Recorded:
        found = parse(row)
        read.append(found.edition.business_date)
        return found

    monkeypatch.setattr(record, "_recorded", recorded)
    monkeypatch.setattr(archiving, "DATES_WITH_HEADLINES", 1)
    company.publish(on=D)
    assert set(read) == {D - DAY, D}
    read.clear()
    assert Record(company.link).waiting_for_places() == []
    assert read == []


def test_other_words_are_published_under_the_same_version(company: SmallCompany) -> None:
    company.publish()

    def read(reader: MartReader, on: date, parts: Sequence[Part]) -> list[Page]:
        pages = TAKINGS.read(reader, on, parts)
        return [replace(page, headline=f"Today {page.headline}") for page in pages]

    company.reports["takings"] = replace(TAKINGS, read=read)
    report = company.publish()
    assert report.published is not None
    assert (report.published.new, report.published.restated) == (0, 0)
    assert page(company, D)["headline"] == "Today Small company took 110.00."
    after = company.files()
    listed = json.loads(after[f"{D}/MANIFEST.json"])["files"]
    assert {one["version"] for one in listed} == {1}
    for one in listed:
        assert sha256_of(after[f"{D}/{one['file']}"]) == one["sha256"]
    company.publish()
    assert company.files() == after


def test_the_date_is_that_of_the_branches_and_not_of_the_server(company: SmallCompany) -> None:
    assert company.publish(dry_run=True).plan.on == D  # type: ignore[union-attr]  # planned
    company.open_branch("Hilo", "Pacific/Honolulu")
    assert company.publish(dry_run=True).plan.on == D - DAY  # type: ignore[union-attr]  # planned
    with pytest.raises(BranchlineError, match="2026-03-30 has not ended yet"):
        company.publish(on=D)
    assert company.publish(dry_run=True, on="latest").plan.on == D - DAY  # type: ignore[union-attr]


def test_the_latest_state_stays_as_first_published(company: SmallCompany) -> None:
    state = "stock of the morning"

    def read(reader: MartReader, on: date, parts: Sequence[Part]) -> list[Page]:
        source = Source("rpt_daily_sales")
        table = Table((Column("Product", Kind.TEXT), Column("Left", Kind.QUANTITY)), (("Tea", 3),))
        latest = Section("stock", state, source, table=table, is_latest=True)
        sold = Section("sold", "Sold", source)
        now = (latest, sold) if state else (sold,)
        return [replace(page, sections=now) for page in TAKINGS.read(reader, on, parts)]

    company.reports["takings"] = replace(TAKINGS, read=read)
    company.publish()
    first = page(company, D)["sections"]
    assert [one["title"] for one in first] == ["stock of the morning", "Sold"]
    state = "stock of the evening"
    report = company.publish()
    assert report.published is not None
    assert (report.published.new, report.published.restated) == (0, 0)
    # A correction reads the page again, when there is another state, or none.
    for amount, later in ((7, "stock of the evening"), (8, "")):
        state = later
        company.sell(D, {"York": amount})
        company.publish()
        assert page(company, D)["sections"] == first
    assert page(company, D)["headline"] == "Small company took 108.00."


def test_what_was_published_can_be_removed_again(company: SmallCompany) -> None:
    company.publish()
    own = company.archive / str(D) / "own.txt"
    own.write_text("of somebody else")
    remove_archive(company.archive, Record(company.link))
    assert company.files() == {f"{D}/own.txt": b"of somebody else"}


def test_one_publication_alone(company: SmallCompany) -> None:
    company.publish(only="week", on=date(2026, 3, 18))
    # The week of that day has ended by now.
    assert company.editions() == [("week", "", "2026-03-22", 1)]
    with pytest.raises(BranchlineError, match="'weak' is not a publication"):
        company.publish(only="weak")


def test_a_warehouse_without_roles_is_reported(database_url: str, tmp_path: Path) -> None:
    company = SmallCompany(database_url, tmp_path)
    with open_link(database_url) as link:
        prepare_notes(link)
        note_build(link, 0, "", 1, 1, server_time(link))
    with pytest.raises(BranchlineError, match="has no roles") as error:
        company.publish()
    assert "branchline warehouse roles" in error.value.hint
