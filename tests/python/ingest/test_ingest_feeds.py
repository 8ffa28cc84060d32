"""Feed files: valid ones are read, errors are reported with file, line, feed and key."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.contract.file_names import FileNameError
from ingest.contract.reading import load_feeds

GOOD = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/**/*.csv"
    file_name: '(?P<branch>[a-z]+)_(?P<business_date>\\d{8})\\.csv'
    file_name_example: leeds_20210826.csv
    business_date_format: "%Y%m%d"
    logical_file: "{branch}/{business_date}"
    columns:
      - name: item
      - name: price
        aliases: [amount]
"""

LAYOUT = "    layout: "
COLUMNS = "    columns:"

FeedFile = Callable[[str], FeedContract]


def test_the_projects_feed_files_are_valid() -> None:
    contract = load_feeds()
    assert contract.feeds["branch_pos_transactions"].raw_columns() == (
        "transaction_timestamp",
        "branch",
        "customer_name",
        "basket",
        "total",
        "payment_method",
        "card_token",
        "card_last4",
        "card_unreadable",
    )


def test_a_good_file_is_read(feed_file: FeedFile) -> None:
    (feed,) = feed_file(GOOD)
    assert feed.name == "shop_sales"
    assert feed.folder == "shop/"
    found = feed.identify("shop/Leeds_20210826.CSV")
    assert (found.branch, found.business_date) == ("leeds", date(2021, 8, 26))
    assert found.logical_file == "leeds/2021-08-26"


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [
        ("source: shop", "sauce: shop", "line 3: feed shop_sales, sauce: is not a known key"),
        ("    source: shop\n", "", "line 2: feed shop_sales, source: is missing"),
        ("- name: price", "- name: item", "columns[2]: column 'item' fills raw column 'item'"),
        ("[amount]", "[Item]", "line 13: feed shop_sales, columns[2]: 'price' and 'item' both"),
        ("[amount]", "[It em]", "line 13: feed shop_sales, columns[2]: 'price' and 'item' both"),
        (
            "[amount]",
            "[amount]\n        protect: card",
            "line 15: feed shop_sales, columns[2].protect",
        ),
        (
            "(?P<branch>[a-z]+)",
            "(?P<branch>[a-z]+",
            "line 7: feed shop_sales, file_name: is not a valid",
        ),
        ("(?P<branch>[a-z]+)", "[a-z]+", "line 10: feed shop_sales, logical_file: {branch} is no"),
        ('    business_date_format: "%Y%m%d"\n', "", "business_date_format need each other"),
        ("{branch}/{business_date}", "all", "has no {group}"),
        ("{branch}/{business_date}", "{branch", "logical_file: is not a valid template"),
        ("leeds_20210826.csv", "leeds.csv", "line 8: feed shop_sales, file_name_example: does not"),
        (
            "table: shop_sales",
            "table: sales",
            "line 4: feed shop_sales, table: 'sales' must begin",
        ),
        ("name: price", "name: Price ", "'Price' is not a valid name"),
        ("name: price", "name: price_", "'price_' is not a valid name"),
        ('    files: "shop', '    files: "/shop', "line 6: feed shop_sales, files: must be rel"),
        (
            "    source: shop",
            "    source: shop\n    source: till",
            "line 4: feed shop_sales, source",
        ),
        (
            "    columns:",
            "    max_rejected_share: 1.5\n    columns:",
            "line 11: feed shop_sales, max_",
        ),
        ("feeds:", "feedz:", "line 1: feedz: is not a known key"),
        (
            COLUMNS,
            LAYOUT + "{sheat: Sales}\n" + COLUMNS,
            "line 11: feed shop_sales, layout.sheat: is not a known key",
        ),
        (
            COLUMNS,
            LAYOUT + "{sheet: 0}\n" + COLUMNS,
            "layout.sheet: must be a sheet's name, or its place from 1",
        ),
        (
            COLUMNS,
            LAYOUT + "{sheet: true}\n" + COLUMNS,
            "layout.sheet: must be a sheet's name, or its place from 1",
        ),
        (
            COLUMNS,
            LAYOUT + "{sheet: ' '}\n" + COLUMNS,
            "layout.sheet: must be a sheet's name, or its place from 1",
        ),
        (
            COLUMNS,
            LAYOUT + "{header_row: 0}\n" + COLUMNS,
            "line 11: feed shop_sales, layout.header_row: ",
        ),
        (
            COLUMNS,
            LAYOUT + "{header_row: 2}\n    header: none\n" + COLUMNS,
            "layout.header_row: cannot be given with 'header: none'",
        ),
        (
            COLUMNS,
            LAYOUT + "{records: data..items}\n" + COLUMNS,
            "layout.records: 'data..items' has an empty part",
        ),
        (
            COLUMNS,
            LAYOUT + "{entries: '[A-Z]{3}'}\n" + COLUMNS,
            "line 11: feed shop_sales, layout.entries: needs a named group",
        ),
        (
            COLUMNS,
            LAYOUT + "{entries: '(?P<item>[A-Z'}\n" + COLUMNS,
            "layout.entries: is not a valid regular expression",
        ),
        (
            COLUMNS,
            LAYOUT + "{entries: '(?P<colour>[a-z]+)'}\n" + COLUMNS,
            "line 11: feed shop_sales, layout.entries: the group colour is not a column",
        ),
        (
            COLUMNS,
            LAYOUT + "{whole_record: false}\n" + COLUMNS + "\n      - name: record",
            "layout.whole_record: must be true: the feed declares the column record",
        ),
        ("[amount]", "[amount]\n        path: ''", "line 15: feed shop_sales, columns[2].path: ''"),
        (
            "[amount]",
            "[amount]\n        path: a.b\n        parts: [[day], [time]]",
            "columns[2].path: cannot have parts as well",
        ),
        ("    table: shop_sales", "    table: [shop_sales", "invalid YAML"),
    ],
)
def test_errors_in_a_feed_file_are_reported(
    feed_file: FeedFile, before: str, after: str, reported: str
) -> None:
    assert before in GOOD
    with pytest.raises(BranchlineError) as caught:
        feed_file(GOOD.replace(before, after, 1))
    assert reported in caught.value.message
    assert caught.value.message.startswith("feeds.yml")
    assert caught.value.hint


def test_a_layout_says_where_the_rows_of_other_formats_are(feed_file: FeedFile) -> None:
    layout = LAYOUT + "{sheet: 2, header_row: 3, records: data.items}\n" + COLUMNS
    text = GOOD.replace(COLUMNS, layout).replace("[amount]", "[amount]\n        path: sums.0.gross")
    (feed,) = feed_file(text)
    assert (feed.layout.sheet, feed.layout.header_row) == (2, 3)
    assert (feed.layout.records, feed.columns[1].path) == ("data.items", "sums.0.gross")
    (feed,) = feed_file(GOOD.replace(COLUMNS, LAYOUT + "{sheet: '2021'}\n" + COLUMNS))
    assert feed.layout.sheet == "2021"
    (feed,) = feed_file(GOOD)
    assert (feed.layout.sheet, feed.layout.records, feed.columns[1].path) == (None, None, None)


def test_all_wrong_keys_are_reported_at_once(feed_file: FeedFile) -> None:
    with pytest.raises(BranchlineError) as caught:
        feed_file(
            GOOD.replace("source: shop", "sauce: shop").replace("- name: item", "- nam: item")
        )
    assert [line.split(":")[0] for line in caught.value.message.splitlines()] == [
        "feeds.yml, line 2",
        "feeds.yml, line 3",
        "feeds.yml, line 12",
        "feeds.yml, line 12",
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "feeds:\n", "feeds: {}\n"])
def test_an_empty_contract_is_refused(feed_file: FeedFile, text: str) -> None:
    with pytest.raises(BranchlineError, match=r"feeds\.yml"):
        feed_file(text)


def test_two_feeds_cannot_share_a_table(feed_file: FeedFile) -> None:
    other = GOOD.replace("feeds:\n", "").replace("  shop_sales:", "  shop_other:", 1)
    with pytest.raises(BranchlineError, match="already the table of feed 'shop_sales'"):
        feed_file(GOOD + other)


def test_a_missing_feed_file(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match="does not exist"):
        load_feeds(tmp_path / "none.yml")


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("branch_pos/a.csv", True),
        ("branch_pos/2021/08/a.CSV", True),
        ("branch_pos/a.csv.part", False),
        ("other/branch_pos/a.csv", False),
        ("branch_posx/a.csv", False),
        ("a.csv", False),
    ],
)
def test_which_paths_a_feed_claims(path: str, claimed: bool) -> None:
    assert load_feeds().feeds["branch_pos_transactions"].claims(path) is claimed


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ("shop/*.csv", "shop/a.csv"),
        ("shop/**/*.csv", "shop/a.csv"),
        ("shop/**/*.csv", "shop/2021/08/a.csv"),
        ("shop/north-?/*.csv", "shop/north-1/a.csv"),
        ("shop*/a.csv", "shop/a.csv"),
        ("**/*.csv", "a.csv"),
        ("**/*.csv", "any/where/a.csv"),
        ("*.csv", "a.csv"),
        ("**/shop/*.csv", "shop/a.csv"),
        ("shop**.csv", "shop/2021/a.csv"),
    ],
)
def test_a_feed_may_claim_where_it_claims(files: str, path: str) -> None:
    feed = load_feeds().feeds["branch_pos_transactions"].model_copy(update={"files": files})
    feed.__dict__.pop("_path_pattern", None)  # of the feed's own pattern
    assert feed.claims(path)
    assert feed.may_claim_in(path.rpartition("/")[0] + "/" * ("/" in path))


def test_a_feed_claims_nothing_outside_its_folder() -> None:
    feed = load_feeds().feeds["branch_pos_transactions"]
    folders = ["", "branch_pos/", "branch_pos/2021/", "branch_posx/", "other/branch_pos/"]
    assert [folder for folder in folders if feed.may_claim_in(folder)] == folders[1:3]


@pytest.mark.parametrize(
    "name",
    [
        "london_camden_25-08-2021_09-00-00.csv",
        "london_camden_25-08-2021_09-00-00 (1).csv",
        "london_camden_25-08-2021_09-00-00(12).CSV",
        "london_camden_25-08-2021_09-00-00 - Copy.csv",
        "London_Camden_25-08-2021_10-30-00 - Copy (2).csv",
        "london-camden_25-08-2021_09-00-00.csv",
        "London Camden_25-08-2021_09-00-00.csv",
        "LONDON\u2013CAMDEN_25-08-2021_09-00-00.csv",
        "london__camden_25-08-2021_09-00-00.csv",
        "\uff4condon_camden_25-08-2021_09-00-00.csv",
        "Copy of london_camden_25-08-2021_09-00-00.csv",
        "Copy_of_london_camden_25-08-2021_09-00-00.csv",
        "Copy (2) of london_camden_25-08-2021_09-00-00.csv",
        "Kopie von london_camden_25-08-2021_09-00-00.csv",
        "Kopie von Kopie von london_camden_25-08-2021_09-00-00 (1).csv",
        "Copie de london_camden_25-08-2021_09-00-00.csv",
        "london_camden_25-08-2021_09-00-00 - Kopie.csv",
        "london_camden_25-08-2021_09-00-00 \u2013 Kopie (3).csv",
        "london_camden_25-08-2021_09-00-00 copy 2.csv",
        "london_camden_25-08-2021_09-00-00 (another copy).csv",
        "london_camden_25-08-2021_09-00-00_(1).csv",
    ],
)
def test_copies_of_a_branch_file_are_the_same_logical_file(name: str) -> None:
    found = load_feeds().feeds["branch_pos_transactions"].identify(f"branch_pos/x/{name}")
    assert found.logical_file == "london_camden/2021-08-25"
    assert found.branch == "london_camden"


@pytest.mark.parametrize(
    ("name", "logical_file"),
    [
        ("Stratford-upon-Avon_10-05-2023_09-00-00.csv", "stratford_upon_avon/2023-05-10"),
        ("stratford_upon_avon_10-05-2023_09-30-00.csv", "stratford_upon_avon/2023-05-10"),
        ("Cafe\u0301_10-05-2023_09-00-00.csv", "caf\u00e9/2023-05-10"),
        ("CAF\u00c9_10-05-2023_09-00-00.csv", "caf\u00e9/2023-05-10"),
        ("copyshop_10-05-2023_09-00-00.csv", "copyshop/2023-05-10"),
        ("hard copy_10-05-2023_09-00-00.csv", "hard_copy/2023-05-10"),
        ("leeds_till_2_10-05-2023_09-00-00.csv", "leeds/2023-05-10/2"),
        ("Leeds Till-2_10-05-2023_09-00-00.csv", "leeds/2023-05-10/2"),
        ("leeds-kasse3_10-05-2023_09-00-00 (1).csv", "leeds/2023-05-10/3"),
        ("leeds_till-north_10-05-2023_09-00-00.csv", "leeds/2023-05-10/north"),
        ("old_till_10-05-2023_09-00-00.csv", "old_till/2023-05-10"),
        ("the_post_office_10-05-2023_09-00-00.csv", "the_post_office/2023-05-10"),
        ("tillicoultry_10-05-2023_09-00-00.csv", "tillicoultry/2023-05-10"),
    ],
)
def test_names_give_branch_day_and_till(name: str, logical_file: str) -> None:
    feed = load_feeds().feeds["branch_pos_transactions"]
    assert feed.identify(f"branch_pos/{name}").logical_file == logical_file


@pytest.mark.parametrize(
    ("paths", "logical_file"),
    [
        (
            [
                "sales_desk/sales/week_01.csv",
                "sales_desk/sales/Week-01.CSV",
                "Sales_Desk/sales/week 01 - Copy.csv",
                "sales_desk/sales/Copy of week 01.csv",
            ],
            "sales_desk/sales/week_01.csv",
        ),
        # A browser numbers saved files: it may not be the same export.
        (["sales_desk/sales/week_01 (1).csv"], "sales_desk/sales/week_01_(1).csv"),
        (["sales_desk/sales/old/week_01.csv"], "sales_desk/sales/old/week_01.csv"),
        (["sales_desk/sales/cafe\u0301.csv"], "sales_desk/sales/caf\u00e9.csv"),
        (["sales_desk/sales/copy.csv"], "sales_desk/sales/copy.csv"),
    ],
)
def test_paths_are_normalised_across_systems(paths: list[str], logical_file: str) -> None:
    feed = load_feeds().feeds["sales_desk_sales"]
    for path in paths:
        assert feed.identify(path).logical_file == logical_file


@pytest.mark.parametrize(
    "name",
    ["leeds.csv", "leeds_2021-08-25_09-00-00.csv", "_25-08-2021_09-00-00.csv", "x25-08-2021.csv"],
)
def test_other_names_are_refused_with_the_expected_form(name: str) -> None:
    with pytest.raises(FileNameError, match=r"london_camden_25-08-2021_09-00-00\.csv"):
        load_feeds().feeds["branch_pos_transactions"].identify(name)


def test_a_name_with_an_impossible_date_is_refused() -> None:
    with pytest.raises(FileNameError, match="'31-02-2021' in the file's name is not a date"):
        load_feeds().feeds["branch_pos_transactions"].identify("leeds_31-02-2021_09-00-00.csv")


def test_the_files_of_a_folder_are_one_contract(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text(GOOD)
    (tmp_path / "market.yml").write_text(GOOD.replace("shop", "market"))
    (tmp_path / "notes.txt").write_text("no feed file")
    assert [feed.name for feed in load_feeds(tmp_path)] == ["market_sales", "shop_sales"]


@pytest.mark.parametrize(
    ("second", "reported"),
    [
        (GOOD, ["z.yml, line 2: feed shop_sales: is given twice (first in a.yml, line 2)."]),
        (
            GOOD.replace("shop_sales:", "shop_more:"),
            [
                "z.yml, line 4: feed shop_more, table: 'shop_sales' is already the table of feed"
                " 'shop_sales'."
            ],
        ),
        (
            GOOD.replace("shop", "market").replace("[amount]", "[Item]"),
            ["z.yml, line 13: feed market_sales, columns[2]: 'price' and 'item' both"],
        ),
        ("feeds:\n", ["z.yml, line 1: feeds: "]),
        ("feedz: {}\n", ["z.yml, line 1: feedz: is not a known key; check"]),
        (
            "feeds:\n  one: {}\n  one: {}\n  shop_sales: {}\n",
            [
                "z.yml, line 3: feed one: is given twice (first in line 2).",
                "z.yml, line 4: feed shop_sales: is given twice (first in a.yml, line 2).",
            ],
        ),
        ("", ["z.yml: the file must begin with 'feeds:'"]),
        ("feeds: [", ["z.yml, line 1: invalid YAML"]),
    ],
)
def test_an_error_in_a_folder_names_the_file(
    tmp_path: Path, second: str, reported: list[str]
) -> None:
    (tmp_path / "a.yml").write_text(GOOD)
    (tmp_path / "z.yml").write_text(second)
    with pytest.raises(BranchlineError) as caught:
        load_feeds(tmp_path)
    lines = caught.value.message.split("\n")
    assert len(lines) == len(reported)
    for line, start in zip(lines, reported, strict=True):
        assert line.startswith(start)
    assert str(tmp_path / "z.yml") in caught.value.hint
    assert str(tmp_path / "a.yml") not in caught.value.hint


def test_a_folder_without_feed_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match="has no feed file"):
        load_feeds(tmp_path)


@pytest.mark.parametrize(
    ("added", "reported"),
    [
        ("    key: [invoice]\n", "key[1]: 'invoice' is not a column of the feed"),
        ("    key: [item, item]\n", "key[2]: 'item' is listed twice"),
        ("    key: [card]\n", "key[1]: 'card' holds card numbers"),
        ("    key: [item]\n    snapshot: true\n", "key: has no effect in a snapshot"),
        ("    covers: days\n    snapshot: true\n", "covers: has no effect in a snapshot"),
        ("    key: [item]\n    covers: days\n", "key: has no effect beside 'covers: days'"),
        ("    covers: day\n", "covers: 'day' needs the group business_date"),
        ("    covers: weeks\n", "covers: 'weeks' is not known; use day or days"),
    ],
)
def test_keys_for_deduplication_across_files(
    feed_file: FeedFile, added: str, reported: str
) -> None:
    text = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales.
    files: "shop/*.csv"
    columns:
      - {name: item}
      - {name: card, protect: card_number}
"""
    with pytest.raises(BranchlineError, match=re.escape(reported)):
        feed_file(text.replace("    columns:", f"{added}    columns:"))
