"""The contract of what is published: what, for whom, how often, and where to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from base.errors import BranchlineError
from base.placed_yaml import Line, at, broken, place_of

ENTRIES = {"publications": "publication", "audiences": "audience", "places": "place"}
"""Keys of the file with named entries, and the word for one."""
WHAT_NOW = "nothing was published."
EXPORT_FORMATS = ("csv", "xlsx", "parquet")


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z](?:[a-z0-9_]{0,61}[a-z0-9])?", name):
        # An address may hold a password.
        shown = "an address" if "://" in name or "@" in name else f"'{name}'"
        raise ValueError(
            f"{shown} is not a valid name; use lower case letters, digits and underscores,"
            " beginning with a letter, 63 characters at most"
        )
    return name


Name = Annotated[str, AfterValidator(_name)]


class Audience(BaseModel):
    """People who get publications. `of: branch`: those of each branch get what concerns it.

    Their addresses are in the environment: `BRANCHLINE_NOTIFY_` and the name in capitals.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Literal["branch", "company"]


class Place(BaseModel):
    """A place besides the archive that gets the files of a publication.

    Its address is in the environment: `BRANCHLINE_PLACE_` and the name in capitals.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Publication(BaseModel):
    """One entry: a report, or the export of a mart.

    `days`: of an export, only rows of so many days up to the business date. `names`: the audience
    may see personal data. `to`: places besides the archive. `spreadsheet`: of a CSV file, it is
    made for opening it in a spreadsheet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: Name | None = None
    export: Name | None = None
    title: str | None = Field(default=None, min_length=1)
    every: Literal["day", "week", "month"]
    audiences: list[Name] = Field(alias="for", min_length=1)
    message: bool = False
    names: bool = False
    to: list[Name] = []
    formats: list[Literal["html", "pdf"]] = Field(default=["html", "pdf"], min_length=1)
    file: str | None = None
    columns: list[Name] | None = Field(default=None, min_length=1)
    days: int | None = Field(default=None, ge=1)
    spreadsheet: bool = False

    _called: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _check(self) -> Publication:
        given = self.model_fields_set
        if (self.report is None) == (self.export is None):
            raise at("report", "a publication has either report or export")
        kind = "report" if self.export is None else "export"
        of_export = ("file", "columns", "days", "spreadsheet")
        for key in of_export if self.export is None else ("formats",):
            if key in given:
                raise at(key, f"has no effect in a publication with {kind}")
        for key in ("audiences", "to", "formats", "columns"):
            values: list[str] = getattr(self, key) or []
            for place, value in enumerate(values):
                if value in values[:place]:
                    said = "for" if key == "audiences" else key
                    raise at(f"{said}.{place}", f"'{value}' is listed twice")
        if self.export is not None:
            self._check_file()
        return self

    def _check_file(self) -> None:
        if self.file is None:
            raise at("file", "is missing; an export has a file, such as daily_sales.csv")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.file):
            raise at(
                "file",
                f"'{self.file}' must be a name without folders, of letters, digits, dots, hyphens"
                " and underscores",
            )
        if self.form not in EXPORT_FORMATS:
            raise at("file", f"'{self.file}' must end in .{', .'.join(EXPORT_FORMATS)}")
        if self.spreadsheet and self.form != "csv":
            raise at("spreadsheet", "is for CSV files only; others have their own cell types")

    @property
    def name(self) -> str:
        """The publication's key in the file."""
        return self._called

    @property
    def form(self) -> str:
        """The format of an export, from the ending of its file: csv, xlsx or parquet."""
        return PurePosixPath(self.file or "").suffix.removeprefix(".").lower()


class Publications(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company: str = Field(min_length=1)
    archive: str = Field(default="published", min_length=1)
    places: dict[Name, Place | None] = {}
    audiences: dict[Name, Audience] = Field(min_length=1)
    publications: dict[Name, Publication] = Field(min_length=1)

    _lines: Mapping[str, Line] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Publications:
        files: dict[str, str] = {}
        for name, one in self.publications.items():
            one._called = name
            for place, audience in enumerate(one.audiences):
                if audience not in self.audiences:
                    known = ", ".join(self.audiences)
                    raise at(
                        f"publications.{name}.for.{place}",
                        f"'{audience}' is not an audience; use {known}",
                    )
            for place, target in enumerate(one.to):
                if target not in self.places:
                    known = ", ".join(self.places) or "none are listed"
                    raise at(
                        f"publications.{name}.to.{place}",
                        f"'{target}' is not among the places: {known}",
                    )
            if one.file is not None:
                if one.file.lower() in files:
                    raise at(
                        f"publications.{name}.file",
                        f"'{one.file}' is already the file of '{files[one.file.lower()]}'",
                    )
                files[one.file.lower()] = name
        return self

    def parts_of(self, publication: Publication) -> tuple[bool, bool]:
        """Whether a publication has an edition for each branch, and one for the company."""
        kinds = {self.audiences[name].of for name in publication.audiences}
        return "branch" in kinds, "company" in kinds

    def audiences_of(self, publication: Publication, part: str) -> list[str]:
        """The audiences of one part: those of branches for a branch, the others for the company."""
        kind = "branch" if part else "company"
        return [name for name in publication.audiences if self.audiences[name].of == kind]

    def wrong(self, key: str, message: str) -> BranchlineError:
        """The error about a key that only the warehouse can show to be wrong, with its line.

        `key`: such as `publications.daily_sales.columns.0`.
        """
        nearest = key
        while nearest and nearest not in self._lines:
            nearest = nearest.rpartition(".")[0]
        return broken([(self._lines[nearest], f"{place_of(key, ENTRIES)}: {message}")], WHAT_NOW)
