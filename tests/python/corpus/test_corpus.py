"""The whole corpus through one load and one build: each case has its expected outcome."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import shutil
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from corpus.cases import CASES, FEEDS, Case, File
from corpus.writing import CARDS, as_bytes
from nightly import Project, new_project

from base.link import Connection
from ingest.contract.reading import FEEDS_FOLDER, load_feeds
from ingest.report import LoadReport
from operate.server.postgres import programs

LONG_AGO = 1_630_000_000
TECHNICAL = ("card_token", "card_last4", "card_unreadable", "_file_id", "_line_number",
             "_loaded_at", "_dlt_load_id")  # fmt: skip


@dataclass
class Found:
    """The rows of one file in the warehouse."""

    status: str = "nowhere"
    reason: str = ""
    reported: str = ""
    counted: tuple[int, int] = (0, 0)
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[tuple[int, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sold: list[tuple[str | None, int, Decimal]] = field(default_factory=list)
    """(flags, items, money) of each receipt"""


@dataclass
class Corpus:
    """The corpus after load and build."""

    project: Project
    report: LoadReport
    output: str
    files: dict[str, Found]


def path_of(case: Case, file: File) -> str:
    """The path as shown: control characters as their codes."""
    path = file.path.format(name=case.name)
    return re.sub(r"[\0-\x1f]", lambda sign: f"\\x{ord(sign.group()):02x}", path)


def content_of(case: Case, file: File) -> bytes:
    return as_bytes(file.make(case.name))


def deliver(project: Project, case: Case) -> None:
    """Put the files of a case into the inbox, sent a second apart."""
    for place, file in enumerate(case.files):
        target = project.inbox / file.path.format(name=case.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = file.make(case.name)
        with target.open("wb") as stream:
            if isinstance(content, (bytes, str)):
                content = iter([as_bytes(content)])
            stream.writelines(content)
        os.utime(target, (LONG_AGO + place, LONG_AGO + place))


def corpus_project(server: Connection, folder: Path) -> Iterator[Project]:
    """A project with the corpus's feeds in addition to its own."""
    feeds = folder / "feeds"
    shutil.copytree(FEEDS_FOLDER, feeds)
    (feeds / "corpus.yml").write_text(FEEDS, encoding="utf-8")
    with new_project(server, folder) as project:
        project.feeds = load_feeds(feeds)
        yield project


@pytest.fixture(scope="module")
def corpus(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corpus]:
    """The corpus in a warehouse, by one load and one build with all data tests."""
    for project in corpus_project(postgres_server, tmp_path_factory.mktemp("corpus")):
        for case in CASES:
            deliver(project, case)
        report = project.load()
        output = project.dbt("build", "--exclude", "test_type:unit")
        yield Corpus(project, report, output, look_up(project, report))


def look_up(project: Project, report: LoadReport) -> dict[str, Found]:
    """The outcome and rows per path."""
    found: dict[str, Found] = defaultdict(Found)
    for path in report.unclaimed:
        found[path].status = "unclaimed"
    for outcome in report.files:
        file = found[outcome.path]
        file.reported = outcome.reason or ""
        if outcome.status == "postponed":
            file.status, file.reason = "postponed", file.reported
    ids: dict[int, Found] = {}
    for path, file_id, status, reason, rows, rejects in project.rows(
        "select path, file_id, status, reason, row_count, rejected_count from raw.ingest_files"
    ):
        ids[file_id] = file = found[path]
        file.status, file.reason, file.counted = status, reason or "", (rows, rejects)
    for feed in project.feeds:
        for (row,) in project.rows(
            f"select to_jsonb(lines) from raw.{feed.table} as lines order by _file_id, _line_number"
        ):
            ids[row["_file_id"]].rows.append(row)
    for file_id, line, reason in project.rows(
        "select _file_id, _line_number, reason from raw.ingest_rejects order by 1, 2"
    ):
        ids[file_id].rejects.append((line, reason))
    for path, reasons in project.rows(
        "select file_path, reject_reasons from marts.rejected_rows where refused_at_step = 'check'"
        " order by file_path, line_number"
    ):
        found[path].refused.append(reasons)
    # A receipt's id is made of what identifies it: source system, logical file and line.
    for path, flags, items, items_sold, of_items, money in project.rows(
        """
        select files.path, receipts.quality_flags, count(items.transaction_id),
            receipts.items_sold, coalesce(sum(items.net_amount), 0), receipts.net_amount
        from raw.ingest_files as files
        inner join raw.branch_pos_transactions as lines on files.file_id = lines._file_id
        inner join marts.fct_transactions as receipts on receipts.transaction_id
            = md5('branch_pos-' || files.logical_file || '-' || lines._line_number)
        left join marts.fct_sales as items on receipts.transaction_id = items.transaction_id
        where files.status = 'loaded'
        group by
            files.path, lines._line_number, receipts.business_date, receipts.transaction_id
        order by files.path, lines._line_number
        """
    ):
        assert (items, of_items) == (items_sold, money), path
        found[path].sold.append((flags, items, money))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_has_its_outcome(corpus: Corpus, case: Case) -> None:
    files = [corpus.files[path_of(case, file)] for file in case.files]
    assert [file.status for file in files] == [file.status for file in case.files]
    for file, found in zip(case.files, files, strict=True):
        assert found.reported == found.reason
        assert found.reason.isprintable()
        assert file.says in found.reason
        if file.status == "loaded" and not file.says:
            assert found.reason == ""
    counting = [file for file in files if file.status == "loaded"]
    sold = [receipt for file in counting for receipt in file.sold]
    assert {
        "receipts": len(sold),
        "items": sum(items for _, items, _ in sold),
        "money": sum((money for *_, money in sold), Decimal()),
        "flags": sorted(flags for flags, *_ in sold if flags),
        "refused": sorted(reasons for file in counting for reasons in file.refused),
        "rejects": [line for file in counting for line, _ in file.rejects],
    } == {
        "receipts": case.receipts,
        "items": case.items,
        "money": Decimal(case.money),
        "flags": sorted(case.flags),
        "refused": sorted(case.refused),
        "rejects": [line for line, _ in case.rejects],
    }
    reported = [reason for file in counting for _, reason in file.rejects]
    for (_, part), reason in zip(case.rejects, reported, strict=True):
        assert part in reason
    if case.rows is not None:
        assert sum(len(file.rows) for file in files) == case.rows
    for column, values in case.raw.items():
        assert [row[column] for file in files for row in file.rows] == values


# --- all cases


def unpacked(content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(archive.namelist()[0])
    return content


def physical_lines(content: bytes) -> list[str]:
    """The lines of a file; the decoding of letters does not matter here."""
    encoding = "latin-1"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif content[:2].count(0) == 1:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    return list(io.StringIO(content.decode(encoding, "replace"), newline=""))


def lines_within(row: dict[str, Any]) -> int:
    """How many lines of its file a record spans."""
    cells = [cell for name, cell in row.items() if cell and name not in TECHNICAL]
    return 1 + sum(len(list(io.StringIO(f"{cell}.", newline=""))) - 1 for cell in cells)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_line_is_a_row_a_reject_a_header_or_blank(corpus: Corpus, case: Case) -> None:
    headers = 0
    for file in case.files:
        path = path_of(case, file)
        found = corpus.files[path]
        assert found.counted == (len(found.rows), len(found.rejects))
        if found.status not in ("loaded", "superseded"):
            assert found.counted == (0, 0)
            continue
        taken = [line for line, _ in found.rejects]
        for row in found.rows:
            first = row["_line_number"]
            taken += range(first, first + lines_within(row))
        lines = physical_lines(unpacked(content_of(case, file)))
        assert len(taken) == len(set(taken))
        assert set(taken) <= set(range(1, len(lines) + 1))
        left = [line for number, line in enumerate(lines, 1) if number not in set(taken)]
        headers += sum(bool(line.strip(' \t\r\n,;|"\0\xef\xbb\xbf\ufeff')) for line in left)
    assert headers == case.headers


def test_every_row_is_sold_or_rejected(corpus: Corpus) -> None:
    lost = {
        path: (len(found.rows), len(found.sold), len(found.refused))
        for path, found in corpus.files.items()
        if found.status == "loaded"
        and path.startswith("branch_pos/")
        and len(found.rows) != len(found.sold) + len(found.refused)
    }
    assert lost == {}


def test_no_card_number_is_left_anywhere(corpus: Corpus) -> None:
    project = corpus.project
    command = [str(programs() / "pg_dump"), project.url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    written = [
        path.read_bytes().decode("utf-8", "replace")
        for path in project.folder.rglob("*")
        if path.is_file() and project.inbox not in path.parents
    ]
    assert dump.count(CARDS[0][-4:]) > 1
    everything = "\n".join([dump, repr(corpus.report), corpus.output, *written])
    squeezed = re.sub(r"(?<=\d)[ -](?=\d)", "", everything)
    assert [card for card in CARDS if card in squeezed] == []


def test_loading_the_corpus_again_changes_nothing(corpus: Corpus) -> None:
    project = corpus.project
    tables = [f"raw.{feed.table}" for feed in project.feeds]
    tables += ["raw.ingest_files", "raw.ingest_rejects"]

    def held() -> list[list[tuple[Any, ...]]]:
        return [project.rows(f"select lines::text from {table} as lines") for table in tables]

    before = held()
    report = project.load()
    assert report.changed is False
    assert {outcome.status for outcome in report.files} <= {"postponed"}
    assert held() == before


def test_batches_and_order_do_not_change_the_marts(
    corpus: Corpus, postgres_server: Connection, tmp_path: Path
) -> None:
    chance = random.Random(7)
    cases = chance.sample(CASES, len(CASES))
    for project in corpus_project(postgres_server, tmp_path):
        while cases:
            portion = [cases.pop() for _ in range(min(len(cases), chance.choice((1, 1, 5, 17))))]
            # A correction arrives a night after the file that it corrects.
            for night in range(max(len(case.files) for case in portion)):
                for case in portion:
                    deliver(project, replace(case, files=case.files[: night + 1]))
                for outcome in project.load().files:
                    found = corpus.files[outcome.path]
                    status = "loaded" if found.status == "superseded" else found.status
                    assert (outcome.path, outcome.status) == (outcome.path, status)
                    assert (outcome.rows, outcome.rejected) == found.counted
        project.dbt("build", "--exclude-resource-type", "test", "unit_test")
        assert project.marts() == corpus.project.marts()
        # But when they became visible.
        for mart in set(project.marts()) - {"rpt_data_lag"}:
            assert project.contents(mart) == corpus.project.contents(mart), mart
