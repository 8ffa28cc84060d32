"""Fixtures: a separate warehouse, and `branchline` as a child process."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from operate.server.server import Warehouse


@pytest.fixture
def warehouse_folder() -> Iterator[Path]:
    """A folder for an embedded warehouse; a server still running in it is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-test-"))
    folder.chmod(0o711)
    yield folder
    Warehouse(folder, throwaway=True).stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_warehouse(warehouse_folder: Path) -> Warehouse:
    """A warehouse that has not been created yet."""
    return Warehouse(warehouse_folder, throwaway=True)


@pytest.fixture(scope="session")
def made_folder() -> Iterator[Path]:
    """The folder of a created and stopped warehouse; only to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-test-"))
    made = Warehouse(folder, throwaway=True)
    made.ensure_running()
    made.stop()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def warehouse(warehouse_folder: Path, made_folder: Path) -> Warehouse:
    """A warehouse that has been created (quickly, as a copy) and never started."""
    subprocess.run(["cp", "-a", f"{made_folder}/.", str(warehouse_folder)], check=True)
    (warehouse_folder / "connection.json").unlink()
    return Warehouse(warehouse_folder, throwaway=True)
