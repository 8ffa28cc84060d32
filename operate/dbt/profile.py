"""profiles.yml, which plain dbt reads: a copy of profiles.example.yml with two values filled in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from base.link import Connection


def fill_in_profile(profile: Path, connection: Connection) -> bool:
    """Write the embedded warehouse's port and password into the profile; return if it changed.

    They are the defaults of two env_var() calls, so everything else in the file, changed by its
    owner or not, stays as it is, and the environment still wins.
    """
    text = before = profile.read_text(encoding="utf-8")
    for name, value in embedded_environment(connection).items():
        # A port and a generated password: neither holds a backslash.
        text = re.sub(rf"(env_var\('{name}', ')[^']*(')", rf"\g<1>{value}\g<2>", text)
    if text == before:
        return False
    new = profile.with_name(profile.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(profile)
    return True


def embedded_environment(connection: Connection) -> dict[str, str]:
    """The variables by which the profile's target `embedded` finds the warehouse."""
    return {
        "BRANCHLINE_EMBEDDED_PORT": str(connection.port),
        "BRANCHLINE_EMBEDDED_PASSWORD": connection.password,
    }


def make_profile(example: Path, profile: Path) -> bool:
    """Copy the example to the profile, readable by its owner only; return False if it exists."""
    try:
        handle = os.open(profile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(handle, "w", encoding="utf-8") as file:
        file.write(example.read_text(encoding="utf-8"))
    return True
