"""The list of schemas is the same for Python and for dbt's macros."""

from __future__ import annotations

import re

from base.schemas import LAYERS, RAW
from base.settings import PROJECT


def test_the_ownership_macro_names_the_layers_that_dbt_builds() -> None:
    found = [
        re.findall(r"'(\w+)'", listed)
        for path in (PROJECT / "macros").rglob("*.sql")
        for listed in re.findall(r"set layers = \[(.*?)\]", path.read_text(), re.DOTALL)
    ]
    assert len(found) == 1
    assert sorted(found[0]) == sorted(set(LAYERS) - {RAW})
