"""What a feed reads through a connection: a table of a database, or (apis.py) a resource of an API.

The address of a connection and its secrets are in the environment, never in a feed file.
"""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from base.placed_yaml import at
from ingest.contract.durations import Duration
from ingest.contract.file_names import folded
from ingest.contract.names import DatabaseName

DATABASE_FOLDER = "database/"
API_FOLDER = "api/"
RESERVED_FOLDERS = {DATABASE_FOLDER: "tables of databases", API_FOLDER: "resources of APIs"}
"""Folders for the paths of what is read through connections; no file of an inbox may be in them."""
_ORIGINS = {DATABASE_FOLDER: "a table of a database", API_FOLDER: "an API"}
_BRANCH = re.compile(r"[a-z0-9_]+")


def source_of(path: str) -> str | None:
    """What is read under this path of the ledger, in words; None for a file of an inbox."""
    return next((words for folder, words in _ORIGINS.items() if path.startswith(folder)), None)


def variable_of(connection: str, branch: str | None = None) -> str:
    """The environment variable for a connection's address, or for that of one of its branches.

    `branch`: as `branch_key` returns it.
    """
    of_branch = f"_{branch.upper()}" if branch else ""
    return f"BRANCHLINE_SOURCE_{connection.upper()}_URL{of_branch}"


def branches_variable_of(connection: str) -> str:
    """The environment variable that lists the branches of a connection."""
    return f"BRANCHLINE_SOURCE_{connection.upper()}_BRANCHES"


def key_variable_of(connection: str) -> str:
    """The environment variable for the key of a connection to an API."""
    return f"BRANCHLINE_SOURCE_{connection.upper()}_KEY"


def branch_key(name: str) -> str | None:
    """A branch's name as the ledger has it; None where it cannot be part of a variable's name.

    Case, spaces, hyphens and underscores make no difference, as in the names of files.
    """
    key = folded(name)
    return key if _BRANCH.fullmatch(key) else None


def counted_in_file(path: str) -> str:
    """Why rows of a table are not loaded that a full-state file has."""
    return (
        f"the rows of the table were loaded from {path}, and would count twice; withdraw that file"
        f" (branchline withdraw {path}, then branchline quarantine retry), or send files only"
    )


class DatabaseTable(BaseModel):
    """Where a feed's rows are in a relational database.

    Without `cursor` and `watermark` the whole table is one snapshot.

    With `cursor`, rows are added, each with a higher value in that column; rows of the last
    `read_again` portions may still change, and so may those whose cursor is null.
    `cursor_required: false`: a table without that column is one snapshot.

    With `watermark`, the column says when a row was last changed. A load reads the rows that were
    changed since the highest time that it has read, less `overlap`, and keeps those that differ
    from what was loaded; every `compare_all` it compares the whole table.

    `branches`: each branch may have a database of its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: DatabaseName
    branches: bool = False
    table: str = Field(min_length=1)
    database_schema: str | None = Field(default=None, alias="schema", min_length=1)
    key: list[str] = []
    cursor: str | None = Field(default=None, min_length=1)
    cursor_required: bool = True
    read_again: int = Field(default=1, ge=1)
    watermark: str | None = Field(default=None, min_length=1)
    overlap: Duration = timedelta(minutes=10)
    compare_all: Duration = timedelta(days=7)
    only_declared: bool = False
    required: bool = True

    @model_validator(mode="after")
    def _check(self) -> DatabaseTable:
        for name in ("read_again", "cursor_required"):
            if self.cursor is None and name in self.model_fields_set:
                raise at(name, "needs a cursor: without one, the whole table is read each time")
        for name in ("overlap", "compare_all"):
            if self.watermark is None and name in self.model_fields_set:
                raise at(name, "needs a watermark: the column with the time of a row's last change")
        if self.watermark is not None and self.cursor is not None:
            raise at(
                "watermark",
                "cannot be given beside a cursor: rows with a cursor are only added, those with a"
                " watermark change",
            )
        return self

    @property
    def marked_by(self) -> str | None:
        """The column by whose values new rows are found; None if the whole table is read."""
        return self.cursor or self.watermark

    def path_of(self, branch: str | None) -> str:
        """The path in the ledger of a branch's table, without an extension."""
        folder = f"{branch}/" if branch else ""
        schema = f"{self.database_schema}." if self.database_schema else ""
        return f"{DATABASE_FOLDER}{self.connection}/{folder}{schema}{self.table}"

    def whole_path_of(self, branch: str | None) -> str:
        """The path in the ledger of a branch's table as a whole."""
        return f"{self.path_of(branch)}.csv"

    def portions_of(self, branch: str | None) -> str:
        """The folder in the ledger of the portions of a branch's table, or with a watermark of its
        files of changed rows. Nobody can take one for the other."""
        way = self.cursor if self.watermark is None else f"watermark-{self.watermark}"
        return f"{self.path_of(branch)}/by-{way}/"

    def without_cursor_of(self, branch: str | None) -> str:
        """The path in the ledger of the rows of a branch's table whose cursor is null, in the
        folder of its portions."""
        return f"{self.portions_of(branch)}without.csv"

    def has_path(self, path: str, branch: str | None) -> bool:
        """Whether a path of the ledger is of a branch's table, read as a whole or by any cursor."""
        own = self.path_of(branch)
        return path == f"{own}.csv" or path.startswith(f"{own}/by-")

    def branch_in(self, path: str) -> str | None:
        """The branch in a path of this table, "" for none; None for a path of something else."""
        if self.has_path(path, None):
            return ""
        parts = path.split("/")
        branch = parts[2] if len(parts) > 3 else None
        return branch if branch and self.has_path(path, branch) else None

    def branch_folder(self, branch: str) -> str:
        """The folder in the ledger of all tables of a branch."""
        return f"{DATABASE_FOLDER}{self.connection}/{branch}/"

    def place_of(self, path: str) -> str:
        """What names all that was read of the table in a path: the path itself, or the folder of
        its portions."""
        folder, is_portion, _ = path.rpartition("/by-")
        return f"{folder}/" if is_portion else path

    @property
    def path(self) -> str:
        """The table's path in the ledger, without an extension, for the branch without a name."""
        return self.path_of(None)

    @property
    def whole_path(self) -> str:
        """The path in the ledger of the table as a whole, likewise."""
        return self.whole_path_of(None)

    @property
    def names_its_columns(self) -> str:
        """Why there is always a header."""
        return "a table names its columns"
