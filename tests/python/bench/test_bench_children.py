"""Child processes: their result, their failure, and that they leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.child import PeakMemory
from bench.children import Child, Workplace
from bench.errors import BenchError


def gone(pid: int) -> bool:
    """Whether the process has ended, within a moment."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # A killed grandchild stays a zombie until it is reaped.
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[
            2
        ] in ("Z", "X"):
            return True
        time.sleep(0.1)
    return False


def test_a_task_returns_its_result_and_its_own_peak_memory(tmp_path: Path) -> None:
    ballast = bytearray(300_000_000)
    inbox = tmp_path / "inbox"
    done = Workplace(tmp_path, 60).run(
        "write_files", inbox=str(inbox), positions=[0, 1], days=[0], rows=3, left_out=[[1, 0]]
    )
    assert done.result["truth"]["rows"] == 3
    assert len(list(inbox.rglob("*.csv"))) == 1
    # This process's memory does not count for the child.
    assert 5_000_000 < done.peak_bytes < len(ballast)


def test_the_memory_of_workers_counts() -> None:
    with PeakMemory() as alone:
        time.sleep(0.3)
    held = "import time; held = bytearray(80_000_000); time.sleep(1)"
    with PeakMemory() as together:
        subprocess.run([sys.executable, "-c", held], check=True)
    assert 80_000_000 < together.bytes - alone.bytes < 160_000_000


def test_a_failing_task_reports_its_output(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"(?s)write_files failed:.*TypeError"):
        Workplace(tmp_path, 60).run("write_files", nonsense=1)


def test_a_hanging_task_is_ended_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time; from pathlib import Path;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"Path({str(note)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    child = Child([sys.executable, "-c", code], dict(os.environ), None, most_seconds=1.5)
    with pytest.raises(BenchError, match="has not ended after"):
        child.wait()
    child.end()
    assert gone(int(note.read_text()))


def test_user_settings_do_not_reach_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRANCHLINE_WAREHOUSE_DIR", "/the/users/own")
    monkeypatch.setenv("PGPASSWORD", "the user's own")
    environment = Workplace(tmp_path, 60).environment("postgresql://somewhere", "place")
    assert "PGPASSWORD" not in environment
    assert environment["BRANCHLINE_DATABASE_URL"] == "postgresql://somewhere"
    for name in ("HOME", "BRANCHLINE_WAREHOUSE_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH"):
        assert environment[name].startswith(str(tmp_path))
