"""Installing the locked packages in two halves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from operate.bootstrap import LOCK, install_locked, locked_packages


def test_every_package_of_the_lock_is_an_entry_with_all_its_hashes() -> None:
    lock = LOCK.read_text()
    packages = locked_packages(lock)
    assert all("--hash=sha256:" in package for package in packages)
    assert "".join(packages).split() == re.sub(r"^\s*#.*", "", lock, flags=re.MULTILINE).split()


def test_two_processes_share_the_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = (
        f"import pathlib, shutil, sys; half = sys.argv[1];"
        f" shutil.copy(half, pathlib.Path({str(tmp_path)!r}) / pathlib.Path(half).name)"
    )
    install_locked([sys.executable, "-c", copy])
    halves = [locked_packages((tmp_path / name).read_text()) for name in ("0.txt", "1.txt")]
    assert sorted(halves[0] + halves[1]) == sorted(locked_packages(LOCK.read_text()))
    assert abs(len(halves[0]) - len(halves[1])) <= 1
    assert "installed." in capsys.readouterr().out


def test_the_output_of_a_half_that_fails_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    fail = "import sys; bad = sys.argv[1].endswith('1.txt'); print('no network'); sys.exit(bad)"
    with pytest.raises(subprocess.CalledProcessError):
        install_locked([sys.executable, "-c", fail])
    said = capsys.readouterr().out
    assert said.endswith("no network\n")
    assert "installed." not in said
