"""What a feed reads from a REST API.

The words are those of dlt's REST source. The base URL and the key are in the environment.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from base.placed_yaml import at
from ingest.contract.connections import API_FOLDER, key_variable_of
from ingest.contract.durations import Duration
from ingest.contract.names import DatabaseName, DottedPath

PAGINATORS: dict[str, frozenset[str]] = {
    "auto": frozenset(),
    "single_page": frozenset(),
    "page_number": frozenset(
        {
            "base_page",
            "page",
            "page_param",
            "total_path",
            "maximum_page",
            "stop_after_empty_page",
            "has_more_path",
        }
    ),
    "offset": frozenset(
        {
            "limit",
            "offset",
            "offset_param",
            "limit_param",
            "total_path",
            "maximum_offset",
            "stop_after_empty_page",
            "has_more_path",
        }
    ),
    "cursor": frozenset({"cursor_path", "cursor_param", "stop_after_empty_page", "has_more_path"}),
    "json_link": frozenset({"next_url_path"}),
    "header_link": frozenset({"links_next_key"}),
    "header_cursor": frozenset({"cursor_key", "cursor_param"}),
}
"""dlt's paginators and their options, but for those that write into the body of a POST."""
ID = "{id}"
AFTER = "{after}"

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAM = re.compile(r"[0-9A-Za-z_.-]+")
_SECRET = re.compile(
    r"(?:^|[_-])(?:(?:api|access|secret|private)?[_-]?key|auth|authorization|token|pass(?:word|wd)?"
    r"|pwd|secret|bearer|credentials?|sig(?:nature)?)$",
    re.IGNORECASE,
)


def _path_of_a_call(path: str) -> str:
    # Not repeated: an address may hold a password.
    if "://" in path or path.startswith("//") or "@" in path.partition("/")[0]:
        raise ValueError(
            "must be the part of the address below the base URL, such as /stores; the base URL and"
            " secrets belong in the environment"
        )
    if set(path) & set("?#"):
        raise ValueError("must not have a query; write it as params")
    if set(re.findall(r"\{[^}]*\}", path)) - {ID}:
        raise ValueError(f"may hold {ID} and no other name in braces")
    return path


def _header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("is not the name of a header; the key itself belongs in the environment")
    return name


def _plain(value: Any) -> Any:
    """A value of the query as the YAML file has it: true, not True; 2024-01-31."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _param_name(name: str) -> str:
    if not _PARAM.fullmatch(name):
        raise ValueError("is not a parameter's name; the key itself belongs in the environment")
    return name


CallPath = Annotated[str, Field(min_length=1), AfterValidator(_path_of_a_call)]
Plain = Annotated[str, BeforeValidator(_plain)]


class ApiIds(BaseModel):
    """The ids: `values`, or what a call says.

    At `field` of its answer there is a count (then the ids are numbers from `first` on), or the ids
    themselves.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: list[Plain] = []
    path: CallPath | None = None
    field: DottedPath | None = None
    first: int = Field(default=1, ge=0)
    missing: Literal["fail", "reject"] = "fail"
    pages: Any = None

    @model_validator(mode="after")
    def _check(self) -> ApiIds:
        if self.values:
            self._check_values()
        elif self.path is None:
            raise at("path", "is missing: the call that says which ids there are; or list values")
        elif ID in self.path:
            raise at("path", f"must not hold {ID}: this call says which ids there are")
        check_pages(self.pages)
        return self

    def _check_values(self) -> None:
        for name in ("path", "field", "first", "pages"):
            if name in self.model_fields_set:
                raise at(name, "has no effect beside values")
        for place, value in enumerate(self.values):
            if value in self.values[:place]:
                raise at(f"values.{place}", f"'{value}' is listed twice")


class ApiResource(BaseModel):
    """Where a feed's rows are in a REST API.

    `answer: file`: the answer is not a list of records, but a file of any format that the loader
    reads. `every`: how much later it is read again; None: by each load. `watermark`: where in a
    record its last change is; only what changed since is asked for, less `overlap`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: DatabaseName
    resource: DatabaseName
    path: CallPath
    params: dict[str, Plain | list[Plain]] = {}
    records: DottedPath | None = None
    key: list[DottedPath] = []
    ids: ApiIds | None = None
    pages: Any = None
    key_header: Annotated[str, AfterValidator(_header_name)] | None = None
    key_param: Annotated[str, AfterValidator(_param_name)] | None = None
    concurrency: int = Field(default=4, ge=1, le=64)
    calls_per_second: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=60, gt=0, le=3600)
    answer: Literal["records", "file"] = "records"
    every: Duration | None = None
    watermark: DottedPath | None = None
    overlap: Duration = timedelta(minutes=10)
    required: bool = True

    @model_validator(mode="before")
    @classmethod
    def _hold_no_secret(cls, given: Any) -> Any:
        if isinstance(given, dict):
            params = given.get("params")
            places = [(str(name), "") for name in given if name != "key"]
            places += [(str(name), "params.") for name in params or {}] if params else []
            for name, prefix in places:
                if _SECRET.search(name):
                    connection = given.get("connection")
                    is_name = isinstance(connection, str) and connection.isidentifier()
                    variable = key_variable_of(str(connection) if is_name else "<connection>")
                    raise at(
                        f"{prefix}{name}",
                        f"a secret does not belong in a feed file; set {variable}, and name the"
                        " header that carries it in key_header, or the parameter in key_param",
                    )
        return given

    @model_validator(mode="after")
    def _check(self) -> ApiResource:
        values = [value for given in self.params.values() for value in _listed(given)]
        has_id = ID in self.path or any(ID in value for value in values)
        if self.ids is not None and not has_id:
            raise at("path", f"must hold {ID}, or a value of params must: one call is made per id")
        if self.ids is None and has_id:
            raise at("ids", f"is missing: it says which ids there are for {ID}")
        if self.gives_a_file:
            for name in ("ids", "key", "records", "pages"):
                if name in self.model_fields_set:
                    raise at(name, "has no effect with 'answer: file': the file is read as a whole")
        elif self.ids is None and not self.key:
            raise at("key", "is missing; list what identifies a record, such as key: [id]")
        self._check_watermark(has_after=any(AFTER in value for value in values))
        if self.key_header is not None and self.key_param is not None:
            raise at("key_param", "cannot be given beside key_header: the key is sent once")
        check_pages(self.pages)
        return self

    def _check_watermark(self, *, has_after: bool) -> None:
        if self.watermark is None:
            for name, is_given in (
                ("overlap", "overlap" in self.model_fields_set),
                ("params", has_after),
            ):
                if is_given:
                    raise at(name, f"needs a watermark, which {AFTER} in params stands for")
            return
        if not has_after:
            raise at("watermark", f"needs a value of params with {AFTER}: from when on to read")
        for name in ("ids", "answer", "every"):
            if name in self.model_fields_set:
                raise at(name, "cannot be given beside a watermark: it is for a list of records")

    @property
    def whole_path(self) -> str:
        """The resource's path in the ledger."""
        return f"{self._path}{'' if self.gives_a_file else '.jsonl'}"

    @property
    def changes_folder(self) -> str:
        """The folder in the ledger of what changed, with a watermark."""
        return f"{self._path}/by-watermark-{self.watermark}/"

    def has_path(self, path: str) -> bool:
        """Whether a path of the ledger is of this resource, however it was read."""
        return path in (self._path, f"{self._path}.jsonl") or path.startswith(f"{self._path}/by-")

    @property
    def _path(self) -> str:
        return f"{API_FOLDER}{self.connection}/{self.resource}"

    @property
    def gives_a_file(self) -> bool:
        """Whether the answer is a file, of whatever format."""
        return self.answer == "file"

    @property
    def names_its_columns(self) -> str | None:
        """Why there is always a header; None if there may be none."""
        return None if self.gives_a_file else "a record names its columns"


def check_pages(pages: Any) -> None:
    """Check the settings of a paginator. dlt checks the values when the first call is made."""
    if pages is None:
        return
    if isinstance(pages, str):
        pages = {"type": pages}
    if not isinstance(pages, dict):
        raise at("pages", "must be one of dlt's paginators, such as {type: offset, limit: 100}")
    kind = pages.get("type")
    if not isinstance(kind, str) or kind not in PAGINATORS:
        raise at("pages", f"needs a type; the types are {', '.join(PAGINATORS)}")
    for name, value in pages.items():
        if name != "type" and name not in PAGINATORS[kind]:
            known = ", ".join(sorted(PAGINATORS[kind])) or "none"
            raise at(f"pages.{name}", f"is not an option of {kind}; its options are: {known}")
        if not (value is None or isinstance(value, (str, int, bool))):
            raise at(f"pages.{name}", "must be a text, a whole number, true, false or null")
    if kind == "offset" and not isinstance(pages.get("limit"), int):
        raise at("pages", "of type offset need a limit: the number of records in a page")


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
