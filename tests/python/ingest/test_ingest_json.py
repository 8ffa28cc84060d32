"""JSON documents as rows: lists of records, lines, columns; and what is wrong with some."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ingest_helpers import TOKEN_KEY

from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.file_errors import UnusableFileError
from ingest.converting import Task, convert
from ingest.formats import json_text
from ingest.formats.extracted import Flaw, Remark, Row, as_text
from ingest.formats.json_records import read_json

FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/*"
    layout: LAYOUT
    columns:
      - {name: item, aliases: [article]}
      - {name: price}
      - {name: city, path: shop.address.city, required: false}
      - {name: first_tag, path: tags.0, required: false}
      - {name: sold_at, parts: [[day], [time]], required: false}
EXTRA
"""
NAMES = ["item", "price", "city", "first_tag", "sold_at", "record"]
CARD = "4111111111111111"

Read = Callable[..., "Found"]


class Found:
    """The items of a document."""

    def __init__(self, feed: Feed, content: bytes) -> None:
        items = list(read_json(io.BytesIO(content), feed))
        rows = [item for item in items if isinstance(item, Row)]
        self.names = rows[0].cells
        assert rows[0].number == 0
        self.numbers = [row.number for row in rows[1:]]
        self.rows = [dict(zip(self.names, row.cells, strict=True)) for row in rows[1:]]
        self.flaws = [item for item in items if isinstance(item, Flaw)]
        self.remarks = [item.text for item in items if isinstance(item, Remark)]

    def column(self, name: str) -> list[str]:
        return [row[name] for row in self.rows]


@pytest.fixture
def read(feed_file: Callable[[str], FeedContract]) -> Read:
    def read(content: Any, layout: str = "{}", extra: str = "", encoding: str = "utf-8") -> Found:
        text = FEED.replace("LAYOUT", layout).replace("EXTRA", extra)
        feed = feed_file(text).feeds["shop_sales"]
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        return Found(feed, content if isinstance(content, bytes) else content.encode(encoding))

    return read


TEA = {"item": "tea", "price": 1.2}
MILK = {"item": "milk", "price": 0.95}
AS_LINES = "".join(json.dumps(record) + "\n" for record in (TEA, MILK))
DOCUMENTS = {
    "a list": [TEA, MILK],
    "an indented list": json.dumps([TEA, MILK], indent=2),
    "lines": AS_LINES,
    "lines with blank ones": "\n" + AS_LINES.replace("\n", "\r\n\n"),
    "the only list of an object": {"count": 2, "next": None, "data": [TEA, MILK]},
    "the only list, deeper": {"meta": {"pages": [1, 2]}, "data": {"all": [TEA, MILK]}},
    "the list beside a schema": {"schema": {"fields": [{"name": "item"}]}, "data": [TEA, MILK]},
    "columns by row number": {"item": {"0": "tea", "1": "milk"}, "price": {"0": 1.2, "1": 0.95}},
    "columns as lists": {"item": ["tea", "milk"], "price": [1.2, 0.95]},
}


@pytest.mark.parametrize("shape", DOCUMENTS)
def test_each_record_is_one_row(read: Read, shape: str) -> None:
    found = read(DOCUMENTS[shape])
    assert found.names == NAMES
    assert found.column("item") == ["tea", "milk"]
    assert found.column("price") == ["1.2", "0.95"]
    assert found.column("record") == ['{"item":"tea","price":1.2}', '{"item":"milk","price":0.95}']
    assert (found.flaws, found.remarks) == ([], [])
    expected = [2, 4] if shape == "lines with blank ones" else [1, 2]
    assert found.numbers == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(read: Read, encoding: str) -> None:
    record = {"item": "th\u00e9 \u2615 \U0001f600", "price": "\u20ac 1"}
    for text in (json.dumps([record], ensure_ascii=False), json.dumps([record])):
        assert read(text, encoding=encoding).rows[0]["item"] == record["item"]
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for _ in range(2))
    assert read(lines, encoding=encoding).column("price") == ["\u20ac 1"] * 2


def test_bytes_that_are_not_utf_8_are_windows_1252(read: Read) -> None:
    text = '{"item": "Bücher", "price": "€ 1"}\n'
    assert read(text.encode("cp1252")).column("price") == ["€ 1"]
    mixed = text.encode() + text.encode("cp1252")
    assert read(mixed).column("item") == ["Bücher"] * 2


def test_values_are_as_written(read: Read) -> None:
    values = {
        "1": "1",
        "-0": "-0",
        "1.20": "1.20",
        "1E5": "1E5",
        "0.1000000000000000055511151231257827": "0.1000000000000000055511151231257827",
        "12345678901234567890123": "12345678901234567890123",
        "9007199254740993": "9007199254740993",
        "true": "true",
        "false": "false",
        "null": "",
        '""': "",
        '" a "': " a ",
        r'"a\"b\\\n\u00e9"': 'a"b\\\né',
        '{"a": [1.0, {"b": null}], "c": "x"}': '{"a":[1.0,{"b":null}],"c":"x"}',
        "[]": "[]",
        "{}": "{}",
    }
    text = "".join(f'{{"item": "x", "price": {value}}}\n' for value in values)
    found = read(text)
    assert found.column("price") == list(values.values())
    # The record can be read as JSON again, and still has each number as it was written.
    for written, record in zip(values, found.column("record"), strict=True):
        assert json.loads(record)["price"] == json.loads(written)
    assert found.rows[4]["record"].endswith("0.1000000000000000055511151231257827}")


def test_integers_of_any_length(read: Read) -> None:
    long = "1" * 5000  # Python refuses to convert more than 4,300 digits
    found = read(f'[{{"item": {long}, "price": 1234567890123456}}]')
    assert found.column("item") == [long]
    assert found.column("price") == ["1234567890123456"]


def test_columns_by_path_alias_and_parts(read: Read) -> None:
    record = {
        "Article": "tea",
        "PRICE": 1,
        "shop": {"address": {"city": "Leeds", "street": None}},
        "tags": ["hot", "new"],
        "time": "09:00",
        "day": "2021-08-26",
        "other": {"deep": [1]},
    }
    found = read([record, TEA, {**TEA, "shop": None, "tags": []}, {**TEA, "shop": {"address": 7}}])
    assert found.rows[0] | {"record": ""} == {
        "item": "tea",
        "price": "1",
        "city": "Leeds",
        "first_tag": "hot",
        "sold_at": "2021-08-26 09:00",
        "record": "",
    }
    assert json.loads(found.rows[0]["record"]) == record
    assert found.column("city") == ["Leeds", "", "", ""]
    assert found.column("first_tag") == ["hot", "", "", ""]


def test_a_path_may_be_a_key_with_dots(read: Read) -> None:
    found = read([{**TEA, "shop.address.city": "Leeds"}])
    assert found.column("city") == ["Leeds"]


def test_records_with_different_keys(read: Read) -> None:
    found = read([{"price": 1, "item": "tea"}, {"item": "milk"}, {"article": "ale", "price": 2}])
    assert found.column("item") == ["tea", "milk", "ale"]
    assert found.column("price") == ["1", "", "2"]
    assert found.flaws == []


def test_a_required_column_that_no_record_has(read: Read) -> None:
    for document in ([{"item": "tea", "cost": 1}], '{"item": "tea", "cost": 1}\n' * 2):
        with pytest.raises(UnusableFileError) as raised:
            read(document)
        assert "no record has the key of the column price" in str(raised.value)
        assert "the keys are: item, cost" in str(raised.value)


def test_a_record_with_none_of_the_keys_is_a_flaw(read: Read) -> None:
    found = read(AS_LINES + '{"error": "too many requests"}\n{}\n[1, 2]\n"text"\n7\nnull\n')
    assert found.numbers == [1, 2]
    assert [flaw.number for flaw in found.flaws] == [3, 4, 5, 6, 7, 8]
    reasons = [flaw.reason for flaw in found.flaws]
    assert reasons[0] == "the record has none of the feed's columns"
    assert reasons[2] == "a list where a record was expected"
    assert reasons[3] == "a text where a record was expected"
    assert reasons[4] == "a number where a record was expected"
    assert reasons[5] == "null where a record was expected"
    assert found.flaws[0].text == '{"error": "too many requests"}'


def test_two_keys_for_one_column_are_a_flaw(read: Read) -> None:
    found = read([TEA, {"item": "a", "article": "b", "price": 1}])
    assert [(flaw.number, flaw.reason) for flaw in found.flaws] == [
        (2, "two keys name the column item: item, article")
    ]


# --- faults


def test_a_key_that_occurs_twice(read: Read) -> None:
    text = '[{"item": "a", "item": "b", "price": 1}, {"item": "c", "price": {"x": 1, "x": 2}}, %s]'
    found = read(text % json.dumps(TEA))
    assert found.column("item") == ["tea"]
    assert found.numbers == [3]
    assert [(flaw.number, flaw.reason) for flaw in found.flaws] == [
        (1, "the key 'item' occurs twice in an object"),
        (2, "the key 'x' occurs twice in an object"),
    ]
    assert found.flaws[0].text == '{"item": "a", "item": "b", "price": 1}'
    found = read('{"item": "a", "item": "b", "price": 1}\n' + AS_LINES)
    assert found.numbers == [2, 3]
    with pytest.raises(UnusableFileError, match="the key 'data' occurs twice"):
        read('{"data": [], "data": []}', layout="{records: data}")
    # In columns, a row number that occurs twice.
    with pytest.raises(UnusableFileError, match="the key '1' occurs twice"):
        read('{"item": {"1": "a", "1": "b"}, "price": {"1": 1}}')


def test_nan_and_infinity_are_kept_as_text(read: Read) -> None:
    text = '[{"item": NaN, "price": -Infinity}, {"item": "x", "price": Infinity}]'
    found = read(text)
    assert found.column("item") == ["NaN", "x"]
    assert found.column("price") == ["-Infinity", "Infinity"]
    assert json.loads(found.rows[0]["record"]) == {"item": "NaN", "price": "-Infinity"}
    assert found.remarks == ["3 values NaN or Infinity, which JSON does not have, are kept as text"]


def test_a_nul_character_is_a_flaw(read: Read) -> None:
    found = read(r'[{"item": "a\u0000b", "price": 1}, {"item": "a", "price": {"\u0000": 1}}]' "\n")
    assert found.rows == []
    assert {flaw.reason for flaw in found.flaws} == {"the record holds a NUL character"}
    found = read(r'{"item": "a\\u0000b", "price": 1}')
    assert found.column("item") == [r"a\u0000b"]


def test_half_a_surrogate_pair(read: Read) -> None:
    found = read(r'[{"item": "a\ud83d", "price": "\ud83d\ude00", "\udc00": 1}]')
    assert found.column("item") == [r"a\ud83d"]
    assert found.column("price") == ["\U0001f600"]
    record = json.loads(found.rows[0]["record"])
    assert record["item"] == r"a\ud83d"
    found.rows[0]["record"].encode("utf-8")


@pytest.mark.parametrize("cut", [1, 2, 8, 20, 30])
@pytest.mark.parametrize("shape", ["a list", "the only list of an object", "columns as lists"])
def test_a_document_cut_short(read: Read, shape: str, cut: int) -> None:
    with pytest.raises(UnusableFileError, match="ends in the middle"):
        read(json.dumps(DOCUMENTS[shape])[:-cut])


def test_a_document_that_is_broken(read: Read) -> None:
    text = json.dumps([TEA, MILK], indent=1).replace('"milk",', '"milk"')
    with pytest.raises(UnusableFileError, match=r"broken in line 8, column 3 \(Expecting ','"):
        read(text)
    with pytest.raises(UnusableFileError, match="broken in line 1, column 16"):
        read('{"item": "tea" "price": 1}')
    for ending in ("1,}]", "1}}", "1 2}]", "tru}]", "1.}]", r'"\q"}]'):
        with pytest.raises(UnusableFileError, match=r"broken in line 1, column"):
            read('[{"item": 1, "price": ' + ending)
    with pytest.raises(UnusableFileError, match="more after its end"):
        read(json.dumps([TEA]) + json.dumps([TEA]))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_broken_line_among_lines(read: Read, place: int) -> None:
    lines = [json.dumps(TEA), json.dumps(MILK)]
    lines.insert(place, '{"item": "ale", "price": 3,,}')
    found = read("\n".join(lines) + "\n")
    assert found.column("item") == ["tea", "milk"]
    assert [flaw.number for flaw in found.flaws] == [place + 1]
    assert found.flaws[0].reason.startswith("the line is not a JSON record (")
    assert found.flaws[0].text == '{"item": "ale", "price": 3,,}'


def test_the_last_line_cut_short(read: Read) -> None:
    found = read(AS_LINES + '{"item": "ale", "pr')
    assert found.column("item") == ["tea", "milk"]
    assert [flaw.number for flaw in found.flaws] == [3]


def test_a_long_line_among_lines(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LONGEST_RECORD", 100)
    long = json.dumps({**TEA, "note": "x" * 200}) + "\n"
    for text in (AS_LINES + long + AS_LINES, long + AS_LINES * 2):
        found = read(text)
        assert len(found.rows) == 4
        assert [flaw.reason for flaw in found.flaws] == ["the record is longer than 100 characters"]


def test_an_object_where_a_list_was_promised_and_the_reverse(read: Read) -> None:
    with pytest.raises(UnusableFileError, match=r"data is an object, not a list of records"):
        read({"data": {"error": "unauthorized"}}, layout="{records: data}")
    with pytest.raises(UnusableFileError, match=r"there is no data.items.*its keys are: data"):
        read({"data": {"rows": [TEA]}}, layout="{records: data.items}")
    with pytest.raises(UnusableFileError, match=r"data is a text, not a list of records"):
        read({"data": "none"}, layout="{records: data}")
    with pytest.raises(UnusableFileError, match=r"the document is a list, and has no data.items"):
        read([TEA], layout="{records: data.items}")
    with pytest.raises(UnusableFileError, match="no list of records; its keys are: error, code"):
        read({"error": "unauthorized", "code": 401})
    with pytest.raises(UnusableFileError, match=r"several lists of records \(a, b\).*records"):
        read({"a": [TEA], "b": [MILK]})
    assert read({"a": [TEA], "b": [MILK]}, layout="{records: b}").column("item") == ["milk"]
    assert read([[7, [TEA]]], layout="{records: '0.1'}").column("item") == ["tea"]
    found = read(["tea", TEA])
    assert [flaw.reason for flaw in found.flaws] == ["a text where a record was expected"]


@pytest.mark.parametrize(
    ("document", "first"),
    [
        ("[null, null]", "null"),
        ("[1, 2, 3]", "a number"),
        ("[true]", "true or false"),
        ('[["item", "price"], ["tea", 1.2]]', "a list"),
        ('["tea"]', "a text"),
        ('[NaN, "tea"]', "a number"),
    ],
)
def test_records_that_are_not_objects(read: Read, document: str, first: str) -> None:
    expected = f"JSON whose records are not objects: the first one is {first}; export each"
    with pytest.raises(UnusableFileError, match=expected):
        read(document)
    found = read(f"{document[:-1]}, {json.dumps(TEA)}]")
    assert found.column("item") == ["tea"]
    assert found.flaws[0].reason == f"{first} where a record was expected"


def test_the_rejected_key_is_masked(read: Read) -> None:
    with pytest.raises(UnusableFileError) as raised:
        read({CARD: 1})
    assert CARD not in str(raised.value)


@pytest.mark.parametrize("document", [[], {"data": []}, {"item": [], "price": []}])
def test_an_empty_list(read: Read, document: Any) -> None:
    found = read(document)
    assert (found.names, found.rows, found.flaws) == (NAMES, [], [])
    assert read({"data": []}, layout="{records: data}").rows == []


def test_one_record_alone(read: Read) -> None:
    """The last page of an API, or a file of JSON lines with one line."""
    record = {**TEA, "lines": [{"a": 1}]}
    for layout in ("{}", "{records: data}"):
        assert read(record, layout=layout).column("item") == ["tea"]
        assert read(json.dumps(record, indent=1), layout=layout).column("item") == ["tea"]


def test_columns_of_different_lengths(read: Read) -> None:
    found = read({"item": {"0": "tea", "2": "ale"}, "price": {"0": 1, "1": 2}})
    assert found.column("item") == ["tea", "ale", ""]
    assert found.column("price") == ["1", "", "2"]
    assert found.remarks == [
        "the columns do not have the same rows: item 2, price 2; what is missing is empty"
    ]
    # Nobody knows which value of a list is missing.
    with pytest.raises(UnusableFileError, match=r"different lengths.*: item 2, price 3"):
        read({"item": ["tea", "milk"], "price": [1, 2, 3]})
    with pytest.raises(UnusableFileError, match="some of its columns are lists and some objects"):
        read({"item": ["tea"], "price": {"0": 1}})


@pytest.mark.parametrize("other", [{"version": 3}, {"stock": None}, {"price": None}, {"note": "x"}])
def test_columns_beside_what_is_none(read: Read, other: dict[str, Any]) -> None:
    """Not one record whose cells are the columns."""
    columns = {"item": {"0": "tea", "1": "milk"}, "price": {"0": 1, "1": 2}}
    found = read({**columns, **other})
    assert found.column("item") == ["tea", "milk"]
    assert found.column("price") == (["", ""] if "price" in other else ["1", "2"])
    shown = next(iter(other))
    expected = (
        [] if other[shown] is None else [f"not loaded, because they are not columns: {shown}"]
    )
    assert found.remarks == expected
    at_a_path = read({"data": {**columns, **other}}, layout="{records: data}")
    assert at_a_path.column("item") == ["tea", "milk"]


def test_a_record_with_objects_in_it_is_no_table(read: Read) -> None:
    for record in (
        {"item": {"en": "tea"}, "price": {"gbp": 1}},
        {"item": "tea", "price": {"1": 1, "2": 0.9}},
        {"item": {"en": "tea"}, "price": {"en": 1}, "id": 3},
    ):
        found = read(record)
        assert [row["record"] for row in found.rows] == [json.dumps(record, separators=(",", ":"))]
        assert not found.remarks


def test_columns_at_a_path(read: Read) -> None:
    columns = {"item": {"7": "tea"}, "price": {"7": 1}, "other": {"7": None}}
    found = read({"data": columns, "more": [{"a": 1}]}, layout="{records: data}")
    assert found.column("item") == ["tea"]
    assert found.column("record") == ['{"item":"tea","price":1,"other":null}']


def test_deep_nesting(read: Read) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    found = read(f'{{"item": "x", "price": {deep}}}\n' + AS_LINES)
    assert found.column("item") == ["tea", "milk"]
    assert found.flaws[0].reason == "the record is nested too deeply"
    moderately = "[" * 300 + "]" * 300
    found = read(f'[{{"item": "x", "price": {moderately}}}, {json.dumps(TEA)}]')
    assert found.flaws[0].reason == "the record is nested too deeply"
    assert found.column("item") == ["tea"]
    with pytest.raises(UnusableFileError, match="nested too deeply"):
        read(f'{{"data": [{{"item": {deep}}}]}}')
    with pytest.raises(UnusableFileError, match="nested too deeply"):
        read(f'[{{"item": {deep}}}]')


def test_a_document_that_is_too_large(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LARGEST_DOCUMENT", 1000)
    monkeypatch.setattr(json_text, "LONGEST_RECORD", 300)
    monkeypatch.setattr(json_text, "BLOCK", 64)
    with pytest.raises(UnusableFileError, match=r"larger than 1,000 bytes.*JSON lines"):
        read({"data": [TEA] * 100})
    # Lists and lines are read piece by piece.
    assert len(read([TEA] * 100).rows) == 100
    assert len(read(json.dumps([TEA] * 100, indent=5)).rows) == 100
    assert len(read(AS_LINES * 100).rows) == 200
    with pytest.raises(UnusableFileError, match="record 2 is longer than 300 characters"):
        read([TEA, {**TEA, "note": "x" * 2000}, TEA])


@pytest.mark.parametrize("block", range(1, 40))
def test_any_size_of_the_parts_gives_the_same(
    read: Read, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    documents: list[Any] = [
        json.dumps([TEA, 12, MILK, {"item": "é\U0001f600", "price": 1e9}], ensure_ascii=False),
        json.dumps([TEA, MILK], indent=3),
        AS_LINES.replace("\n", "\r\n"),
    ]
    expected = [vars(read(document)) for document in documents]
    monkeypatch.setattr(json_text, "BLOCK", block)
    assert [vars(read(document)) for document in documents] == expected
    assert len(expected[0]["rows"]) == 3


# --- cards

PROTECTED = "      - {name: card, path: payment.number, protect: card_number, required: false}"


def test_a_protected_value_does_not_stay_in_the_record(read: Read) -> None:
    records = [
        {**TEA, "payment": {"number": CARD, "kind": "VISA 16"}},
        {**TEA, "payment": {"number": int(CARD)}},
        {**TEA, "payment": {"number": "??123456789"}},
        {**TEA, "payment": {"number": [4111, 1111]}},
        {**TEA, "payment": {"number": None}},
        {**TEA, "payment": None},
    ]
    found = read(records, extra=PROTECTED)
    assert found.column("card") == [CARD, CARD, "??123456789", "[4111,1111]", "", ""]
    payments = [json.loads(record)["payment"] for record in found.column("record")]
    assert payments == [
        {"number": "#" * 16, "kind": "VISA 16"},
        {"number": "#" * 16},
        {"number": "??#########"},
        {"number": "[####,####]"},
        {"number": None},
        None,
    ]


def test_no_card_reaches_the_database(feed_file: Callable[[str], FeedContract]) -> None:
    text = FEED.replace("LAYOUT", "{}").replace(
        "EXTRA", PROTECTED.replace(", path: payment.number", "")
    )
    feed = feed_file(text).feeds["shop_sales"]
    records = [{**TEA, "Card": CARD, "note": f"paid with {CARD}", CARD: 1}] * 3
    broken = f'{{"item": "x", "card": "{CARD}", "card": "{CARD}"}}'
    content = f"[{', '.join([*map(json.dumps, records), broken])}]".encode()
    extracted = b"".join(as_text(read_json(io.BytesIO(content), feed)))
    made = convert(extracted, Task(feed, (TOKEN_KEY,), 7, "load-1"))
    assert (made.facts.rows, made.facts.rejects) == (3, 1)
    copied = b"".join(part for _, part in made.copies).decode()
    assert CARD not in copied
    assert '"note":"paid with ****1111"' in copied
    assert '"Card":"################"' in copied


def test_a_declared_column_record(read: Read) -> None:
    """A feed may declare the column of the whole record, to describe it."""
    found = read([TEA], extra="      - {name: record}")
    assert found.names == NAMES
    assert found.column("record") == ['{"item":"tea","price":1.2}']


def test_lines_are_streamed(feed_file: Callable[[str], FeedContract]) -> None:
    """The first rows come before the last are read."""
    feed = feed_file(FEED.replace("LAYOUT", "{}").replace("EXTRA", "")).feeds["shop_sales"]
    for begin, end in (("", "\n"), ("[", ",")):
        stream = Endless(begin, json.dumps(TEA) + end)
        items: Iterator[Any] = read_json(stream, feed)  # type: ignore[arg-type]
        assert sum(1 for _, item in zip(range(2500), items, strict=False)) == 2500
        assert stream.given < 4


class Endless(io.RawIOBase):
    """A stream that does not end."""

    def __init__(self, begin: str, record: str) -> None:
        self._begin = begin
        self._record = record
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        self.given += 1
        begin, self._begin = self._begin, ""
        return (begin + self._record * 3000).encode()


# --- a list in each line


def test_each_line_may_be_a_list(read: Read) -> None:
    """As an event stream writes them: one list a line, with blanks and tabs anywhere."""
    lines = [
        '[ {"item":\t"tea" ,  "price": "1.2",\t "shop":{ "address"\t:{"city": "Leeds"} } } ]',
        "",
        '\t[{"item":"milk","price":"0.95"},{"item":"ale","price":"3"}] ',
        "[]",
        '{"item": "jam", "price": "2"}',
    ]
    for end in ("\n", "\r\n"):
        found = read(end.join(lines))
        assert found.column("item") == ["tea", "milk", "ale", "jam"]
        assert found.rows[0]["city"] == "Leeds"
        assert found.rows[0]["record"] == (
            '{"item":"tea","price":"1.2","shop":{"address":{"city":"Leeds"}}}'
        )
        # The line, or the next number that is free.
        assert (found.numbers, found.flaws, found.remarks) == ([1, 3, 4, 5], [], [])
    assert read("\n".join(f"[{json.dumps(TEA)}]" for _ in range(9))).numbers == [*range(1, 10)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_broken_list_among_the_lines(read: Read, place: int) -> None:
    lines = [f"[{json.dumps(TEA)}]", f"[{json.dumps(MILK)}]"]
    lines.insert(place, '[{"item": "ale", "price": 3,,}]')
    found = read("\n".join(lines))
    assert found.column("item") == ["tea", "milk"]
    assert [(flaw.number, flaw.text) for flaw in found.flaws] == [(place + 1, lines[place])]
    twice = '[{"item": "ale", "item": "jam", "price": 3}]'
    (flaw,) = read("\n".join([lines[0], lines[1], lines[2], twice]).replace(",,", ",")).flaws[-1:]
    assert (flaw.number, flaw.text) == (4, twice)


def test_lists_in_lines_do_not_depend_on_the_size_of_the_parts(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"[ {json.dumps({'item': f'é{n}', 'price': n})} ]\r\n\n" for n in range(20))
    expected = vars(read(text))
    assert len(expected["rows"]) == 20
    for block in (1, 2, 3, 7, 31):
        monkeypatch.setattr(json_text, "BLOCK", block)
        assert vars(read(text)) == expected


# --- an object whose entries are the rows

RATES = """\
feeds:
  shop_rates:
    source: shop
    table: shop_rates
    description: Rates of currencies.
    files: "shop/*"
    layout:
      records: quotes
      entries: "(?:(?P<base>[a-z]{3})_)?(?P<currency>[a-z]{3})"
    columns:
      - {name: base}
      - {name: currency}
      - {name: rate, aliases: [value]}
      - {name: stated_at, required: false}
"""


@pytest.fixture
def rates(feed_file: Callable[[str], FeedContract]) -> Callable[..., Found]:
    def read(content: Any, before: str = "", after: str = "") -> Found:
        feed = feed_file(RATES.replace(before, after)).feeds["shop_rates"]
        text = content if isinstance(content, str) else json.dumps(content)
        return Found(feed, text.encode())

    return read


def triples(found: Found) -> list[tuple[str, ...]]:
    return [(row["base"], row["currency"], row["rate"]) for row in found.rows]


def test_each_entry_of_a_map_is_a_row(rates: Callable[..., Found]) -> None:
    text = '{"result": "ok", "base": "USD", "stated_at": "2021-05-19", "quotes": {%s}}'
    quotes = '"USD": 1, "CAD": 1.250, "inr": 80, "EUR": null, "GBP": 7.000000000000000000001E-1'
    found = rates(text % quotes)
    assert triples(found) == [
        ("USD", "USD", "1"),
        ("USD", "CAD", "1.250"),
        ("USD", "inr", "80"),
        ("USD", "EUR", ""),
        ("USD", "GBP", "7.000000000000000000001E-1"),
    ]
    assert found.column("stated_at") == ["2021-05-19"] * 5
    assert json.loads(found.rows[1]["record"]) == {
        "result": "ok", "base": "USD", "stated_at": "2021-05-19", "currency": "CAD", "value": 1.25,
    }  # fmt: skip
    assert (found.numbers, found.flaws) == ([1, 2, 3, 4, 5], [])


def test_a_map_may_be_the_document_or_a_line_or_in_a_list(rates: Callable[..., Found]) -> None:
    expected = [("USD", "CAD", "1.25"), ("USD", "EUR", "0.8")]
    one, two = '{"USD_CAD": 1.25}', '{"USD_EUR": 0.8}'
    for text in (
        '{"USD_CAD": 1.25, "USD_EUR": 0.8}',
        json.dumps({"USD_CAD": 1.25, "USD_EUR": 0.8}, indent=1),
        f"{one}\n{two}\n",
        f"[{one}, {two}]",
        f"[{one}]\n[{two}]\n",
        f'{one}\n{{"base": "USD", "quotes": {{"EUR": 0.8}}}}',
    ):
        found = rates(text)
        assert (triples(found), found.flaws) == (expected, []), text
        assert found.numbers == [1, 2]
    # What has another name is of every row.
    found = rates({"stated_at": "2021-05-19", "USD_CAD": 1.25})
    assert (triples(found), found.column("stated_at")) == (expected[:1], ["2021-05-19"])


def test_a_map_with_objects_as_values(rates: Callable[..., Found]) -> None:
    found = rates(
        {"quotes": {"USD_CAD": {"val": 1.25, "to": "CAD"}}},
        "{name: rate, aliases: [value]}",
        "{name: rate, path: value.val}",
    )
    assert triples(found) == [("USD", "CAD", "1.25")]
    found = rates(
        {"data": {"of": "USD", "all": [{"old": 1}, {"USD_CAD": 1.25}]}},
        "records: quotes",
        "records: data.all.1",
    )
    assert json.loads(found.rows[0]["record"]) == {
        "data": {"of": "USD", "all": [{"old": 1}]},
        "base": "USD", "currency": "CAD", "value": 1.25,
    }  # fmt: skip


def test_what_is_wrong_in_a_map(rates: Callable[..., Found]) -> None:
    found = rates({"base": "USD", "quotes": {"CAD": 1.25, "BITCOIN": 3, CARD: 4}})
    assert triples(found) == [("USD", "CAD", "1.25")]
    assert [(flaw.number, flaw.text) for flaw in found.flaws] == [
        (2, '{"BITCOIN":3}'),
        (3, f'{{"{CARD}":4}}'),
    ]
    assert found.flaws[0].reason == "the name 'BITCOIN' does not have the form of layout.entries"
    assert CARD not in found.flaws[1].reason
    for document, reason in (
        (
            '{"result": "error", "error-type": "quota-reached"}',
            "no name in it has the form of layout.entries of feed shop_rates; the names are:"
            " result, error-type",
        ),
        ("{}", "no name in it has the form of layout.entries of feed shop_rates"),
        ('{"base": "USD", "quotes": [1, 2]}', "quotes is a list, not an object"),
        ('{"base": "USD", "quotes": {"CAD": 1, "CAD": 2}}', "the key 'CAD' occurs twice"),
        ('{"base": "USD", "base": "EUR", "quotes": {"CAD": 1}}', "the key 'base' occurs twice"),
        ('{"USD_CAD": 1, "USD_CAD": 2}', "the key 'USD_CAD' occurs twice"),
    ):
        found = rates(document)
        assert found.rows == []
        (flaw,) = found.flaws
        assert flaw.reason.startswith(reason)
        assert flaw.text in ("", json.dumps(json.loads(document), separators=(",", ":")))
        assert flaw.text or "twice" in reason
    with pytest.raises(UnusableFileError, match="no record has the key of the column base"):
        rates({"quotes": {"CAD": 1.25}})


# --- without the whole record


def test_the_whole_record_may_be_left_out(read: Read) -> None:
    layout = "{whole_record: false}"
    found = read([{**TEA, "note": "x"}, MILK], layout=layout)
    assert found.names == NAMES[:-1]
    assert found.column("item") == ["tea", "milk"]
    found = read([{**TEA, "payment": {"number": CARD}}], layout=layout, extra=PROTECTED)
    assert (found.names[-1], found.column("card")) == ("card", [CARD])
