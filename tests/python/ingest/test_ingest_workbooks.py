"""Workbooks: each cell as text without loss, the right sheet, and what is odd is reported."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from workbook_files import MAIN, ods, styled, xlsx, xlsx_parts, zipped

from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.workbooks import read_workbook


def feed(**layout: Any) -> Feed:
    made = Feed.model_validate(
        {
            "source": "sales",
            "table": "sales_lines",
            "description": "Lines.",
            "files": "sales/*",
            "columns": [{"name": "branch"}, {"name": "sold_at"}, {"name": "amount"}],
        }
    )
    if layout:
        object.__setattr__(made, "layout", SimpleNamespace(**layout))
    return made


def read(content: bytes, **layout: Any) -> list[Item]:
    """Without the empty cells that fill a row."""
    return [
        item._replace(cells=filled(item.cells)) if isinstance(item, Row) else item
        for item in read_workbook(io.BytesIO(content), feed(**layout))
    ]


def filled(cells: list[str]) -> list[str]:
    count = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return cells[:count]


def rows(content: bytes, **layout: Any) -> list[list[str]]:
    return [item.cells for item in read(content, **layout) if isinstance(item, Row)]


def remarks(content: bytes, **layout: Any) -> list[str]:
    return [item.text for item in read(content, **layout) if isinstance(item, Remark)]


def flaws(content: bytes, **layout: Any) -> list[Flaw]:
    return [item for item in read(content, **layout) if isinstance(item, Flaw)]


def reason(content: bytes, **layout: Any) -> str:
    with pytest.raises(UnusableFileError) as caught:
        read(content, **layout)
    return str(caught.value)


def saved(fill: Callable[[Any], None]) -> bytes:
    """A workbook that openpyxl saved."""
    book = openpyxl.Workbook()
    fill(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def column(*cells: str, **said: Any) -> list[str]:
    """The texts of cells of an .xlsx that are below each other."""
    found = rows(xlsx(*(f"<row>{cell}</row>" for cell in cells), **said))
    return [cells[0] for cells in found]


# What openpyxl writes


def test_each_kind_of_cell_as_openpyxl_writes_it() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet.append(["branch", "sold_at", "amount"])
        sheet.append(["007", datetime(2023, 1, 5, 9, 50), 212.1])
        sheet.append(["two\nlines", datetime(2023, 1, 5), 44])
        sheet.append(["  spaces  ", date(2023, 1, 5), 44.0])
        sheet.append(["'quoted", time(9, 50), 4111111111111111])
        sheet.append(["#N/A", timedelta(hours=30, minutes=5), True])
        sheet.append([None, None, 0.1])
        sheet.append(["£5 & <b> ✓ 𝄞", "05/01/2023", -0.000001])

    assert read(saved(fill)) == [
        Row(1, ["branch", "sold_at", "amount"]),
        Row(2, ["007", "2023-01-05 09:50:00", "212.1"]),
        Row(3, ["two\nlines", "2023-01-05 00:00:00", "44"]),
        Row(4, ["  spaces  ", "2023-01-05", "44"]),
        Row(5, ["'quoted", "09:50:00", "4111111111111111"]),
        Row(6, ["#N/A", "30:05:00", "t"]),
        Row(7, ["", "", "0.1"]),
        Row(8, ["£5 & <b> ✓ 𝄞", "05/01/2023", "-0.000001"]),
    ]


def test_equal_cells_give_equal_items_however_often_saved() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet["A1"], sheet["B2"], sheet["C4"] = "branch", 1.5, datetime(2023, 1, 5, 9, 50)
        sheet["A1"].font = openpyxl.styles.Font(bold=True)

    content = saved(fill)
    book = openpyxl.load_workbook(io.BytesIO(content))
    book.properties.creator = "somebody else"
    again = io.BytesIO()
    book.save(again)
    assert again.getvalue() != content
    assert read(again.getvalue()) == read(content)
    by_hand = xlsx(
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="B2"><v>1.50</v></c></row>',
        '<row r="4"><c r="C4" s="3"><v>44931.409722222219</v></c></row>',
        texts=["<r><t>bra</t></r><r><rPr><b/></rPr><t>nch</t></r>"],
    )
    assert read(by_hand) == read(content)


def test_merged_cells_and_hidden_rows_and_columns_are_read_and_reported() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet.title = "Sales"
        for number in range(1, 8):
            sheet.append([number, number * 10, number * 100])
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("B6:B7")
        for row in (2, 4, 5, 900):
            sheet.row_dimensions[row].hidden = True
        for letter in ("B", "K"):
            sheet.column_dimensions[letter].hidden = True

    content = saved(fill)
    assert rows(content) == [
        ["1"],
        ["2", "20", "200"],
        ["3", "30", "300"],
        ["4", "40", "400"],
        ["5", "50", "500"],
        ["6", "60", "600"],
        ["7", "", "700"],
    ]
    assert remarks(content) == [
        "hidden rows of the sheet 'Sales' are read like the others: 2, 4-5",
        "hidden columns of the sheet 'Sales' are read like the others: B",
        "merged cells of the sheet 'Sales' have their value in the first cell only: A1:C1, B6:B7",
    ]


def test_a_remark_names_ten_ranges_at_most() -> None:
    hidden = "".join(
        f'<row r="{number}" hidden="1"><c><v>1</v></c></row>' for number in range(1, 60, 2)
    )
    (remark,) = remarks(xlsx(hidden))
    assert remark.endswith(": 1, 3, 5, 7, 9, 11, 13, 15, 17, 19 and 20 more")


# Numbers


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("44", "44"),
        ("44.0", "44"),
        ("-12", "-12"),
        ("0.1", "0.1"),
        ("0.10000000000000001", "0.1"),
        ("212.09999999999999", "212.1"),
        ("4.1111111111111112E+15", "4111111111111111"),
        ("4111111111111111", "4111111111111111"),
        ("1234567890123456789", "1234567890123456789"),
        ("1234567890123456789.0", "1234567890123456789"),
        ("1.2345678901234568E+18", "1234567890123456800"),
        ("0012", "12"),
        ("5.", "5"),
        ("1E-7", "0.0000001"),
        ("1e+3", "1000"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0", "0"),
        (" 5 ", "5"),
        ("+5", "5"),
        (".5", "0.5"),
    ],
)
def test_a_number_has_neither_exponent_nor_decimals_it_lacks(stored: str, text: str) -> None:
    assert column(f"<c><v>{stored}</v></c>") == [text]


def test_percentages_and_currencies_are_plain_numbers() -> None:
    assert column(styled("0.125", "percent"), styled("1234.5", "thousands")) == ["0.125", "1234.5"]
    codes = [
        "[$£-809]#,##0.00;[Red]-[$£-809]#,##0.00",
        "0.00E+00",
        "#,##0 &quot;days&quot;",
        "General",
    ]
    cells = [f'<c s="{place}"><v>1234.5</v></c>' for place in range(len(codes))]
    assert column(*cells, codes=codes) == ["1234.5"] * len(codes)


def test_numbers_stored_as_text_stay_as_typed() -> None:
    typed = ["007", "1.10", "4111 1111 1111 1111", "1E5", "01.02.2023", "", " ", "'5"]
    cells = [f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in typed]
    assert column(*cells, '<c t="str"><f>A1</f><v>007</v></c>') == [
        *(text for text in typed if text),
        "007",
    ]


def test_texts_are_decoded_exactly() -> None:
    texts = [
        "<t>a&#10;b_x000D_c</t>",
        "<t>_x005F_x000D_</t>",
        "<t>_xD83D__xDE00_</t>",
        '<r><t xml:space="preserve">two </t></r><r><t>runs</t></r><rPh sb="0"><t>nope</t></rPh>',
        "<t/>",
        "<t>_x41_</t>",
    ]
    cells = [f'<c t="s"><v>{place}</v></c>' for place in range(len(texts))]
    found = rows(xlsx("<row>" + "".join(cells) + "</row>", texts=texts))
    assert found == [["a\nb\rc", "_x000D_", "😀", "two runs", "", "_x41_"]]


def test_booleans_and_errors() -> None:
    cells = [
        '<c t="b"><v>1</v></c>',
        '<c t="b"><v>0</v></c>',
        '<c t="e"><v>#N/A</v></c>',
        '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c t="b"><v>true</v></c>',
    ]
    assert column(*cells) == ["t", "f", "#N/A", "#DIV/0!", "t"]


# Dates and times


def test_dates_times_and_timestamps() -> None:
    cells = [
        styled("44931", "date"),
        styled("44931.5", "date"),
        styled("44931", "timestamp"),
        styled("44931.409722222219", "timestamp"),
        styled("0.40972222222222221", "time"),
        styled("44931.409722222219", "time"),
        styled("0.40972222222222221", "timestamp"),
        styled("0", "time"),
        styled("1.25", "hours"),
        styled("-0.0625", "hours"),
        styled("44931", "locale"),
        styled("0.5", "locale"),
    ]
    assert column(*cells) == [
        "2023-01-05",
        "2023-01-05 12:00:00",
        "2023-01-05 00:00:00",
        "2023-01-05 09:50:00",
        "09:50:00",
        "2023-01-05 09:50:00",
        "09:50:00",
        "00:00:00",
        "30:00:00",
        "-01:30:00",
        "2023-01-05",
        "12:00:00",
    ]


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        ("44931.409722106479", "2023-01-05 09:50:00"),  # 09:49:59.99
        ("44931.409722222110", "2023-01-05 09:50:00"),  # 09:49:59.99999
        ("44931.409722337966", "2023-01-05 09:50:00"),  # 09:50:00.01
        ("44931.409725115738", "2023-01-05 09:50:00.25"),
        ("44931.999999999", "2023-01-06 00:00:00"),
        ("44926.99999999", "2023-01-01 00:00:00"),
    ],
)
def test_a_float_just_short_of_a_second_is_that_second(serial: str, text: str) -> None:
    assert column(styled(serial, "timestamp")) == [text]


def test_every_second_of_a_day_survives_its_float() -> None:
    cells = [styled(repr(44931 + second / 86400), "timestamp") for second in range(0, 86400, 7)]
    first = datetime(2023, 1, 5)
    assert column(*cells) == [
        str(first + timedelta(seconds=second)) for second in range(0, 86400, 7)
    ]


def test_a_time_that_rounds_to_midnight_stays_a_time() -> None:
    assert column(styled("0.99999999999", "time")) == ["24:00:00"]


def test_a_format_with_fractions_of_a_second_keeps_milliseconds() -> None:
    cells = ['<c s="0"><v>44931.409722106479</v></c>', '<c s="1"><v>0.409722106479</v></c>']
    assert column(*cells, codes=["yyyy-mm-dd hh:mm:ss.000", "mm:ss.0"]) == [
        "2023-01-05 09:49:59.99",
        "09:49:59.99",
    ]


def test_the_phantom_29_february_1900_and_the_days_before_it() -> None:
    serials = ["0", "1", "59", "60", "61", "60.5", "59.25"]
    assert column(*(styled(serial, "date") for serial in serials)) == [
        "1900-01-00",
        "1900-01-01",
        "1900-02-28",
        "1900-02-29",
        "1900-03-01",
        "1900-02-29 12:00:00",
        "1900-02-28 06:00:00",
    ]


def test_serials_that_are_no_date_stay_numbers() -> None:
    assert column(styled("-5", "date"), styled("2958466", "date"), styled("1E+300", "time")) == [
        "-5",
        "2958466",
        "1" + "0" * 300,
    ]


@pytest.mark.parametrize("said", ['date1904="1"', 'date1904="true"'])
def test_the_1904_date_system(said: str) -> None:
    cells = [
        styled("43469", "date"),
        styled("0", "date"),
        styled("0.5", "time"),
        styled("43469.409722222219", "timestamp"),
    ]
    assert column(*cells, workbook=f"<workbookPr {said}/>") == [
        "2023-01-05",
        "1904-01-01",
        "12:00:00",
        "2023-01-05 09:50:00",
    ]


def test_a_1904_workbook_of_openpyxl() -> None:
    def fill(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book.active.append([date(2023, 1, 5), datetime(2023, 1, 5, 9, 50), time(9, 50)])

    assert rows(saved(fill)) == [["2023-01-05", "2023-01-05 09:50:00", "09:50:00"]]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy\\-mm\\-dd", "2023-01-05"),
        ("[$-409]d\\-mmm\\-yy;@", "2023-01-05"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2023-01-05"),
        ("mmm yy", "2023-01-05"),
        ("mmmm", "2023-01-05"),
        ("[Blue]dd/mm/yyyy", "2023-01-05"),
        ("yyyy&quot;y&quot; m&quot;m&quot;", "2023-01-05"),
        ("dd/mm/yyyy hh:mm", "2023-01-05 00:00:00"),
        ("m/d/yy h:mm AM/PM", "2023-01-05 00:00:00"),
        ("[$-411]ggge&quot;y&quot;m&quot;m&quot;d&quot;d&quot;", "2023-01-05"),
        ("0", "44931"),
        ("#,##0.00_);[Red]\\(#,##0.00\\)", "44931"),
        ("0 &quot;days&quot;", "44931"),
        ("0.0\\s", "44931"),
        ("@", "44931"),
        ("Standard", "44931"),
        ("_-* #,##0.00\\ [$€-407]_-;\\-* #,##0.00_-", "44931"),
        ("[$-F400]h:mm:ss\\ AM/PM", "2023-01-05 00:00:00"),
        ("yyyy&quot;年&quot;m&quot;月&quot;", "2023-01-05"),
        ("[&gt;1]0.0;General", "44931"),
        ("0.00E+00", "44931"),
        ("[h]:mm", "1078344:00:00"),
        ("[ss]", "1078344:00:00"),
    ],
)
def test_a_number_format_says_what_a_number_is(code: str, text: str) -> None:
    assert column('<c s="0"><v>44931</v></c>', codes=[code]) == [text]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("2023-01-05T09:50:00", "2023-01-05 09:50:00"),
        ("2023-01-05", "2023-01-05"),
        ("09:50:00", "09:50:00"),
        ("2023-01-05T09:49:59.9999Z", "2023-01-05 09:50:00"),
        ("2023-12-31T23:59:59.999", "2024-01-01 00:00:00"),
    ],
)
def test_iso_dates(stored: str, text: str) -> None:
    assert column(f'<c t="d"><v>{stored}</v></c>') == [text]


def test_dates_as_text_and_as_numbers_in_one_column() -> None:
    cells = [styled("44931", "date"), '<c t="str"><v>05/01/2023</v></c>', "<c><v>44931</v></c>"]
    assert column(*cells) == ["2023-01-05", "05/01/2023", "44931"]


# Cells that cannot be read


@pytest.mark.parametrize("formula", ["<f>A1*2</f>", "<f>A1*2</f><v/>", "<f>A1*2</f><v></v>"])
def test_a_formula_without_a_value_rejects_its_row(formula: str) -> None:
    content = xlsx(
        f'<row r="4"><c r="B4"><v>7</v></c><c r="D4">{formula}</c></row>',
        '<row r="5"><c t="str"><f>""</f><v></v></c><c><v>1</v></c></row>',
    )
    assert read(content) == [
        Flaw(
            4,
            "the formula in D4 has no stored value; open the workbook in a spreadsheet program,"
            " save it and send it again",
            ",7,,=A1*2",
        ),
        Row(5, ["", "1"]),
    ]


def test_a_formula_of_a_text_that_was_never_calculated() -> None:
    content = xlsx('<row><c t="str"><f>A2</f></c></row>', '<row><c t="str"><v>x</v></c></row>')
    assert [flaw.number for flaw in flaws(content)] == [1]


def test_formulas_that_a_program_never_calculated_are_remarked_on() -> None:
    row = '<row r="2"><c r="A2"><v>7</v></c><c r="B2"><f>A2*2</f><v>0</v></c></row>'
    parts = xlsx_parts({"Sales": f"<sheetData>{row}</sheetData>"})
    assert remarks(zipped(parts)) == []
    main = str(parts["xl/workbook.xml"])
    parts["xl/workbook.xml"] = main.replace(
        "</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>'
    )
    assert rows(zipped(parts)) == [["7", "0"]]
    assert remarks(zipped(parts)) == [
        "the workbook asks to be calculated when it is opened, so the values of its formulas may be"
        " out of date (open it, save it and send it again): B2"
    ]


def test_formulas_of_openpyxl_have_no_values() -> None:
    def fill(book: Any) -> None:
        book.active.append([1, "=A1+1"])
        book.active.append([3, 4])

    content = saved(fill)
    assert rows(content) == [["3", "4"]]
    assert [flaw.number for flaw in flaws(content)] == [1]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("<c><v>abc</v></c>", "A1 should be a number and is not"),
        ("<c><v>nan</v></c>", "A1 should be a number and is not"),
        ("<c><v>1_000</v></c>", "A1 should be a number and is not"),
        ('<c t="s"><v>9</v></c>', "A1 refers to a text that the workbook lacks"),
        ('<c t="s"><v>-1</v></c>', "A1 refers to a text that the workbook lacks"),
        ('<c r="ZZZZ1"><v>1</v></c>', "a cell has the address ZZZZ1, which no sheet has"),
    ],
)
def test_a_broken_cell_rejects_its_row(cell: str, why: str) -> None:
    (flaw,) = flaws(xlsx(f"<row>{cell}</row>", "<row><c><v>1</v></c></row>"))
    assert why in flaw.reason
    assert flaw.number == 1


# Rows and columns


def test_rows_have_the_numbers_of_the_sheet() -> None:
    content = xlsx(
        '<row r="3"><c r="B3"><v>1</v></c></row>',
        "<row><c><v>2</v></c><c><v>3</v></c></row>",
        '<row r="9"><c r="AB9"><v>4</v></c></row>',
        '<row r="10"><c r="A10" s="1"/><c r="B10" t="s"/></row>',
        '<row r="11"/>',
    )
    assert read(content) == [Row(3, ["", "1"]), Row(4, ["2", "3"]), Row(9, [""] * 27 + ["4"])]


def test_rows_are_as_wide_as_the_header_or_the_feed() -> None:
    content = xlsx(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="E2"><v>1</v></c></row>',
        *(f'<row r="{number}"><c><v>1</v></c></row>' for number in range(3, 30)),
        '<row r="31"><c r="G31"><v>1</v></c></row>',
    )
    widths = [len(item.cells) for item in read_workbook(io.BytesIO(content), feed())]
    assert widths == [5] * 29 + [7]
    narrow = xlsx("<row><c><v>1</v></c></row>")
    assert [len(item.cells) for item in read_workbook(io.BytesIO(narrow), feed())] == [3]


def test_rows_out_of_order_are_broken() -> None:
    same = '<row r="2"><c><v>1</v></c></row>'
    assert "the workbook is broken" in reason(xlsx(same, same))


def test_title_rows_are_left_to_the_loader_unless_the_header_row_is_declared() -> None:
    content = xlsx(*(f'<row r="{n}"><c><v>{n}</v></c></row>' for n in (1, 3, 4, 6)))
    assert [item.number for item in read(content) if isinstance(item, Row)] == [1, 3, 4, 6]
    assert rows(content, header_row=4) == [["4"], ["6"]]
    assert "has nothing in row 7 or below" in reason(content, header_row=7)


def test_a_sheet_formatted_to_its_last_row_takes_no_memory() -> None:
    filler = "".join(
        f'<row r="{number}" s="1" customFormat="1"><c r="A{number}" s="1"/></row>'
        for number in range(2, 60_000)
    )
    last = '<row r="1048576"><c r="XFD1048576"><v>5</v></c></row>'
    content = xlsx('<row r="1"><c><v>1</v></c></row>', filler, last)
    del filler
    tracemalloc.start()
    found = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [Row(1, ["1"]), Row(1_048_576, [""] * 16_383 + ["5"])]
    assert peak < 8 << 20


def test_prefixed_names_and_the_strict_namespace() -> None:
    parts = xlsx_parts({"Sales": ""})
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    parts["xl/worksheets/sheet1.xml"] = (
        f'<x:worksheet xmlns:x="{strict}"><x:sheetData><x:row><x:c><x:v>5</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    assert rows(zipped(parts)) == [["5"]]


def test_a_workbook_without_styles_and_texts() -> None:
    parts = xlsx_parts({"Sales": "<sheetData><row><c><v>5</v></c></row></sheetData>"})
    del parts["xl/styles.xml"], parts["xl/sharedStrings.xml"]
    assert rows(zipped(parts)) == [["5"]]


# What other programs read and write

VALUES = st.one_of(
    st.integers(-(10**15), 10**15),
    # openpyxl writes 16 digits of a float.
    st.integers(-(10**9), 10**9).map(lambda number: number / 1000),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20),
    st.booleans(),
    st.dates(date(1900, 3, 1)),
    st.datetimes(datetime(1900, 3, 1)).map(lambda at: at.replace(microsecond=0)),
    st.times().map(lambda at: at.replace(microsecond=0)),
)


def written(value: object) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    return str(value)


@settings(max_examples=30, deadline=None)
@given(st.lists(VALUES.filter(lambda value: not str(value).startswith(("=", "#"))), min_size=1))
def test_what_openpyxl_writes_is_read_as_it_was(values: list[Any]) -> None:
    def fill(book: Any) -> None:
        for number, value in enumerate(values, 1):
            made = book.active.cell(number, 1, value)
            if isinstance(value, str):
                made.data_type = "s"

    content = saved(fill)
    assert [cells[0] for cells in rows(content)] == [written(value) for value in values]
    # calamine keeps whole days of a timestamp as dates.
    others = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert [written(cells[0]) for cells in others] == [
        written(value).removesuffix(" 00:00:00") for value in values
    ]


# Sheets


def sheet(*numbers: int, header: bool = False) -> str:
    names = "".join(
        f'<c t="inlineStr"><is><t>{name}</t></is></c>'
        for name in ("Branch", "Sold at", "Amount")
        if header
    )
    cells = "".join(f"<row><c><v>{number}</v></c></row>" for number in numbers)
    return f"<sheetData>{f'<row>{names}</row>' if header else ''}{cells}</sheetData>"


def test_the_only_sheet_with_data_is_read() -> None:
    parts = xlsx_parts({"Notes": sheet(), "Sales": sheet(5), "More": sheet()})
    assert read(zipped(parts)) == [Row(1, ["5"])]


def test_the_sheet_with_the_header_is_read_and_the_others_are_named() -> None:
    sheets = {"Notes": sheet(1, 2), "Sales": sheet(5, header=True), "Lists": sheet(7)}
    content = zipped(xlsx_parts(sheets, states={"Lists": "veryHidden"}))
    assert rows(content) == [["Branch", "Sold at", "Amount"], ["5"]]
    assert remarks(content) == ["sheets that were not read: 'Notes', 'Lists' (hidden)"]


def test_a_hidden_sheet_is_read_where_no_other_has_data_or_where_it_is_declared() -> None:
    sheets = {"Sales": sheet(5), "Old": sheet(6)}
    content = zipped(xlsx_parts(sheets, states={"Old": "hidden"}))
    assert rows(content) == [["5"]]
    assert rows(content, sheet="Old") == [["6"]]
    alone = zipped(xlsx_parts({"Old": sheet(6)}, states={"Old": "hidden"}))
    assert rows(alone) == [["6"]]
    assert remarks(alone) == ["the sheet 'Old', which was read, is hidden"]


@pytest.mark.parametrize("wanted", ["Verkäufe", " verka\u0308ufe ", "VERKÄUFE", 2])
def test_a_sheet_is_declared_by_name_or_number(wanted: str | int) -> None:
    content = zipped(xlsx_parts({"Notes": sheet(1, header=True), "Verkäufe": sheet(5)}))
    assert rows(content, sheet=wanted) == [["5"]]


@pytest.mark.parametrize(
    ("sheets", "layout", "why"),
    [
        (
            {"Jan": sheet(1), "Feb": sheet(2)},
            {},
            "the workbook has 2 sheets with data, and none of them the header of feed : 'Jan',"
            " 'Feb'; name the right one in the feed (layout: sheet), or send it alone",
        ),
        (
            {"Jan": sheet(1, header=True), "Feb": sheet(2, header=True)},
            {},
            "2 sheets of the workbook have the header of feed : 'Jan', 'Feb'; name the right one"
            " in the feed (layout: sheet), or send each in a workbook of its own",
        ),
        ({"Jan": sheet(1)}, {"sheet": "Sales"}, "the workbook has no sheet 'Sales', but: 'Jan'"),
        ({"Jan": sheet(1)}, {"sheet": 2}, "the workbook has no sheet 2, but: 'Jan'"),
        ({"Jan": sheet(1)}, {"sheet": 0}, "the workbook has no sheet 0, but: 'Jan'"),
        ({"Jan": sheet(), "Feb": sheet(5)}, {"sheet": 1}, "the sheet 'Jan' is empty"),
        ({"Jan": sheet()}, {}, "the sheet 'Jan' is empty"),
        (
            {"Jan": sheet(), "Feb": sheet()},
            {},
            "all sheets of the workbook are empty: 'Jan', 'Feb'",
        ),
        ({}, {}, "the workbook has no sheets"),
    ],
)
def test_why_no_sheet_is_read(sheets: dict[str, str], layout: dict[str, Any], why: str) -> None:
    assert why in reason(zipped(xlsx_parts(sheets)), **layout)


def test_card_numbers_in_names_and_addresses_are_masked() -> None:
    cells = '<row><c r="A4111111111111111"><v>1</v></c></row><row><c><v>2</v></c></row>'
    merged = '<mergeCells><mergeCell ref="4111111111111111"/></mergeCells>'
    odd = zipped(xlsx_parts({"Jan": f"<sheetData>{cells}</sheetData>{merged}"}))
    assert "4111111111111111" not in str(read(odd))
    content = zipped(xlsx_parts({"4111111111111111": sheet(1), "Feb": sheet(2)}))
    assert "4111111111111111" not in reason(content)


# Broken and hostile workbooks


def test_a_workbook_with_a_password() -> None:
    name = "EncryptedPackage".encode("utf-16-le")
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + name + bytes(1024)
    assert reason(content) == "the workbook is protected by a password; save it without one"


def test_broken_workbooks() -> None:
    good = xlsx("<row><c><v>1</v></c></row>")
    for broken in (good[:-30], good[: len(good) // 2], b"PK\x03\x04" + b"?" * 100):
        assert "the workbook is" in reason(broken)
    unclosed = xlsx_parts({"Sales": "<sheetData><row><c><v>1</v></c>"})
    assert "the workbook is broken" in reason(zipped(unclosed))
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        parts = xlsx_parts({"Sales": sheet(5)})
        del parts[part]
        assert "the workbook is broken" in reason(zipped(parts))


def test_every_damaged_byte_ends_in_items_or_a_reason() -> None:
    good = bytearray(xlsx('<row><c t="s"><v>0</v></c></row>', texts=["<t>a</t>"]))
    reasons = 0
    for place in range(0, len(good), 3):
        damaged = good.copy()
        damaged[place] ^= 0x55
        try:
            read(bytes(damaged))
        except UnusableFileError:
            reasons += 1
    assert reasons


def test_entities_are_refused() -> None:
    parts = xlsx_parts({"Sales": ""})
    parts["xl/worksheets/sheet1.xml"] = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData>'
        "</worksheet>"
    )
    assert "document type" in reason(zipped(parts))


@pytest.mark.parametrize("encoding", ["utf-7", "shift_jis", "nonsense"])
def test_an_encoding_that_no_workbook_has_is_refused(encoding: str) -> None:
    parts = xlsx_parts({"Sales": sheet(5)})
    name = "xl/worksheets/sheet1.xml"
    parts[name] = f'<?xml version="1.0" encoding="{encoding}"?>{parts[name]!s}'
    assert "the workbook is broken" in reason(zipped(parts))
    parts[name] = str(parts[name]).replace(encoding, "utf-16").encode("utf-16")
    assert rows(zipped(parts)) == [["5"]]


def test_zip_bombs_are_refused() -> None:
    parts = xlsx_parts({"Sales": sheet(5)})
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{MAIN}"><sheetData>{" " * (4 << 20)}</sheetData></worksheet>'
    )
    assert "times its size" in reason(zipped(parts))
    parts = xlsx_parts({"Sales": sheet(5)}, texts=["<t>a</t>"] * (1 << 18))
    assert "times its size" in reason(zipped(parts))


def test_what_is_in_the_zip_is_not_a_workbook() -> None:
    assert "not a workbook" in reason(zipped({"a.txt": "a"}))
    assert "not a workbook" in reason(
        zipped({"mimetype": "application/vnd.oasis.opendocument.text"})
    )
    assert "save it as .xlsx" in reason(
        zipped({"[Content_Types].xml": "<a/>", "xl/workbook.bin": b"\0"})
    )


def test_encrypted_members_are_a_password() -> None:
    content = bytearray(xlsx("<row><c><v>1</v></c></row>"))
    for sign, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(sign)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(sign, at + 4)
    assert "password" in reason(bytes(content))


# OpenDocument


def table(*parts: str, name: str = "Sales", said: str = "") -> str:
    return f'<table:table table:name="{name}" {said}>{"".join(parts)}</table:table>'


def line(*cells: str, said: str = "") -> str:
    return f"<table:table-row {said}>{''.join(cells)}</table:table-row>"


def cell(kind: str, said: str = "", text: str = "", more: str = "") -> str:
    shown = f"<text:p>{text}</text:p>" if text else ""
    return f'<table:table-cell office:value-type="{kind}" {said} {more}>{shown}</table:table-cell>'


def test_each_kind_of_cell_of_an_ods() -> None:
    cells = {
        cell("float", 'office:value="44"', "44.00"): "44",
        cell("float", 'office:value="4.111111111111111E+015"', "4.1E+15"): "4111111111111111",
        cell("float", 'office:value="0.1"', "0"): "0.1",
        cell("percentage", 'office:value="0.125"', "13%"): "0.125",
        cell("currency", 'office:currency="GBP" office:value="212.1"', "£212"): "212.1",
        cell("date", 'office:date-value="2023-01-05"', "05/01/23"): "2023-01-05",
        cell("date", 'office:date-value="2023-01-05T09:50:00"'): "2023-01-05 09:50:00",
        cell("date", 'office:date-value="2023-01-05T09:49:59.990000000"'): "2023-01-05 09:50:00",
        cell("date", 'office:date-value="1899-12-30"'): "1899-12-30",
        cell("time", 'office:time-value="PT09H50M00S"'): "09:50:00",
        cell("time", 'office:time-value="PT09H49M59.999999999S"'): "09:50:00",
        cell("time", 'office:time-value="PT30H05M00S"'): "30:05:00",
        cell("time", 'office:time-value="-PT1H30M"'): "-01:30:00",
        cell("boolean", 'office:boolean-value="true"', "TRUE"): "t",
        cell("boolean", 'office:boolean-value="false"', "FALSE"): "f",
        cell("string", "", "007"): "007",
        cell("string", 'office:string-value="kept"', "shown"): "kept",
        cell("string", "", "a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d"): "a  b\tc\nd",
        cell("string", "", "a</text:p><text:p>b"): "a\nb",
        cell("string", "", "\n  a\n  <text:span>b  c</text:span>\n "): "a b c",
        cell("string", "", "<text:s/>kept "): " kept ",
        cell("string", "", "<text:a>link</text:a> &amp; more"): "link & more",
        cell("string", 'calcext:value-type="error"', "#N/A"): "#N/A",
        cell("string", 'office:string-value="" calcext:value-type="error"', "#REF!"): "#REF!",
        cell("float", 'table:formula="of:=1/0" office:value="0"', "#DIV/0!"): "#DIV/0!",
        cell("float", 'table:formula="of:=X" office:value="0"', "Err:508"): "Err:508",
        "<table:table-cell><text:p>untyped</text:p></table:table-cell>": "untyped",
    }
    content = ods(table(*(line(written) for written in cells)))
    assert [found[0] for found in rows(content)] == list(cells.values())


def test_comments_are_not_text() -> None:
    written = (
        '<table:table-cell office:value-type="string"><office:annotation><dc:date>2023</dc:date>'
        "<text:p>a comment</text:p></office:annotation><text:p>value</text:p></table:table-cell>"
    )
    assert rows(ods(table(line(written)))) == [["value"]]


def test_repeated_rows_and_cells() -> None:
    content = ods(
        table(
            '<table:table-column table:number-columns-repeated="16384"/>',
            line('<table:table-cell table:number-columns-repeated="2"/>', cell("string", "", "a")),
            line(
                cell("string", 'table:number-columns-repeated="2"', "b"),
                said='table:number-rows-repeated="2"',
            ),
            line("<table:table-cell/>", said='table:number-rows-repeated="5"'),
            "<table:table-row-group>",
            line(
                cell("string", "", "c"), '<table:table-cell table:number-columns-repeated="16383"/>'
            ),
            "</table:table-row-group>",
            line(
                '<table:table-cell table:number-columns-repeated="16384"/>',
                said='table:number-rows-repeated="1048567"',
            ),
        )
    )
    assert read(content) == [
        Row(1, ["", "", "a"]),
        Row(2, ["b", "b"]),
        Row(3, ["b", "b"]),
        Row(9, ["c"]),
    ]


def test_an_ods_that_repeats_values_without_end_is_refused() -> None:
    bomb = ods(
        table(
            line(
                cell("string", 'table:number-columns-repeated="16384"', "x"),
                said='table:number-rows-repeated="1048576"',
            )
        )
    )
    assert "repeats" in reason(bomb)


def test_hidden_and_merged_parts_of_an_ods_are_reported() -> None:
    hidden = (
        '<style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    content = ods(
        table(line(cell("string", "", "old")), name="Old", said='table:style-name="ta2"'),
        table(
            "<table:table-column/>",
            '<table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>',
            line(
                cell(
                    "string", 'table:number-columns-spanned="2" table:number-rows-spanned="2"', "a"
                ),
                "<table:covered-table-cell/>",
                cell("string", "", "c"),
            ),
            line("<table:table-cell/>", said='table:visibility="collapse"'),
            line(cell("string", "", "d"), said='table:visibility="filter"'),
        ),
        styles=hidden,
    )
    assert read(content) == [
        Row(1, ["a", "", "c"]),
        Row(3, ["d"]),
        Remark("hidden rows of the sheet 'Sales' are read like the others: 3"),
        Remark("hidden columns of the sheet 'Sales' are read like the others: B-C"),
        Remark("merged cells of the sheet 'Sales' have their value in the first cell only: A1:B2"),
        Remark("sheets that were not read: 'Old' (hidden)"),
    ]


def test_the_sheets_of_an_ods() -> None:
    header = line(*(cell("string", "", name) for name in ("branch", "sold_at", "amount")))
    content = ods(
        table(line(cell("string", "", "x")), name="Notes"),
        table(*[line(cell("string", "", "title"))] * 3, header, line(cell("string", "", "y"))),
        table(name="Empty"),
    )
    assert rows(content)[-2:] == [["branch", "sold_at", "amount"], ["y"]]
    assert rows(content, sheet="notes") == [["x"]]
    assert "'Empty' is empty" in reason(content, sheet=3)


def test_copies_of_tables_elsewhere_are_not_sheets() -> None:
    copy = table('<table:table-source xlink:href="x"/>', line(cell("string", "", "z")), name="file")
    links = f"<table:dde-links>{table(line(cell('string', '', 'z')))}</table:dde-links>"
    content = ods(
        table(line(cell("string", "", "a")), name="Sales"), copy.replace("xlink:", ""), links
    )
    assert read(content) == [Row(1, ["a"])]
    assert "has no sheet 2, but: 'Sales'" in reason(content, sheet=2)


def test_a_formula_of_an_ods_without_a_value() -> None:
    content = ods(
        table(line(cell("string", "", "a"), '<table:table-cell table:formula="of:=[.A1]"/>'))
    )
    (flaw,) = flaws(content)
    assert flaw.number == 1
    assert "the formula in B1 has no stored value" in flaw.reason
    assert flaw.text == "a,of:=[.A1]"


def test_an_ods_with_a_password() -> None:
    manifest = "<manifest><file-entry><manifest:encryption-data/></file-entry></manifest>"
    content = ods(table(), more={"META-INF/manifest.xml": manifest})
    assert reason(content) == "the workbook is protected by a password; save it without one"


def test_a_workbook_is_known_by_its_content_wherever_its_parts_stand() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in reversed(xlsx_parts({"Sales": sheet(5)}).items()):
            archive.writestr(name.upper() if "sheet1" in name else name, content)
    assert rows(made.getvalue()) == [["5"]]
