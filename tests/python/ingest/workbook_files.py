"""Workbooks written by hand, for what no library writes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

FORMATS = {
    "general": 0,
    "date": 14,
    "time": 21,
    "timestamp": 22,
    "percent": 10,
    "thousands": 4,
    "text": 49,
    "locale": 31,
    "hours": 46,
}
"""Number formats that each program knows, by a name for the tests."""


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def xlsx_parts(
    sheets: Mapping[str, str],
    *,
    texts: Sequence[str] = (),
    codes: Sequence[str] = (),
    states: Mapping[str, str] | None = None,
    workbook: str = "",
) -> dict[str, str | bytes]:
    """The parts of an .xlsx.

    `sheets`: name -> what is in <worksheet>; `texts`: what is in each <si>; `codes`: custom number
    formats, in place of `FORMATS`; `workbook`: what is before its sheets.
    """
    numbered = list(enumerate(sheets.items(), 1))
    states = states or {}
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"'
        f' state="{states.get(name, "visible")}"/>'
        for number, (name, _) in numbered
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    formats = "".join(
        f'<numFmt numFmtId="{164 + place}" formatCode="{code}"/>'
        for place, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{164 + place}"/>' for place in range(len(codes)))
    built_in = "".join(f'<xf numFmtId="{number}"/>' for number in FORMATS.values())
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{workbook}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{related}'
        f'<Relationship Id="s" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="t" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        f"<cellXfs>{styles or built_in}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">'
        + "".join(f"<si>{text}</si>" for text in texts)
        + "</sst>",
        **{
            f"xl/worksheets/sheet{number}.xml": f'<worksheet xmlns="{MAIN}">{content}</worksheet>'
            for number, (_, content) in numbered
        },
    }


def xlsx(*rows: str, **said: object) -> bytes:
    """An .xlsx with one sheet of these <row> elements; `said` as for `xlsx_parts`."""
    content = f"<sheetData>{''.join(rows)}</sheetData>"
    return zipped(xlsx_parts({"Sales": content}, **said))  # type: ignore[arg-type]


def styled(value: str, name: str) -> str:
    """An .xlsx cell with one of `FORMATS`."""
    return f'<c s="{list(FORMATS).index(name)}"><v>{value}</v></c>'


def ods(*tables: str, styles: str = "", more: Mapping[str, str] | None = None) -> bytes:
    """An .ods with these <table:table> elements."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = "".join(
        f' xmlns:{short}="{names}:{long}:1.0"'
        for short, long in (
            *(("office", "office"), ("table", "table"), ("text", "text")),
            *(("style", "style"), ("dc", "dc")),
        )
    )
    content = (
        f"<office:document-content{spaces}"
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            **(more or {}),
        }
    )
