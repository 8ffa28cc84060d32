"""Files of other formats than CSV: recognised by content, extracted once, read in any package."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from ingest_helpers import Inbox
from reportlab.lib.pagesizes import A4
from reportlab.platypus import SimpleDocTemplate, Table

from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.file_errors import UnusableFileError
from ingest.converting import Task, convert
from ingest.formats import extraction
from ingest.formats.extracted import SIGNATURE, Item, Row, as_text
from ingest.formats.reading import FileReader
from ingest.origins.inbox import InboxFile, list_inbox
from ingest.parallel.prefetching import read_content

FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/*"
    columns:
      - {name: item}
      - {name: price}
"""
NAMES = ["item", "price"]
CSV = b"item,price\ntea,1.20\n"
JSON = b'[{"item": "tea", "price": 1.20}]\n'
PDF = b"%PDF-1.7\ntea 1.20\n"
PARQUET = b"PAR1\x15\x04\x15tea 1.20PAR1"

Open = Callable[..., InboxFile]


def workbook(*members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in members or ("docProps/app.xml", "[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "tea 1.20")
    return made.getvalue()


def opendocument(kind: str = "spreadsheet") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "tea 1.20")
    return made.getvalue()


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return made.getvalue()


def listed(inbox: Inbox, feeds: FeedContract) -> list[InboxFile]:
    """The files of the feed."""
    (feed,) = feeds
    listing = list_inbox(str(inbox.folder), feeds, [feed])
    return [listing.file(feed, entry) for entry in listing.claimed[feed.name]]


@pytest.fixture
def feeds(feed_file: Callable[[str], FeedContract]) -> FeedContract:
    return feed_file(FEED)


@pytest.fixture
def put(inbox: Inbox, feeds: FeedContract) -> Open:
    def put(name: str, content: bytes) -> InboxFile:
        inbox.drop(f"shop/{name}", content)
        return next(file for file in listed(inbox, feeds) if file.path == f"shop/{name}")

    return put


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Readers in place of the real ones: each gives one row, and notes that it was called."""
    called: list[str] = []

    def reader(kind: str) -> Callable[[BinaryIO, Feed], Iterator[Item]]:
        def read(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
            assert feed.name == "shop_sales"
            called.append(kind)
            content = stream.read()
            assert stream.seek(0) == 0
            assert stream.read(4) == content[:4]
            yield Row(1, NAMES)
            yield Row(2, [kind, str(len(content))])

        return read

    for module, function in (
        ("workbooks", "read_workbook"),
        ("parquet", "read_parquet"),
        ("pdf_tables", "read_pdf"),
    ):
        made: Any = ModuleType(module)
        setattr(made, function, reader(module))
        monkeypatch.setitem(sys.modules, f"ingest.formats.{module}", made)
    return called


def content(file: InboxFile) -> bytes:
    with file.open() as stream:
        return stream.read()


def as_rows(kind: str, size: int) -> bytes:
    return b"".join(as_text([Row(1, NAMES), Row(2, [kind, str(size)])]))


KINDS = {
    "xlsx": (workbook(), "workbooks"),
    "xlsx of another writer": (workbook("xl/workbook2.xml", "[Content_Types].xml"), "workbooks"),
    "xlsb": (workbook("[Content_Types].xml", "xl/workbook.bin"), "workbooks"),
    "ods": (opendocument(), "workbooks"),
    "a workbook with a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "workbooks"),
    "parquet": (PARQUET, "parquet"),
    "encrypted parquet": (PARQUET.replace(b"PAR1", b"PARE"), "parquet"),
    "pdf": (PDF, "pdf_tables"),
    "pdf below a blank line": (b"\n" + PDF, "pdf_tables"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_is_recognised_by_its_content(put: Open, readings: list[str], kind: str) -> None:
    made, reader = KINDS[kind]
    expected = as_rows(reader, len(made))
    for place, name in enumerate(("a.csv", "b", "c.xlsx", "d.pdf", "e.JSON")):
        assert content(put(name, made)) == expected
        assert readings == [reader] * (place + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_inside_an_archive(put: Open, readings: list[str], kind: str) -> None:
    made, reader = KINDS[kind]
    expected = as_rows(reader, len(made))
    assert content(put("a.csv.gz", gzip.compress(made))) == expected
    assert content(put("b.pdf.gz", gzip.compress(made))) == expected
    assert content(put("c.zip", zipped(c_csv=made))) == expected
    assert content(put("d.xlsx.zip", zipped(d_xlsx=made))) == expected
    assert content(put("e.zip", zipped(e_pdf=made))) == expected
    assert content(put("f.zip", zipped(f_parquet=made, readme_md=b"x"))) == expected
    # Names that do not say it.
    assert content(put("g.csv", gzip.compress(made))) == expected
    assert content(put("h", zipped(h_pdf=made, readme_md=b"x"))) == expected
    assert content(put("i.gz", zipped(i_csv=made))) == expected


def test_a_workbook_is_a_zip_itself(put: Open, readings: list[str]) -> None:
    made = workbook()
    assert content(put("a.zip", made)) == as_rows("workbooks", len(made))
    made = opendocument()
    assert content(put("b.csv.zip", made)) == as_rows("workbooks", len(made))
    assert content(put("c.zip", zipped(c_csv=CSV))) == CSV
    assert content(put("d.csv.gz", gzip.compress(CSV))) == CSV


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        b"\xef\xbb\xbf\n " + JSON,
        JSON.decode().encode("utf-16"),
        JSON.decode().encode("utf-16-be"),
        b'{"item": "tea", "price": 1.20}\n{"item": "milk", "price": 0.95}',
        b'{"records": [{"item": "tea", "price": 1.20}]}',
        b'[\r\n\t{\r\n  "item": "tea"}]',
        b"[]",
        b"{ }",
        b'["tea", "milk"]',
        b"[1, 2, 3]",
        b"\n [null]\n",
        b'[null, {"item": "tea", "price": 1.20}]',
        b"[-1.5e3,\n" + b"2,\n" * 5000 + b"3]",
        b"[true, [1, 2",
        b"[NaN]",
    ],
)
def test_json_is_recognised(text: bytes) -> None:
    kind = extraction.recognise(text)
    assert kind is not None
    assert kind.function == "read_json"


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        b"",
        b"[Sales],of August\n",
        b"[1],2\n",
        b"[1, tea\n2, milk\n",
        b"[2024-01-05],tea\n",
        b"[null];1\n[null];2\n",
        b"[nullable]\n",
        b"[007]\n",
        b"{3F2504E0-4F89-11D3-9A0C-0305E82C3301},tea\n",
        b'"{""a"": 1}",tea\n',
        b"{item},{price}\n",
        b"\xef\xbb\xbfitem,price\n",
        b"{\\rtf1 a}",
        b"item;%PDF-\n",
        "[Büro],1\n".encode("utf-16"),
        b"PK-Nummer;Preis\n",
        b"PARIS,1\n",
        b"PAR1,PAR2\n1,2\n",
        b"PARENT;CHILD\n",
    ],
)
def test_text_that_only_resembles_a_format_is_a_csv(text: bytes) -> None:
    assert extraction.recognise(text) is None


def test_a_csv_is_passed_on_unchanged(put: Open) -> None:
    for place, text in enumerate((CSV, b"", b"x", b"[", b" " * 300_000 + CSV, CSV * 50_000)):
        assert content(put(f"{place}.csv", text)) == text


def test_a_stream_that_gives_little_at_a_time_is_recognised(
    put: Open, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dribble(io.RawIOBase):
        def __init__(self, text: bytes) -> None:
            self._left = text

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            size = min(3, len(buffer), len(self._left))
            buffer[:size], self._left = self._left[:size], self._left[size:]
            return size

    for name, made in (("a.csv", PDF), ("b.csv", CSV)):
        file = put(name, made)
        monkeypatch.setattr(file.origin, "open", lambda _, made=made: Dribble(made))
        assert content(file) == (CSV if made is CSV else as_rows("pdf_tables", len(PDF)))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (gzip.compress(gzip.compress(CSV)), "a gzip archive, not a table; unpack it"),
        (b"BZh91AY&SY" + bytes(99), "a bzip2 archive, not a table; unpack it"),
        (workbook("[Content_Types].xml", "word/document.xml"), "not a whole workbook"),
        (workbook()[:-40], "not a whole workbook"),
        (opendocument("text"), "not a whole workbook"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture, not a table"),
    ],
    # Not by their bytes: an archive has the time at which each process of the tests made it.
    ids=["gzip twice", "bzip2", "document", "half a workbook", "text", "picture"],
)
def test_other_files_stay_refused(
    put: Open, feeds: FeedContract, readings: list[str], made: bytes, reason: str
) -> None:
    read = content(put("a.csv", made))
    task = Task(feeds.feeds["shop_sales"], (b"k" * 32,), 1, "load-1")
    assert reason in (convert(read, task).facts.refused or "")
    assert readings == []


def test_a_file_that_pretends_to_be_extracted_is_refused(put: Open) -> None:
    with pytest.raises(UnusableFileError, match="begins with the mark"):
        content(put("a.csv", SIGNATURE + b'[1,["item","price"]]\n'))


def test_why_a_format_cannot_be_read(
    put: Open, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
        yield Row(1, NAMES)
        raise UnusableFileError("no password for\t4111111111111111")

    monkeypatch.setattr(sys.modules["ingest.formats.pdf_tables"], "read_pdf", broken)
    file = put("a.csv", PDF)
    made = read_content(file)
    assert made.unusable == "no password for\N{REPLACEMENT CHARACTER}****1111"
    assert made.size == len(PDF)
    assert made.sha256 == file.stored_hash()


def test_a_file_of_another_format_may_stand_for_a_csv_of_its_name(
    inbox: Inbox, feed_file: Callable[[str], FeedContract]
) -> None:
    feeds = feed_file(
        FEED.replace("shop/*", "shop/*.csv").replace(
            "    columns:", "    file_name: '(?P<branch>[a-z]+)\\.csv'\n    columns:"
        )
    )
    names = ["a.csv", "b.xlsx", "c.ODS", "d.xlsx.zip", "e.parquet", "f.zip"]
    names += ["g.json", "h.JSONL", "i.ndjson.gz"]
    others = ["j.pdf", "k.txt", "l", "m.docx", "n.tsv.gz"]
    for name in (*names, *others):
        inbox.drop(f"shop/{name}", CSV)
    listing = list_inbox(str(inbox.folder), feeds, list(feeds))
    (feed,) = feeds
    found = {file.path: file.name for file in listed(inbox, feeds)}
    assert found == {f"shop/{name}": f"shop/{name[0]}.csv" for name in names}
    assert {feed.identify(name).branch for name in found.values()} == set("abcdefghi")
    # The documents of people stay where they are, unless the feed asks for them.
    assert listing.unclaimed == [f"shop/{name}" for name in others]
    # Of tables, the load says what would have them read.
    assert listing.misnamed == {"shop/*.csv": ["shop/j.pdf", "shop/k.txt", "shop/n.tsv.gz"]}


def test_a_feed_of_workbooks_keeps_their_names(
    inbox: Inbox, feed_file: Callable[[str], FeedContract]
) -> None:
    feeds = feed_file(FEED.replace("shop/*", "shop/*.xlsx"))
    for name in ("a.xlsx", "b.csv"):
        inbox.drop(f"shop/{name}", CSV)
    assert [file.name for file in listed(inbox, feeds)] == ["shop/a.xlsx"]
    listing = list_inbox(str(inbox.folder), feeds, list(feeds))
    assert listing.misnamed == {"shop/*.xlsx": ["shop/b.csv"]}


def test_each_format_gives_the_same_rows(put: Open, feeds: FeedContract) -> None:
    """With the real readers."""
    rows = [NAMES, ["tea", "1.2"], ["milk", "0.95"]]
    book = openpyxl.Workbook()
    for row in ([], ["Prices of August"], *rows[:1], ["tea", 1.2], ["milk", 0.95]):
        book.active.append(row)
    saved, parquet, printed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    book.save(saved)
    table = pyarrow.table({"item": ["tea", "milk"], "price": ["1.2", "0.95"]})
    pyarrow.parquet.write_table(table, parquet)
    document = SimpleDocTemplate(printed, pagesize=A4)
    document.build([Table(rows)])
    records = [dict(zip(NAMES, row, strict=True)) for row in rows[1:]]
    made = {
        "a.csv": "".join(f"{','.join(row)}\n" for row in rows).encode(),
        "b.xlsx": saved.getvalue(),
        "c.zip": zipped(c_xlsx=saved.getvalue()),
        "d.parquet": parquet.getvalue(),
        "e.pdf": printed.getvalue(),
        "f.json": json.dumps(records).encode(),
    }
    for name, text in made.items():
        reader = FileReader(feeds.feeds["shop_sales"], io.BytesIO(content(put(name, text))))
        assert reader.refused is None, name
        assert [row[:2] for batch in reader for row in batch.rows] == [
            ("tea", "1.2"),
            ("milk", "0.95"),
        ], name
        assert reader.too_bad() is None


def test_a_library_that_is_not_installed(put: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ingest.formats.pdf_tables", None)
    with pytest.raises(UnusableFileError, match="this is a PDF document, which cannot be read"):
        content(put("a.csv", PDF))


def test_a_large_text_is_extracted_once(
    put: Open,
    inbox: Inbox,
    feeds: FeedContract,
    readings: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loader opens a large file twice: to hash it, and to convert it."""
    monkeypatch.setattr(extraction, "IN_MEMORY", 20)
    put("a.csv", PDF)
    put("b.csv", PDF + b"x")
    first, second = listed(inbox, feeds)
    expected = as_rows("pdf_tables", len(PDF))
    assert content(first) == expected
    assert content(first) == expected
    assert len(readings) == 1
    # Only the last one is kept, of the content as it was, and only for one more reading.
    assert content(first) == expected
    assert content(second) == as_rows("pdf_tables", len(PDF) + 1)
    assert content(first) == expected
    assert len(readings) == 4
    again = put("a.csv", PDF + b"changed")
    assert content(again) == as_rows("pdf_tables", len(PDF) + 7)


def test_a_copy_can_be_read_in_any_order(
    put: Open, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
        assert stream.readable()
        assert stream.seekable()
        assert stream.seek(-3, io.SEEK_END) == len(PDF) - 3
        assert stream.tell() == len(PDF) - 3
        yield Row(1, [stream.read().decode(), str(stream.seek(5)), stream.read(3).decode()])

    monkeypatch.setattr(sys.modules["ingest.formats.pdf_tables"], "read_pdf", read)
    expected = b"".join(as_text([Row(1, ["20\n", "5", "1.7"])]))
    assert content(put("a.pdf", PDF)) == expected
    assert content(put("a.csv.gz", gzip.compress(PDF))) == expected


def test_a_small_text_is_not_kept(put: Open, readings: list[str]) -> None:
    file = put("a.csv", PDF)
    assert content(file) == content(file)
    assert len(readings) == 2


def test_no_temporary_file_can_be_written(
    put: Open, readings: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ingest.contract.file_errors import UnreadableFileError

    monkeypatch.setattr(extraction, "IN_MEMORY", 20)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UnreadableFileError, match="cannot be buffered in the folder for temp"):
        content(put("a.csv", PDF))
