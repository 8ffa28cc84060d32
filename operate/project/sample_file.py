"""Guess the columns of a new source's sample file: their roles and their formats."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from base.errors import BranchlineError
from ingest import header_key, joined_key

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
    "customer_id": "Number of the customer (personal data).",
    "customer_name": "Name of the customer (personal data).",
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

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?P<time>[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
_EUROPEAN = re.compile(
    r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-]\d{4}(?P<time>[ T]+\d{1,2}:\d{2}(?::\d{2})?)?"
)
_DECIMALS = re.compile(
    r"\D*?(?P<whole>(?:\d[\d.,\s'\u2019]*)?)(?<![^\W\d])(?P<sign>[.,])(?P<part>\d+)\D*"
)
_OTHER_SIGN = {".": ",", ",": "."}


@dataclass(frozen=True)
class SampleColumn:
    """A column of the sample. `role`: a key of SYNONYMS, or "" where none was recognized."""

    header: str
    name: str
    role: str
    values: tuple[str, ...]

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
        """The date and time of a value of the column; None for another form."""
        day = {"year_first": "%Y-%m-%d", "day_first": "%d-%m-%Y", "month_first": "%m-%d-%Y"}
        plain = re.sub(r"[ T]+", " ", re.sub(r"[/.]", "-", text.strip()))
        for time in ("", " %H:%M", " %H:%M:%S"):
            try:
                return datetime.strptime(plain, day[self.order] + time)
            except ValueError:
                continue
        return None


@dataclass(frozen=True)
class Sample:
    """A sample file: its columns, each with the values of the first records."""

    path: Path
    delimiter: str
    columns: tuple[SampleColumn, ...]

    def of(self, role: str) -> SampleColumn | None:
        """The column with this role, if there is one."""
        return next((column for column in self.columns if column.role == role), None)

    def records(self) -> list[dict[str, str]]:
        """The records, as role -> value, of the columns whose roles are known."""
        known = [column for column in self.columns if column.role]
        return [
            {column.role: cleaned(column.values[place]) for column in known}
            for place in range(len(self.columns[0].values))
        ]


def read_sample(path: Path) -> Sample:
    """Read the first records of a CSV file with a header, and guess what its columns are.

    Raises BranchlineError for a file that is not such a CSV.
    """
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise BranchlineError(f"{path} cannot be read: {error.strerror}.") from None
    delimiter, header, records = _split(path, text)
    by_place = _roles(header, records)
    taken: set[str] = set()
    columns = []
    for place, cell in enumerate(header):
        name = _snake_case(cell)
        name = _unique(f"{name}_text" if name in RESERVED else name, taken)
        # Values become examples in tests, and dbt would take these characters for a template.
        values = tuple(re.sub(r"\{(?=[{%#])", "(", record[place]) for record in records)
        columns.append(SampleColumn(cell.strip(), name, by_place.get(place, ""), values))
    return Sample(path, delimiter, tuple(columns))


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
        "Forms: 2010-12-01, 01/12/2010, 12/1/2010 or 01.12.2010, also followed by a time.",
    )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _split(path: Path, text: str) -> tuple[str, list[str], list[list[str]]]:
    """Delimiter, header and records; the delimiter is the one that gives the widest table."""
    best: tuple[int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            lines = [line for line, _ in zip(reader, range(MOST_RECORDS + 1), strict=False) if line]
        except csv.Error:
            continue
        if lines and len(lines[0]) > (best[0] if best else 1):
            best = (len(lines[0]), delimiter, lines)
    if best is None:
        raise BranchlineError(
            f"{path} is not a CSV with several columns.",
            "The columns are separated by commas, semicolons, tabs or pipes.",
        )
    width, delimiter, (header, *records) = best
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
    records = [record for record in records if len(record) == width]
    if not records:
        raise BranchlineError(f"{path} has a header, but no record of {width} columns below it.")
    return delimiter, header, records


def _roles(header: Sequence[str], records: Sequence[Sequence[str]]) -> Mapping[int, str]:
    """Place of a column -> its role. Whole names match first, then names with a synonym in them."""
    keys = [_letters(cell) for cell in header]
    found: dict[int, str] = {}

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
