"""profiles.yml, which plain dbt reads: a copy of profiles.example.yml.

Branchline writes its last part: port and password of each started embedded warehouse.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from base.files import open_private, write_private
from base.link import DATABASE, DEFAULT_PORT, HOST, ROLE, Connection

TARGET = "server"
"""The dbt target that reads the variables of libpq."""

TARGET_VARIABLE = "BRANCHLINE_TARGET"
"""The profile line that makes it dbt's default target."""

OURS = "    # branchline writes what follows, to the end of the file,"
_EMBEDDED, _IN = "embedded", "embedded in "
_OLD = "profiles.old.yml"


def prepare_profile(project: Path, say: Callable[[str], None]) -> None:
    """Create profiles.yml from the example, readable by its owner only; an existing one is kept.

    Only one that does not read PGHOST, such as Branchline's first version, is renamed and
    recreated: it cannot follow the warehouse any more.
    """
    profile, example = project / "profiles.yml", project / "profiles.example.yml"
    if _is_ours(profile):
        return
    with _lock(project):
        try:
            if _is_ours(profile):
                return
            profile.replace(project / _OLD)
            say(
                "profiles.yml: recreated from profiles.example.yml, because the old one did not"
                f" read PGHOST and the like. It is kept as {_OLD}: copy your changes from there,"
                " threads for example."
            )
        except FileNotFoundError:
            say("profiles.yml: created from profiles.example.yml.")
        write_private(profile, example.read_text(encoding="utf-8"))


def target_arguments(project: Path) -> list[str]:
    """The arguments that let dbt use the variables of libpq.

    None where the profile reads TARGET_VARIABLE: `--target` would make dbt parse the whole project
    after every plain `dbt build`, and the next plain `dbt build` parse it once more.
    """
    try:
        profile = yaml.safe_load((project / "profiles.yml").read_text(encoding="utf-8"))
        chooses = TARGET_VARIABLE in str(profile["branchline"]["target"])
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        chooses = False
    return [] if chooses else ["--target", TARGET]


def _is_ours(profile: Path) -> bool:
    try:
        return "PGHOST" in profile.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def note_warehouse(profile: Path, folder: Path, connection: Connection) -> bool:
    """Add the embedded warehouse in this folder to the profile; return whether it was changed.

    Only the part below our line is written. Warehouses whose folder was deleted are removed. A
    missing profile, or one without that line, is not changed.
    """
    if _with_warehouse(profile, folder, connection) is None:
        return False
    with _lock(profile.parent):
        text = _with_warehouse(profile, folder, connection)
        if text is None:
            return False
        write_private(profile, text)
        return True


def _with_warehouse(profile: Path, folder: Path, connection: Connection) -> str | None:
    """The profile with this warehouse; None if nothing changes."""
    try:
        before = profile.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    kept, line, _ = before.partition(OURS)
    known = _known(before) if line else None
    if known is None:
        return None
    known[str(folder)] = _Address(connection.host, connection.port, connection.password)
    text = (
        kept + line + " whenever an embedded warehouse starts.\n" + _outputs(known, profile.parent)
    )
    return None if text == before else text


class _Address(NamedTuple):
    """Socket folder and port of an embedded warehouse."""

    host: str
    port: int
    password: str


def _known(text: str) -> dict[str, _Address] | None:
    """The warehouses in a profile, by existing folder; None if the profile is invalid, which dbt
    will report with the line.
    """
    try:
        outputs: dict[str, dict[str, Any]] = yaml.safe_load(text)["branchline"]["outputs"]
        return {
            name.removeprefix(_IN): _Address(output["host"], output["port"], output["password"])
            for name, output in outputs.items()
            if name.startswith(_IN + "/") and (Path(name.removeprefix(_IN)) / "pgdata").exists()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None


def _outputs(known: dict[str, _Address], project: Path) -> str:
    """The outputs of these warehouses. The project's own is always there, and first."""
    default = str(project / ".warehouse")
    none_yet = _Address(HOST, DEFAULT_PORT, "no warehouse has started yet")
    text = ""
    for number, folder in enumerate(sorted({default, *known}, key=lambda name: name != default)):
        found = known.get(folder, none_yet)
        names = [*([_EMBEDDED] if folder == default else []), _IN + folder]
        if Path(folder).is_relative_to(project):
            # Relative to the project folder, where dbt runs.
            names.append(_IN + str(Path(folder).relative_to(project)))
        text += (
            f"    {json.dumps(names[0], ensure_ascii=False)}: &warehouse_{number}\n"
            f"      <<: *server\n"
            f"      host: {json.dumps(found.host, ensure_ascii=False)}\n"
            f"      port: {found.port}\n"
            f"      user: {ROLE}\n"
            f"      password: {json.dumps(found.password, ensure_ascii=False)}\n"
            f"      dbname: {DATABASE}\n"
            f"      connect_timeout: 10\n"
            f"      sslmode: disable\n"
        )
        for name in names[1:]:
            text += f"    {json.dumps(name, ensure_ascii=False)}: *warehouse_{number}\n"
    return text


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the profile in this folder."""
    with open_private(folder / "profiles.yml.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
