"""What the error codes of PostgreSQL, MySQL and MariaDB mean."""

from __future__ import annotations

import re
from typing import TypeVar

WRONG_USER = {"28P01", "28000", 1045, 1698}
NOT_SCRAM = "authentication method requirement"
REFUSED = re.compile(
    rf"{NOT_SCRAM}|authentication failed|no password|pg_hba|role \S+ does not exist"
    r"|not permitted to log in"
)
NO_DATABASE = {"3D000", 1044, 1049}
NO_SUCH_DATABASE = re.compile(r'database "[^"]*" does not exist')
NO_RIGHT = {"42501", 1142, 1143}
# A lost connection, a server that stops or starts, too many users, a lock, a deadlock.
_PASSING = {0, 1040, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1205, 1213, 1927}
_PASSING_CLASSES = ("08", "40", "53", "55P03", "57P")


def passes(code: str | int | None) -> bool:
    """Whether an error of this code is temporary."""
    if isinstance(code, str):
        return code.startswith(_PASSING_CLASSES)
    return code is None or code in _PASSING or 2000 <= code < 2100


def code_of(error: BaseException) -> str | int | None:
    """The code of a driver's error: a text for PostgreSQL, a number for MySQL."""
    code = getattr(error, "pgcode", None)
    if code is None and error.args and isinstance(error.args[0], int):
        code = error.args[0]
    return code


Kind = TypeVar("Kind", bound=BaseException)


def cause_of(error: BaseException | None, kind: type[Kind]) -> Kind | None:
    """The error of this type among the causes of another: dlt wraps errors."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
