"""`branchline source new`: the generated source works, and no file is overwritten."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from documented_source import LIST, LIST_PAGE, add_documented_source, documented_files
from nightly import PROJECT, Project, new_project
from project_copy import copy_project
from reportlab.platypus import SimpleDocTemplate, Table
from shop_files import days, truth_of

from base.errors import BranchlineError
from base.link import Connection
from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from operate.project.new_source import plan_source, write_source
from operate.project.sample_file import (
    SYNONYMS,
    SampleColumn,
    amount,
    date_format,
    decimal_sign,
    read_sample,
    whole_number,
)

SHOP = dict(itertools.islice(days(10_000, receipts_a_day=7), 8))
# A receipt per line, month first, amounts in two formats, no product name.
KIOSK = (
    "Ticket,Sale Date,Time,Store,SKU,Qty,Total,Payment,Cashier\n"
    '1,12/24/2023,09:15,Hull,4006381333931,2,"1,204.50",Card,17\n'
    "2,12/25/2023,10:00,Hull,77,-1,-3.00,cash,17\n"
    "3,12/25/2023,10:05,York,77,none,3.00,cash,\n"
)
# Semicolons, decimal commas, days first, umlauts, Windows-1252, names of customers.
FARM = (
    "Rechnungs-Nr.;Datum;Kunde;Artikel;Artikelnummer;Menge;Stückpreis;Betrag;Währung;Bemerkung\n"
    "F-1041;05.03.2024;Jörg Bär;Apfelsaft, trüb;0017;2;2,95;5,90;EUR;\n"
    'F-1041;05.03.2024;Jörg Bär;"Käse ""Alte Scheune""";0018;1;1.024,80;1.024,80;EUR;kalt\n'
    "F-1042;13.03.2024;;Eier;0019;6;0,35;2,10;EUR;\n"
    f"F-1043;13.03.2024;;Eier;0019;1;0,35;0,35;{'Taler ' * 200};\n"
)
# Receipts on several lines, numbers that restart in each branch and on each day, a currency
# column. Cork is listed, Hull and York are not.
MARKET = (
    "Invoice,Store,Date,Customer ID,Item,Qty,Unit Price,Total,Payment,Currency\n"
    "1,Cork,2023-05-02 09:00,17,Tea,1,1.00,1.00,cash,eur\n"
    "1,Cork,2023-05-02 09:00,17,Bun,1,2.00,2.00,cash,\n"
    "1,Hull,2023-05-02 09:00,,Tea,1,4.00,4.00,cash,GBP\n"
    "1,Hull,2023-05-02 09:00,,Bun,1,8.00,8.00,cash,£\n"
    "1,York,2023-05-02 09:00,,Tea,1,16.00,16.00,cash,\n"
    "1,York,2023-05-03 09:00,19,Tea,1,32.00,32.00,cash,\n"
    "1,york,2023-05-03 09:00,20,Bun,1,64.00,64.00,cash,\n"
    # In another currency than the branch's: one line of a receipt, and by its symbol.
    "2,Cork,2023-05-02 10:00,17,Tea,1,1.00,1.00,cash,EUR\n"
    "2,Cork,2023-05-02 10:00,17,Bun,1,2.00,2.00,cash,USD\n"
    "3,Hull,2023-05-02 10:00,17,Tea,1,1.00,1.00,cash,EUR\n"
    "4,Hull,2023-05-02 10:00,17,Tea,1,1.00,$1.00,cash,\n"
    "5,Hull,2023-05-02 10:00,17,Tea,1,1.00,1.00,cash,Euro\n"
    "6,Hull,2023-05-02 10:00,17,Tea,1,1.00,1.00,cash,ABC\n"
    "7,Hull,2023-05-02 10:00,17,Tea,1,1.00,1.00,cash,978\n"
)
# Records with an object in them, and times in UTC, as an API sends them.
CAFE = json.dumps(
    {
        "count": 4,
        "orders": [
            {
                "order_id": number,
                "created_at": f"2025-10-0{number}T08:46:00.500Z",
                "store": {"name": "Hull"},
                "item": item,
                "qty": 1,
                "total": total,
            }
            for number, item, total in (
                *((1, "Tea", 1.7), (1, "Bun", 2.05), (2, "Tea", "1.70"), (3, "Tea", None)),
            )
        ],
    }
)
SAMPLES = {
    "web_shop": ("orders_2010-12-01.csv", next(iter(SHOP.values())).encode(), "line"),
    "kiosk": ("kiosk.csv", KIOSK.encode(), "receipt"),
    "farm_shop": ("rechnungen_05-03-2024.csv", FARM.encode("cp1252"), "line"),
    "market": ("market.csv", MARKET.encode(), "line"),
    "cafe": ("orders.json", CAFE.encode(), "line"),
}
LISTED = "farm_shop,Farm shop,DE,Europe/Berlin,EUR,,\nmarket,CORK,IE,Europe/Dublin,EUR,,\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project."""
    return copy_project(tmp_path / "copy")


def sample_of(name: str, folder: Path) -> Path:
    """The sample file of a source, in a folder."""
    file, content, _ = SAMPLES[name]
    (folder / file).write_bytes(content)
    return folder / file


def texts_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        (
            "web_shop",
            "receipt_number product_id product_name quantity sold_at unit_price customer_id"
            " country",
        ),
        (
            "kiosk",
            "receipt_number sold_at sold_time branch_name product_id quantity net_amount"
            " payment_method employee_id",
        ),
        (
            "farm_shop",
            "receipt_number sold_at customer_name product_name product_id quantity unit_price"
            " net_amount currency_code -",
        ),
    ],
)
def test_columns_are_recognised_by_their_names(tmp_path: Path, name: str, roles: str) -> None:
    sample = read_sample(sample_of(name, tmp_path))
    assert [column.role or "-" for column in sample.columns] == roles.split()


SALES = [
    ["Order no", "Sold at", "Store", "SKU", "Item", "Qty", "Unit price"],
    ["7", "2025-10-01 08:46:00+00", "Hull", "0017", "Tea", "2", "1.70"],
    ["7", "2025-10-01 08:46:00+00", "Hull", "0018", "Bun", "1", "2.05"],
    ["8", "2025-10-01 09:02:11+00", "York", "0017", "Tea", "1", "1.70"],
]


def parquet(rows: list[list[str]]) -> bytes:
    made = io.BytesIO()
    columns = zip(*rows[1:], strict=True)
    pq.write_table(pa.table(dict(zip(rows[0], map(list, columns), strict=True))), made)
    return made.getvalue()


def workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Sales of October"])
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def pdf(rows: list[list[str]]) -> bytes:
    made = io.BytesIO()
    SimpleDocTemplate(made).build([Table(rows)])
    return made.getvalue()


def as_json(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


FORMATS: dict[str, Callable[[list[list[str]]], bytes]] = {
    "sales.csv.gz": lambda rows: gzip.compress("\n".join(map(",".join, rows)).encode()),
    "sales.xlsx": workbook,
    "sales.parquet": parquet,
    "sales.json": lambda rows: json.dumps({"page": 1, "data": as_json(rows)}).encode(),
    "sales.jsonl": lambda rows: "\n".join(map(json.dumps, as_json(rows))).encode(),
    "columns.json": lambda rows: json.dumps(
        {row[0]: dict(enumerate(row[1:])) for row in zip(*rows, strict=True)}
    ).encode(),
    "sales.pdf": pdf,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_may_have_any_format_that_the_loader_reads(
    copy: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "sales.csv").write_text("\n".join(map(",".join, SALES)))
    as_csv = plan_source(copy, "shop", tmp_path / "sales.csv", None).files
    (tmp_path / name).write_bytes(FORMATS[name](SALES))
    planned = plan_source(copy, "shop", tmp_path / name, None)
    assert planned.grain == "line"
    for path, text in planned.files.items():
        if path.startswith("models"):
            assert text == as_csv[path], path
    (feed,) = yaml.safe_load(planned.files["ingest/feeds/shop.yml"])["feeds"].values()
    # Workbooks, Parquet and JSON files are claimed like a CSV of their name.
    ending = ".pdf" if name.endswith(".pdf") else ".csv"
    assert feed["files"] == f"shop/**/*{ending}"


def test_values_in_objects_become_columns_with_a_path(copy: Path, tmp_path: Path) -> None:
    planned = plan_source(copy, "cafe", sample_of("cafe", tmp_path), None)
    (feed,) = yaml.safe_load(planned.files["ingest/feeds/cafe.yml"])["feeds"].values()
    paths = {column["name"]: column.get("path") for column in feed["columns"]}
    assert paths.pop("store_name") == "store.name"
    assert set(paths.values()) == {None}


def test_a_dated_workbook_is_named_as_the_loader_names_it(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "sales_2025-10-01.xlsx"
    file.write_bytes(workbook(SALES))
    planned = plan_source(copy, "shop", file, None)
    feeds = FeedContract.model_validate(yaml.safe_load(planned.files["ingest/feeds/shop.yml"]))
    (feed,) = feeds
    assert feed.claims("shop/sales_2025-10-02.csv")
    assert feed.identify("sales_2025-10-02.csv").business_date == date(2025, 10, 2)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("scan.pdf", pdf([[""]]), "has no text"),
        ("letter.pdf", pdf([["Dear all"], ["thank you"]]), "has no table"),
        ("data.json", b'{"count": 0}', "has no list of records"),
        ("cut.xlsx", workbook(SALES)[:900], "binary data|Office document|archive"),
    ],
)
def test_a_sample_without_rows_is_refused_with_the_loaders_reason(
    copy: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BranchlineError, match=said):
        plan_source(copy, "shop", tmp_path / name, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-01 08:46:00+00", datetime(2025, 10, 1, 8, 46, tzinfo=timezone.utc)),
        ("2025-10-01T08:46:00Z", datetime(2025, 10, 1, 8, 46, tzinfo=timezone.utc)),
        ("2025-10-01T08:46:00.250+05:30", datetime(2025, 10, 1, 3, 16, 0, 250000, timezone.utc)),
        ("2025-10-01 08:46:00 -0330", datetime(2025, 10, 1, 12, 16, tzinfo=timezone.utc)),
        ("2025-10-01 08:46 UTC", datetime(2025, 10, 1, 8, 46, tzinfo=timezone.utc)),
        ("2025/10/01 08:46", datetime(2025, 10, 1, 8, 46)),
        ("2025-10-01", datetime(2025, 10, 1)),
        ("13/10/2025 08:46", datetime(2025, 10, 13, 8, 46)),
        ("10.13.2025", datetime(2025, 10, 13)),
    ],
)
def test_times_with_and_without_an_offset_are_read(text: str, expected: datetime) -> None:
    form = date_format(SampleColumn("Sold at", "sold_at", "sold_at", (text,)))
    assert form.read(text) == expected
    assert form.has_time == (":" in text)
    assert form.read("2025-13-01") is None


NUMBERED = (
    "sale_no,till_no,sold_at,item,total\n"
    "901,1,2025-10-01 08:46:00,Tea,1.70\n"
    "901,1,2025-10-01 08:46:00,Bun,2.05\n"
    "902,1,2025-10-01 09:02:00,Tea,1.70\n"
)


def test_a_column_that_may_number_receipts_is_asked_about(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(NUMBERED)
    with pytest.raises(BranchlineError, match="same value in the column sale_no") as caught:
        plan_source(copy, "shop", file, None)
    assert "--receipt-number 'sale_no'" in caught.value.hint
    assert "--grain receipt" in caught.value.hint
    planned = plan_source(copy, "shop", file, None, "Sale No")
    assert (planned.grain, planned.number) == ("line", "sale_no")
    assert "receipt_number" in planned.files["models/staging/shop/stg_shop__receipt_lines.sql"]
    assert plan_source(copy, "shop", file, "receipt").number is None
    with pytest.raises(BranchlineError, match="has no column 'bon'"):
        plan_source(copy, "shop", file, None, "bon")
    # A number of each line beside it does not hide it.
    lines = NUMBERED.splitlines()
    texts = [f"{text},{place or 'transaction_id'}" for place, text in enumerate(lines)]
    file.write_text("\n".join(texts))
    with pytest.raises(BranchlineError, match="same value in the column sale_no"):
        plan_source(copy, "shop", file, None)
    assert plan_source(copy, "shop", file, None, "sale_no").number == "sale_no"


def test_a_name_stands_for_one_role_only() -> None:
    names = [name for names in SYNONYMS.values() for name in names]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch("[a-z]+", name) for name in names)


def test_only_new_files_and_one_line_are_written(copy: Path, tmp_path: Path) -> None:
    before = texts_of(copy)
    planned = plan_source(copy, "web_shop", sample_of("web_shop", tmp_path), None)
    assert texts_of(copy) == before
    write_source(copy, planned)
    after = texts_of(copy)
    assert set(after) - set(before) == set(planned.files)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {LIST}
    old, new = before[LIST].decode(), after[LIST].decode()
    line = "    web_shop: [transactions]\n"
    assert new.count(line) == 1
    assert new.replace(line, "") == old
    assert "web_shop" in yaml.safe_load(new)["vars"]["source_systems"]


def test_it_writes_the_files_shown_in_the_docs(copy: Path, tmp_path: Path) -> None:
    planned = plan_source(copy, "online_shop", sample_of("web_shop", tmp_path), "line")
    assert {*planned.files, LIST} == set(documented_files())
    reported = documented_files()
    for path, text in planned.files.items():
        # Models without an open decision are identical.
        if path.endswith(("staging.sql", "transactions.sql", "sale_lines.sql", "raw_claims.sql")):
            assert reported[path] == text, path


def test_existing_files_are_never_overwritten(copy: Path, tmp_path: Path) -> None:
    sample = sample_of("web_shop", tmp_path)
    there = copy / "models" / "staging" / "web_shop" / "stg_web_shop__receipt_lines.sql"
    there.parent.mkdir()
    there.write_text("select 1")
    before = texts_of(copy)
    with pytest.raises(BranchlineError, match=r"already: .*stg_web_shop__receipt_lines\.sql"):
        plan_source(copy, "web_shop", sample, None)
    with pytest.raises(BranchlineError, match="lists the source 'branch_pos' already"):
        plan_source(copy, "branch_pos", sample, None)
    assert texts_of(copy) == before


@pytest.mark.parametrize(
    ("name", "content", "grain", "said"),
    [
        ("Web-Shop", "a,b\n1,2\n", None, "cannot be the name of a source"),
        ("shop_", "a,b\n1,2\n", None, "cannot be the name of a source"),
        ("shop", "no table\n", None, "not a CSV with several columns"),
        ("shop", "1,2\n3,4\n", None, "does not name the columns"),
        ("shop", "date,total\n", None, "no record of 2 columns"),
        ("shop", "when,total\n2024-01-01,3\n", None, "looks like the date"),
        ("shop", "date,item\n2024-01-01,tea\n", None, "looks like a price"),
        ("shop", "date,total\n1 May,3\n", None, "in no supported form"),
        ("shop", "date,total\n2024-01-01,3\n", "line", "looks like the number of a receipt"),
        ("shop", "date,total\n2024-01-01,free\n", None, "No record of"),
        ("shop", 'date,total\n2024-01-01,"1,459"\n', None, "may be thousands"),
    ],
)
def test_errors_are_reported_with_advice(
    copy: Path, tmp_path: Path, name: str, content: str, grain: str | None, said: str
) -> None:
    (tmp_path / "sample.csv").write_text(content)
    before = texts_of(copy)
    with pytest.raises(BranchlineError, match=said):
        plan_source(copy, name, tmp_path / "sample.csv", grain)
    assert texts_of(copy) == before


def test_the_page_of_a_source_has_all_required_parts(copy: Path, tmp_path: Path) -> None:
    for name in SAMPLES:
        planned = plan_source(copy, name, sample_of(name, tmp_path), None)
        page = planned.files[f"docs/sources/{name}.md"]
        feeds = yaml.safe_load(planned.files[f"ingest/feeds/{name}.yml"])["feeds"]
        for feed, reported in feeds.items():
            assert f"`{feed}`" in page
            assert f"`{reported['files']}`" in page
            assert all(f"`{column['name']}`" in page for column in reported["columns"])


def test_no_personal_data_of_the_sample_gets_into_the_project(copy: Path, tmp_path: Path) -> None:
    planned = plan_source(copy, "farm_shop", sample_of("farm_shop", tmp_path), None)
    assert not [path for path, text in planned.files.items() if "Jörg" in text]


def test_the_dry_run_lists_what_the_command_writes(copy: Path, tmp_path: Path) -> None:
    for folder in ("base", "operate"):
        (copy / folder).symlink_to(PROJECT / folder)
    sample = sample_of("kiosk", tmp_path)

    def command(*options: str) -> str:
        # The command works on its own project.
        program = (
            "import sys, base.settings as s, pathlib; s.PROJECT = pathlib.Path(sys.argv.pop(1));"
            "from operate.cli import main; main()"
        )
        words = [str(copy), "source", "new", "kiosk", "--from"]
        done = subprocess.run(
            [sys.executable, "-c", program, *words, str(sample), *options],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = command("--dry-run")
    assert "ingest/feeds/kiosk.yml" in said
    assert "each line of the file is a receipt" in said
    assert "No column names the product" in said
    assert not (copy / "ingest" / "feeds" / "kiosk.yml").exists()
    assert "would be" not in command()
    assert (copy / "ingest" / "feeds" / "kiosk.yml").exists()


@pytest.fixture(scope="module")
def built(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A copy of the project with a generated source per sample, loaded and built."""
    folder = tmp_path_factory.mktemp("new_sources")
    copy = copy_project(folder / "copy")
    for name, (_, _, grain) in SAMPLES.items():
        planned = plan_source(copy, name, sample_of(name, folder), None)
        assert planned.grain == grain
        write_source(copy, planned)
    add_documented_source(copy, [LIST_PAGE])
    with (copy / "seeds" / "branches.csv").open("a") as listed:
        listed.write(LISTED)
    load_feeds(copy / "ingest" / "feeds")
    with new_project(postgres_server, folder / "run", copy) as project:
        for name, (file, content, _) in SAMPLES.items():
            project.deliver(f"{name}/{file}", content)
        garden = documented_files([LIST_PAGE])["inbox/garden/branches.csv"]
        project.deliver("garden/branches.csv", garden)
        assert project.load().counts()["loaded"] == len(SAMPLES) + 1
        project.dbt("seed")
        sources = [*SAMPLES, "garden"]
        folders = [f"path:models/{layer}/{name}" for name in sources for layer in LAYERS]
        folders.append("+int_branches__listed_everywhere")
        project.dbt("run", "--select", "path:models/staging/ingest", "int_files__versioned")
        project.dbt("build", "--select", *folders, "--indirect-selection", "cautious")
        yield project


LAYERS = ("staging", "intermediate/conformed")


def test_a_generated_shop_is_right_to_the_penny(built: Project) -> None:
    truth = truth_of([next(iter(SHOP.values()))])
    found = built.rows(
        "select receipt_number, net_amount from intermediate.int_web_shop__transactions"
        " where is_sale"
    )
    assert dict(found) == truth.receipts
    assert truth.rejected


def test_the_list_of_the_docs_reaches_the_company_and_its_odd_line_is_reported(
    built: Project,
) -> None:
    assert built.rows(
        "select branch_name, locality, opening_date, staff_count"
        " from intermediate.int_branches__listed_everywhere where source_system = 'garden'"
        " order by 1"
    ) == [
        ("Garden Hull", "Hull", date(2021, 4, 10), None),
        ("Garden Leeds", "Leeds", date(2019, 3, 2), 12),
        ("Garden York", "York", None, 7),
    ]
    assert built.rows(
        "select refused_text, reject_reasons, is_counted"
        " from intermediate.int_garden__refused_list_lines"
    ) == [("Garden York | York | spring | 7", "date_unreadable", True)]


def test_a_generated_receipt_per_line_is_right(built: Project) -> None:
    assert built.rows(
        "select receipt_number, branch_name, payment_method, items_sold, net_amount,"
        " reject_reasons, to_char(sold_at_local, 'YYYY-MM-DD HH24:MI')"
        " from intermediate.int_kiosk__transactions order by line_number"
    ) == [
        ("1", "Hull", "CARD", 2, Decimal("1204.50"), None, "2023-12-24 09:15"),
        ("2", "Hull", "CASH", -1, Decimal("-3.00"), None, "2023-12-25 10:00"),
        ("3", "York", "CASH", None, Decimal("3.00"), "quantity_unreadable, unit_price_unreadable",
         "2023-12-25 10:05"),
    ]  # fmt: skip
    assert built.rows(
        "select product_id, product_name, unit_price from intermediate.int_kiosk__sale_lines"
        " order by line_number"
    ) == [("4006381333931", "4006381333931", Decimal("602.25")), ("77", "77", Decimal("3.00"))]


def test_a_generated_german_file_is_right(built: Project) -> None:
    assert built.rows(
        "select receipt_number, customer_name, currency_code, raw_rows, net_amount, is_time_known,"
        " cast(business_date as text) from intermediate.int_farm_shop__transactions"
        " where reject_reasons is null order by 1"
    ) == [
        ("F-1041", "Jörg Bär", "EUR", 2, Decimal("1030.70"), False, "2024-03-05"),
        ("F-1042", None, "EUR", 1, Decimal("2.10"), False, "2024-03-13"),
    ]
    # An invalid currency is not a key of the sums by currency.
    assert built.rows(
        "select receipt_number, net_amount from intermediate.int_farm_shop__transactions"
        " where reject_reasons = 'currency_unreadable'"
    ) == [("F-1043", Decimal("0.35"))]
    assert built.rows("select sum(claimed_amount) from intermediate.int_farm_shop__raw_claims") == [
        (Decimal("1033.15"),)
    ]


def test_generated_models_read_records_of_an_api(built: Project) -> None:
    assert built.rows(
        "select receipt_number, branch_name, raw_rows, net_amount, reject_reasons,"
        " to_char(sold_at_local, 'YYYY-MM-DD HH24:MI')"
        " from intermediate.int_cafe__transactions order by line_number"
    ) == [
        # 08:46 in UTC is 09:46 in London in October.
        ("1", "Hull", 2, Decimal("3.75"), None, "2025-10-01 09:46"),
        ("2", "Hull", 1, Decimal("1.70"), None, "2025-10-02 09:46"),
        ("3", "Hull", 1, None, "unit_price_unreadable, total_unreadable", "2025-10-03 09:46"),
    ]


def test_a_branch_has_one_currency(built: Project) -> None:
    assert built.rows(
        "select branch_name, currency_code, sum(net_amount)"
        " from intermediate.int_market__transactions where is_sale group by 1, 2 order by 1"
    ) == [
        ("CORK", "EUR", Decimal("4.00")),
        ("Hull", "GBP", Decimal("12.00")),
        ("York", "GBP", Decimal("48.00")),
        ("york", "GBP", Decimal("64.00")),
    ]
    assert built.rows(
        "select reject_reasons, array_agg(line_number order by line_number)"
        " from intermediate.int_market__transactions where not is_sale group by 1 order by 1"
    ) == [("currency_differs_from_branch", [10, 11, 12, 13]), ("currency_unreadable", [14, 15])]


def test_a_receipt_has_one_branch_and_day(built: Project) -> None:
    receipts = built.rows(
        "select branch_name, cast(business_date as text), receipt_number, raw_rows, net_amount,"
        " quality_flags like '%customer_missing%'"
        " from intermediate.int_market__transactions where is_sale order by 1, 2, 3"
    )
    assert receipts == [
        ("CORK", "2023-05-02", "1", 2, Decimal("3.00"), None),
        ("CORK", "2023-05-02", "2", 1, Decimal("1.00"), None),
        ("Hull", "2023-05-02", "1", 2, Decimal("12.00"), True),
        ("York", "2023-05-02", "1", 1, Decimal("16.00"), True),
        ("York", "2023-05-03", "1", 1, Decimal("32.00"), None),
        ("york", "2023-05-03", "1", 1, Decimal("64.00"), None),
    ]
    [(keys,)] = built.rows(
        "select count(distinct transaction_id) from intermediate.int_market__transactions"
        " where is_sale"
    )
    assert keys == len(receipts)


@pytest.mark.parametrize(
    ("amounts", "sign"),
    [
        (["1.50", "1,234.50", "1,459"], "."),
        (["1,50", "1.234,50", "1.459"], ","),
        (["1,234,567"], "."),
        (["1.234.567 €"], ","),
        (["0,755"], ","),
        (["1234.567"], "."),
        (["£.50"], "."),
        # They may be thousands, have no separator at all, or contradict each other.
        (["1,459", "1,599", "£1,234"], ""),
        (["1.459", "Rs.50"], ""),
        (["52", "364", "", "free"], ""),
        (["1.50", "1,50"], ""),
    ],
)
def test_the_decimal_separator_of_a_sample(amounts: list[str], sign: str) -> None:
    assert (
        decimal_sign([SampleColumn("Price", "price", "unit_price", tuple(amounts)), None]) == sign
    )


@pytest.mark.parametrize(
    ("text", "sign", "expected"),
    [
        ("1,459", "", None),
        ("1,459", ".", "1459"),
        ("1,459", ",", "1.459"),
        ("0,755", ".", None),
        ("£0,755", ",", "0.755"),
        ("1.459,50 €", "", "1459.50"),
        ("52", "", "52"),
        ("1.5", "", "1.5"),
    ],
)
def test_sample_amounts_are_read_like_the_models(
    text: str, sign: str, expected: str | None
) -> None:
    assert amount(text, sign) == (None if expected is None else Decimal(expected))


def test_sample_quantities_are_read_like_the_models() -> None:
    for text, sign, expected in (
        *(("7", "", 7), ("-7.0", "", -7), ("7,00", "", 7), ("1.000", "", None), ("7.5", "", None)),
        *(("1.000", ",", 1000), ("1.000", ".", 1), ("1,000", ".", 1000), ("0.755", ",", None)),
    ):
        assert whole_number(text, sign) == expected, (text, sign)


def test_an_unknown_decimal_separator_is_not_declared(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "pump.csv").write_text("date,product,qty,price\n2024-01-01,Fuel,2,52\n")
    planned = plan_source(copy, "pump", tmp_path / "pump.csv", None)
    calls = re.findall(r"parse_\w+\([^)]*\)", "".join(planned.files.values()))
    assert calls
    assert not any("decimal" in call for call in calls)
    assert any("decimal separator" in decision for decision in planned.decisions)
    (tmp_path / "shop.csv").write_text('date,product,qty,price\n2024-01-01,Fuel,"2,0","1,5"\n')
    planned = plan_source(copy, "shop", tmp_path / "shop.csv", None)
    calls = re.findall(r"parse_\w+\([^)]*\)", "".join(planned.files.values()))
    assert calls
    assert all("decimal=','" in call for call in calls)


def test_reserved_words_are_not_column_names(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Order,User,Ordered at,Total\n1,Ann,2024-03-01 08:00:39,2.50\n")
    sample = read_sample(file)
    assert [column.name for column in sample.columns][:2] == ["order_text", "user_text"]
    assert [column.alias for column in sample.columns][:2] == ["Order", "User"]
    found = sample.of("sold_at")
    assert found is not None
    assert found.name == "ordered_at"


def test_template_characters_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Invoice,Country\n1,{% raw %}\n2,{{ country }}\n3,{plain}\n")
    (_, country) = read_sample(file).columns
    assert country.values == ("(% raw %}", "({ country }}", "{plain}")


def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Product Id,ProductID\n1,2\n")
    with pytest.raises(BranchlineError, match="names a column twice: productid"):
        read_sample(file)


@pytest.mark.parametrize("name", ["null", "yes", "a_name_that_is_too_long", "Shop", "a__b"])
def test_an_invalid_source_name_is_refused(copy: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BranchlineError, match="cannot be the name of a source"):
        plan_source(copy, name, sample_of("web_shop", tmp_path), None)


@pytest.mark.parametrize(
    ("old", "new", "is_written"),
    [
        # Two more spaces before each source.
        ("\n    branch_pos: [", "\n      branch_pos: [", False),
        (
            "transactions, product_names]",
            "\n      transactions,\n      product_names,\n    ]",
            True,
        ),
        ("  source_systems:\n", "  source_systems: # ours\n", False),
    ],
)
def test_the_list_of_sources_is_edited_correctly_or_not_at_all(
    copy: Path, tmp_path: Path, old: str, new: str, is_written: bool
) -> None:
    file = copy / "dbt_project.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    sample = sample_of("web_shop", tmp_path)
    if not is_written:
        with pytest.raises(BranchlineError):
            plan_source(copy, "web_shop", sample, None)
        return
    before = yaml.safe_load(file.read_text())["vars"]
    made = yaml.safe_load(plan_source(copy, "web_shop", sample, None).project_file)["vars"]
    before["source_systems"]["web_shop"] = ["transactions"]
    assert made == before
