"""`branchline quarantine`: output and exit codes."""

from __future__ import annotations

from pathlib import Path

from throwaway import Branchline


def ids_in(listed: str) -> list[str]:
    """The ids of the files in the output of `list`."""
    return [line.split()[0] for line in listed.splitlines() if "branch_pos/" in line]


def test_the_quarantine_on_the_command_line(
    branchline: Branchline, project_env: dict[str, str]
) -> None:
    def call(*words: str, code: int = 0) -> str:
        done = branchline(*words, environment=project_env)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "Nothing is in quarantine" in call("quarantine", "list")
    folder = Path(project_env["BRANCHLINE_INBOX"]) / "branch_pos"
    folder.mkdir(parents=True)
    for branch in ("leeds", "york"):
        (folder / f"{branch}_26-08-2021_09-00-00.csv").write_text("no,csv\n4929000000000004,x\n")
    assert "2 files quarantined" in call("load")
    reported = (
        "Nothing new to load: 2 files known, all of them in quarantine: branchline quarantine"
    )
    assert reported in " ".join(call("load").split())

    listed = call("quarantine", "list")
    assert "no line has the 7 columns" in listed
    ids = ids_in(listed)
    assert len(ids) == 2
    shown = call("quarantine", "show", ids[0])
    assert "leeds/2021-08-26" in shown
    assert "****0004,x" in shown
    assert "4929" not in shown

    assert "1 file quarantined" in call("quarantine", "retry", ids[0], code=1)
    assert ids_in(call("quarantine", "list")) == ids
    assert "Missing option" in call("quarantine", "dismiss", ids[0], code=2)
    assert "1 file dismissed" in call("quarantine", "dismiss", ids[0], "--because", "a test")
    assert ids_in(call("quarantine", "list")) == ids[1:]
    assert "dismissed: a test" in call("quarantine", "list", "--all")

    good = "26/08/2021 09:00,York,Ann,Tea - 1.00,1.00,CASH,\n"
    (folder / "york_26-08-2021_09-00-00.csv").write_text(good)
    assert "is not in" in call("quarantine", "retry", code=1)
    call("load")
    assert "Nothing is in quarantine" in call("quarantine", "list")
    assert "no file" in call("quarantine", "show", "4711", code=1).lower()
