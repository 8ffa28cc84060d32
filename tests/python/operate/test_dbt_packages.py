"""The dbt packages: from the hub if it answers, otherwise the stand-in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from base.errors import BranchlineError
from base.settings import PROJECT
from operate.dbt import packages
from operate.dbt.packages import HASHES, install_packages

HUBS_HASH = "3580dd35f575403f1718c4261f6c7a3be47112f63ac68ae9061e3656586f904c"
PACKAGES = "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "packages.yml").write_text(PACKAGES)
    source = tmp_path / "offline_packages" / "dbt_utils"
    (source / "macros").mkdir(parents=True)
    (source / "dbt_project.yml").write_text("name: dbt_utils\n")
    (source / "macros" / "one.sql").write_text("-- one\n")
    (tmp_path / HASHES).write_text(f"# of the hub's\n{HUBS_HASH}  dbt_utils  1.3.0\n")
    return tmp_path


def fetched(project: Path, text: str = "-- the hub's\n") -> Path:
    """The files that `dbt deps` writes."""
    folder = project / "dbt_packages" / "dbt_utils"
    (folder / "macros").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: dbt_utils\n")
    (folder / "macros" / "one.sql").write_text(text)
    return folder


def installed(project: Path) -> str:
    return (project / "dbt_packages" / "dbt_utils" / "macros" / "one.sql").read_text()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_PACKAGE_HUB_URL", "http://127.0.0.1:9/")


@pytest.mark.usefixtures("no_hub")
def test_without_the_hub_the_stand_in_is_installed_with_one_message(project: Path) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    assert installed(project) == "-- one\n"
    assert len(said) == 1
    assert "cannot be reached" in said[0]
    assert len(said[0]) <= 100


@pytest.mark.usefixtures("no_hub")
def test_installing_again_does_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    monkeypatch.setattr(packages, "_hub_answers", lambda: pytest.fail("asked the hub"))
    install_packages(project, said.append)
    assert len(said) == 1


@pytest.mark.usefixtures("no_hub")
def test_a_changed_stand_in_is_reinstalled(project: Path) -> None:
    said: list[str] = []
    install_packages(project, said.append)
    (project / "offline_packages" / "dbt_utils" / "macros" / "one.sql").write_text("-- two\n")
    install_packages(project, said.append)
    assert installed(project) == "-- two\n"
    (project / "dbt_packages" / "dbt_utils" / packages.MARKER).unlink()
    (project / "dbt_packages" / "dbt_utils" / "macros" / "one.sql").unlink()
    install_packages(project, said.append)
    assert installed(project) == "-- two\n"


def test_fetched_packages_are_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(project)
    monkeypatch.setattr(packages, "_hub_answers", lambda: pytest.fail("asked the hub"))
    install_packages(project, pytest.fail)
    assert installed(project) == "-- the hub's\n"


@pytest.mark.usefixtures("no_hub")
def test_another_version_is_not_accepted(project: Path) -> None:
    fetched(project)
    (project / "packages.yml").write_text(PACKAGES.replace("1.3.0", "1.2.0"))
    said: list[str] = []
    install_packages(project, said.append)
    assert installed(project) == "-- one\n"


@pytest.mark.usefixtures("no_hub")
@pytest.mark.parametrize("change", ["other", "more", "less"])
def test_a_fetched_package_with_another_hash_is_not_used(project: Path, change: str) -> None:
    """Either the hub has sent something else, or it was changed since."""
    folder = fetched(project)
    (project / "package-lock.yml").write_text(PACKAGES)
    if change == "other":
        (folder / "macros" / "one.sql").write_text("-- evil\n")
    elif change == "more":
        (folder / "macros" / "two.sql").write_text("-- evil\n")
    else:
        (folder / "macros" / "one.sql").unlink()
    install_packages(project, lambda _: None)
    assert installed(project) == "-- one\n"
    assert not (folder / "macros" / "two.sql").exists()


def test_packages_from_the_hub_must_match_their_hash(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = "-- evil\n"

    def deps(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        fetched(project, sent)
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(packages, "_hub_answers", lambda: True)
    monkeypatch.setattr(packages.subprocess, "run", deps)
    said: list[str] = []
    install_packages(project, said.append)
    assert installed(project) == "-- one\n"
    assert f"does not match {HASHES}" in said[-1]
    shutil.rmtree(project / "dbt_packages")
    sent = "-- the hub's\n"
    install_packages(project, said.append)
    assert installed(project) == sent


def test_a_version_without_a_hash_is_not_fetched(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_hub_answers", lambda: pytest.fail("asked the hub"))
    (project / "packages.yml").write_text(PACKAGES.replace("1.3.0", "1.4.0"))
    said: list[str] = []
    install_packages(project, said.append)
    # Normal for the project as it is: it does not read like a fault.
    assert said == [
        "dbt packages: installed the project's own dbt_utils;"
        " packages.sha256 permits no download of dbt_utils 1.4.0."
    ]
    (project / HASHES).write_text("dbt_utils 1.3.0\n")
    with pytest.raises(BranchlineError, match="cannot be read"):
        install_packages(project, said.append)


def test_the_projects_package_list_is_valid() -> None:
    packages.known_hashes(PROJECT)
