"""The default company, written once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sample.company import write_company
from sample.truth import Summary


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Eight branches, sixty days, seed 1: what the demo shows."""
    return write_company(Path(tmp_path_factory.mktemp("company")) / "inbox")
