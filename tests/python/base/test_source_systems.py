"""The list of the company's sources in dbt_project.yml, and the errors for invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import BranchlineError
from base.source_systems import listed_sources


def project(folder: Path, text: str) -> Path:
    (folder / "dbt_project.yml").write_text(text)
    return folder


def test_the_project_lists_its_sources() -> None:
    assert "transactions" in listed_sources()["branch_pos"]


def test_sources_are_read_with_their_entities(tmp_path: Path) -> None:
    text = "vars:\n  source_systems:\n    shop: [transactions, products]\n    desk: [customers]\n"
    assert listed_sources(project(tmp_path, text)) == {
        "shop": ["transactions", "products"],
        "desk": ["customers"],
    }
    assert listed_sources(project(tmp_path, "vars: {source_systems: {}}")) == {}
    assert listed_sources(project(tmp_path, "vars: {source_systems: {shop: []}}")) == {"shop": []}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", "source_systems is missing"),
        ("name: x\n", "source_systems is missing"),
        ("vars:\n  audit: false\n", "source_systems is missing"),
        ("vars:\n  source_systems:\n", "does not hold one entry per source"),
        ("vars: {source_systems: [shop]}", "does not hold one entry per source"),
        ("vars: {source_systems: {1: [transactions]}}", "'1' in source_systems is not the name"),
        ("vars: {source_systems: {shop: transactions}}", "source shop in source_systems has no"),
        ("vars: {source_systems: {shop: }}", "source shop in source_systems has no list"),
        ("vars: {source_systems: {shop: [1]}}", "source shop in source_systems has no list"),
    ],
)
def test_a_malformed_list_is_refused_with_an_example(
    tmp_path: Path, text: str, reported: str
) -> None:
    with pytest.raises(BranchlineError) as caught:
        listed_sources(project(tmp_path, text))
    assert reported in caught.value.message
    assert str(tmp_path / "dbt_project.yml") in caught.value.message
    assert "my_source: [transactions]" in caught.value.hint


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match=r"dbt_project\.yml cannot be read"):
        listed_sources(tmp_path)
    with pytest.raises(BranchlineError, match=r"dbt_project\.yml, line 2: invalid YAML"):
        listed_sources(project(tmp_path, "vars:\n  source_systems: a: [b]\n"))
