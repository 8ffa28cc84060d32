"""Figures, verdicts, the table, and the document generated from a result."""

from __future__ import annotations

import io
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from base.settings import PROJECT
from bench.__main__ import EVERY
from bench.document import APART, PAGES, filled, regions, write_pages
from bench.errors import BenchError
from bench.figures import Aim, Row, Section, percentile, section_from_json, timed_row
from bench.nights import parts_of, shares, short_name
from bench.tables import filled_columns, markdown, show, time_text


def a_result(**changes: Any) -> dict[str, Any]:
    sections = []
    for number in EVERY:
        section = Section(number, f"Benchmark {number}", notes=["a note"])
        section.rows = [
            timed_row("first | case", [0.5, 0.25, 4.0], rows=10, rows_per_second=20.0),
            Row("second [b]case", seconds=120.0, peak_bytes=5_000_000, note="scaled"),
        ]
        section.aims = [Aim(f"aim {number}", 3.0, 2.5, 4.0, "x")]
        section.check("rows", 10, 10)
        sections.append(section.as_json())
    return {
        "passed": True,
        "quick": False,
        "command": "make bench",
        "started_at": "2026-01-02T03:04:05+00:00",
        "seconds": 600.0,
        "machine": {
            "system": "Linux x86_64",
            "processor": "A processor",
            "cores": 2,
            "memory_bytes": 2**33,
            "load_average_at_start": 0.1,
            "python": "3.12.0",
            "packages": {"dlt": "1.2.3"},
        },
        "postgres": {"server_version": "18.4", "fsync": "on"},
        "commit": {"commit": "0123456789abcdef", "changed": False},
        "sections": sections,
        **changes,
    }


def test_percentiles() -> None:
    values = [float(number) for number in range(1, 101)]
    random.Random(1).shuffle(values)
    assert percentile(values, 0.95) == 95
    assert percentile(values, 0.5) == 50
    assert percentile(values, 1.0) == 100
    assert percentile([7.0], 0.95) == 7
    # Of twenty, the nineteenth: one in twenty may be slower.
    assert percentile([float(number) for number in range(20)], 0.95) == 18
    # Of ten, none may: nine are less than 95 percent.
    assert percentile([float(number) for number in range(10)], 0.95) == 9
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.95)


@pytest.mark.parametrize(
    ("value", "least", "verdict", "off_by"),
    [
        (2.5, False, "met", 0.0),
        (3.0, False, "missed", 0.2),
        (4.1, False, "failed", 0.64),
        (4.0, True, "met", 0.0),
        (2.0, True, "failed", 0.2),
    ],
)
def test_verdicts_of_aims(value: float, least: bool, verdict: str, off_by: float) -> None:
    aim = Aim("figure", value, 2.5, 4.0 if not least else 2.2, "x", least=least)
    assert aim.verdict == verdict
    assert aim.off_by == pytest.approx(off_by)


def test_an_aim_without_a_must_cannot_fail() -> None:
    assert Aim("figure", 99.0, 2.5, None, "x").verdict == "missed"


def test_a_section_survives_json() -> None:
    for content in a_result()["sections"]:
        section = section_from_json(json.loads(json.dumps(content)))
        assert section.as_json() == content


def test_times_are_written_with_about_three_figures() -> None:
    written = [time_text(seconds) for seconds in (0.0123, 0.5, 9.99, 45.67, 99.99, 1234.5)]
    assert written == ["12.3 ms", "0.50 s", "9.99 s", "45.7 s", "100 s", "1,234 s"]
    assert time_text(None) == ""


def test_a_table_omits_empty_columns() -> None:
    section = section_from_json(a_result()["sections"][0])
    headers, cells = filled_columns(section.rows)
    assert headers == [
        "case", "median", "fastest - slowest", "rows", "rows/s", "MB", "note",
    ]  # fmt: skip
    assert cells[0] == ["first | case", "0.50 s", "0.25 s - 4.00 s", "10", "20", "", ""]
    assert "first \\| case" in markdown(headers, cells)


def test_the_terminal_table_shows_everything_and_names_failed_checks() -> None:
    sections = [section_from_json(content) for content in a_result()["sections"]]
    sections[2].check("money", "1.00", "2.00")
    out = io.StringIO()
    show(Console(file=out, width=150), sections)
    text = out.getvalue()
    assert text.count("second [b]case") == len(EVERY)
    assert "aim missed by 20 %" in text
    assert "Wrong in 3: money: expected 1.00, found 2.00" in text


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with the pages of the project's docs."""
    for page in PAGES:
        shutil.copy(PROJECT / "docs" / page, tmp_path / page)
    return tmp_path


def texts_of(docs: Path) -> dict[str, str]:
    return {page: (docs / page).read_text() for page in PAGES}


def test_the_pages_are_generated_idempotently(docs: Path) -> None:
    write_pages(a_result(), docs)
    text = texts_of(docs)
    overview = text["benchmarks.md"]
    assert "12 cores" not in overview
    assert ", 2 cores" in overview
    assert "aim missed by 20 %" in overview
    assert "## 6. Benchmark 6" in text["benchmark-figures.md"]
    assert "## 5. Benchmark 5" not in text["benchmark-figures.md"]
    assert "## 5. Benchmark 5" in text["benchmark-models.md"]
    words = overview.replace("# Benchmarks\n", "# Benchmarks\n\nWords of a person.\n", 1)
    (docs / "benchmarks.md").write_text(words)
    changed = a_result()
    changed["machine"]["cores"] = 12
    write_pages(changed, docs)
    again = texts_of(docs)
    assert again["benchmarks.md"] == words.replace(", 2 cores", ", 12 cores")
    figures = text["benchmark-sources.md"]
    assert again["benchmark-sources.md"] == figures.replace(", 2 cores", ", 12 cores")
    assert again["benchmark-figures.md"] == text["benchmark-figures.md"]
    assert again["benchmark-models.md"] == text["benchmark-models.md"]


@pytest.mark.parametrize(("number", "region"), APART.items())
def test_the_last_benchmarks_may_be_written_alone(docs: Path, number: int, region: str) -> None:
    write_pages(a_result(), docs)
    before = texts_of(docs)
    alone = a_result(sections=[a_result()["sections"][number - 1]])
    alone["machine"]["cores"] = 12
    write_pages(alone, docs)
    after = texts_of(docs)
    page = "benchmark-sources.md"
    assert f"## {number}. Benchmark {number}" in after[page]
    assert "12 cores" in after[page]
    assert {**after, page: ""} == {**before, page: ""}
    begin, end = f"<!-- bench:{region} -->", f"<!-- /bench:{region} -->"
    for text in (before, after):
        first, _, rest = text[page].partition(begin)
        text[page] = first + rest.partition(end)[2]
    assert after[page] == before[page]


def test_a_wrong_or_incomplete_result_is_not_published(docs: Path) -> None:
    before = texts_of(docs)
    with pytest.raises(BenchError, match="all eight"):
        write_pages(a_result(sections=a_result()["sections"][:3]), docs)
    with pytest.raises(BenchError, match="check"):
        write_pages(a_result(passed=False), docs)
    with pytest.raises(BenchError, match="quick"):
        write_pages(a_result(quick=True), docs)
    assert texts_of(docs) == before


def test_pages_without_their_marks_are_refused(docs: Path) -> None:
    sections = [section_from_json(content) for content in a_result()["sections"]]
    made = regions(a_result(), sections)
    texts = texts_of(docs)
    assert filled(filled(texts, made), made) == filled(texts, made)
    texts["benchmarks.md"] = texts["benchmarks.md"].replace("<!-- bench:aims -->", "")
    with pytest.raises(BenchError, match="mark"):
        filled(texts, made)


def node(name: str, start: float, end: float) -> dict[str, Any]:
    return {"id": name, "from": start, "to": end, "seconds": end - start}


def test_the_parts_of_a_night_sum_to_its_total() -> None:
    nodes = [
        node("model.p.a", 10.0, 14.0),
        node("test.p.b.1", 12.0, 13.0),
        node("unit_test.p.c.d", 15.0, 16.0),
    ]
    assert shares(nodes) == {"models": 3.5, "tests": 1.5, "dbt between": 1.0}
    run = {"started": 5.0, "loaded_at": 7.0, "ended": 17.5, "nodes": nodes}
    parts = parts_of(run)
    assert parts["load"] == 2.0
    assert parts["dbt start"] == 3.0
    assert parts["dbt end"] == 1.5
    assert sum(parts.values()) == pytest.approx(2 * parts["total"])
    # With nothing new, nothing is built.
    assert parts_of({**run, "nodes": []})["dbt start"] == 10.5


def test_short_names_of_nodes() -> None:
    assert short_name("model.branchline.fct_sales") == "fct_sales"
    assert short_name("test.branchline.not_null_fct_sales_id.0a1b2c") == "not_null_fct_sales_id"
    assert short_name("unit_test.branchline.fct_sales.a_day_is_emptied") == "a_day_is_emptied"
