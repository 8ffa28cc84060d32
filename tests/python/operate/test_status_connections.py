"""`branchline status` and `load` say what each database and API lacks, and when it was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest
import throwaway
from click.testing import CliRunner

from base.errors import BranchlineError
from base.link import Connection
from base.settings import PROJECT, Settings
from ingest import LoadReport
from operate.commands import status as status_command
from operate.runs import loading

DESK = "BRANCHLINE_SOURCE_SALES_DESK_URL"
PRODUCT = "create table product (id integer, name varchar(20), current_price integer)"
ROW = "insert into product values (1, 'sugar', 50)"


@pytest.fixture
def status(
    project_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """The words of `branchline status`, of a company with two sources of connections."""
    for name, value in project_env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(loading, "PROJECT", tmp_path)
    for module in (loading, status_command):
        monkeypatch.setattr(module, "listed_sources", lambda: ["sales_desk", "multinational"])

    def said() -> str:
        done = CliRunner().invoke(status_command.status, (), standalone_mode=False)
        assert done.exception is None, done.output
        return " ".join(done.output.split())

    return said


def load(url: str, folder: Path, *only: str, compare_all: bool = False) -> LoadReport:
    settings = Settings(PROJECT, url, folder, throwaway.TOKEN_KEY, "inbox")
    connection = Connection(url, "", 0, "", "", "")
    inbox = str(folder / "inbox")
    return loading.load_inbox(settings, connection, inbox, only=only, compare_all=compare_all)


def test_status_names_what_is_not_configured_before_the_first_load(
    status: Callable[[], str], database_url: str, tmp_path: Path
) -> None:
    reported = status()
    assert "Nothing has been loaded" in reported
    for name, variable in (
        ("sales_desk (database)", DESK),
        ("multinational (database)", "BRANCHLINE_SOURCE_MULTINATIONAL_URL"),
        ("multinational_stores (API)", "BRANCHLINE_SOURCE_MULTINATIONAL_STORES_URL"),
    ):
        assert f"{name}: not read: {variable} is not set" in reported
    # No inbox either: the message names all that may be set.
    with pytest.raises(BranchlineError, match="inbox does not exist, and") as caught:
        load(database_url, tmp_path)
    assert DESK in caught.value.message
    assert "BRANCHLINE_SOURCE_MULTINATIONAL_STORES_URL" in caught.value.message


def test_status_shows_when_a_database_delivered_and_that_it_failed(
    status: Callable[[], str],
    database_url: str,
    postgres_server: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with throwaway.database(postgres_server) as url:
        monkeypatch.setenv(DESK, url)
        source = psycopg2.connect(url)
        source.autocommit = True

        def do(*statements: str) -> None:
            with source.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

        do(PRODUCT, ROW)
        assert load(database_url, tmp_path, "sales_desk_products").rows == 1
        today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
        reported = status()
        assert f"sales_desk (database): last read {today}" in reported
        assert f"last new content {today}" in reported
        assert "failed" not in reported

        do("drop table product")
        assert load(database_url, tmp_path, "sales_desk_products").failed
        reported = status()
        # It shows the last good reading and the failure after it, until the next good one.
        assert f"sales_desk (database): last read {today}" in reported
        assert f"sales_desk_products failed {today}" in reported
        assert "has no table product" in reported

        do(PRODUCT, ROW)
        assert load(database_url, tmp_path, "sales_desk_products").unchanged == 1
        assert "failed" not in status()
        source.close()


TILL = "BRANCHLINE_SOURCE_RETAIL360"
TYPES = ('create table "ItemTypes" ("Type_ID" integer, "TypeDesc" varchar(20))',
         'insert into "ItemTypes" values (1, \'milk\')')  # fmt: skip


def test_status_shows_the_database_of_each_branch(
    status: Callable[[], str],
    database_url: str,
    postgres_server: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (loading, status_command):
        monkeypatch.setattr(module, "listed_sources", lambda: ["retail360"])
    assert f"retail360 (database): not read: {TILL}_URL or {TILL}_BRANCHES is not set" in status()
    with throwaway.database(postgres_server) as url:
        with psycopg2.connect(url) as source, source.cursor() as cursor:
            for statement in TYPES:
                cursor.execute(statement)
        source.close()
        monkeypatch.setenv(f"{TILL}_BRANCHES", "haifa, jaffa north, eilat")
        monkeypatch.setenv(f"{TILL}_URL_HAIFA", url)
        monkeypatch.setenv(f"{TILL}_URL_JAFFA_NORTH", f"{url.rpartition('/')[0]}/no_such")
        report = load(database_url, tmp_path, "retail360_itemtypes")
    assert (report.rows, len(report.failed)) == (1, 2)
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    reported = status()
    assert f"retail360 (database of haifa): last read {today}" in reported
    assert f"retail360_itemtypes/jaffa_north failed {today}" in reported
    assert f"({TILL}_URL_JAFFA_NORTH)" in reported
    assert f"retail360 (database of eilat): not read: {TILL}_URL_EILAT is not set" in reported

    monkeypatch.setenv(f"{TILL}_BRANCHES", "jaffa north")
    reported = status()
    assert (
        f"retail360 (database of haifa): not read: {TILL}_BRANCHES does not name it; last read"
        in reported
    )


STORE = "BRANCHLINE_SOURCE_ELECTRONIZ_URL"
# The name of a column ends in a blank, as at the source.
PRODUCTS = (
    "create table products (product_code varchar(9) primary key, product_name varchar(20),"
    ' "product_category " varchar(20), updated_at timestamp)',
    "insert into products values ('1', 'Vaccum', 'Home', '2021-03-30 10:00:00'),"
    " ('2', 'Mobile', 'Phones', '2021-03-30 10:00:00')",
)


def test_status_shows_how_far_a_watermarked_table_was_read(
    status: Callable[[], str],
    database_url: str,
    postgres_server: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (loading, status_command):
        monkeypatch.setattr(module, "listed_sources", lambda: ["electroniz"])
    with throwaway.database(postgres_server) as url:
        monkeypatch.setenv(STORE, url)
        source = psycopg2.connect(url)
        source.autocommit = True
        with source.cursor() as cursor:
            for statement in PRODUCTS:
                cursor.execute(statement)
            report = load(database_url, tmp_path, "electroniz_products")
            assert (report.rows, report.remarked) == (2, [])
            now = f"{datetime.now(timezone.utc):%Y-%m-%d}"
            assert f"electroniz_products: last read {now}" in status()
            assert "UTC; up to 2021-03-30 10:00:00; compared as a whole" in status()
            assert "not in the table any more" not in status()
            cursor.execute("delete from products where product_code = '2'")
        load(database_url, tmp_path, "electroniz_products", compare_all=True)
        assert "UTC; 1 row not in the table any more" in status()
        source.close()
