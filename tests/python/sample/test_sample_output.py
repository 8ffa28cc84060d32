"""The sample overwrites only its own files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sample
from sample.company import write_company
from sample.errors import SampleError
from sample.output import MARKER
from sample.sources import source_names

# The folder of one source; which one does not matter.
FOLDER = source_names()[0]


def _tree(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and path.name != MARKER
    }


def test_writing_again_touches_no_file(tmp_path: Path) -> None:
    first = write_company(tmp_path, branches=1, days=5)
    before = _tree(tmp_path)
    assert write_company(tmp_path, branches=1, days=5) == first
    assert _tree(tmp_path) == before


def test_another_company_replaces_the_first(tmp_path: Path) -> None:
    write_company(tmp_path / "inbox", branches=2, days=5, seed=1)
    write_company(tmp_path / "inbox", branches=1, days=3, seed=2)
    write_company(tmp_path / "fresh", branches=1, days=3, seed=2)
    found, wanted = _tree(tmp_path / "inbox"), _tree(tmp_path / "fresh")
    assert {path: data for path, (data, _) in found.items()} == {
        path: data for path, (data, _) in wanted.items()
    }


@pytest.mark.parametrize("where", ["notes.txt", f"{FOLDER}/leeds_26-08-2021_09-00-00.csv"])
def test_a_folder_with_other_files_is_not_changed(tmp_path: Path, where: str) -> None:
    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).write_text("mine", encoding="utf-8")
    with pytest.raises(SampleError) as refused:
        write_company(tmp_path, branches=1, days=1)
    assert where in refused.value.message
    assert "empty folder" in refused.value.hint
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / where]


def test_a_file_added_to_the_sample_is_not_deleted(tmp_path: Path) -> None:
    write_company(tmp_path, branches=1, days=1)
    mine = tmp_path / FOLDER / "leeds_26-08-2021_09-00-00.csv"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(SampleError, match="did not write"):
        write_company(tmp_path, branches=1, days=1)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_run_that_was_killed_can_be_repeated(tmp_path: Path) -> None:
    class KilledError(Exception):
        """Stands for the kill."""

    def kill(done: int, to_come: int) -> None:
        if done == 4:
            raise KilledError

    with pytest.raises(KilledError):
        write_company(tmp_path, branches=2, days=3, progress=kill)
    assert 0 < len(_tree(tmp_path)) < 6 + 5
    write_company(tmp_path, branches=2, days=3)


@pytest.mark.parametrize("entry", ["../elsewhere.csv", "/etc/hosts", f"{FOLDER}/../../up.csv"])
def test_the_list_of_files_cannot_point_elsewhere(tmp_path: Path, entry: str) -> None:
    write_company(tmp_path, branches=1, days=1)
    with (tmp_path / MARKER).open("a", encoding="utf-8") as listing:
        listing.write(f"{entry}\n")
    with pytest.raises(SampleError, match="changed by hand"):
        write_company(tmp_path, branches=1, days=1)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(SampleError, match="not a folder"):
        write_company(tmp_path / "file")


def test_progress_ends_at_the_number_it_named(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    summary = write_company(
        tmp_path, branches=3, days=24, progress=lambda done, to_come: seen.append((done, to_come))
    )
    wanted = len(summary.files)
    assert seen == [(done, wanted) for done in range(1, wanted + 1)]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sample", *arguments],
        cwd=Path(sample.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_reports_in_plain_words(tmp_path: Path) -> None:
    arguments = ("--out", str(tmp_path / "inbox"), "--branches", "1", "--days", "2", "--seed", "5")
    written = _run(*arguments)
    assert written.returncode == 0, written.stderr
    assert "sales of" in written.stdout
    assert "unknown branch" in written.stdout
    (tmp_path / "inbox" / "mine.txt").write_text("mine", encoding="utf-8")
    refused = _run(*arguments)
    assert refused.returncode == 1
    assert "mine.txt" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert _run("--out", str(tmp_path), "--branches", "0").returncode == 2
