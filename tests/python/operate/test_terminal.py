"""No command sends control or invisible characters to the terminal."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

from throwaway import Branchline

EVIL = "\x1b]0;PWNED\x1b\\Evil\x1b[8m\u202etxet\u200b"
LINE = f"06/09/2025 09:00,{EVIL},Ann,Tea\x1b[2J - 900.00,900.00,CASH,\n"


def harmful(text: str) -> list[str]:
    return [
        sign
        for sign in text
        if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    ]


def test_no_command_prints_harmful_characters(
    branchline: Branchline, project_env: dict[str, str]
) -> None:
    def call(*words: str, code: int | None = 0) -> str:
        done = branchline(*words, environment=project_env)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        assert harmful(done.stdout + done.stderr) == []
        assert "Traceback" not in done.stderr
        return done.stdout

    folder = Path(project_env["BRANCHLINE_INBOX"]) / "branch_pos"
    folder.mkdir(parents=True)
    (folder / "evil_06-09-2025_09-00-00.csv").write_text(LINE + f"{EVIL}\n", encoding="utf-8")
    (folder / f"\x1b[31m\u202e{EVIL.replace('/', '')}.csv").write_text(f"{EVIL}\n")
    (folder / "\u202e[bold]none\x9b1m.doc").write_text("of no feed")
    call("load")
    call("status")
    (file_id,) = [
        line.split()[0] for line in call("quarantine", "list").splitlines() if "branch_pos/" in line
    ]
    assert "Evil" in call("quarantine", "show", file_id)
    call("withdraw", EVIL, "--because", EVIL, code=1)
    call("load", "--inbox", f"/nowhere/{EVIL}", code=1)
    call("load", EVIL, code=1)
    call("sql", f'select 1 as "{EVIL}" from "{EVIL}"', code=1)
    call("sql", "--limit", EVIL, "select 1", code=2)

    columns = f"branch, basket as \"{EVIL}\", E'a\\tb\\nc' as lines"
    query = f"select {columns} from raw.branch_pos_transactions"
    assert "Evil" in call("sql", query)
    (row,) = json.loads(call("sql", query, "--format", "json"))
    assert (row["branch"], row[EVIL]) == (EVIL, "Tea\x1b[2J - 900.00")
    done = branchline("sql", query, "--format", "csv", environment=project_env)
    assert harmful(done.stdout.replace("\t", "")) == []
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[1][1:] == ["Tea\N{REPLACEMENT CHARACTER}[2J - 900.00", "a\tb\nc"]
    done = branchline("sql", query, "--format", "csv", "--exact", environment=project_env)
    assert list(csv.reader(io.StringIO(done.stdout)))[1] == [EVIL, row[EVIL], "a\tb\nc"]


def test_csv_for_a_spreadsheet_has_no_formula(
    branchline: Branchline, project_env: dict[str, str]
) -> None:
    query = """
        select
            '=1+1' as "=head", '+1' as plus, '-1' as minus, '@x' as at, E'\\t=1' as tab,
            E'\\r=1' as cr, -1.5 as number, 'Tea' as text, null as nothing,
            date '2024-01-31' as day, true as flag
    """
    done = branchline("sql", query, "--format", "csv", "--no-formulas", environment=project_env)
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["'=head", "plus", "minus", "at", "tab", "cr", "number", "text", "nothing", "day", "flag"],
        ["'=1+1", "'+1", "'-1", "'@x", "'\t'=1", "'\N{REPLACEMENT CHARACTER}'=1", "-1.5", "Tea", "",
         "2024-01-31", "true"],
    ]  # fmt: skip
    done = branchline("sql", query, "--format", "csv", environment=project_env)
    assert list(csv.reader(io.StringIO(done.stdout)))[1][:4] == ["=1+1", "+1", "-1", "@x"]
    assert branchline("sql", query, "--no-formulas", environment=project_env).returncode == 2
