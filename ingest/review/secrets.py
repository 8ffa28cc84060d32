"""Mask keys and passwords in lines that are shown, of a file that may be anything.

The time is linear in the length of a line: no pattern backtracks over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MASK = "****"


def _unless_a_rule(run: re.Match[str]) -> str:
    """The mask, except for a row of dashes or the like, which divides a text."""
    return MASK if any(map(str.isalnum, run.group())) else run.group()


_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*-----")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]*-----")
_SECRETS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # user:password@ of an address.
    (re.compile(r"(?<=://)(?=[^\s/@:]*:)[^\s/]*@"), f"{MASK}@"),
    # password=..., "token": "...", --secret ...; also at the end of a longer name.
    (
        re.compile(
            r"(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api[-_ ]?key|key)"
            r"[\"']?\s*[=:]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s;]+)"
        ),
        rf"\1{MASK}",
    ),
    # Keys and tokens: 16 bytes and more in hexadecimal, 24 and more in base64.
    (re.compile(r"[0-9A-Fa-f]{32,}"), MASK),
    (re.compile(r"[0-9A-Za-z+/_-]{32,}={0,2}"), _unless_a_rule),
)


def without_secrets(lines: Iterable[str]) -> list[str]:
    """Lines with possible keys and passwords masked."""
    masked = []
    inside = False
    for line in lines:
        begins = inside or _KEY_BEGINS.search(line) is not None
        inside = begins and _KEY_ENDS.search(line) is None
        if begins:
            masked.append(MASK)
            continue
        for pattern, instead in _SECRETS:
            line = pattern.sub(instead, line)
        masked.append(line)
    return masked
