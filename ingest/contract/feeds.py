"""The feed contract: what a feed declares about its files, its table and its columns."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import PurePosixPath
from string import Formatter
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from base.errors import BranchlineError
from base.placed_yaml import at
from ingest.contract.apis import ApiResource
from ingest.contract.connections import RESERVED_FOLDERS, DatabaseTable
from ingest.contract.file_names import (
    FileIdentity,
    FileNameError,
    compile_glob,
    composed,
    folded,
    folded_path,
    without_copy_marks,
)
from ingest.contract.names import DatabaseName, DottedPath

CARD_COLUMNS = ("card_token", "card_last4", "card_unreadable")
ADDRESS_COLUMNS = ("ip_token", "ip_network", "ip_unreadable")
RECORD = "record"
"""The raw column with the whole record of a JSON file."""
RECORD_ID = "_record_id"
"""The raw column with the feed's key, which identifies a record across files."""
TECHNICAL_COLUMNS = ("_file_id", "_line_number", "_loaded_at", "_dlt_load_id", RECORD_ID)
SYSTEM_COLUMNS = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""Names of PostgreSQL's system columns."""
RESERVED_TABLES = ("ingest_files", "ingest_rejects")
MEANINGFUL_GROUPS = ("branch", "business_date", "time")
USUAL_ENCODING = "cp1252"
"""Of lines that are not UTF-8, unless the feed names another encoding."""


def header_key(name: str) -> str:
    """The form in which header cells and declared names are compared: no case or punctuation."""
    # Some systems write an umlaut as two characters.
    composed = unicodedata.normalize("NFC", name.casefold())
    return re.sub(r"[\W_]+", "_", composed).strip("_")


def joined_key(key: str) -> str:
    """A `header_key` as one word: the same for `InvoiceNo`, `INVOICENO` and `invoice_no`."""
    return key.replace("_", "")


class Column(BaseModel):
    """One declared column of a feed.

    `parts`: names of the columns that make it up, one list per part: a date and a time column
    become one timestamp. `path`: where it is in a JSON record, if it is not a key of the record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: DatabaseName
    description: str = ""
    aliases: list[str] = []
    parts: list[Annotated[list[str], Field(min_length=1)]] = []
    path: DottedPath | None = None
    required: bool = True
    protect: Literal["card_number", "damaged_card_number", "ip_address", "none"] | None = None
    personal: bool | Literal["email", "name"] = False
    """Whether it is about a person; `email`, `name`: it is an address, or a name, in any capitals.
    Card numbers and IP addresses are personal anyway."""

    def header_keys(self) -> set[str]:
        """Every name of this column in a header, as `header_key` gives it."""
        return {header_key(name) for name in (self.name, *self.aliases)}

    def raw_columns(self) -> tuple[str, ...]:
        """The columns of the raw table that hold this one."""
        if self.is_card:
            return CARD_COLUMNS
        return ADDRESS_COLUMNS if self.is_address else (self.name,)

    @property
    def is_card(self) -> bool:
        """Whether it contains card numbers."""
        return self.protect in ("card_number", "damaged_card_number")

    @property
    def is_address(self) -> bool:
        """Whether it contains IP addresses."""
        return self.protect == "ip_address"

    @property
    def is_replaced(self) -> bool:
        """Whether its content is never stored: other columns of the raw table take its place."""
        return self.is_card or self.is_address


class CustomerRule(BaseModel):
    """One way in which a row names its customer.

    `columns`: which together identify the customer; a column of card numbers stands alone.
    `within`: the column with the branch in which they do, or, where it is empty, the file's branch;
    then they are names. `where`: texts of other columns, in any capitals, without which the rule
    does not hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: list[str] = Field(min_length=1)
    within: str | None = None
    where: dict[str, str] = {}


class Layout(BaseModel):
    """Where the rows are in files that may hold more than one table.

    `sheet`: of a workbook, by its name or its place from 1; `header_row`: the number of its row
    with the names of the columns; `records`: where the records are in a JSON document.
    `entries`: each entry of a JSON object is a row, if its name has this form; the named groups are
    columns. `whole_record: false`: the text of a JSON record is not kept beside its columns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet: str | int | None = None
    header_row: int | None = Field(default=None, ge=1)
    records: DottedPath | None = None
    entries: str | None = Field(default=None, min_length=1)
    whole_record: bool = True

    @field_validator("sheet", mode="before")
    @classmethod
    def _check_sheet(cls, sheet: object) -> object:
        is_name = isinstance(sheet, str) and bool(sheet.strip())
        is_place = isinstance(sheet, int) and not isinstance(sheet, bool) and sheet > 0
        if sheet is not None and not (is_name or is_place):
            raise ValueError("must be a sheet's name, or its place from 1")
        return sheet

    @field_validator("entries")
    @classmethod
    def _check_entries(cls, entries: str | None) -> str | None:
        try:
            groups = re.compile(entries or "").groupindex
        except re.error as error:
            raise ValueError(f"is not a valid regular expression: {error}") from None
        if entries is not None and not groups:
            raise ValueError("needs a named group: (?P<column>...) for the name of an entry")
        return entries


class Feed(BaseModel):
    """One entry of a feed file: which files, and how they become rows of one raw table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: DatabaseName
    table: DatabaseName
    description: str
    files: str | None = Field(default=None, min_length=1)
    database: DatabaseTable | None = None
    api: ApiResource | None = None
    file_name: str | None = None
    file_name_example: str | None = None
    business_date_format: str | None = None
    logical_file: str | None = None
    snapshot: bool = False
    key: list[str] = []
    covers: Literal["day", "days"] | None = None
    customer: list[CustomerRule] = []
    """How a row names its customer: the first rule counts whose columns are all filled."""
    header: Literal["optional", "required", "none"] = "optional"
    encoding: str | None = None
    max_rejected_share: float = Field(default=0.2, ge=0, lt=1)
    layout: Layout = Layout()
    columns: list[Column] = Field(min_length=1)

    _name: str = PrivateAttr(default="")
    _header_owners: dict[str, int] = PrivateAttr(default_factory=dict)
    _joined_owners: dict[str, int] = PrivateAttr(default_factory=dict)
    _parts: dict[str, tuple[int, int]] = PrivateAttr(default_factory=dict)
    _names: frozenset[str] = PrivateAttr(default=frozenset())
    """Header key as one word -> the column and the part that it names."""
    _name_pattern: re.Pattern[str] | None = PrivateAttr(default=None)
    _entry_pattern: re.Pattern[str] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check(self) -> Feed:
        self._check_table()
        self._check_columns()
        self._check_parts()
        self._check_origin()
        self._check_layout()
        self._check_file_name()
        self._check_encoding()
        self._check_what_counts()
        self._check_customer()
        return self

    def _check_table(self) -> None:
        if not self.table.startswith(f"{self.source}_"):
            raise at("table", f"'{self.table}' must begin with the source: {self.source}_...")
        if self.table in RESERVED_TABLES:
            raise at("table", f"'{self.table}' is one of the loader's own tables")

    def _check_columns(self) -> None:
        taken: dict[str, str] = {}
        names: dict[str, str] = {}
        for place, column in enumerate(self.columns):
            for raw_name in column.raw_columns():
                if raw_name in SYSTEM_COLUMNS:
                    raise at(
                        f"columns.{place}",
                        f"'{raw_name}' is a system column of PostgreSQL; choose another name and"
                        " make this one an alias",
                    )
                if raw_name in names:
                    raise at(
                        f"columns.{place}",
                        f"column '{column.name}' fills raw column '{raw_name}', as does"
                        f" '{names[raw_name]}'",
                    )
                names[raw_name] = column.name
            for key in sorted(column.header_keys()):
                if not key:
                    raise at(f"columns.{place}.aliases", "an alias has no letter or digit")
                if key in taken:
                    raise at(
                        f"columns.{place}",
                        f"'{column.name}' and '{taken[key]}' both match the header '{key}'",
                    )
                joined = joined_key(key)
                other = self._joined_owners.setdefault(joined, place)
                if other != place:
                    raise at(
                        f"columns.{place}",
                        f"'{column.name}' and '{self.columns[other].name}' both match the"
                        f" header '{joined}', written as one word",
                    )
                taken[key] = column.name
                self._header_owners[key] = place

    def _check_parts(self) -> None:
        for place, column in enumerate(self.columns):
            if column.parts and column.path is not None:
                raise at(f"columns.{place}.path", "cannot have parts as well")
            where = f"columns.{place}.parts"
            if column.parts and (len(column.parts) == 1 or column.protect is not None):
                raise at(where, "needs at least two lists of names, and cannot have protect")
            for number, names in enumerate(column.parts):
                for name in names:
                    key = joined_key(header_key(name))
                    other = self._joined_owners.get(key, place)
                    if not key or key in self._parts or other != place:
                        raise at(
                            where, f"'{name}' is not a name, or belongs to another column or part"
                        )
                    self._parts[key] = place, number
        self._names = frozenset({*self._joined_owners, *self._parts})

    def _check_origin(self) -> None:
        remote = self.connected
        if self.files is None and remote is None:
            raise at("files", "is missing; a feed has files, or a database or an api, or both")
        if self.database is not None and self.api is not None:
            raise at("api", "a feed reads a database or an api, not both: make it two feeds")
        if self.files is None and self.file_name is not None:
            raise at("file_name", "needs files")
        if self.files is not None:
            assert self._path_pattern
            for folder, use in RESERVED_FOLDERS.items():
                if self.files.startswith(folder):
                    raise at("files", f"{folder} is reserved for {use}")
        names = None if remote is None else remote.names_its_columns
        if names is not None and self.header == "none":
            raise at("header", f"must be optional or required: {names}")
        if self.database is not None:
            column = self.database.marked_by
            owner = None if column is None else self.columns_named([column])[0]
            if owner is not None and self.columns[owner].is_replaced:
                setting = "cursor" if self.database.watermark is None else "watermark"
                raise at(
                    f"database.{setting}", "cannot be a column of card numbers or IP addresses"
                )

    def _check_layout(self) -> None:
        layout = self.layout
        if layout.header_row is not None and self.header == "none":
            raise at("layout.header_row", "cannot be given with 'header: none'")
        if not layout.whole_record and self.columns_named([RECORD]) != [None]:
            raise at("layout.whole_record", f"must be true: the feed declares the column {RECORD}")
        if layout.entries is not None:
            self._entry_pattern = re.compile(layout.entries, re.IGNORECASE)
            for group in self._entry_pattern.groupindex:
                if self.columns_named([group]) == [None]:
                    raise at("layout.entries", f"the group {group} is not a column of the feed")

    def _check_file_name(self) -> None:
        if self.file_name is None:
            for key in ("logical_file", "business_date_format", "file_name_example"):
                if getattr(self, key) is not None:
                    raise at(key, "needs file_name: it is built from its groups")
            return
        try:
            pattern = re.compile(self.file_name, re.IGNORECASE)
        except re.error as error:
            raise at("file_name", f"is not a valid regular expression: {error}") from None
        groups = set(pattern.groupindex)
        if ("business_date" in groups) != (self.business_date_format is not None):
            raise at(
                "file_name",
                "the group business_date and the key business_date_format need each other",
            )
        for group in self._template_groups():
            if group not in groups:
                raise at(
                    "logical_file",
                    f"{{{group}}} is not a group of file_name; it needs (?P<{group}>...)",
                )
        self._name_pattern = pattern
        if self.file_name_example is not None:
            try:
                self.identify(self.file_name_example)
            except FileNameError as error:
                raise at("file_name_example", f"does not match file_name: {error}") from None

    def _check_encoding(self) -> None:
        if self.encoding is None:
            return
        gives_files = self.files is not None or (self.api is not None and self.api.gives_a_file)
        if not gives_files:
            raise at("encoding", "needs files: a database or an API returns Unicode")
        # Lines are split before they are decoded, so each byte has to be a character.
        every_byte = bytes(range(256))
        try:
            name = codecs.lookup(self.encoding).name
            text = every_byte.decode(name, "replace")
        except (LookupError, ValueError):
            name, text = "", ""
        if name == "utf-8" or len(text) != 256 or not text.startswith(every_byte[:128].decode()):
            raise at(
                "encoding",
                f"'{self.encoding}' is not an encoding with one byte per character, such as"
                " windows-1255; UTF-8 and UTF-16 are recognised without it",
            )

    def _check_what_counts(self) -> None:
        self._check_watermark()
        names = {column.name: column for column in self.columns}
        for place, name in enumerate(self.key):
            if name not in names:
                raise at(f"key.{place}", f"'{name}' is not a column of the feed")
            if names[name].is_replaced:
                what = "card numbers" if names[name].is_card else "IP addresses"
                raise at(f"key.{place}", f"'{name}' holds {what}, which are never stored")
            if name in self.key[:place]:
                raise at(f"key.{place}", f"'{name}' is listed twice")
        if self.snapshot and (self.key or self.covers):
            said = "key" if self.key else "covers"
            raise at(said, "has no effect in a snapshot: only its latest file counts")
        if self.covers == "days" and self.key:
            raise at("key", "has no effect beside 'covers: days': the later file has the whole day")
        if self.covers == "day" and self.business_date_format is None:
            raise at("covers", "'day' needs the group business_date in file_name")

    def _check_customer(self) -> None:
        columns = {column.name: column for column in self.columns}
        for place, rule in enumerate(self.customer):
            where = f"customer.{place}"
            names = (*rule.columns, *filter(None, [rule.within]), *rule.where)
            for name in names:
                if name not in columns:
                    raise at(where, f"'{name}' is not a column of the feed")
            if any(columns[name].is_address for name in names):
                raise at(where, "IP addresses name no customer: many people share one")
            if any(columns[name].is_card for name in (rule.within, *rule.where) if name):
                raise at(where, "a column of card numbers can only be among its columns")
            if any(columns[name].is_card for name in rule.columns):
                if len(rule.columns) > 1 or rule.within:
                    raise at(where, "a card identifies a customer by itself, in every branch")
                continue
            for name in rule.columns:
                if not columns[name].personal:
                    raise at(where, f"'{name}' identifies a person: it needs 'personal: true'")

    def _check_watermark(self) -> None:
        remote = self.connected
        if remote is None or remote.watermark is None:
            return
        if self.snapshot or self.covers:
            said = "snapshot" if self.snapshot else "covers"
            raise at(said, "cannot be given with a watermark: files of changed rows add up by key")
        if not self.key:
            raise at(
                "api.watermark" if self.database is None else "database.watermark",
                "needs the feed's key: a row is compared with the one that was loaded last for it",
            )

    def _template_groups(self) -> list[str]:
        if self.logical_file is None:
            return []
        try:
            fields = [field for _, field, _, _ in Formatter().parse(self.logical_file)]
        except ValueError as error:
            raise at("logical_file", f"is not a valid template: {error}") from None
        groups = [field for field in fields if field is not None]
        if not groups:
            raise at("logical_file", "has no {group}: all files would be the same logical file")
        return groups

    @property
    def name(self) -> str:
        """The feed's key in its file."""
        return self._name

    @property
    def connected(self) -> DatabaseTable | ApiResource | None:
        """What the feed reads through a connection, besides its files."""
        return self.database or self.api

    @property
    def folder(self) -> str:
        """The folder of the inbox that the feed's pattern begins with, such as `web_shop/`."""
        fixed: list[str] = []
        for part in PurePosixPath(self.files or "").parts[:-1]:
            if any(sign in part for sign in "*?"):
                break
            fixed.append(part)
        return "/".join(fixed) + "/" if fixed else "./"

    # Needed for every file of an inbox: pydantic's private attributes are slow.
    @cached_property
    def _path_pattern(self) -> re.Pattern[str] | None:
        return None if self.files is None else compile_glob(self.files)

    def claims(self, path: str) -> bool:
        """Whether a path, relative to the inbox with forward slashes, belongs to this feed."""
        pattern = self._path_pattern
        return pattern is not None and pattern.fullmatch(path) is not None

    def may_claim_in(self, folder: str) -> bool:
        """Whether files in a folder (with a trailing slash, "" for the inbox) may be the feed's."""
        return self.files is not None and (self.folder == "./" or folder.startswith(self.folder))

    @property
    def entry_pattern(self) -> re.Pattern[str] | None:
        """The form of the name of an entry that is a row, where `layout.entries` gives one."""
        return self._entry_pattern

    @property
    def fallback_encoding(self) -> str:
        """The encoding of lines that are not UTF-8."""
        return self.encoding or USUAL_ENCODING

    @property
    def has_files_or_portions(self) -> bool:
        """Whether a file has all rows that a table, read in portions, has as well: then either the
        file counts or the portions."""
        has_portions = self.database is not None and self.database.cursor is not None
        return self.snapshot and self.files is not None and has_portions

    def only_file(self, branch: str | None = None) -> str | None:
        """The only path that the feed's files can have, or those of a branch; None if there may be
        several.

        That is a pattern without a wildcard; and with branches a folder for each, where `file_name`
        takes the branch from the path.
        """
        if self.files is None:
            return None
        if self.file_name is None:
            path = self.files if branch is None else ""
        else:
            above, folders, name = self.files.partition("**/")
            of_branch = f"{branch}/" if branch else ""
            path = f"{above}{of_branch}{name}" if folders and self._names_with_folders else ""
        if not path or set(path) & set("*?"):
            return None
        try:
            return path if self.identify(path).branch == branch else None
        except FileNameError:
            return None

    @cached_property
    def _names_with_folders(self) -> bool:
        """Whether `file_name` has a slash, so that the folders below `folder` belong to the name.

        A slash in a set of characters does not count: such a set matches a part of a name.
        """
        return "/" in re.sub(r"\[[^\]]*\]", "", self.file_name or "")

    def _name_of(self, path: str) -> tuple[str, str]:
        """The folders and the name that `file_name` is matched with, in composed letters."""
        folders, slash, name = composed(path).rpartition("/")
        if not self._names_with_folders:
            return "", name
        below = folders + slash
        if self.folder != "./":
            below = below.removeprefix(composed(self.folder))
        return below, name

    def identify(self, path: str) -> FileIdentity:
        """Parse a file's name.

        Raises FileNameError with a reason for people when the name does not match.
        """
        pattern = self._name_pattern
        if pattern is None:
            return FileIdentity(logical_file=folded_path(path))
        folders, name = self._name_of(path)
        original = folders + without_copy_marks(name, numbers=True)
        found = pattern.fullmatch(original) or pattern.fullmatch(folders + name)
        form = f"like {self.file_name_example}" if self.file_name_example else self.file_name
        if found is None:
            what, advice = "the file's name does", "rename"
            if self._names_with_folders:
                what, advice = f"the file's folders below {self.folder} and its name do", "move"
            raise FileNameError(
                f"{what} not have the form that feed {self.name} expects ({form});"
                f" {advice} the file and it will be loaded"
            )
        groups = {group: text for group, text in found.groupdict().items() if text is not None}
        business_date: date | None = None
        written = groups.get("business_date")
        if written is not None and self.business_date_format is not None:
            try:
                business_date = datetime.strptime(written, self.business_date_format).date()
            except ValueError:
                raise FileNameError(
                    f"'{written}' in the file's name is not a date"
                    f" (expected: {form}); rename the file and it will be loaded"
                ) from None
            groups["business_date"] = business_date.isoformat()
        # Names that differ only in case, spaces or hyphens mean the same branch. Dates and other
        # numbers stay as written.
        groups = {
            group: folded(text) if any(map(str.isalpha, text)) else text.strip(" _.")
            for group, text in groups.items()
        }
        logical_file = folded_path(path)
        if self.logical_file is not None:
            logical_file = self.logical_file.format_map(
                {group: groups.get(group, "") for group in self._template_groups()}
            )
            # An optional group that is missing in the name leaves no separator.
            logical_file = re.sub("/{2,}", "/", logical_file).strip("/")
        return FileIdentity(
            logical_file=logical_file,
            branch=groups.get("branch") or None,
            business_date=business_date,
            time=groups.get("time", ""),
        )

    def raw_columns(self) -> tuple[str, ...]:
        """The data columns of the raw table, in order."""
        return tuple(name for column in self.columns for name in column.raw_columns())

    def may_name(self, cells: Sequence[str]) -> int:
        """A cheap upper bound of how many cells name a column or a part of one."""
        names = self._names
        return sum(joined_key(header_key(cell)) in names for cell in cells)

    def columns_named(self, cells: Sequence[str]) -> list[int | None]:
        """The place of the declared column that each cell of a header names; None for others.

        A cell that matches a name exactly takes precedence over one that matches it as one word
        (`InvoiceNo`, `invoice_no`). A name with a control character matches nothing.
        """
        # Once: pydantic looks private attributes up slowly.
        header_owners, joined_owners = self._header_owners, self._joined_owners
        keys = [header_key(cell) for cell in cells]
        found = [header_owners.get(key) for key in keys]
        taken = set(found)
        for number, key in enumerate(keys):
            owner = joined_owners.get(joined_key(key))
            if found[number] is None and owner not in taken and cells[number].isprintable():
                found[number] = owner
        return found

    def parts_named(self, cells: Sequence[str]) -> dict[int, tuple[int, ...]]:
        """Columns that a header names in parts: place of the column -> places of its cells.

        Each part once, and no cell that names the column as a whole.
        """
        parts = self._parts
        if not parts:
            return {}
        found: dict[int, list[tuple[int, int]]] = {}
        for place, (cell, owner) in enumerate(zip(cells, self.columns_named(cells), strict=True)):
            part = parts.get(joined_key(header_key(cell))) if cell.isprintable() else None
            if part is not None:
                found.setdefault(part[0], []).append((part[1], place))
            elif owner is not None:
                found.setdefault(owner, []).append((-1, place))
        return {
            owner: tuple(place for _, place in sorted(named))
            for owner, named in found.items()
            if self.columns[owner].parts
            and sorted(part for part, _ in named) == list(range(len(self.columns[owner].parts)))
        }

    @property
    def key_places(self) -> list[int]:
        """Places in the raw table of the columns that identify a record across files."""
        names = self.raw_columns()
        return [names.index(name) for name in self.key]

    @property
    def card_place(self) -> int | None:
        """Place of the column that holds card numbers, if there is one."""
        return next((place for place, one in enumerate(self.columns) if one.is_card), None)

    @property
    def address_place(self) -> int | None:
        """Place of the column that holds IP addresses, if there is one."""
        return next((place for place, one in enumerate(self.columns) if one.is_address), None)

    @property
    def has_damaged_cards(self) -> bool:
        """Whether its card numbers may have lost digits."""
        return any(column.protect == "damaged_card_number" for column in self.columns)


class FeedContract(BaseModel):
    """All feeds, in the order of their files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: dict[DatabaseName, Feed] = Field(min_length=1)

    _switched_off: dict[str, Feed] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> FeedContract:
        tables: dict[str, str] = {}
        for name, feed in self.feeds.items():
            feed._name = name
            if feed.table in tables:
                raise at(
                    f"feeds.{name}.table",
                    f"'{feed.table}' is already the table of feed '{tables[feed.table]}'",
                )
            tables[feed.table] = name
        self._check_connections()
        return self

    def _check_connections(self) -> None:
        """A connection is a database, a database for each branch, or an API."""
        kinds: dict[str, str] = {}
        branches: dict[str, tuple[str, bool]] = {}
        for name, feed in self.feeds.items():
            for kind, spec in (("database", feed.database), ("api", feed.api)):
                if spec is not None and kinds.setdefault(spec.connection, kind) != kind:
                    raise at(
                        f"feeds.{name}.{kind}.connection",
                        f"'{spec.connection}' is the connection of a database and of an api;"
                        " give them different names",
                    )
            if feed.database is not None:
                here = feed.database.branches
                first, there = branches.setdefault(feed.database.connection, (name, here))
                if here != there:
                    raise at(
                        f"feeds.{name}.database.branches",
                        f"must be as in feed '{first}', which reads the same connection; give"
                        " tables of another database another connection",
                    )

    def __iter__(self) -> Iterator[Feed]:  # type: ignore[override]  # pydantic iterates fields
        return iter(self.feeds.values())

    @property
    def switched_off(self) -> dict[str, Feed]:
        """The feeds of unlisted sources, by name; they are not read."""
        return self._switched_off

    def of_sources(self, listed: Collection[str]) -> FeedContract:
        """The same feeds, with those of unlisted sources switched off.

        Raises BranchlineError for a listed source without a feed.
        """
        sources = {feed.source for feed in self}
        lacking = [name for name in listed if name not in sources]
        if lacking:
            raise BranchlineError(
                "\n".join(
                    f"Source {name} is listed in source_systems (dbt_project.yml) and has no feed:"
                    f" no file in ingest/feeds says 'source: {name}'."
                    for name in lacking
                ),
                f"Write ingest/feeds/{lacking[0]}.yml, or remove the source from the list.",
            )
        made = self.model_copy(
            update={"feeds": {feed.name: feed for feed in self if feed.source in listed}}
        )
        made._switched_off = {feed.name: feed for feed in self if feed.source not in listed}
        return made

    def chosen(self, only: tuple[str, ...] | list[str]) -> list[Feed]:
        """The feeds named in `only`, or all; raises BranchlineError for an unknown one."""
        for name in only:
            if name in self.switched_off:
                raise BranchlineError(
                    f"Feed '{name}' is switched off: {unlisted(self.switched_off[name].source)}.",
                    "List the source there to have it read.",
                )
            if name not in self.feeds:
                raise BranchlineError(
                    f"There is no feed '{name}'.",
                    f"The feeds are: {', '.join(self.feeds)}.",
                )
        return [feed for feed in self if not only or feed.name in only]


def unlisted(source: str) -> str:
    """Why a source is not read."""
    return f"source {source} is not listed in source_systems (dbt_project.yml)"
