"""Printed text has no character that a terminal would obey, reorder or hide."""

from __future__ import annotations

import ast
import io
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from base.console import PlainConsole, make_table, plain, plain_lines
from base.printing import LONGEST_SHOWN, MOST_LINES, REPLACED, shown, shown_json, shown_lines
from base.spreadsheet import without_formula

PROJECT = Path(__file__).resolve().parents[3]

OBEYED = [
    "\x1b[2J", "\x1b]0;PWNED\x1b\\", "\x1b[8m", "\x9b31m", "\x07", "\x08", "\r", "\x7f", "\x00",
    "\x85", "\u2028", "\u2029",
]  # fmt: skip
TURNED_ROUND = ["\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200e", "\u200f", "\u061c"]
HIDDEN = [
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\U000e0041", "\u3164",
    "\u2800", "\u034f", "\u115f", "\ue000",
]  # fmt: skip

texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from([*TURNED_ROUND, *HIDDEN, *(sign[0] for sign in OBEYED)]),
    ),
    max_size=80,
)


def is_harmless(text: str) -> bool:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return all(unicodedata.category(sign) not in hidden for sign in text)


@pytest.mark.parametrize("sign", [*OBEYED, *TURNED_ROUND, *HIDDEN])
def test_each_harmful_character_is_replaced(sign: str) -> None:
    reported = shown(f"Tea{sign}Cake")
    assert reported.startswith("Tea")
    assert reported.endswith("Cake")
    assert REPLACED in reported
    assert is_harmless(reported)


@settings(max_examples=300)
@given(texts)
def test_no_harmful_text_passes(text: str) -> None:
    assert is_harmless(shown(text))
    assert is_harmless(shown_lines(text).replace("\n", ""))


def test_ordinary_text_is_unchanged() -> None:
    for text in (
        "Crème brûlée 2 €",
        "東京 支店",
        "Zoë \N{LEFT DOUBLE QUOTATION MARK}Old Barn\N{RIGHT DOUBLE QUOTATION MARK}",
        "مقهى",
        "☕ ❤️ 👍🏽",
        "नमस्ते",
    ):
        assert shown(text) == text
    # Non-breaking spaces are spaces.
    assert shown("1\u00a0234\u202f56") == "1 234 56"


def test_a_long_value_is_cut_in_the_middle() -> None:
    path = "till/" + "x" * 1_000_000 + "/monday.csv"
    reported = shown(path)
    assert len(reported) == LONGEST_SHOWN
    assert reported.startswith("till/xxx")
    assert reported.endswith("/monday.csv")
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN


def test_lines_are_kept_and_their_number_is_bounded() -> None:
    assert shown_lines("one\r\ntwo\rthree\n") == f"one\ntwo{REPLACED}three\n"
    assert shown_lines("x\n" * (MOST_LINES + 9)).endswith("x\nand 10 more lines")


@given(st.lists(texts))
def test_json_is_equivalent_after_escaping(values: list[str]) -> None:
    written = json.dumps(values, ensure_ascii=False)
    reported = shown_json(written)
    assert json.loads(reported) == values
    assert is_harmless(reported)


def printed(*what: object, **settings: bool) -> str:
    out = io.StringIO()
    console = PlainConsole(file=out, width=200, force_terminal=True, **settings)
    for thing in what:
        console.print(thing)
    return out.getvalue()


def test_a_console_passes_only_its_own_styles() -> None:
    table = make_table("Evil\x1b[8m [bold]feed[/bold]")
    table.add_column("name")
    table.add_row(Text("Tea\x1b[2J\u202e"))
    table.add_row(plain("[red]Cake[/red]"))
    reported = printed("[bold]Loaded:[/bold] forgotten\x1b]0;x\x07 :tea:", table)
    assert "\x1b[1mLoaded:\x1b[0m forgotten" in reported
    assert "[red]Cake[/red]" in reported
    assert ":tea:" in reported
    for sign in ("\x1b[2J", "\x1b]0;", "\x1b[8m", "\x07", "\u202e"):
        assert sign not in reported


def test_markup_in_a_text_is_text() -> None:
    for text in ("[/bold]", "[red]x", "[link=http://x]y[/link]", "[[x]]"):
        assert printed(f"[bold]a[/bold] {plain(text)} b").count(text) == 1
        assert printed(plain_lines(text)).strip() == text
    out = io.StringIO()
    PlainConsole(file=out, width=200).say("[/x] is named")
    assert out.getvalue() == "[/x] is named\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", " =1+1",
        "\ufeff=1", "\u200b=1", "\N{FULLWIDTH EQUALS SIGN}1", "\tx", "\r", "\n;",
    ],
)  # fmt: skip
def test_a_formula_becomes_a_text(text: str) -> None:
    assert without_formula(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=HYPERLINK(1)", "a;'=HYPERLINK(1)"),
        ("a; \u200b=1;b;-2", "a;' \u200b=1;b;'-2"),
        (";;@x", ";;'@x"),
        ("=1;+2", "'=1;'+2"),
        ("\t=1", "'\t'=1"),
        ("a\t=1", "a\t'=1"),
        # A spreadsheet with other separators ignores the quotes round the cell.
        ("a\n=1", "a\n'=1"),
        ("a\r\n=1", "a\r\n'=1"),
        ('a;"=1"', 'a;\'"=1"'),
    ],
)
def test_no_formula_remains_with_other_separators(text: str, safe: str) -> None:
    assert without_formula(text) == safe


@pytest.mark.parametrize(
    "text", ["", "Tea", "1+1", "a=b", "'=1", "1-1", " ", "é", "a;b=1", "a, =1", "a;", "a;\n"]
)
def test_other_texts_are_unchanged(text: str) -> None:
    assert without_formula(text) == text


def test_everything_is_printed_through_one_place() -> None:
    """No other module prints by itself."""
    # Runs before anything is installed; it prints no text from branch files.
    allowed = {"base/printing.py", "base/console.py", "operate/bootstrap.py"}
    found = []
    for folder in ("base", "ingest", "operate", "publish"):
        for file in sorted((PROJECT / folder).rglob("*.py")):
            path = file.relative_to(PROJECT).as_posix()
            if path in allowed:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    if called in ("print", "click.echo", "click.secho", "Console"):
                        found.append(f"{path}:{node.lineno}: {called}")
    assert found == []
