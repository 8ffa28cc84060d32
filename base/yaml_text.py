"""YAML texts with their content and its line numbers."""

from __future__ import annotations

from typing import Any

import yaml

from base.errors import BranchlineError

# libyaml, if PyYAML was built with it, is ten times as fast as PyYAML's own parser.
_FAST: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)


def parse_yaml(text: str, name: str, hint: str) -> tuple[yaml.Node | None, Any]:
    """The nodes of a YAML text (with line numbers) and its content.

    Raises BranchlineError, with `name`, the line and `hint`, if the text is invalid.
    """
    try:
        try:
            return yaml.compose(text, Loader=_FAST), yaml.load(text, Loader=_FAST)
        except yaml.YAMLError:
            # PyYAML's own parser describes the error better and finds the right line.
            return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise BranchlineError(f"{name}{where}: invalid YAML: {problem}.", hint) from None
