"""What the error codes of PostgreSQL, MySQL, MariaDB and SQL Server mean."""

from __future__ import annotations

import re
from typing import Any, TypeVar

WRONG_USER = {"28P01", "28000", 1045, 1698, 18452, 18456}
NOT_SCRAM = "authentication method requirement"
REFUSED = re.compile(
    rf"{NOT_SCRAM}|authentication failed|no password|pg_hba|role \S+ does not exist"
    r"|not permitted to log in"
)
NO_DATABASE = {"3D000", 1044, 1049, 911, 4060}
NO_SUCH_DATABASE = re.compile(r'database "[^"]*" does not exist')
NO_RIGHT = {"42501", 1142, 1143, 229, 230}
# A lost connection, a server that stops or starts, too many users, a lock, a deadlock.
_PASSING = {0, 1040, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1205, 1213, 1927}
# SQL Server's own, those of its client (DB-Lib), and those of Azure.
_PASSING |= {1222, 6005, 20002, 20003, 20004, 20006, 20009, 20047}
_PASSING |= {4221, 10928, 10929, 40197, 40501, 40613, 49918, 49919, 49920}
_PASSING_CLASSES = ("08", "40", "53", "55P03", "57P")


def passes(code: str | int | None) -> bool:
    """Whether an error of this code is temporary."""
    if isinstance(code, str):
        return code.startswith(_PASSING_CLASSES)
    return code is None or code in _PASSING or 2000 <= code < 2100


def code_of(error: BaseException) -> str | int | None:
    """The code of a driver's error: a text for PostgreSQL, a number for the others."""
    code = getattr(error, "pgcode", None)
    arguments = arguments_of(error)
    if code is None and arguments and isinstance(arguments[0], int):
        code = arguments[0]
    return code


def arguments_of(error: BaseException) -> tuple[Any, ...]:
    """The arguments of an error: pymssql puts its number and text into a tuple."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, tuple) else error.args


Kind = TypeVar("Kind", bound=BaseException)


def cause_of(error: BaseException | None, kind: type[Kind]) -> Kind | None:
    """The error of this type among the causes of another: dlt wraps errors."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
