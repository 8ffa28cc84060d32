"""Values as texts, and colours that can be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import ARABIC, HEBREW

from base.printing import printable
from publish.layout import formats
from publish.layout.palette import DARK, LIGHT, MARKS_ON, TEXTS_ON
from publish.layout.typefaces import FACES, FOLDER, font_faces
from publish.layout.view import table_view
from publish.reports.page import Column, Kind, Table, Value, isolated


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.MONEY, formats.DASH),
        (Decimal("NaN"), Kind.MONEY, formats.DASH),
        (Decimal("1234567.5"), Kind.MONEY, "1,234,567.50"),
        (Decimal("-0.004"), Kind.CHANGE, "0.0\N{NO-BREAK SPACE}%"),
        (Decimal("-12.34"), Kind.CHANGE, "\N{MINUS SIGN}12.3\N{NO-BREAK SPACE}%"),
        (Decimal("8.2"), Kind.CHANGE, "+8.2\N{NO-BREAK SPACE}%"),
        (Decimal("8"), Kind.PERCENT, "8.0\N{NO-BREAK SPACE}%"),
        (Decimal("12.000"), Kind.QUANTITY, "12"),
        (Decimal("1E+3"), Kind.QUANTITY, "1,000"),
        (1_234, Kind.NUMBER, "1,234"),
        (Decimal("7.50"), Kind.HOURS, "7.5"),
        (date(2021, 8, 4), Kind.DATE, "4 Aug 2021"),
        ("00123", Kind.CODE, "00123"),
    ],
)
def test_a_value_is_written_as_people_read_it(value: Value, kind: Kind, text: str) -> None:
    assert formats.shown(value, kind) == text


def test_a_figure_that_stands_alone_has_its_unit() -> None:
    assert formats.with_unit(Decimal("3.5"), Kind.MONEY, "GBP") == "3.50\N{NO-BREAK SPACE}GBP"
    assert formats.with_unit(Decimal(1), Kind.HOURS) == "1\N{NO-BREAK SPACE}hour"
    assert formats.with_unit(None, Kind.MONEY, "GBP") == formats.DASH


def test_a_column_has_its_decimal_points_below_one_another() -> None:
    table = Table(
        (Column("Product", Kind.TEXT), Column("Sold", Kind.QUANTITY)),
        (("Tea", Decimal(3)), ("Rice", Decimal("1.25")), ("Ham", None)),
    )
    assert [row[1] for row in table_view(table).rows] == ["3.00", "1.25", formats.DASH]
    assert [column.is_number for column in table_view(table).columns] == [False, True]


@given(st.text(max_size=120))
def test_a_name_is_one_line_that_can_be_printed_and_not_long(text: str) -> None:
    name = formats.name(text)
    assert name == printable(name)
    assert len(name) <= formats.LONGEST_NAME
    # Isolates round names are all that a sentence has beyond.
    assert formats.sentence(isolated(name)).strip("\u2068\u2069") == name


def test_only_a_name_from_right_to_left_is_isolated() -> None:
    assert isolated("Żółw 12") == "Żółw 12"
    for name in (HEBREW, ARABIC):
        assert isolated(name) == f"\u2068{name}\u2069"


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_marks_have_contrast(scheme: dict[str, str]) -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for ground, texts in TEXTS_ON.items():
        for text in texts:
            assert contrast(scheme[ground], scheme[text]) >= 4.5, (ground, text)
    for ground, marks in MARKS_ON.items():
        for mark in marks:
            assert contrast(scheme[ground], scheme[mark]) >= 3, (ground, mark)


def test_both_schemes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_each_font_file_is_small_and_used() -> None:
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert {face.file for face in FACES} == {name for name in files if name.endswith(".woff2")}
    assert max(files.values()) < 1_000_000
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "OFL.txt").read_text(encoding="utf-8")


def test_a_page_embeds_the_scripts_that_it_has() -> None:
    latin = font_faces("Leeds")
    assert "U+0000-00FF" in latin
    assert "U+0590-05FF" not in latin
    assert "U+0590-05FF" in font_faces("חיפה")


def test_the_pictures_of_the_docs_are_small() -> None:
    pictures = sorted((FOLDER.parents[2] / "docs" / "images").glob("report-*.png"))
    sizes = [picture.stat().st_size for picture in pictures]
    assert len(sizes) >= 5
    assert max(sizes) < 150_000
    assert sum(sizes) < 1_000_000
