"""Tables of PDF documents, read by where their words stand."""

from __future__ import annotations

import io
import random
import re
import resource
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table
from throwaway import real_files

from ingest.cards import read_damaged_card
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats import pdf_streams, pdf_text
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.pdf_tables import read_pdf

NAMES = ("parcel_number", "due_date", "carrier_name", "paid_on")
FEED = Feed.model_validate(
    {
        "source": "depot",
        "table": "depot_parcels",
        "description": "Parcels.",
        "files": "depot/*",
        "columns": [{"name": name} for name in NAMES],
    }
)
RIGHTS = (180.0, 260.0, 390.0, 520.0)
"""Where right-aligned columns end."""


def parcel(number: int) -> list[str]:
    """A row: no two of them are equal, and the widths differ."""
    carriers = ("Post", "Hill and Dale Carriers", "North 16 west", "Rail / Road Union")
    return [
        str(9_876_543_210_987_654 - 7_919 * 10**8 * number)[: 9 + number % 8],
        f"{number % 12 + 1:02}/26",
        carriers[number % 4],
        f"20{number % 20 + 10}-0{number % 9 + 1}-1{number % 10}",
    ]


def parcels(count: int, first: int = 0) -> list[list[str]]:
    return [parcel(number) for number in range(first, first + count)]


Draw = Callable[[Canvas], None]


def document(*pages: Draw, **settings: object) -> bytes:
    """A document with one page per function that draws it."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, **settings)
    for draw in pages:
        canvas.setFont("Helvetica", 9)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def table(
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str] | None = NAMES,
    rights: Sequence[float] = RIGHTS,
    align: str = "right",
    top: float = 780,
    pitch: float = 13,
) -> Draw:
    """A table drawn cell by cell; an empty cell is not drawn."""

    def draw(canvas: Canvas) -> None:
        put = {
            "right": canvas.drawRightString,
            "left": canvas.drawString,
            "centre": canvas.drawCentredString,
        }[align]
        for number, row in enumerate([*([header] if header else []), *rows]):
            for right, text in zip(rights, row, strict=True):
                if text:
                    put(right, top - pitch * number, text)

    return draw


def together(*draws: Draw) -> Draw:
    def draw(canvas: Canvas) -> None:
        for one in draws:
            one(canvas)

    return draw


def said(x: float, y: float, text: str) -> Draw:
    return lambda canvas: canvas.drawString(x, y, text)


def flowing(
    rows: Sequence[Sequence[object]], *style: tuple[object, ...], **settings: object
) -> bytes:
    """A table as a report program lays it out."""
    written = io.BytesIO()
    SimpleDocTemplate(written, pagesize=A4).build(
        [Table([list(row) for row in rows], style=list(style), **settings)]
    )
    return written.getvalue()


def items_of(content: bytes, feed: Feed = FEED) -> list[Item]:
    return list(read_pdf(io.BytesIO(content), feed))


def cells_of(content: bytes, feed: Feed = FEED) -> list[list[str]]:
    """The rows of a document in which nothing else is, without its headers."""
    items = items_of(content, feed)
    assert not [item for item in items if isinstance(item, Flaw)]
    assert [item.number for item in items if isinstance(item, Row)] == list(
        range(1, sum(isinstance(item, Row) for item in items) + 1)
    )
    return body(items)


def body(items: Sequence[Item]) -> list[list[str]]:
    rows = [item.cells for item in items if isinstance(item, Row)]
    return [row for row in rows if set(row).isdisjoint(NAMES)]


def flaws(items: Sequence[Item]) -> list[Flaw]:
    return [item for item in items if isinstance(item, Flaw)]


def remarks(items: Sequence[Item]) -> str:
    return "; ".join(item.text for item in items if isinstance(item, Remark))


@pytest.mark.parametrize("align", ["left", "right", "centre"])
def test_one_table_goes_over_all_pages(align: str) -> None:
    places = (60, 170, 250, 430) if align == "left" else RIGHTS
    places = (80, 180, 300, 450) if align == "centre" else places
    content = document(
        *(table(parcels(50, first), align=align, rights=places) for first in (0, 50, 100))
    )
    items = items_of(content)
    assert body(items) == parcels(150)
    headers = [item.number for item in items if isinstance(item, Row) and item.cells == [*NAMES]]
    assert headers == [1, 52, 103]
    assert len(items) == 153


def test_names_and_cells_may_be_aligned_differently() -> None:
    rows = parcels(6)
    draw = together(
        table([], rights=(60, 170, 240, 400), align="left"),
        table(rows, header=None, rights=(155, 225, 385, 500), top=760),
    )
    assert cells_of(document(draw)) == rows


def test_columns_that_nearly_touch_are_kept_apart() -> None:
    rows = [["300607732961", "09/26", "Hill and Dale", "2015-11-25"], *parcels(9)]
    draw = table(
        rows, rights=(160, 187, 290, 345), header=("parcel number", "due", "carrier", "paid")
    )
    feed = Feed.model_validate(
        {
            **FEED.model_dump(exclude_none=True),
            "columns": [
                {"name": name, "aliases": [alias]}
                for name, alias in zip(
                    NAMES, ("parcel number", "due", "carrier", "paid"), strict=True
                )
            ],
        }
    )
    items = items_of(document(draw), feed)
    assert [item.cells for item in items if isinstance(item, Row)][1:] == rows


def test_a_header_whose_names_are_a_blank_apart() -> None:
    rows = parcels(5)
    rows = [[row[0][:9], *row[1:]] for row in rows]
    draw = together(
        said(60, 780, "parcel number due date carrier name paid on"),
        table(rows, header=None, rights=(60, 117, 155, 262), align="left", top=767),
    )
    items = items_of(document(draw))
    assert [item.cells for item in items if isinstance(item, Row)][1:] == rows


def test_fixed_width_text_with_blanks_between_columns() -> None:
    rows = parcels(8)

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Courier", 9)
        for number, row in enumerate([NAMES, *rows]):
            line = f"{row[0]:<18}{row[1]:>8}  {row[2]:<24}{row[3]:>12}"
            canvas.drawString(50, 780 - 11 * number, line)

    assert cells_of(document(draw)) == rows


def test_an_empty_cell_in_mid_row_stays_empty() -> None:
    rows = parcels(8)
    rows[2][1] = rows[4][2] = rows[5][0] = rows[7][3] = ""
    rows[6][1] = rows[6][2] = ""
    assert cells_of(document(table(rows))) == rows


def test_baselines_that_differ_a_little_are_one_row_and_close_rows_are_two() -> None:
    rows = parcels(30)

    def draw(canvas: Canvas) -> None:
        for number, row in enumerate([NAMES, *rows]):
            for place, (right, text) in enumerate(zip(RIGHTS, row, strict=True)):
                # 0.5 is where rounding would tear a row apart.
                canvas.drawRightString(right, 780.5 - 6.3 * number + 0.7 * (place % 2), text)

    assert cells_of(document(draw)) == rows


@pytest.mark.parametrize("aligned", ["TOP", "MIDDLE", "BOTTOM"])
@pytest.mark.parametrize("grid", [True, False])
def test_cells_that_wrap_are_one_row(aligned: str, grid: bool) -> None:
    rows = parcels(12)
    wrapped = [list(row) for row in rows]
    wrapped[3][2], rows[3][2] = "Hill and\nDale", "Hill and Dale"
    wrapped[4][2], rows[4][2] = "Rail\nRoad\nUnion", "Rail Road Union"
    wrapped[6][3], rows[6][3] = "2019-\n01-12", "2019-01-12"
    wrapped[9][1], rows[9][1] = "", ""
    style = [("VALIGN", (0, 0), (-1, -1), aligned)]
    style += [("GRID", (0, 0), (-1, -1), 0.5, "black")] if grid else []  # type: ignore[list-item]
    items = items_of(flowing([NAMES, *wrapped], *style))
    assert body(items) == rows
    assert not flaws(items)
    assert remarks(items) == (
        "3 rows have cells of several lines, which were joined; the first is on page 1"
    )


def test_every_row_may_wrap() -> None:
    rows = [[row[0], row[1], f"{row[2]}\nand sons", row[3]] for row in parcels(6)]
    joined = [[cell.replace("\n", " ") for cell in row] for row in rows]
    assert body(items_of(flowing([NAMES, *rows], ("VALIGN", (0, 0), (-1, -1), "TOP")))) == joined


def test_a_word_that_had_no_room_continues_a_row_of_a_dense_table() -> None:
    rows = parcels(6)
    dense = [*rows[:3], ["", "", "and Company", ""], *rows[3:]]
    dense[2][2] = "Hill and Dale Carriers"
    expected = [list(row) for row in rows]
    expected[2][2] = "Hill and Dale Carriers and Company"
    places = (60, 170, 250, 430)
    content = document(table(dense, align="left", rights=places, pitch=11))
    assert body(items_of(content)) == expected


def test_a_header_of_two_lines() -> None:
    rows = parcels(5)
    wrapped = ["parcel\nnumber", "due\ndate", "carrier_name", "paid_\non"]
    items = items_of(flowing([wrapped, *rows]))
    assert [item.cells for item in items if isinstance(item, Row)] == [
        ["parcel number", "due date", "carrier_name", "paid_on"],
        *rows,
    ]


def test_a_page_without_a_header_and_pages_whose_columns_stand_elsewhere() -> None:
    rows = parcels(50)
    order = (2, 0, 3, 1)
    turned = [[row[place] for place in order] for row in rows[20:30]]
    content = document(
        table(rows[:10]),
        table(rows[10:20], header=None),
        table(turned, header=[NAMES[place] for place in order], rights=(170, 280, 400, 480)),
        # As on the first page, which the third one's header does not describe.
        table(rows[30:40], header=None),
        # Everything a little further left, as a page of another printer.
        table(rows[40:50], header=None, rights=[right - 24 for right in RIGHTS]),
    )
    items = items_of(content)
    found = [item.cells for item in items if isinstance(item, Row)]
    assert not flaws(items)
    assert found == [
        [*NAMES],
        *rows[:20],
        [NAMES[place] for place in order],
        *turned,
        [*NAMES],
        *rows[30:50],
    ]


def test_a_page_without_a_header_may_lack_a_whole_column() -> None:
    rows = parcels(20)
    for row in rows[10:]:
        row[1] = ""
    content = document(table(rows[:10]), table(rows[10:], header=None))
    assert cells_of(content) == rows


def test_a_page_whose_columns_cannot_be_matched_is_reported() -> None:
    rows = parcels(10)
    elsewhere = [[row[0], row[1], row[2]] for row in parcels(4, 10)]
    content = document(
        table(rows), table(elsewhere, header=None, rights=(140, 330, 470)), table(parcels(5, 14))
    )
    items = items_of(content)
    assert body(items) == [*rows, *parcels(5, 14)]
    (flaw,) = flaws(items)
    assert flaw.reason.startswith("page 2 has no header, and its columns are not where")
    assert elsewhere[3][0] in flaw.text


def test_a_column_without_a_name_is_kept() -> None:
    rows = [[str(number), *row] for number, row in enumerate(parcels(8))]
    draw = table(rows, header=["", *NAMES], rights=(60, *RIGHTS))
    items = items_of(document(draw))
    assert [item.cells for item in items if isinstance(item, Row)] == [["", *NAMES], *rows]


def test_titles_footers_and_page_numbers_are_not_rows() -> None:
    def page(number: int, rows: list[list[str]]) -> Draw:
        return together(
            said(200, 815, "Parcels of the month"),
            table(rows),
            said(60, 40, "Depot Ltd, confidential"),
            said(290, 20, f"Page {number} of 3"),
        )

    content = document(page(1, parcels(40)), page(2, parcels(40, 40)), page(3, parcels(3, 80)))
    items = items_of(content)
    assert body(items) == parcels(83)
    assert not flaws(items)
    assert remarks(items) == (
        "texts outside the table are not loaded: 'Parcels of the month' (3 pages),"
        " 'Depot Ltd, confidential' (3 pages), 'Page 1 of 3' (3 pages)"
    )


def test_a_footer_close_below_the_table_and_a_lone_page_number() -> None:
    pages = [
        together(table(parcels(5, 5 * place)), said(300, 780 - 13 * 6, str(place + 1)))
        for place in range(2)
    ]
    items = items_of(document(*pages))
    assert body(items) == parcels(10)
    assert not flaws(items)


def test_a_text_that_occurs_once_below_the_table_is_reported() -> None:
    content = document(
        table(parcels(9)),
        together(table(parcels(9, 9)), said(60, 60, "Total of 18 parcels, sent by 4")),
    )
    items = items_of(content)
    assert body(items) == parcels(18)
    assert flaws(items) == [
        Flaw(21, "page 2 has a text outside the table", "Total of 18 parcels, sent by 4")
    ]


def test_a_line_across_the_columns_is_reported() -> None:
    note = (
        "the following parcels are late because of the storm in the north of the country, see list"
    )
    draw = together(
        table(parcels(5)),
        said(60, 780 - 13 * 6, note),
        table(parcels(5, 5), header=None, top=780 - 13 * 7),
    )
    items = items_of(document(draw))
    assert body(items) == parcels(10)
    (flaw,) = flaws(items)
    assert flaw == Flaw(7, "page 1 has a line that does not stand in the table's columns", note)


WORDS = ("Hill", "Dale", "North", "Rail", "Road", "Union", "Company", "Depot", "16", "digit")


@pytest.mark.parametrize(
    ("seed", "font", "size", "padding", "beside", "wraps", "aligned", "sparse"),
    [
        (101, "Times-Roman", 8, 3, 3, 0, "BOTTOM", 0.3),
        (117, "Courier", 8, 2, 2, 2, "TOP", 0.3),
        (120, "Times-Roman", 8, 2, 6, 3, "BOTTOM", 0.3),
        (153, "Helvetica", 6, 1, 3, 3, "MIDDLE", 0.3),
        (175, "Helvetica", 8, 1, 6, 3, "BOTTOM", 0.3),
        (179, "Courier", 6, 1, 2, 3, "MIDDLE", 0.1),
        (188, "Times-Roman", 8, 3, 2, 0, "TOP", 0.3),
    ],
)
def test_reports_of_many_shapes(
    seed: int,
    font: str,
    size: int,
    padding: int,
    beside: int,
    wraps: int,
    aligned: str,
    sparse: float,
) -> None:
    chance = random.Random(seed)
    styles = [
        ParagraphStyle("", fontName=font, fontSize=size, leading=1.2 * size, alignment=place)
        for place in chance.choices((0, 1, 2), k=4)
    ]
    rows = [list(row) for row in parcels(60)]
    for row in rows:
        row[2] = " ".join(chance.choices(WORDS, k=chance.randint(1, 8 if wraps == 2 else 3)))
        if wraps != 2 and chance.random() < 0.2:
            row[wraps] = " ".join(chance.choices(WORDS, k=7))
        for place in (1, 2, 3):
            row[place] = "" if chance.random() < sparse else row[place]
    data = [
        [Paragraph(text, styles[place]) if text else "" for place, text in enumerate(row)]
        for row in [NAMES, *rows]
    ]
    content = flowing(
        data,
        ("VALIGN", (0, 0), (-1, -1), aligned),
        ("TOPPADDING", (0, 0), (-1, -1), padding),
        ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ("LEFTPADDING", (0, 0), (-1, -1), beside),
        ("RIGHTPADDING", (0, 0), (-1, -1), beside),
        ("FONTSIZE", (0, 0), (-1, -1), size),
        colWidths=[wide * 0.62 * size + 2 * beside for wide in (20, 10, 24, 14)],
    )
    items = items_of(content)
    assert not flaws(items)
    assert body(items) == rows


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_pages_may_be_rotated(turn: int) -> None:
    def drawn_turned(canvas: Canvas) -> None:
        canvas.translate(*{90: (590, 0), 180: (590, 840), 270: (0, 840)}[turn])
        canvas.rotate(turn)
        table(parcels(20, 20), top=500)(canvas)

    def shown_turned(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        table(parcels(20, 40))(canvas)

    assert cells_of(document(table(parcels(20)), drawn_turned, shown_turned)) == parcels(60)


def test_a_watermark_is_not_part_of_a_row() -> None:
    def slanted(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(200, 500)
        canvas.rotate(35)
        canvas.drawString(0, 0, "DUPLICATE")
        canvas.restoreState()
        canvas.setFont("Helvetica", 40)
        canvas.drawString(100, 600, "COPY")

    content = document(*(together(table(parcels(30, 30 * page)), slanted) for page in range(2)))
    items = items_of(content)
    assert body(items) == parcels(60)
    assert "'DUPLICATE' (2 pages), 'COPY' (2 pages)" in remarks(items)


def test_a_table_on_some_pages_only() -> None:
    letter = together(
        *(
            said(60, 700 - 14 * line, f"Dear reader, this is line {line} of a letter.")
            for line in range(12)
        )
    )
    content = document(letter, table(parcels(10)), letter, table(parcels(10, 10)))
    items = items_of(content)
    assert body(items) == parcels(20)
    assert [flaw.reason for flaw in flaws(items)] == [
        "page 1 has no table of this feed",
        "page 3 has no table of this feed",
    ]
    assert "line 11 of a letter" in flaws(items)[0].text


def test_tables_side_by_side_are_reported_and_not_mixed() -> None:
    def side_by_side(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 5)
        for left, first in ((30, 10), (310, 20)):
            for number, row in enumerate([NAMES, *parcels(4, first)]):
                for place, text in enumerate(row):
                    canvas.drawString(left + 64 * place, 780 - 10 * number, text)

    items = items_of(document(table(parcels(10)), side_by_side))
    assert body(items) == parcels(10)
    assert len(flaws(items)) == 5
    assert flaws(items)[0].reason == (
        "page 2 has tables side by side: 'parcel_number' is the name of two columns; send each"
        " table as a document of its own"
    )
    assert all(parcel(10 + number)[0] in flaws(items)[number + 1].text for number in range(4))


def test_a_table_may_begin_again_on_a_page() -> None:
    order = (3, 2, 1, 0)
    turned = [[row[place] for place in order] for row in parcels(5, 5)]
    draw = together(
        said(60, 800, "Paid parcels"),
        table(parcels(5)),
        table(
            turned, header=[NAMES[place] for place in order], rights=(120, 260, 390, 520), top=600
        ),
    )
    items = items_of(document(draw))
    rows = [item.cells for item in items if isinstance(item, Row)]
    assert rows == [[*NAMES], *parcels(5), [NAMES[place] for place in order], *turned]


def test_ligatures_are_letters_and_other_characters_stay() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    rows = [["1", "01/26", "\ufb01ne \ufb02oor", "Åß€é"], ["2", "02/26", "a b", "½ \u2013 “x”"]]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Vera", 9)
        table(rows)(canvas)

    assert cells_of(document(draw)) == [
        ["1", "01/26", "fine floor", "Åß€é"],
        ["2", "02/26", "a b", "½ \u2013 “x”"],
    ]


def test_characters_without_a_meaning_are_not_guessed() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))

    def draw(canvas: Canvas) -> None:
        table(parcels(5))(canvas)
        canvas.setFont("Vera", 9)
        table([["7", "01/26", "XY", "Z"]], header=None, top=780 - 13 * 6)(canvas)

    content = document(draw, pageCompression=0).replace(b"/ToUnicode", b"/ToXnicode")
    items = items_of(content)
    assert body(items)[:5] == parcels(5)
    assert body(items)[5][2] in ("XY", "\ufffd\ufffd")


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_page_that_cannot_be_read_costs_only_itself(page: int) -> None:
    content = document(*(table(parcels(10, 10 * one)) for one in range(3)), pageCompression=0)
    objects = [one.start() for one in re.finditer(rb"/Type /Page\b", content)]
    assert len(objects) == 3
    at = objects[page]
    broken = content[:at] + content[at:].replace(b"/Page", b"/Pagx", 1)
    streams = list(re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL))
    inside = streams[page]
    garbage = b"\xff" * len(inside.group(1))
    garbled = content[: inside.start(1)] + garbage + content[inside.end(1) :]
    expected = [row for one in range(3) if one != page for row in parcels(10, 10 * one)]
    for content in (broken, garbled):
        items = items_of(content)
        if body(items) == parcels(30):
            continue  # PDFium reads past what is broken.
        assert body(items) == expected
        (flaw,) = flaws(items)
        assert flaw.reason.startswith(f"page {page + 1} ")


def test_documents_that_cannot_be_used_say_why() -> None:
    picture = document(lambda canvas: canvas.rect(50, 50, 400, 600, fill=1))
    good = document(table(parcels(30)))
    letter = document(said(60, 700, "Dear reader, see the list of 2 March."))
    reasons = {
        good[: len(good) // 2]: "is cut short",
        good[:-7]: "is cut short",
        b"%PDF-1.4\n"
        + b"x" * 2000
        + b"\n%%EOF\n": "is damaged, or has no pages, and cannot be opened",
        picture: "has no text on any page, as a scan has",
        letter: "no table with the columns of feed",
    }
    for content, reason in reasons.items():
        with pytest.raises(UnusableFileError, match=re.escape(reason)) as raised:
            items_of(content)
        assert "PDF document" in str(raised.value)


def test_a_header_without_rows_is_left_to_the_loader() -> None:
    assert items_of(document(table([]))) == [Row(1, [*NAMES])]


def test_a_document_of_nothing_but_tables_side_by_side_says_so() -> None:
    twice = table([[*row, *row] for row in parcels(3)], header=NAMES * 2, rights=range(70, 590, 65))
    small = together(lambda canvas: canvas.setFont("Helvetica", 5), twice)
    with pytest.raises(UnusableFileError, match="PDF document has tables side by side: 'parcel_n"):
        items_of(document(small))


def test_a_document_without_pages_says_so() -> None:
    content = document(table(parcels(3)), pageCompression=0).replace(b"/Count 1", b"/Count 0")
    content = re.sub(rb"/Kids \[ \d+ 0 R \]", b"/Kids [       ]", content)
    with pytest.raises(UnusableFileError, match="damaged, or has no pages, and cannot be opened"):
        items_of(content)


@pytest.mark.parametrize("encoding", [0, 1])
def test_a_page_that_is_damaged_in_part_is_reported(
    monkeypatch: pytest.MonkeyPatch, encoding: int
) -> None:
    monkeypatch.setattr("reportlab.rl_config.useA85", encoding)
    content = document(*(table(parcels(50, 50 * page)) for page in range(3)), pageCompression=1)
    streams = list(
        re.finditer(rb"FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", content, re.DOTALL)
    )
    assert len(streams) == 3
    middle = (streams[1].start(1) + streams[1].end(1)) // 2
    damaged = content[:middle] + b"!!!!!!!!" + content[middle + 8 :]
    items = items_of(damaged)
    assert len(body(items)) < 150
    assert [row for row in body(items) if row in parcels(50)] == parcels(50)
    assert [row for row in body(items) if row in parcels(50, 100)] == parcels(50, 100)
    reasons = [flaw.reason for flaw in flaws(items)]
    assert re.fullmatch(r"object \d+ of the document is damaged: rows of its page.*", reasons[-1])


def test_a_stream_without_its_end_is_damaged_and_one_without_its_checksum_is_not() -> None:
    packed = zlib.compress(b"0 0 Td " * 500)
    for stream, found in ((packed, []), (packed[:-4], []), (packed[:-9], [7])):
        content = b"7 0 obj\n<</Filter/FlateDecode>>\nstream\n" + stream + b"\nendstream\nendobj\n"
        assert pdf_streams.damaged_objects(content) == found


def test_a_document_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = document(table(parcels(50)), pageCompression=1)
    monkeypatch.setattr(pdf_streams, "MOST_UNPACKED", 1000)
    with pytest.raises(UnusableFileError, match="which no table needs"):
        items_of(content)
    monkeypatch.undo()
    monkeypatch.setattr(pdf_text, "MOST_BYTES", 1000)
    with pytest.raises(UnusableFileError, match="has more than 1,000 bytes; send it in parts"):
        items_of(content)


def test_a_password_is_needed_only_for_some_encrypted_documents() -> None:
    locked = StandardEncryption("open sesame", ownerPassword="owner", strength=128)
    with pytest.raises(UnusableFileError, match="is protected by a password; save it without one"):
        items_of(document(table(parcels(5)), encrypt=locked))
    only_owner = StandardEncryption("", ownerPassword="owner", canCopy=0, strength=128)
    assert cells_of(document(table(parcels(5)), encrypt=only_owner)) == parcels(5)


def test_limits_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    content = document(*(table(parcels(10, 10 * page)) for page in range(3)))
    monkeypatch.setattr(pdf_text, "MOST_PAGES", 2)
    with pytest.raises(UnusableFileError, match="has 3 pages, the limit is 2; send it in parts"):
        items_of(content)
    monkeypatch.undo()
    monkeypatch.setattr(pdf_text, "MOST_CHARACTERS", 600)
    content = document(table(parcels(10)), table(parcels(50, 10)), table(parcels(10, 60)))
    items = items_of(content)
    assert body(items) == [*parcels(10), *parcels(10, 60)]
    assert re.fullmatch(r"page 2 has [\d,]+ characters, the limit is 600", flaws(items)[0].reason)


def test_a_card_number_is_in_no_reason_and_no_remark() -> None:
    content = document(said(60, 700, "the card 4111111111111111 is in a letter"))
    with pytest.raises(UnusableFileError) as raised:
        items_of(content)
    assert "****1111" in str(raised.value)
    assert "411111" not in str(raised.value)
    title = said(60, 815, "Card 4111111111111111")
    assert "411111" not in remarks(items_of(document(together(title, table(parcels(5))))))


def test_a_long_document_is_read_in_little_memory() -> None:
    pages = 20
    content = document(*(table(parcels(55, 55 * page)) for page in range(pages)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [item.cells for item in read_pdf(io.BytesIO(content), FEED) if isinstance(item, Row)]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [row for row in found if row != [*NAMES]] == parcels(pages * 55)
    assert after - before < 30_000  # KiB; the rows that this test keeps are among them.


def test_threads_take_turns() -> None:
    content = document(*(table(parcels(55, 55 * page)) for page in range(4)))
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(cells_of, [content] * 3)) == [parcels(220)] * 3


def test_real_pages() -> None:
    content = (real_files() / "multinational/card_details_6_pages.pdf").read_bytes()
    columns = ("card_number", "expiry_date", "card_provider", "date_payment_confirmed")
    feed = Feed.model_validate(
        {
            **FEED.model_dump(exclude_none=True),
            "columns": [{"name": name} for name in columns],
        }
    )
    items = items_of(content, feed)
    rows = [item.cells for item in items if isinstance(item, Row) and item.cells != [*columns]]
    assert len(rows) == 330
    assert len(items) == 336
    assert all(re.fullmatch(r"\?{0,4}\d{9,19}", row[0]) for row in rows)
    assert sum(row[0].startswith("?") for row in rows) == 2
    assert all(re.fullmatch(r"\d\d/\d\d", row[1]) and row[2] and row[3] for row in rows)
    tokens = {read_damaged_card(row[0]) for row in rows}
    assert None not in tokens
    assert len(tokens) == len({row[0].lstrip("?0") for row in rows})
