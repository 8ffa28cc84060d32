"""dbt's packages: fetched from the hub with a checked hash, or the project's stand-in.

Only this module knows which of the two is installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import yaml

from base.errors import BranchlineError
from operate.dbt.folders import closed_to_others
from operate.dbt.process import dbt_environment, dbt_program

HUB = "https://hub.getdbt.com/"
PROBE_SECONDS = 5.0
DEPS_SECONDS = 90.0
# Marks an installed stand-in, with the hash of its source.
MARKER = ".stand_in"
HASHES = "packages.sha256"


def install_packages(project: Path, say: Callable[[str], None]) -> None:
    """Install the packages of packages.yml in dbt_packages, if missing.

    Raises BranchlineError if a package can neither be fetched nor replaced by a stand-in.
    """
    wanted = wanted_packages(project)
    hashes = known_hashes(project)
    if all(_is_fetched(project, *package, hashes) for package in wanted.items()):
        return
    stand_ins = {name: project / "offline_packages" / name for name in wanted}
    if all(_is_stand_in(project, name, stand_ins[name]) for name in wanted):
        return
    marked = all((project / "dbt_packages" / name / MARKER).exists() for name in wanted)
    # A stand-in whose source has changed is replaced by the new one, not by the hub's package.
    reason = None if marked else _fetch(project, wanted, hashes, say)
    if not marked and reason is None:
        return
    for name, source in stand_ins.items():
        if not source.is_dir():
            raise BranchlineError(
                f"The dbt package {name} cannot be fetched ({reason}), and the project has no"
                " stand-in for it.",
                "Run `make setup` where the hub can be reached.",
            )
        _copy(project, name, source)
    if reason is None:
        say("dbt packages: the offline stand-in has changed; it was reinstalled.")
    else:
        say(f"dbt packages: installed the project's own {', '.join(wanted)}; {reason}.")


def wanted_packages(project: Path) -> dict[str, str]:
    """Name and version of each package in packages.yml.

    Raises BranchlineError if the file is not as expected.
    """
    path = project / "packages.yml"
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))["packages"]
        return {entry["package"].rpartition("/")[2]: str(entry["version"]) for entry in listed}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise BranchlineError(
            f"{path} cannot be read: it needs a list `packages` with `package` and `version`.",
            "Restore it: git checkout packages.yml",
        ) from None


def known_hashes(project: Path) -> dict[tuple[str, str], str]:
    """The checksum of each permitted package and version, from packages.sha256.

    Raises BranchlineError if the file is not as expected.
    """
    path = project / HASHES
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        return {
            (name, version): noted
            for noted, name, version in (line for line in lines if line and line[0] != "#")
        }
    except (OSError, ValueError):
        raise BranchlineError(
            f"{path} cannot be read: it needs a hash, a name and a version in each line.",
            f"Restore it: git checkout {HASHES}",
        ) from None


def _is_fetched(project: Path, name: str, version: str, hashes: dict[tuple[str, str], str]) -> bool:
    """Whether the package is byte for byte what the hub once sent for this version.

    dbt runs its macros with all rights, and the hub's own lock does not cover the content.
    """
    folder = project / "dbt_packages" / name
    if (folder / MARKER).exists() or not (folder / "dbt_project.yml").exists():
        return False
    return digest(folder) == hashes.get((name, version))


def _is_stand_in(project: Path, name: str, source: Path) -> bool:
    try:
        marked = (project / "dbt_packages" / name / MARKER).read_text().strip()
    except OSError:
        return False
    return marked == digest(source)


def digest(folder: Path) -> str:
    """A sha256 of the paths and contents of all files below a folder."""
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def _copy(project: Path, name: str, source: Path) -> None:
    target = project / "dbt_packages" / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    # Last: an interrupted copy has no marker and is repeated.
    (target / MARKER).write_text(digest(source) + "\n")


def _fetch(
    project: Path,
    wanted: dict[str, str],
    hashes: dict[tuple[str, str], str],
    say: Callable[[str], None],
) -> str | None:
    """Run `dbt deps`; return None, or a short reason for its failure."""
    unknown = [
        f"{name} {version}" for name, version in wanted.items() if (name, version) not in hashes
    ]
    if unknown:
        return f"{HASHES} permits no download of {', '.join(unknown)}"
    if not _hub_answers():
        return "the package hub cannot be reached"
    say(f"dbt packages: fetching {', '.join(wanted)} ...")
    for name in wanted:
        shutil.rmtree(project / "dbt_packages" / name, ignore_errors=True)
    # It logs, too; the packages themselves are readable for all users of the project.
    closed_to_others(project)
    try:
        done = subprocess.run(
            [dbt_program(), "--quiet", "deps", "--project-dir", str(project)],
            cwd=project,
            env=dbt_environment(),
            capture_output=True,
            timeout=DEPS_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"`dbt deps` took longer than {DEPS_SECONDS:.0f} s"
    if done.returncode != 0:
        return "`dbt deps` failed"
    if all(_is_fetched(project, *package, hashes) for package in wanted.items()):
        return None
    return f"what the package hub sent does not match {HASHES}"


def _hub_answers() -> bool:
    """Whether the hub answers within a few seconds, through a proxy if one is set.

    `dbt deps` itself retries for minutes.
    """
    answered = threading.Event()

    def ask() -> None:
        import requests

        try:
            url = os.environ.get("DBT_PACKAGE_HUB_URL") or HUB
            requests.get(url, timeout=PROBE_SECONDS, stream=True).close()
        except (requests.RequestException, ValueError):
            return
        answered.set()

    # In a thread, because a DNS lookup has no timeout.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_SECONDS + 1)
    return answered.is_set()
