"""profiles.yml, which plain dbt reads: a copy of profiles.example.yml.

Its last part is ours: port and password of each embedded warehouse that has been started.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from base.link import DATABASE, DEFAULT_PORT, HOST, ROLE, Connection

TARGET = "server"
"""The dbt target that goes where the variables of libpq say."""

TARGET_VARIABLE = "BRANCHLINE_TARGET"
"""What lets dbt choose that target by itself."""

OURS = "    # branchline writes what follows, to the end of the file,"
_EMBEDDED, _IN = "embedded", "embedded in "
_OLD = "profiles.old.yml"


def prepare_profile(project: Path, say: Callable[[str], None]) -> None:
    """Make profiles.yml from the example, readable by its owner only, and say so; what is there
    stays.

    One that does not read PGHOST, as Branchline's own did not at first, cannot follow the warehouse
    any more: it is put aside, and renewed.
    """
    profile, example = project / "profiles.yml", project / "profiles.example.yml"
    with _lock(project):
        try:
            if "PGHOST" in profile.read_text(encoding="utf-8"):
                return
            profile.replace(project / _OLD)
            say(
                "profiles.yml: made anew from profiles.example.yml, because the old one did not"
                f" read PGHOST and the like. It is kept as {_OLD}: take over what you had changed"
                " there, threads for example."
            )
        except FileNotFoundError:
            say("profiles.yml: made from profiles.example.yml.")
        _write(profile, example.read_text(encoding="utf-8"))


def note_warehouse(profile: Path, folder: Path, connection: Connection) -> bool:
    """Let dbt find the embedded warehouse in this folder; return whether the file was changed.

    Only the part below our line is written. Warehouses whose folder is gone are dropped from it. A
    profile without that line, or one that is not there, stays as it is.
    """
    project = profile.parent
    with _lock(project):
        try:
            before = profile.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        kept, line, _ = before.partition(OURS)
        if not line:
            return False
        known = _known(before)
        if known is None:
            return False
        known[str(folder)] = (connection.port, connection.password)
        text = kept + line + " whenever an embedded warehouse starts.\n" + _outputs(known, project)
        if text == before:
            return False
        _write(profile, text)
        return True


def _known(text: str) -> dict[str, tuple[int, str]] | None:
    """Port and password of the warehouses in a profile, by folder, where these still exist; None
    if the profile cannot be read, which dbt will say with the line.
    """
    try:
        outputs: dict[str, dict[str, Any]] = yaml.safe_load(text)["branchline"]["outputs"]
        return {
            name.removeprefix(_IN): (output["port"], output["password"])
            for name, output in outputs.items()
            if name.startswith(_IN + "/") and (Path(name.removeprefix(_IN)) / "pgdata").exists()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None


def _outputs(known: dict[str, tuple[int, str]], project: Path) -> str:
    """The outputs of these warehouses. The project's own comes first, and always is there."""
    default = str(project / ".warehouse")
    text = ""
    for number, folder in enumerate(sorted({default, *known}, key=lambda name: name != default)):
        port, password = known.get(folder, (DEFAULT_PORT, "no warehouse has started yet"))
        names = [*([_EMBEDDED] if folder == default else []), _IN + folder]
        if Path(folder).is_relative_to(project):
            # As it may be called in the project folder, where dbt is at home.
            names.append(_IN + str(Path(folder).relative_to(project)))
        text += (
            f"    {json.dumps(names[0], ensure_ascii=False)}: &warehouse_{number}\n"
            f"      <<: *server\n"
            f"      host: {HOST}\n"
            f"      port: {port}\n"
            f"      user: {ROLE}\n"
            f"      password: {json.dumps(password, ensure_ascii=False)}\n"
            f"      dbname: {DATABASE}\n"
            f"      connect_timeout: 10\n"
            f"      sslmode: disable\n"
        )
        for name in names[1:]:
            text += f"    {json.dumps(name, ensure_ascii=False)}: *warehouse_{number}\n"
    return text


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the profile in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
