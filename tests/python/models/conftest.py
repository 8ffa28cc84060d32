"""Fixtures for the tests of the marts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nightly import Project, new_project

from base.link import Connection


@pytest.fixture
def project(postgres_server: Connection, tmp_path: Path) -> Iterator[Project]:
    """A project for one test."""
    with new_project(postgres_server, tmp_path) as made:
        yield made
