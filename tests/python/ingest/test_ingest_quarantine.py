"""The quarantine: list, show, retry and dismiss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from growth import assert_linear
from ingest_helpers import TOKEN_KEY, Inbox, till_file
from psycopg2.extensions import connection as Connection

from base.errors import BranchlineError
from ingest.cards import CardTokens
from ingest.contract.feeds import FeedContract
from ingest.contract.reading import FEEDS_FOLDER, load_feeds
from ingest.formats.extracted import SIGNATURE
from ingest.report import LoadReport
from ingest.review.quarantine import QuarantinedFile, dismiss, first_lines, read_quarantine
from ingest.review.secrets import without_secrets
from ingest.review.status import read_status

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

NAME = "leeds_26-08-2021_09-00-00.csv"
OTHER = "york_26-08-2021_09-00-00.csv"
CARDS = CardTokens(TOKEN_KEY)


@pytest.fixture
def link(database_url: str) -> Iterator[Connection]:
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    yield connection
    connection.close()


def paths(files: list[QuarantinedFile]) -> list[str]:
    return [file.path.removeprefix("branch_pos/") for file in files]


def with_alias(tmp_path: Path, alias: str) -> FeedContract:
    contract = (FEEDS_FOLDER / "branch_pos.yml").read_text("utf-8")
    changed = tmp_path / "feeds.yml"
    changed.write_text(contract.replace("aliases: [timestamp,", f"aliases: [{alias}, timestamp,"))
    return load_feeds(changed)


HEADER = "quand,branch,customer_name,basket,total,payment_method,card_number\n"


def test_a_retry_never_supersedes_a_later_file(
    inbox: Inbox, run_load: Load, query: Query, tmp_path: Path
) -> None:
    inbox.drop(NAME, HEADER + till_file(3))
    run_load()
    inbox.drop(NAME.replace("09-00", "21-00"), till_file(5))
    run_load()
    report = run_load(feeds=with_alias(tmp_path, "quand"), retry_quarantined=True)
    assert report.files == []
    counting = "select path, row_count from raw.ingest_files where status = 'loaded'"
    assert query(counting) == [(f"branch_pos/{NAME.replace('09-00', '21-00')}", 5)]


def test_an_empty_quarantine(run_load: Load, inbox: Inbox, link: Connection) -> None:
    assert read_quarantine(link) == []
    inbox.drop(NAME, till_file())
    run_load()
    assert read_quarantine(link) == []


def test_only_the_named_files_are_retried(
    inbox: Inbox, run_load: Load, link: Connection, tmp_path: Path, query: Query
) -> None:
    inbox.drop(NAME, HEADER + till_file())
    inbox.drop(OTHER, HEADER + till_file(branch="York"))
    run_load()
    first, second = read_quarantine(link)
    inbox.drop("bath_26-08-2021_09-00-00.csv", till_file(branch="Bath"))
    feeds = with_alias(tmp_path, "quand")

    report = run_load(feeds=feeds, retry_quarantined=[second.file_id])
    assert [(outcome.path, outcome.status) for outcome in report.files] == [(second.path, "loaded")]
    assert read_quarantine(link) == [first]
    assert query("select count(*) from raw.ingest_files where path = %s", [second.path]) == [(1,)]

    report = run_load(feeds=feeds, retry_quarantined=True)
    assert sorted(paths([first])) == [NAME]
    assert report.counts()["loaded"] == 2
    assert read_quarantine(link) == []
    assert query("select count(*) from raw.branch_pos_transactions") == [(30,)]


def test_a_file_still_quarantined_keeps_its_id(
    inbox: Inbox, run_load: Load, link: Connection, tmp_path: Path
) -> None:
    inbox.drop(NAME, HEADER.replace("branch", "wo") + till_file())
    run_load()
    (before,) = read_quarantine(link)
    assert "transaction_timestamp, branch" in before.reason
    run_load(feeds=with_alias(tmp_path, "quand"), retry_quarantined=[before.file_id])
    (after,) = read_quarantine(link)
    assert after.file_id == before.file_id
    assert "lacks the column branch" in after.reason


@pytest.mark.parametrize("better", [NAME, "leeds_26-08-2021_10-00-00.csv"])
def test_a_better_file_resolves_a_quarantined_one(
    inbox: Inbox, run_load: Load, link: Connection, better: str, database_url: str
) -> None:
    inbox.drop(NAME, b"\x89PNG\r\n\x1a\n")
    run_load()
    (file,) = read_quarantine(link)
    assert read_status(database_url, load_feeds())[0].files_quarantined == 1
    inbox.drop(better, till_file())
    run_load()
    assert read_quarantine(link) == []
    assert [found.is_open for found in read_quarantine(link, everything=True)] == [False]
    assert [found.file_id for found in read_quarantine(link, [file.file_id])] == [file.file_id]
    assert read_status(database_url, load_feeds())[0].files_quarantined == 0


def test_a_dismissed_file_stays_off_the_list(
    inbox: Inbox, run_load: Load, link: Connection, database_url: str
) -> None:
    inbox.drop(NAME, "no,csv\n")
    inbox.drop(OTHER, "neither\n")
    run_load()
    first, second = read_quarantine(link)
    assert dismiss(link, [first.file_id], "a test of 4929000000000004") == 1
    assert dismiss(link, [first.file_id], "again") == 0
    assert read_quarantine(link) == [second]
    (gone,) = read_quarantine(link, [first.file_id])
    assert (gone.dismissed_because, gone.dismissed_at is None) == ("a test of ****0004", False)
    report = run_load(retry_quarantined=True)
    assert [outcome.path for outcome in report.files] == [second.path]
    assert sum(status.files_quarantined for status in read_status(database_url, load_feeds())) == 1


def test_an_unknown_id(inbox: Inbox, run_load: Load, link: Connection) -> None:
    inbox.drop(NAME, till_file())
    inbox.drop(OTHER, "no,csv\n")
    run_load()
    (file,) = read_quarantine(link)
    for work in (
        lambda: read_quarantine(link, [4711, file.file_id]),
        lambda: dismiss(link, [4711, file.file_id], "why"),
    ):
        with pytest.raises(BranchlineError, match="4711"):
            work()
    assert read_quarantine(link) == [file]


def test_the_first_lines_are_shown_without_cards(
    inbox: Inbox, run_load: Load, link: Connection
) -> None:
    over_lines = "b,4111\x0c1111\u20281111\x851111\nc,4111 1111\r\n1111 1111\n"
    inbox.drop(NAME, f"a,4929000000000004\n\x1b[31mred\n{over_lines}" + "x,y\n" * 30)
    run_load()
    (file,) = read_quarantine(link)
    lines = first_lines(file, str(inbox.folder), load_feeds(), CARDS)
    assert lines[:3] == ["a,****0004", "\N{REPLACEMENT CHARACTER}[31mred", "b,****1111"]
    assert lines[3:6] == ["c,****1111", "", "x,y"]
    assert len(lines) == 10
    (inbox.folder / "branch_pos" / NAME).unlink()
    with pytest.raises(BranchlineError, match="any more"):
        first_lines(file, str(inbox.folder), load_feeds(), CARDS)


def test_the_first_rows_of_another_format_are_shown(
    inbox: Inbox, run_load: Load, link: Connection
) -> None:
    records = [{"timestamp": "26/08/2021", "branch": "Leeds", "card": "4111111111111111"}]
    lines = "".join(json.dumps(record) + "\n" for record in records * 12)
    inbox.drop(NAME, lines + "{}\n")
    inbox.drop(OTHER, '{"error": "unauthorized"}\n')
    run_load()
    files = {file.path.partition("/")[2]: file for file in read_quarantine(link)}
    # What cannot be extracted is shown as it is.
    shown = first_lines(files[NAME], str(inbox.folder), load_feeds(), CARDS)
    assert shown[0] == '{"timestamp": "26/08/2021", "branch": "Leeds", "card": "****1111"}'
    assert len(shown) == 10
    assert "no record has the key of the columns customer_name" in files[NAME].reason
    shown = first_lines(files[OTHER], str(inbox.folder), load_feeds(), CARDS)
    assert shown == ['{"error": "unauthorized"}']
    assert "no list of records; its keys are: error" in files[OTHER].reason
    pretended = OTHER.replace("york", "hull")
    inbox.drop(pretended, SIGNATURE + b"[1,\n[]\n")
    run_load()
    file = next(file for file in read_quarantine(link) if pretended in file.path)
    shown = first_lines(file, str(inbox.folder), load_feeds(), CARDS)
    assert shown == ["\N{REPLACEMENT CHARACTER}extracted rows", "[1,", "[]"]
    row = {"timestamp": "26/08/2021", "branch": "Leeds", "customer": "Ann", "basket": "Tea",
           "total": 1, "payment": "CARD", "card": "4111111111111111"}  # fmt: skip
    inbox.drop(NAME, json.dumps(row) + "\n{}\n{}\n[]\n")
    run_load()
    (file,) = [file for file in read_quarantine(link) if "rows cannot be read" in file.reason]
    shown = first_lines(file, str(inbox.folder), load_feeds(), CARDS)
    assert shown[1] == (
        'row 1: 26/08/2021,Leeds,Ann,Tea,1,CARD,****1111,"{""timestamp"":""26/08/2021"",'
        '""branch"":""Leeds"",""customer"":""Ann"",""basket"":""Tea"",""total"":1,'
        '""payment"":""CARD"",""card"":""################""}"'
    )
    assert shown[2] == "row 2: {} (the record has none of the feed's columns)"


def test_the_first_lines_are_shown_without_keys_and_passwords(
    inbox: Inbox, run_load: Load, link: Connection
) -> None:
    secrets = [
        "3f9a" * 16,
        "9c8b7a6f" * 4 + "," + "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9v",
        "BRANCHLINE_DATABASE_URL=postgresql://branchline:hunter2@db.example.com/sales",
        "password: hunter2",
        '{"api_key": "hunter2", "user": "ann"}',
        "export BRANCHLINE_TOKEN_KEY=hunter2,hunter2",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "aGVsbG8=",
        "-----END OPENSSH PRIVATE KEY-----",
        "Tea and cake " + "-" * 40,
    ]
    inbox.drop(NAME, "\n".join(secrets) + "\n")
    run_load()
    (file,) = read_quarantine(link)
    lines = first_lines(file, str(inbox.folder), load_feeds(), CARDS)
    assert lines == [
        "****",
        "****,****",
        "BRANCHLINE_DATABASE_URL=postgresql://****@db.example.com/sales",
        "password: ****",
        '{"api_key": ****, "user": "ann"}',
        "export BRANCHLINE_TOKEN_KEY=****",
        "****",
        "****",
        "****",
        "Tea and cake " + "-" * 40,
    ]
    assert "hunter2" not in repr(lines)


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        *[("", sign) for sign in ("-", "+/", "://:", "://x:", "key ", 'secret="', "a-", "f")],
        *[("://", ":"), ("://", ":a"), ("", "-----BEGIN "), ("key", " ")],
    ],
)
def test_masking_secrets_takes_linear_time(begins: str, goes_on: str) -> None:
    def look(size: int) -> None:
        without_secrets([begins + goes_on * (size // len(goes_on))])

    assert_linear(look, 4_000)


def test_a_link_to_the_token_key_is_neither_read_nor_shown(
    inbox: Inbox, run_load: Load, link: Connection, tmp_path: Path
) -> None:
    (tmp_path / "token.key").write_text("5e" * 32 + "\n")
    (inbox.folder / "branch_pos").mkdir()
    (inbox.folder / "branch_pos" / NAME).symlink_to(tmp_path / "token.key")
    report = run_load()
    assert report.files == []
    (message,) = [line for line in report.messages if "lead out of the inbox" in line]
    assert NAME in message
    assert "BRANCHLINE_INBOX_LINKS" in message
    assert read_quarantine(link, everything=True) == []
