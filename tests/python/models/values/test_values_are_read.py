"""Parsing cells: texts, numbers, amounts and dates as people and programs write them.

Each parsing macro is queried in the database separately. Nothing is built for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from nightly import Project, new_project

from base.link import Connection
from ingest.persons.identity import normal_address, normal_name, normal_number

Read = Callable[[str, list[str | None]], list[Any]]
ReadFile = Callable[[str, date | None, Sequence[str]], list[Any]]
UNCLEAR = "date_order_unclear"

READINGS = " from ' ~ date_readings('given.value', 'readings', zone) ~ ')'"
# The country and the number as a file has them, `GB 01632 960758`.
NUMBERS = (
    " from ' ~ phone_number(\"substr(given.value, 4)\", \"left(given.value, 2)\", 'numbers') ~ ')'"
)
# Cells of a line, divided by bars; an empty one is null.
CELLS = [f"nullif(split_part(given.value, '|', {place}), '')" for place in (1, 2, 3)]
MACROS = {
    "cleaned": "cleaned('given.value')",
    "surname": "cleaned('given.value', keep=['Null'])",
    "identifier": "identifier('given.value')",
    "key": "record_key('given.value')",
    "name": "normalize_name('given.value')",
    "quantity": "parse_integer('given.value')",
    "point_quantity": "parse_integer('given.value', decimal='.')",
    "comma_quantity": "parse_integer('given.value', decimal=',')",
    "amount": "parse_amount('given.value')",
    "point": "parse_amount('given.value', decimal='.')",
    "comma": "parse_amount('given.value', decimal=',')",
    "price": "parse_amount('given.value', scale=4, three_decimals=true)",
    "is_in_pounds": "'not ' ~ names_another_currency('given.value', \"'GBP'\")",
    "is_in_dollars": "'not ' ~ names_another_currency('given.value', \"'AUD'\")",
    "date": "parse_date('given.value')",
    "digits": "digits_of('given.value')",
    "email": "email_address('given.value')",
    "continent": "continent_name('given.value')",
    "country": "country_code('given.value')",
    "named_country": "country_named('given.value')",
    "currency": "currency_code('given.value')",
    "moment": "parse_moment('given.value', \"'UTC'\")",
    "weight": "weight_in_kg('given.value')",
    "expiry": "month_of_expiry('given.value')",
    "phone": f"'(select array[number, extension]{NUMBERS}",
    "noise": f"line_noise({CELLS})",
    "day_first": f"'(select day_first_at{READINGS}",
    "month_first": f"'(select month_first_at{READINGS}",
    # What follows are whole queries.
    "till_dates": "dated_lines(from='given', text='value', default_order='day_first')",
    "desk_dates": "dated_lines(from='given', text='value', of_days=true)",
}
BETWEEN = "/* next */"


@pytest.fixture(scope="module")
def compiled(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, dict[str, str]]]:
    """A database to query, and the macros' compiled SQL."""
    with new_project(postgres_server, tmp_path_factory.mktemp("values")) as project:
        text = "{% set zone = \"'Europe/London'\" %}" + BETWEEN.join(
            f"{{{{ {call} }}}}" for call in MACROS.values()
        )
        found = project.dbt("--quiet", "compile", "--inline", text).split(BETWEEN)
        sql = (expression.replace("%", "%%") for expression in found)
        yield project, dict(zip(MACROS, sql, strict=True))


@pytest.fixture(scope="module")
def read(compiled: tuple[Project, dict[str, str]]) -> Read:
    """Query a macro for many texts at once."""
    project, macros = compiled

    def read(macro: str, values: list[str | None]) -> list[Any]:
        found = project.rows(
            f"select {macros[macro]}"
            " from unnest(cast(%s as text[])) with ordinality as given (value, place)"
            " order by place",
            values,
        )
        return [value for (value,) in found]

    return read


@pytest.fixture(scope="module")
def read_file(compiled: tuple[Project, dict[str, str]]) -> ReadFile:
    """Query `dated_lines` for the dates of one file, whose name may have a day.

    Returns the timestamp of each line, None for an invalid text, or UNCLEAR.
    """
    project, macros = compiled

    def read_file(macro: str, day: date | None, values: Sequence[str]) -> list[Any]:
        found = project.rows(
            "with given as (select 1 as file_id, cast(%s as date) as file_business_date,"
            " 'Europe/London' as time_zone, value, place"
            " from unnest(cast(%s as text[])) with ordinality as given (value, place))"
            " select sold_at_local, is_date_order_unclear"
            f" from ({macros[macro]}) as dated order by place",
            day,
            list(values),
        )
        assert all(moment is None for moment, is_unclear in found if is_unclear)
        return [UNCLEAR if is_unclear else moment for moment, is_unclear in found]

    return read_file


def all_of(read: Read, macro: str, expected: dict[str, Any]) -> None:
    """Each text is read as the value beside it."""
    found = read(macro, list(expected))
    assert dict(zip(expected, found, strict=True)) == expected


def test_cells_that_mean_null_are_null(read: Read) -> None:
    spelled = [
        *("", "  ", "\u00a0", "\t", "NULL", " null ", "Null", "\\N", "N/A", "n/a", "#N/A", "#n/a"),
        *("NA", "NaN", "nan", "None", "none", "NONE", "nil", "<null>", "<NULL>", "(null)"),
        *("[NULL]", "-", "--", "\u2013", "#REF!", "#VALUE!", "#DIV/0!", "<NA>", "NaT", "n.a."),
        *("undefined", "(blank)", "\ufeffNULL", "NULL\u200b", ".", "?", '=""'),
        # From spreadsheets in other languages.
        *("#WERT!", "#BEZUG!", "#ZAHL!", "#N/D", "#VALEUR!", "#NOM?", "#¡VALOR!", "#¿NOMBRE?"),
        *("#NOMBRE?", "#RIF!", "#NOME?", "#NÚM!", "#WAARDE!", "#DEEL/0!", "#N/B", "#ERROR!"),
        *("#SPILL!", "#\u041d/\u0414", "Err:502"),
    ]
    assert read("cleaned", [*spelled, None]) == [None] * (len(spelled) + 1)
    # Names of people, and words that contain a null word.
    for word in (
        "Nan",
        "Na",
        "Nil",
        "NULLS",
        "No",
        "0",
        "Null Town",
        "Ann -",
        "unknown",
        "N",
        "#1",
    ):
        assert read("cleaned", [word]) == [word]
    assert read("surname", ["Null", "NULL", "null"]) == ["Null", None, None]


def test_lookalike_texts_are_equal(read: Read) -> None:
    all_of(
        read,
        "cleaned",
        {
            "Zoe\u0301 Bronte\u0308": "Zoé Brontë",
            "\u00a0York\u202f": "York",
            "Bo\u2009Ek": "Bo Ek",
            "Bo\u3000Ek": "Bo Ek",
            "\ufeffAnn\u200b Lee\u2060": "Ann Lee",
            "An\u00adna": "Anna",
            "Stratford\u2011upon\u2011Avon": "Stratford-upon-Avon",
            "\u202eAnn\u202c": "Ann",
            "\tAnn \n": "Ann",
            "  ": None,
            "Straße": "Straße",
            "\uac00": "\uac00",
            "\u1100\u1161": "\uac00",
        },
    )
    all_of(
        read,
        "name",
        {
            "Sean O\u2019Neil": "sean o'neil",
            "SEAN  O'NEIL": "sean o'neil",
            "E\u0301MILE_ROY": "émile roy",
            "\u00a0Émile\u00a0 Roy": "émile roy",
        },
    )


SPELLINGS = [
    *("Ann Lee", " ann  LEE", "ANN_LEE", "Ann\u00a0Lee", "O\u2019Neil", "o'neil", "Zo\u00eb"),
    *("Zoe\u0308", "ZO\u00cb", "Ann\u200b Lee", "Ann-Lee", "Ann\u2011Lee", "\u05d3\u05e0\u05d4"),
    *("17850", "17850.0", "17850,00", "1.7850E+04", '="17850"', "'17850", "1.8E+04", "1,000"),
    *("0044", "A1.0", "a1", " 7 ", "ann@@Example.com", "mailto:Ann@example.com", "<b@c.de>"),
    *("B@C.DE", "a b@c.de", "11111111-AAAA-4aaa-8aaa-111111111111", "J\u00f6rg "),
]


@pytest.mark.parametrize(
    ("macro", "normal"),
    [("name", normal_name), ("identifier", normal_number), ("email", normal_address)],
)
def test_an_erasure_takes_for_one_customer_what_the_models_do(
    read: Read, macro: str, normal: Callable[[str], str]
) -> None:
    found = read(macro, list(SPELLINGS))
    # Only what the macro reads at all; a UUID is in small letters in every model.
    pairs = [
        (normal(text), value if "-4aaa-" not in text else value.lower())
        for text, value in zip(SPELLINGS, found, strict=True)
        if value is not None
    ]
    assert len(pairs) > 3
    assert len(set(pairs)) == len({ours for ours, _ in pairs}) == len({value for _, value in pairs})


def test_identifiers_exported_as_numbers_are_restored(read: Read) -> None:
    all_of(
        read,
        "identifier",
        {
            "44": "44",
            " 44.0 ": "44",
            "44.00": "44",
            "44,0": "44",
            "0044": "0044",
            "0044.0": "0044",
            "4.4E1": "44",
            "4.4E+01": "44",
            "4,4e+1": "44",
            "1.7850E+04": "17850",
            '="0044"': "0044",
            "'0044": "0044",
            " '0044\u200b": "0044",
            "'85123A": "85123A",
            "'+44 20 7946": "+44 20 7946",
            "44\u00a0": "44",
            "44.0\u00a0": "44",
            "nan": None,
            "NULL": None,
            # Digits are missing, or it may be a thousand, or it is something else.
            "1.8E+04": "1.8E+04",
            "1.23457E+11": "1.23457E+11",
            "4.45E1": "4.45E1",
            "1,000": "1,000",
            "44.5": "44.5",
            "A1.0": "A1.0",
            "85123A": "85123A",
            "1.2.0": "1.2.0",
            "12E4": "12E4",
            "O'Neil": "O'Neil",
            # Names that begin so.
            "'s-Hertogenbosch": "'s-Hertogenbosch",
            "'t Gooi": "'t Gooi",
            "'90s Diner": "'90s Diner",
        },
    )


def test_rounded_numbers_are_not_identifiers(read: Read) -> None:
    gone = ["2.02305E+11", "2,02305E+11", "1.2e5", "5E+02", "A\x1f1.8E+04", "4.40E-01"]
    gone += ["0", "unknown", "", "****1234"]
    assert read("key", [*gone, None]) == [None] * (len(gone) + 1)
    kept = ["202305110001", "2.023E+03", "12E4", "E+02", "1.5", "A\x1f1", "'s-Hertogenbosch"]
    assert None not in read("key", list(kept))
    assert read("key", ["2.023E+03"]) == read("key", ["2023"])


def test_unambiguous_amounts_are_read(read: Read) -> None:
    amounts = {
        **{"4.95": "4.95", "4,95": "4.95", "6": "6", "-4.95": "-4.95", "+1.00": "1", ".50": ".5"},
        **{"5.": "5", ",5": ".5", "-.50": "-.5", "007.50": "7.5", "0.755": ".76"},
        **{"1 234.50": "1234.5", "1 234,50": "1234.5", "1\u202f234.50": "1234.5", "1 234": "1234"},
        **{"1\u00a0234\u00a0567,89": "1234567.89", "1'234.50": "1234.5", "1\u2019234.50": "1234.5"},
        **{"1234.567": "1234.57", "1,234.50": "1234.5", "1.234,50": "1234.5"},
        **{"1,234,567": "1234567", "1.234.567": "1234567", "1,23,456.00": "123456"},
        **{"12,34,567": "1234567", "1,00,000.00": "100000"},
        **{"\u22121.00": "-1", "1.00-": "-1", "1.00 -": "-1", "(1.00)": "-1", "(£1.00)": "-1"},
        **{"£(1.00)": "-1", "-£1.20": "-1.2", "£-1.20": "-1.2", "£ - 1.20": "-1.2"},
        **{"1.20-€": "-1.2", "£4.95": "4.95", "4,95 €": "4.95"},
        **{"\u00a04.95\u202f€": "4.95", "€ 4,95 ": "4.95"},
        **{"GBP 1.00": "1", "1.00 GBP": "1", "1.00GBP": "1", "gbp1.00": "1", "$4.95 USD": "4.95"},
        **{"Rs. 50": "50", "Rs.50": "50", "Rs 1,00,000": "100000", "₹50": "50", "50/-": "50"},
        **{"₹ 50/-": "50", "¥500": "500", "US$3.00": "3", "$.50": ".5", "kr 1.234,50": "1234.5"},
        **{"12,50 kr.": "12.5", "CHF 1'234.50": "1234.5", "Fr. 12.50": "12.5", "12,50 zł": "12.5"},
        **{"R$ 1.234,56": "1234.56", "99 Kč": "99", "5.6000000000000005": "5.6", "-0.00": "0"},
        **{"999999999.99": "999999999.99", "\t4.95 ": "4.95"},
    }
    all_of(read, "amount", {text: Decimal(number) for text, number in amounts.items()})


def test_ambiguous_or_invalid_amounts_are_not_read(read: Read) -> None:
    texts = [
        *("1,234", "1.234", "1.250", "£1,234", "12,345", "-1.234", "1:00", "1.00p", "50c", "", " "),
        *("NaN", "1e5", "1e2", "four pounds", ".", "-", "--5.00", "-£-5.00", "(-1.00)"),
        *("(1.00", "1.00)", "+5-", "5+", "5.-", "5,-"),
        *("1,23.50", "1.234.50", "1 23", "12 34.50", "1'23"),
        *("1,2,3", "£4.95€", "€4.95 kr", "4.95 apples"),
        *("GBP.50", "£", "USD", "4.95.", "1000000000"),
        *("=1+1", "1,234,567,890.00", "12/05"),
        # No group of thousands begins with zero.
        *("0,755.50", "0.755,50", "0,755,000", "0.755.000", "00,125", "012,500", "0 755", "0'755"),
        *("0,12,345", "00 125,00"),
        *("\u0661.\u0667\u0660", "infinity", "1 1 1", "4.95 4.95"),
    ]
    found = dict(zip(texts, read("amount", list(texts)), strict=True))
    assert {text: amount for text, amount in found.items() if amount is not None} == {}


def test_a_declared_decimal_separator_resolves_ambiguity(read: Read) -> None:
    whole, part = Decimal(1234), Decimal("1.23")
    assert read("point", ["1,234", "1.234", "1,23,456.50", "4,95", ".5", "1 234.5"]) == [
        *(whole, part, Decimal("123456.5"), None, Decimal(".5"), Decimal("1234.5")),
    ]
    assert read("comma", ["1.234", "1,234", "4.95", ",5", "1'234,5"]) == [
        *(whole, part, None, Decimal(".5"), Decimal("1234.5")),
    ]
    zeros = ["00,125", "00.125", "012,500", "0,755,000", "0.755.000", "0 755", "£0,75,000", "0'755"]
    assert read("point", ["0,755", "0,125", *zeros, "0.755"])[:-1] == [
        *(None, None, None, Decimal("0.13"), *([None] * 6)),
    ]
    assert read("comma", ["0.755", "0.125", *zeros, "0,755"])[:-1] == [
        *(None, None, Decimal("0.13"), None, Decimal("12.5"), *([None] * 5)),
    ]
    assert read("price", ["0,755,000", "00,125"]) == [None, None]
    # Prices of a litre or a kilogram have three decimals.
    assert read("price", ["1.459", "0.755", "£1.459", "1,459", "1.4599"]) == [
        *(Decimal("1.459"), Decimal("0.755"), Decimal("1.459"), None, Decimal("1.4599")),
    ]


def test_a_quantity_is_a_whole_number(read: Read) -> None:
    whole = {"7": 7, " +7 ": 7, "-7": -7, "007": 7, "7.0": 7, "7.00": 7, "7.0000": 7, "\u00a07": 7}
    none: dict[str, Any] = dict.fromkeys(
        ("7.5", "7,5", "", "seven", "1234567890", "1e3", "7.", "0x7")
    )
    # May be a thousand.
    doubtful = dict.fromkeys(("1.000", "1,000", "-12.000", "999,000", "0.000"))
    all_of(
        read, "quantity", whole | none | doubtful | {"7,0": 7, "1234.000": 1234, "1234,000": 1234}
    )
    points = {"1.000": 1, "12.000": 12, "1,000": 1000, "-1,234,567.00": -1234567, "1,234.0": 1234}
    commas = {text.translate({44: 46, 46: 44}): number for text, number in (whole | points).items()}
    no_points = dict.fromkeys(("7,0", "1,00", "0,755", "1,2345", "1,0000", "1,234.5", "01,000"))
    no_commas = {text.translate({44: 46, 46: 44}): None for text in no_points}
    all_of(read, "point_quantity", whole | none | points | no_points)
    all_of(read, "comma_quantity", none | commas | no_commas | {"7.5": None})


def test_an_amount_may_only_name_its_own_currency(read: Read) -> None:
    for text in ("4.95", "-4.95", "£4.95", "4.95 GBP", "gbp 4.95", None, "", "four", "1 | £2.00"):
        assert read("is_in_pounds", [text]) == [True], text
    for text in ("€4.95", "4.95 USD", "$1", "Rs. 50", "12 kr.", "1 | €2.00 | 3", "(€1)", "eur 5"):
        assert read("is_in_pounds", [text]) == [False], text
    # Several currencies share one symbol.
    for text in ("$1.00", "A$1.00", "1.00 AUD", "$1.00 AUD"):
        assert read("is_in_dollars", [text]) == [True], text
    for text in ("US$1.00", "$1.00 USD", "NZ$1", "£1"):
        assert read("is_in_dollars", [text]) == [False], text


MOMENT = datetime(2023, 5, 10, 9, 4)


def test_unambiguous_timestamps_are_read(read: Read) -> None:
    moments: dict[str, datetime | None] = {
        "2023-05-10 09:04": MOMENT,
        "2023-05-10 09:04:00": MOMENT,
        "2023-05-10T09:04:00": MOMENT,
        "2023-05-10T09:04": MOMENT,
        "2023-5-10 9:04": MOMENT,
        "2023-05-10 09:04:00.000": MOMENT,
        "2023-05-10T09:04:00.123": MOMENT.replace(microsecond=123000),
        "2023-05-10T09:04:00.1234567": MOMENT.replace(microsecond=123457),
        "2023-05-10 09:04:00,5": MOMENT.replace(microsecond=500000),
        "2023/05/10 09:04": MOMENT,
        "2023.05.10 09:04": MOMENT,
        "20230510 0904": MOMENT,
        "20230510T090400": MOMENT,
        "20230510 09:04": MOMENT,
        "10-May-2023 09:04": MOMENT,
        "10 May 2023 09:04": MOMENT,
        "10-MAY-23 09:04": MOMENT,
        "10May2023 09:04": MOMENT,
        "10th of May 2023, 9:04 am": MOMENT,
        "May 10, 2023 9:04 AM": MOMENT,
        "Wednesday, May 10, 2023 at 9:04 a.m.": MOMENT,
        "2023-May-10 09:04": MOMENT,
        "10 September 2023 9.04 pm": datetime(2023, 9, 10, 21, 4),
        "1 aug 2023 12:05AM": datetime(2023, 8, 1, 0, 5),
        # In the branch's local time, in summer and in winter.
        "2023-05-10T08:04:00Z": MOMENT,
        "2023-05-10 08:04:00 UTC": MOMENT,
        "2023-05-10 09:04:00+01:00": MOMENT,
        "2023-05-10 09:04:00 +0100": MOMENT,
        "2023-05-10T13:34:00.000+05:30": MOMENT,
        "2023-05-10T13:49:00+0545": MOMENT,
        "2023-05-10 08:04Z (London)": MOMENT,
        "2023-05-10 04:04-04": MOMENT,
        "2023-05-10T10:04:00+02:00[Europe/Berlin]": MOMENT,
        "Wed May 10 2023 09:04:00 GMT+0100 (British Summer Time)": MOMENT,
        "2023-12-31T23:30:00-02:00": datetime(2024, 1, 1, 1, 30),
        # The second occurrence of an hour, and an hour that does not exist.
        "2023-10-29T01:30:00Z": datetime(2023, 10, 29, 1, 30),
        "2023-03-26T01:30:00Z": datetime(2023, 3, 26, 2, 30),
        # A date and a time from separate columns, as spreadsheets and databases write them.
        "2023-05-10 00:00:00 09:04:00": MOMENT,
        "2023-05-10T00:00:00.000 9:04 AM": MOMENT,
        "2023-05-10 1899-12-30 09:04:00": MOMENT,
        "2023-05-10 00:00:00 1899-12-30 09:04:00": MOMENT,
        "2023-05-10 00:00:00": datetime(2023, 5, 10),
        "2023-05-10": datetime(2023, 5, 10),
    }
    all_of(read, "day_first", moments)
    all_of(read, "month_first", moments)


def test_timestamps_with_ambiguous_day_and_month_are_read_both_ways(read: Read) -> None:
    texts: list[str | None] = [
        *("10/05/2023 09:04", "10/05/2023  09:04", "10/5/2023 9:04", "10.05.2023 09.04"),
        *("10-05-2023 09:04:00", "10/05/2023, 09:04", "10/05/2023 09:04:00.000"),
        *(" 10/05/2023 09:04 ", "10/05/2023 9:04 AM"),
        *("10/05/2023 9:04 a.m.", "Wed 10/05/2023 09:04"),
        *("10/05/2023T09:04", "10/05/2023\u00a009:04", "10/05/23 09:04", "10.05.2023 09:04 Uhr"),
        *("10/05/2023 - 09:04", "10/05/2023 0904", "10/05/2023 08:04Z"),
    ]
    assert read("day_first", texts) == [MOMENT] * len(texts)
    october = datetime(2023, 10, 5, 9, 4)
    assert read("month_first", texts) == [october] * len(texts)
    assert read("day_first", ["10/05/2023 9 PM", "10/05/2023 12:13 AM", "10/05/2023 24:00"]) == [
        *(datetime(2023, 5, 10, 21), datetime(2023, 5, 10, 0, 13), datetime(2023, 5, 11)),
    ]


def test_invalid_timestamps_are_not_read(read: Read) -> None:
    texts: list[str | None] = [
        *("", None, "now", "infinity", "today 10:00", "31/02/2024 10:00", "29/02/2023 10:00"),
        *("29/02/2024 25:00", "10/05/2023 13:14 PM", "10/05/2023 9", "1683709200", "45351.4"),
        *("44931", "25/08/2021   :  ", "25/08/2021 +5:00", "25/08/2021 **:**", "aa/bb/cccc dd:ee"),
        *("10:05", "10/05/2023 09:04 BST", "2023-05-10 09:04+99:00", "10/05/223 09:04"),
        *("2023-13-10 09:04", "10 Mayhem 2023 09:04"),
        *("20052023 09:04", "2023-05-10 09:04 and later", "allballs"),
        # Text in brackets matters, and is ignored only after an offset.
        *("10/05/2023 09:01 (PM)", "10/05/2023 23:30 (UTC)", "2023-05-10 09:01 [UTC]"),
        *("10/05/2023 09:01-09:05", "2023-05-10 09:01+0110", "10/05/2023 9 PM (voided)"),
    ]
    found = dict(zip(texts, read("day_first", texts), strict=True))
    assert {text: moment for text, moment in found.items() if moment is not None} == {}


def test_unambiguous_dates_of_a_list_are_read(read: Read) -> None:
    day = date(2023, 5, 13)
    for text in (
        *("2023-05-13", "2023-5-13", "20230513", "13/05/2023", "05/13/2023", "13.05.2023 10:00"),
        *("13 May 2023", "2023-05-13T00:00:00.000Z", "2023-05-13 00:00:00+05:30"),
        "\u00a02023-05-13 ",
    ):
        assert read("date", [text]) == [day], text
    texts: list[str | None] = [
        *("05/01/2023", "today", "infinity", "2023-02-30", "13/05/23", "44931", "", None),
        "2023-05-131",
    ]
    assert read("date", texts) == [None] * len(texts)
    assert read("date", ["05.05.2023"]) == [date(2023, 5, 5)]


def at(day: int, month: int, year: int = 2023, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour)


def test_the_file_decides_the_order_of_day_and_month(read_file: ReadFile) -> None:
    # One unambiguous line is enough, and so is the day in the file's name.
    assert read_file("desk_dates", None, ["13/01/2023", "02/03/2023"]) == [at(13, 1), at(2, 3)]
    assert read_file("desk_dates", None, ["01/13/2023", "02/03/2023"]) == [at(13, 1), at(3, 2)]
    assert read_file("desk_dates", None, ["02/03/2023", "2023-01-13"]) == [UNCLEAR, at(13, 1)]
    assert read_file("till_dates", None, ["02/03/2023"]) == [at(2, 3)]
    nights = ["05/09/2023 09:00", "06/09/2023 00:00", "25/09/2023 09:00"]
    assert read_file("till_dates", date(2023, 9, 5), nights) == [
        *(at(5, 9, hour=9), at(6, 9), at(25, 9, hour=9)),
    ]
    americans = ["9/5/2023 9:00 AM", "9/6/2023 12:00 AM", "9/5/23 9:00 AM", "9/7/23 9:00 AM"]
    assert read_file("till_dates", date(2023, 9, 5), americans) == [
        *(at(5, 9, hour=9), at(6, 9), at(5, 9, hour=9), None),
    ]
    # A line of the other order among them.
    mixed = ["05/09/2023 09:00", "05/09/2023 10:00", "09/05/2023 09:00"]
    assert read_file("till_dates", date(2023, 9, 5), mixed) == [
        *(at(5, 9, hour=9), at(5, 9, hour=10), UNCLEAR),
    ]


def test_contradicting_lines_leave_ambiguous_ones_unclear(read_file: ReadFile) -> None:
    both = ["13/01/2023", "14/01/2023", "01/15/2023", "02/03/2023", "05/05/2023", "2023-03-02"]
    expected = [at(13, 1), at(14, 1), at(15, 1), UNCLEAR, at(5, 5), at(2, 3)]
    assert read_file("desk_dates", None, both) == expected
    assert read_file("till_dates", None, both) == expected
    # Whatever the majority is, except for the file's own day and the night after it.
    on_day = ["02/03/2023", "03/02/2023", "03/03/2023"] * 20
    named = date(2023, 3, 2)
    reported = [at(2, 3), at(2, 3), at(3, 3)] * 20
    assert read_file("till_dates", named, both + on_day)[-60:] == reported
    assert read_file("till_dates", named, [*both, *on_day, "04/02/2023"])[-1] == UNCLEAR
    # One typing error among many does not mean another program.
    sure = [f"{day}/01/2023" for day in range(13, 22)]
    assert read_file("desk_dates", None, [*sure, "01/15/2023", "02/03/2023"])[-1] == UNCLEAR
    assert read_file("desk_dates", None, [*sure, "22/01/2023", "01/15/2023", "02/03/2023"])[-1] == (
        at(2, 3)
    )


def test_only_the_dates_themselves_decide_the_order(read_file: ReadFile) -> None:
    wednesday = at(10, 5, hour=9)
    for text in (
        *("Wednesday, 05/10/2023 9:00 AM", "Wed 5/10/2023 9:00 AM", "WED., 05/10/2023 9:00"),
        *("\u200e05/\u200e10/\u200e2023 9:00 AM", "05\u200e/\u200e10\u200e/\u200e2023 9:00"),
        *(" \u00a05/10/2023 9:00 AM", "\ufeff05/10/2023 9:00", "\t05/10/2023 09:00"),
    ):
        assert read_file("till_dates", date(2023, 5, 10), [text]) == [wednesday], text
    sundays = ["Friday, 13/01/2023", "Sunday, 05/02/2023"]
    assert read_file("desk_dates", None, sundays) == [at(13, 1), at(5, 2)]
    marked = ["\u200e13/\u200e01/\u200e2023", "\u200e05/\u200e02/\u200e2023"]
    assert read_file("desk_dates", None, marked) == [at(13, 1), at(5, 2)]


def test_a_wrong_year_does_not_swap_day_and_month(read_file: ReadFile) -> None:
    named = date(2023, 1, 8)
    assert read_file("till_dates", named, ["08/01/2022"]) == [at(8, 1, 2022)]
    assert (
        read_file("till_dates", named, ["08/01/2022"] * 5 + ["05/01/2023"])[:5]
        == [at(8, 1, 2022)] * 5
    )
    # For a source without a declared order it is unknown.
    assert read_file("desk_dates", named, ["08/01/2022"]) == [UNCLEAR]
    # Days of the month before are near.
    assert read_file("desk_dates", date(2023, 3, 10), ["09/02/2023"]) == [at(9, 2)]
    assert read_file("desk_dates", date(2023, 3, 14), ["09/02/2023"]) == [UNCLEAR]


def test_days_with_the_name_of_the_month_anywhere(read: Read) -> None:
    all_of(
        read,
        "date",
        {
            "1990-09-30": date(1990, 9, 30),
            "1990/09/30": date(1990, 9, 30),
            "July 1961 14": date(1961, 7, 14),
            "1961 July 14": date(1961, 7, 14),
            "October 2006 04": date(2006, 10, 4),
            "Oct. 2006, 4": date(2006, 10, 4),
            "may-2003-27": date(2003, 5, 27),
            "14 July 1961": date(1961, 7, 14),
            "July 14 1961": date(1961, 7, 14),
            "July 1961": None,
            "July 1961 32": None,
            "February 2003 29": None,
            "July 1961 14 15": None,
            "Juli1961 14": None,
            "NULL": None,
            "ZCXWWKF45G": None,
        },
    )


def test_digits_among_letters_are_a_number(read: Read) -> None:
    all_of(
        read,
        "digits",
        {
            "325": 325,
            "J78": 78,
            "30e": 30,
            "3n9": 39,
            "80R": 80,
            " A 9 7 ": 97,
            "30.0": 30,
            "0": 0,
            "NULL": None,
            "": None,
            "1.5": None,
            "J7.8": None,
            "1234567890": None,
            "A1234567890": None,
        },
    )


def test_mail_addresses_have_one_at(read: Read) -> None:
    all_of(
        read,
        "email",
        {
            "rudi79@winkler.de": "rudi79@winkler.de",
            "dohertyj@@taylor-humphries.com": "dohertyj@taylor-humphries.com",
            "Ann.Lee+shop@Example.CO.UK": "ann.lee+shop@example.co.uk",
            " <ann@example.com> ": "ann@example.com",
            "mailto:ann@example.com": "ann@example.com",
            "ann @ example.com": "ann@example.com",
            "jürgen@müller.de": "jürgen@müller.de",
            "o'neil@example.com": "o'neil@example.com",
            "ann@lee@example.com": None,
            "ann.example.com": None,
            "ann@example": None,
            "@example.com": None,
            "ann lee@example.com": None,
            "ann@example.": None,
            "a@b.com, c@d.com": None,
            "NULL": None,
            "": None,
        },
    )


def test_continents_and_countries_have_one_name(read: Read) -> None:
    all_of(
        read,
        "continent",
        {
            "Europe": "Europe",
            "eeEurope": "Europe",
            "eeAmerica": "America",
            "ASIA": "Asia",
            "north america": "North America",
            "Atlantis": None,
            "QMAVR5H3LD": None,
            "NULL": None,
            "": None,
        },
    )
    all_of(
        read,
        "country",
        {
            "GB": "GB",
            "GGB": "GB",
            "ggb ": "GB",
            "UUS": "US",
            "DDE": "DE",
            "uk": "GB",
            "de": "DE",
            "NA": "NA",
            "GGY": None,
            "SSD": None,
            "GBR": None,
            "XX": None,
            "GBB": None,
            "QVUW9JSKY3": None,
            "": None,
        },
    )


def test_countries_may_be_written_out(read: Read) -> None:
    all_of(
        read,
        "named_country",
        {
            "United States": "US",
            "The United States of America": "US",
            "U.S.A.": "US",
            "usa ": "US",
            "UK": "GB",
            "United Kingdom": "GB",
            "England": "GB",
            "Canada": "CA",
            "India": "IN",
            "GERMANY": "DE",
            "Côte d’Ivoire": "CI",  # noqa: RUF001  the typographic apostrophe is the case
            "Côte d'Ivoire": "CI",
            "Guinea-Bissau": "GW",
            "Namibia": "NA",
            "NA": "NA",
            "CA": "CA",
            "Atlantis": None,
            "Californ": None,
            "": None,
        },
    )


def test_currencies_have_one_code(read: Read) -> None:
    all_of(
        read,
        "currency",
        {
            "USD": "USD",
            "usd ": "USD",
            "EURO": "EUR",
            "Euros": "EUR",
            "€": "EUR",
            "Us$": "USD",
            "₹": "INR",
            "INR": "INR",
            # The sign of many, or of none.
            "$": None,
            "£": None,
            "Rs.": None,
            "XYZ": None,
            "USDX": None,
            "": None,
        },
    )


def test_moments_with_an_offset_are_converted(read: Read) -> None:
    noon = datetime(2021, 4, 28, 12)
    all_of(
        read,
        "moment",
        {
            "2021-04-28 12:00:00": noon,
            "2021-04-28 12:00:00.000001": noon.replace(microsecond=1),
            "2021-04-28T12:00:00Z": noon,
            "2021-04-28T14:00:00+02:00": noon,
            "2021-04-28 07:30:00.5-04:30": noon.replace(microsecond=500_000),
            "Wed, 28 Apr 2021 12:00:00 +0000": noon,
            "2021-04-28": noon.replace(hour=0),
            # Day and month may be either.
            "05/04/2021 12:00": None,
            "soon": None,
            "": None,
        },
    )


def test_weights_are_in_kilograms(read: Read) -> None:
    found = {
        "1.6kg": "1.6",
        "0.48kg": "0.48",
        "590g": "0.59",
        "125ml": "0.125",
        "0.5 l": "0.5",
        "75cl": "0.75",
        "16oz": "0.4536",
        "1lb": "0.4536",
        "12 x 100g": "1.2",
        "3x2g": "0.006",
        "16 X 10 G": "0.16",
        "2 \u00d7 1.5kg": "3",
        "77g .": "0.077",
        "77 g.": "0.077",
        "1,5 kg": "1.5",
        "0,480kg": "0.48",
        "1.500kg": "1.5",
        "500 grams": "0.5",
        "1 Kilogram": "1",
        "500mg": "0.0005",
    }
    weights = read("weight", list(found))
    assert [round(weight, 4) for weight in weights] == [Decimal(kilos) for kilos in found.values()]
    for text in ("1,500g", "590", "kg", "-5kg", "9GO9NZ5JTL", "1.6kgs of", "12 x g", "NULL", ""):
        assert read("weight", [text]) == [None], text


def test_cards_expire_in_a_month(read: Read) -> None:
    month = date(2026, 9, 1)
    same = ["09/26", "9/26", " 09 / 26 ", "09-26", "09.2026", "09/2026"]
    assert read("expiry", list(same)) == [month] * len(same)
    none = ["13/26", "00/26", "09/1926", "2026", "09", "0926", "NULL", "VNLNMWPJII", "", None]
    assert read("expiry", [*none]) == [None] * len(none)


def test_telephone_numbers_are_international(read: Read) -> None:
    numbers = {
        # As callers abroad dial them.
        "GB +44(0)1174960765": "+441174960765",
        "GB +44 (0) 117 496 0765": "+441174960765",
        "GB +441174960765": "+441174960765",
        "GB +44 117.496-0765": "+441174960765",
        "GB +4401174960765": "+441174960765",
        "GB (+44) 117 496 0765": "+441174960765",
        "GB 0044 117 496 0765": "+441174960765",
        "DE +49(0)4381255555": "+494381255555",
        "DE +49 (0) 9914 457670": "+499914457670",
        "DE 0049/30/123456": "+4930123456",
        "US 001-927-870-9938": "+19278709938",
        "US +1-097-664-6571": "+10976646571",
        # Another country's number.
        "DE +44(0)1174960765": "+441174960765",
        "XX +49 30 1234567": "+49301234567",
        "IT +39 (0)6 1234567": "+390612345678"[:-1],
        # As callers in the country dial them.
        "GB 0117 496 0765": "+441174960765",
        "GB (0117)4960765": "+441174960765",
        "GB (0117) 496-0765": "+441174960765",
        "GB 029 2018388": "+44292018388",
        "DE 08346 147221": "+498346147221",
        "DE (08346) 147221": "+498346147221",
        "DE (00318) 26450": "+49031826450",
        "DE 00034 039797": "+490034039797",
        "DE (0044) 117 496 0765": "+441174960765",
        "IT 06 1234567": "+39061234567",
        "FR 01.23.45.67.89": "+33123456789",
        "US 6554215915": "+16554215915",
        "US 572.068.8397": "+15720688397",
        "US (748)789-3441": "+17487893441",
        "US 1-748-789-3441": "+17487893441",
        "US 174-394-0081": "+11743940081",
        "RU 8 (495) 123-45-67": "+74951234567",
        "GB 0117\u00a0496\u20110765": "+441174960765",
        "GB Tel: 0117 496 0765": "+441174960765",
        # Not a number, of no known country, too short, too long.
        "XX 0117 496 0765": None,
        "GB 12345": "+4412345",
        "GB 123": None,
        "GB +44 1174960765 1174960765": None,
        "GB 0117 496 076B": None,
        "GB 0800-FLOWERS": None,
        "GB NULL": None,
        "GB HG8Q2LSSI2": None,
        "GB ": None,
    }
    assert (
        dict(zip(numbers, [pair[0] for pair in read("phone", list(numbers))], strict=True))
        == numbers
    )
    # A spreadsheet made a number of it: +44 7700 900123 without its sign.
    without_sign = {
        "GB 447700900123": ["+447700900123", None],
        "GB 44 (0)7700 900123": ["+447700900123", None],
        "DE 493023125605": ["+493023125605", None],
        "IN 919876543210": ["+919876543210", None],
        # As long as their own numbers are.
        "BR 55991234567": ["+5555991234567", None],
        "GB 4477009001": ["+444477009001", None],
    }
    all_of(read, "phone", without_sign)
    extended = {
        "US 277-664-6389x8405": ["+12776646389", "8405"],
        "US (987)576-3015x3130": ["+19875763015", "3130"],
        "US 001-250-624-2176x889": ["+12506242176", "889"],
        "US 328-593-9742x06483": ["+13285939742", "06483"],
        "US 328-593-9742 ext. 64": ["+13285939742", "64"],
        "GB 0117 496 0765, Extension 7": ["+441174960765", "7"],
        "GB 0117 496 0765 #7": ["+441174960765", "7"],
        "GB 0117 496 0765 x": [None, None],
    }
    all_of(read, "phone", extended)


def test_lines_that_say_nothing(read: Read) -> None:
    said = ["||", "6FWDZHD7PW||", "6FWDZHD7PW|ZCXWWKF45G|BIP8K8JJW22", "6FWDZHD7PW|Leeds|", "5|a|b"]
    noise = ["line_empty", "line_random", "line_random", None, None]
    assert read("noise", [*said]) == noise
