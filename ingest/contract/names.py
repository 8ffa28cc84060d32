"""Names in the feed contract: of tables, columns and connections; and paths into JSON."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

NAME_RULE = re.compile(r"[a-z](?:[a-z0-9_]{0,61}[a-z0-9])?")


def _database_name(name: str) -> str:
    # dlt and PostgreSQL keep exactly these names as they are.
    if not NAME_RULE.fullmatch(name):
        # An address may hold a password.
        shown = "an address" if "://" in name or "@" in name else f"'{name}'"
        raise ValueError(
            f"{shown} is not a valid name; use lower case letters, digits and single underscores,"
            " beginning with a letter, 63 characters at most"
        )
    return name


DatabaseName = Annotated[str, AfterValidator(_database_name)]


def _dotted_path(path: str) -> str:
    if not all(part.strip() for part in path.split(".")):
        raise ValueError(
            f"'{path}' has an empty part; a path is the keys on the way, separated by dots, such as"
            " order.lines.0.price"
        )
    return path


DottedPath = Annotated[str, AfterValidator(_dotted_path)]
"""Keys of JSON objects, and places in lists from 0, separated by dots."""
