"""SQL over marts belongs in a model. Python reads only the digest's models."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
READS = re.compile(r"\b(?:from|join)\s+\"?marts(?:_masked)?\"?\.(?P<mart>\S*)", re.IGNORECASE)
# Example queries shown to users do not count.
EXAMPLES = {
    "operate/commands/demo.py": {"rpt_peak_hours"},
    "operate/commands/sql.py": {"rpt_daily_sales", "dim_branches"},
}


def marts_read(text: str) -> set[str]:
    """Names of the marts that the text selects from."""
    return {found["mart"].strip("\"'`.,;()") for found in READS.finditer(text)}


def test_python_reads_only_the_digests_models() -> None:
    read = {
        str(path.relative_to(PROJECT)): marts_read(path.read_text())
        for part in ("base", "ingest", "operate", "publish")
        for path in (PROJECT / part).rglob("*.py")
    }
    assert {path: names for path, names in read.items() if names} == {
        "publish/digest/answers.py": {"rpt_digest__{question}"},
        **EXAMPLES,
    }


def test_a_query_over_a_mart_is_found() -> None:
    assert marts_read("select *\n  from marts.fct_sales;") == {"fct_sales"}
    assert marts_read('inner join\n "marts"."fct_sales" on true') == {"fct_sales"}
    assert marts_read("ask marts.fct_sales, or marts_masked.fct_sales") == set()
