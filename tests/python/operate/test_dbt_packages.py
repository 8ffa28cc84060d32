"""The dbt packages: from the hub where it answers, else the stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.dbt import packages
from operate.dbt.packages import install_packages

PACKAGES = "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages.yml").write_text(PACKAGES)
    source = tmp_path / "offline_packages" / "dbt_utils"
    (source / "macros").mkdir(parents=True)
    (source / "dbt_project.yml").write_text("name: dbt_utils\n")
    (source / "macros" / "one.sql").write_text("-- one\n")
    return tmp_path


def installed(project: Path) -> str:
    return (project / "dbt_packages" / "dbt_utils" / "macros" / "one.sql").read_text()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_PACKAGE_HUB_URL", "http://127.0.0.1:9/")


@pytest.mark.usefixtures("no_hub")
def test_without_the_hub_the_stand_in_is_installed_and_said_so_in_one_line(project: Path) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    assert installed(project) == "-- one\n"
    assert len(said) == 1
    assert "cannot be reached" in said[0]
    assert len(said[0]) <= 100


@pytest.mark.usefixtures("no_hub")
def test_the_second_time_nothing_is_done(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    monkeypatch.setattr(packages, "_hub_answers", lambda: pytest.fail("asked the hub"))
    install_packages(project, said.append)
    assert len(said) == 1


@pytest.mark.usefixtures("no_hub")
def test_a_changed_stand_in_is_installed_anew(project: Path) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    (project / "offline_packages" / "dbt_utils" / "macros" / "one.sql").write_text("-- two\n")
    install_packages(project, said.append)
    assert installed(project) == "-- two\n"
    (project / "dbt_packages" / "dbt_utils" / packages.MARKER).unlink()
    (project / "dbt_packages" / "dbt_utils" / "macros" / "one.sql").unlink()
    install_packages(project, said.append)
    assert installed(project) == "-- two\n"


def test_what_dbt_has_fetched_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = project / "dbt_packages" / "dbt_utils"
    (fetched / "macros").mkdir(parents=True)
    (fetched / "dbt_project.yml").write_text("name: dbt_utils\n")
    (fetched / "macros" / "one.sql").write_text("-- the hub's\n")
    (project / "package-lock.yml").write_text(PACKAGES)
    monkeypatch.setattr(packages, "_hub_answers", lambda: pytest.fail("asked the hub"))
    install_packages(project, pytest.fail)
    assert installed(project) == "-- the hub's\n"


@pytest.mark.usefixtures("no_hub")
def test_another_version_is_not_taken_for_the_right_one(project: Path) -> None:
    fetched = project / "dbt_packages" / "dbt_utils"
    fetched.mkdir(parents=True)
    (fetched / "dbt_project.yml").write_text("name: dbt_utils\n")
    (project / "package-lock.yml").write_text(PACKAGES.replace("1.3.0", "1.2.0"))
    said: list[str] = []
    install_packages(project, said.append)
    assert installed(project) == "-- one\n"
