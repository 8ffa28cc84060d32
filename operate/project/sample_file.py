"""Guess the columns of a new source's sample file: their roles and their formats."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from base.errors import BranchlineError
from ingest import claimed_name, first_rows, header_key, joined_key

DELIMITERS = (",", ";", "\t", "|")
MOST_RECORDS = 2000
"""Maximum number of records to read."""

_NAMES = {
    "receipt_number": (
        "receiptnumber receiptno receipt receiptid invoicenumber invoiceno invoice invoiceid"
        " ordernumber orderno order orderid transactionid transactionno transaction ticket"
        " ticketno billno bill rechnungsnummer rechnungsnr rechnung belegnummer belegnr beleg"
        " bonnummer bonnr bon"
    ),
    "product_id": (
        "productid productcode productno productnumber stockcode sku itemid itemcode itemno"
        " articleno articlenumber articleid barcode ean gtin artikelnummer artikelnr artikelcode"
    ),
    "product_name": (
        "productname product description productdescription item itemname items basket article"
        " articlename artikel artikelbezeichnung bezeichnung produkt ware"
    ),
    "quantity": "quantity qty units pieces count menge anzahl stueck stuck",
    "unit_price": (
        "unitprice price priceperunit itemprice singleprice einzelpreis stueckpreis stuckpreis"
        " preis"
    ),
    "net_amount": (
        "total totalamount amount totalprice totalcost linetotal sum netamount ordertotal"
        " gesamt gesamtpreis gesamtbetrag betrag summe umsatz"
    ),
    "sold_at": (
        "timestamp datetime dateandtime soldat transactiontimestamp invoicedate orderdate"
        " salesdate saledate transactiondate orderedat orderedon placedat createdat date soldon day"
        " datum rechnungsdatum belegdatum verkaufsdatum tag"
    ),
    "sold_time": "time timeofday saletime transactiontime ordertime uhrzeit zeit",
    "customer_id": (
        "customerid customerno customernumber clientid memberid kundennummer kundennr kundenid"
    ),
    "customer_name": "customername customer client clientname fullname kunde kundenname",
    "employee_id": (
        "employeeid employee salespersonid salesperson sellerid seller cashier cashierid"
        " staffid mitarbeiternummer mitarbeiternr mitarbeiter verkaeufer verkaufer kassierer"
    ),
    "branch_name": (
        "branch branchname branchid store storename storeid shop shopname location site outlet"
        " filiale filialnummer filialnr laden standort"
    ),
    "payment_method": (
        "paymentmethod paymentmode paymenttype payment paidby tender zahlungsart zahlart"
        " zahlungsmittel zahlweise"
    ),
    "card_number": "cardnumber cardno card creditcard pan kartennummer kartennr",
    "country": "country land countrycode",
    "channel": "channel saleschannel kanal vertriebskanal",
    "currency_code": "currency currencycode waehrung wahrung",
}
SYNONYMS = {role: tuple(names.split()) for role, names in _NAMES.items()}
"""Role -> how a header may name it, without case, spaces, accents and punctuation."""

MEANINGS = {
    "receipt_number": "Number of the receipt.",
    "product_id": "Code of the product.",
    "product_name": "Name of the product.",
    "quantity": "Units sold; negative for returned goods.",
    "unit_price": "Price of one unit.",
    "net_amount": "What was paid.",
    "sold_at": "When it was sold, in the branch's own time.",
    "sold_time": "The time of day of the sale.",
    "customer_id": "Number of the customer.",
    "customer_name": "Name of the customer.",
    "employee_id": "Number of the sales person.",
    "branch_name": "The branch.",
    "payment_method": "How it was paid.",
    "card_number": "Number of the payment card; replaced while loading.",
    "country": "Country of the customer or the delivery.",
    "channel": "Sales channel.",
    "currency_code": "Currency of the amounts.",
}
PERSONAL = ("customer_id", "customer_name")
NOTHING = (
    *("", "null", "none", "n/a", "n.a.", "#n/a", "\\n"),
    *("<null>", "(null)", "[null]", "<na>", "nan"),
    *("na", "nat", "nil", "undefined", "-", "--", "---", ".", "?"),
)
"""Cell values that mean null, in lower case; macros/sql/parsing/cleaned.sql has all."""
_RESERVED = """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
boolean both case cast char character check coalesce collate collation column concurrently
constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest group grouping having
ilike in initially inner inout int integer intersect interval into is isnull join lateral leading
least left like limit localtime localtimestamp national natural nchar none not notnull null nullif
numeric offset on only or order out outer overlaps overlay placing position precision primary real
references returning right row select session_user setof similar smallint some substring symmetric
system_user table tablesample then time timestamp to trailing treat trim true union unique user
using values varchar variadic verbose when where window with
"""
RESERVED = frozenset(_RESERVED.split())
"""Words that PostgreSQL does not accept as a column name, or reads as something else."""

_TIME = (
    r"(?:(?:[ ]*T[ ]*|[ ]+)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,](?P<fraction>\d{1,9}))?)?)"
    r"[ ]*(?:(?P<utc>Z|UTC|GMT)|(?P<offset>[+-]\d{2}(?::?(?:00|15|30|45))?))?)?"
)
_ISO = re.compile(rf"(?P<day>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}){_TIME}", re.IGNORECASE)
_EUROPEAN = re.compile(
    rf"(?P<day>(?P<first>\d{{1,2}})[/.-](?P<second>\d{{1,2}})[/.-]\d{{4}}){_TIME}", re.IGNORECASE
)
_NUMBER_WORDS = ("id", "key", "nbr", "no", "nr", "num", "number", "nummer", "ref")
"""The last word of names of columns that may hold the number of a receipt."""
_DECIMALS = re.compile(
    r"\D*?(?P<whole>(?:\d[\d.,\s'\u2019]*)?)(?<![^\W\d])(?P<sign>[.,])(?P<part>\d+)\D*"
)
_OTHER_SIGN = {".": ",", ",": "."}


@dataclass(frozen=True)
class SampleColumn:
    """A column of the sample. `role`: a key of SYNONYMS, or "" where none was recognized.

    `path`: where it is in a JSON record, if it is in an object there.
    """

    header: str
    name: str
    role: str
    values: tuple[str, ...]
    path: str = ""

    @property
    def alias(self) -> str:
        """The header, if the name alone would not be recognised."""
        found, known = joined_key(header_key(self.header)), joined_key(header_key(self.name))
        return self.header if found != known else ""

    @property
    def holds_codes(self) -> bool:
        """Whether values look like card numbers but are not."""
        return self.role != "card_number" and any(
            re.fullmatch(r"\d{13,19}", value.strip()) for value in self.values
        )

    @property
    def filled(self) -> list[str]:
        """The values without nulls."""
        return [value for text in self.values if (value := cleaned(text))]


@dataclass(frozen=True)
class DateFormat:
    """The date format of a column. `order`: year_first, day_first or month_first."""

    order: str
    has_time: bool
    is_certain: bool

    def read(self, text: str) -> datetime | None:
        """The date and time of a value of the column; None for another form.

        With an offset from UTC, it is in UTC.
        """
        found = (_ISO if self.order == "year_first" else _EUROPEAN).fullmatch(text.strip())
        if found is None:
            return None
        day = [int(part) for part in re.split("[-/.]", found["day"])]
        if self.order != "year_first":
            day = [day[2], *(day[:2] if self.order == "month_first" else day[1::-1])]
        hour, minute, second, *_ = [*re.findall(r"\d+", found["time"] or ""), 0, 0, 0]
        try:
            read = datetime(day[0], day[1], day[2], int(hour), int(minute), int(second))
        except ValueError:
            return None
        read += timedelta(microseconds=round(float(f"0.{found['fraction'] or 0}") * 1_000_000))
        if found["offset"]:
            hours, minutes = found["offset"][1:3], found["offset"][3:].lstrip(":") or "0"
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            read += offset if found["offset"][0] == "-" else -offset
        return read.replace(tzinfo=timezone.utc) if found["offset"] or found["utc"] else read


@dataclass(frozen=True)
class Sample:
    """A sample file: its columns, each with the values of the first records."""

    path: Path
    columns: tuple[SampleColumn, ...]

    @property
    def file_name(self) -> str:
        """The name by which a feed claims the file: a workbook as if it were a CSV."""
        return claimed_name(self.path.name)

    @property
    def ending(self) -> str:
        """The ending of that name, in lower case."""
        found = re.search(r"[.][a-z]{1,6}$", self.file_name.lower())
        return found.group() if found else ".csv"

    def of(self, role: str) -> SampleColumn | None:
        """The column with this role, if there is one."""
        return next((column for column in self.columns if column.role == role), None)

    def possible_numbers(self) -> list[str]:
        """Columns that may number receipts of several lines, although their names do not say so.

        Lines with one value follow each other and are of one time.
        """
        number, moments = self.of("receipt_number"), [""] * len(self.columns[0].values)
        for column in filter(None, (self.of("sold_at"), self.of("sold_time"))):
            moments = [f"{a} {b}" for a, b in zip(moments, column.values, strict=True)]
        if number is not None and len(set(moments)) == 1:
            return []
        found = []
        for column in self.columns:
            pairs = list(zip(column.values, moments, strict=True))
            runs = [pair for pair, _ in groupby(pairs)]
            if (
                not column.role
                and column.name.split("_")[-1] in _NUMBER_WORDS
                and len(column.filled) == len(pairs)
                and 1 < len(runs) < len(pairs)
                and len(runs) == len(set(column.values))
            ):
                found.append(column.header)
        return found

    def records(self) -> list[dict[str, str]]:
        """The records, as role -> value, of the columns whose roles are known."""
        known = [column for column in self.columns if column.role]
        return [
            {column.role: cleaned(column.values[place]) for column in known}
            for place in range(len(self.columns[0].values))
        ]


def read_sample(path: Path, receipt_number: str | None = None) -> Sample:
    """Read the first records of a file with names of columns, and guess what these are.

    Of any format that the loader reads. `receipt_number`: the header of that column, where known.
    Raises BranchlineError for a file that is not such a table.
    """
    known = (name for names in SYNONYMS.values() for name in names)
    table = first_rows(path, known, MOST_RECORDS)
    has_paths = False
    header: Sequence[str]
    if isinstance(table, str):
        header, records = _split(path, table)
    else:
        header, records, has_paths = table.header, table.rows, table.has_paths
    records = _checked(path, header, records)
    by_place = _roles(header, records, _place_of(path, header, receipt_number))
    taken: set[str] = set()
    columns = []
    for place, cell in enumerate(header):
        name = _snake_case(cell)
        name = _unique(f"{name}_text" if name in RESERVED else name, taken)
        # Values become examples in tests, and dbt would take these characters for a template.
        values = tuple(re.sub(r"\{(?=[{%#])", "(", record[place]) for record in records)
        in_object = has_paths and "." in cell and all(part.strip() for part in cell.split("."))
        role = by_place.get(place, "")
        columns.append(SampleColumn(cell.strip(), name, role, values, cell if in_object else ""))
    return Sample(path, tuple(columns))


def _place_of(path: Path, header: Sequence[str], wanted: str | None) -> int | None:
    """The place of the column of this name, if one is wanted."""
    if wanted is None:
        return None
    keys = [joined_key(header_key(cell)) for cell in header]
    key = joined_key(header_key(wanted))
    if key not in keys:
        raise BranchlineError(
            f"{path} has no column '{wanted}'.", f"Its columns are: {', '.join(header)}."
        )
    return keys.index(key)


def decimal_sign(columns: Sequence[SampleColumn | None]) -> str:
    """The decimal separator of amounts, '.' or ','; empty if they do not show it."""
    values = [value for column in columns if column for value in column.filled]
    signs = [_decimal_sign_of(value) for value in values]
    commas, points = signs.count(","), signs.count(".")
    return "," if commas > points else "." if points > commas else ""


def _decimal_sign_of(value: str) -> str:
    """The decimal separator of one amount; 1,459 does not show it."""
    found = _DECIMALS.fullmatch(value)
    if found is None:
        return ""
    if found["sign"] in found["whole"]:
        return _OTHER_SIGN[found["sign"]]
    may_be_thousands = re.fullmatch(r"[1-9]\d{0,2}", found["whole"]) and len(found["part"]) == 3
    return "" if may_be_thousands else found["sign"]


def amount(text: str, sign: str) -> Decimal | None:
    """An amount of money, as `parse_amount` reads it with `sign` as `decimal`, or None."""
    plain = re.sub(r"[\s£$€]", "", text)
    sign = sign or _decimal_sign_of(plain)
    if sign:
        thousands = _OTHER_SIGN[sign]
        if re.match(rf"-?0\d*[{thousands}]", plain):
            return None
        plain = plain.replace(thousands, "").replace(sign, ".")
    elif "." in plain:
        return None
    return Decimal(plain) if re.fullmatch(r"-?\d{1,9}([.]\d+)?", plain) else None


def whole_number(text: str, sign: str) -> int | None:
    """A whole number, as `parse_integer` reads it with `sign` as `decimal`, or None."""
    thousands = _OTHER_SIGN.get(sign, "")
    found = (
        re.fullmatch(
            rf"([+-]?(?:\d{{1,9}}|[1-9]\d{{0,2}}(?:[{thousands}]\d{{3}}){{1,2}}))(?:[{sign}]0+)?",
            text,
        )
        if sign
        else re.fullmatch(r"([+-]?\d{1,9})(?:[.,](?:0{1,2}|0{4,}|(?<=\d{4}[.,])000))?", text)
    )
    return int(found[1].replace(thousands, "")) if found else None


def cleaned(text: str) -> str:
    """A cell as the macro of that name reads it; empty for null."""
    plain = re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFC", text)).strip()
    return "" if plain.casefold() in NOTHING else plain


def identifier(text: str) -> str:
    """An identifier as the macro of that name reads it."""
    found = re.fullmatch(
        r"=\"([^\"]+)\"|'([+0-9][^'a-z]*)|([0-9]+)(?:[.]0+|,0{1,2}|,0{4,})|([0-9])[.,]([0-9]+)[eE][+]?([0-9]{1,2})",
        text,
    )
    if found is None:
        return text
    if found[4]:
        digits, power = found[5], int(found[6])
        is_whole = len(digits) >= power and not digits[power:].strip("0")
        return (found[4] + digits[:power]).lstrip("0") or "0" if is_whole else text
    return found[1] or found[2] or found[3]


def has_zero_decimals(column: SampleColumn) -> bool:
    """Whether the identifiers of a column were exported as decimals: 17850.0."""
    return bool(column.filled) and all(re.fullmatch(r"\d+[.]0", v) for v in column.filled)


def date_format(column: SampleColumn) -> DateFormat:
    """The date format of the column; raises BranchlineError for an unknown one."""
    values = column.filled[:MOST_RECORDS]
    iso = [match for value in values if (match := _ISO.fullmatch(value))]
    if iso and len(iso) >= 0.9 * len(values):
        return DateFormat("year_first", any(found["time"] for found in iso), True)
    european = [match for value in values if (match := _EUROPEAN.fullmatch(value))]
    if european and len(european) >= 0.9 * len(values):
        has_time = any(found["time"] for found in european)
        if any(int(found["first"]) > 12 for found in european):
            return DateFormat("day_first", has_time, True)
        if any(int(found["second"]) > 12 for found in european):
            return DateFormat("month_first", has_time, True)
        return DateFormat("day_first", has_time, False)
    example = f" (such as '{values[0]}')" if values else ""
    raise BranchlineError(
        f"The column '{column.header}' should hold the date of a sale, and its values{example} are"
        " in no supported form.",
        "Forms: 2010-12-01, 01/12/2010, 12/1/2010 or 01.12.2010, also followed by a time, with or"
        " without an offset from UTC.",
    )


def _split(path: Path, text: str) -> tuple[list[str], list[list[str]]]:
    """Header and records of a CSV; the delimiter is the one that gives the widest table."""
    best: tuple[int, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            lines = [line for line, _ in zip(reader, range(MOST_RECORDS + 1), strict=False) if line]
        except csv.Error:
            continue
        if lines and len(lines[0]) > (best[0] if best else 1):
            best = (len(lines[0]), lines)
    if best is None:
        raise BranchlineError(
            f"{path} is not a CSV with several columns.",
            "The columns are separated by commas, semicolons, tabs or pipes.",
        )
    header, *records = best[1]
    return header, records


def _checked(path: Path, header: Sequence[str], records: Sequence[list[str]]) -> list[list[str]]:
    """The records that fit the header. Raises BranchlineError if it is none, or none fits."""
    width = len(header)
    if not all(re.search(r"[^\W\d]", cell) for cell in header):
        raise BranchlineError(
            f"The first line of {path} does not name the columns: {', '.join(header)[:200]}",
            "Put a line with their names above the records.",
        )
    keys = [joined_key(header_key(cell)) for cell in header]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise BranchlineError(
            f"The first line of {path} names a column twice: {', '.join(twice)}.",
            "Give each column a different name.",
        )
    fitting = [record for record in records if len(record) == width]
    if not fitting:
        raise BranchlineError(f"{path} has a header, but no record of {width} columns below it.")
    return fitting


def _roles(
    header: Sequence[str], records: Sequence[Sequence[str]], number: int | None
) -> Mapping[int, str]:
    """Place of a column -> its role. Whole names match first, then names with a synonym in them.

    `number`: the place of the receipt's number, where it is known.
    """
    keys = [_letters(cell) for cell in header]
    found: dict[int, str] = {} if number is None else {number: "receipt_number"}

    def take(matches: object) -> None:
        assert callable(matches)
        for role, names in SYNONYMS.items():
            for name in names:
                for place, key in enumerate(keys):
                    if role not in found.values() and place not in found and matches(key, name):
                        found[place] = role

    take(lambda key, name: key == name)
    # Not for short words: "tag" is in "voltage".
    take(lambda key, name: len(name) > 5 and name in key)
    for place, role in found.items():
        values = [record[place].strip() for record in records if record[place].strip()]
        if (
            role == "customer_name"
            and "customer_id" not in found.values()
            and values
            and sum(any(sign.isdigit() for sign in value) for value in values) > len(values) / 2
        ):
            found[place] = "customer_id"
    return found


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", _plain(text))


def _plain(text: str) -> str:
    """Lower case, without accents."""
    text = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _snake_case(text: str) -> str:
    """A name for the database: `InvoiceNo` and `Invoice no.` are invoice_no."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text.strip())
    name = re.sub(r"[^a-z0-9]+", "_", _plain(text)).strip("_")[:60].strip("_")
    return name if re.match("[a-z]", name) else f"column_{name}".strip("_")


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found
