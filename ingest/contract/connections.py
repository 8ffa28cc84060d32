"""What a feed reads through a connection: a table of a database, or (apis.py) a resource of an API.

The address of a connection and its secrets are in the environment, never in a feed file.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ingest.contract.names import DatabaseName

DATABASE_FOLDER = "database/"
API_FOLDER = "api/"
RESERVED_FOLDERS = {DATABASE_FOLDER: "tables of databases", API_FOLDER: "resources of APIs"}
"""Folders for the paths of what is read through connections; no file of an inbox may be in them."""
_ORIGINS = {DATABASE_FOLDER: "a table of a database", API_FOLDER: "an API"}


def source_of(path: str) -> str | None:
    """What is read under this path of the ledger, in words; None for a file of an inbox."""
    return next((words for folder, words in _ORIGINS.items() if path.startswith(folder)), None)


def variable_of(connection: str) -> str:
    """The environment variable for a connection's address."""
    return f"BRANCHLINE_SOURCE_{connection.upper()}_URL"


def key_variable_of(connection: str) -> str:
    """The environment variable for the key of a connection to an API."""
    return f"BRANCHLINE_SOURCE_{connection.upper()}_KEY"


class DatabaseTable(BaseModel):
    """Where a feed's rows are in a relational database.

    Without `cursor` the whole table is one snapshot. With it, rows are only ever added, each with a
    higher value in that column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: DatabaseName
    table: str = Field(min_length=1)
    database_schema: str | None = Field(default=None, alias="schema", min_length=1)
    key: list[str] = []
    cursor: str | None = Field(default=None, min_length=1)
    required: bool = True

    @property
    def path(self) -> str:
        """The table's path in the ledger, without an extension."""
        schema = f"{self.database_schema}." if self.database_schema else ""
        return f"{DATABASE_FOLDER}{self.connection}/{schema}{self.table}"

    @property
    def whole_path(self) -> str:
        """The path in the ledger of the table as a whole."""
        return f"{self.path}.csv"

    @property
    def names_its_columns(self) -> str:
        """Why there is always a header."""
        return "a table names its columns"
