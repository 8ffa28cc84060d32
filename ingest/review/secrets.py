"""Keys and passwords in lines that are shown, of a file that may be anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "****"

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*-----")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]*-----")
_SECRETS = (
    # user:password@ of an address.
    (re.compile(r"(?<=://)[^\s/@]*:[^\s/]*@"), f"{MASK}@"),
    # password=..., "token": "...", --secret ...; also as the end of a longer name.
    (
        re.compile(
            r"(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api[-_ ]?key|key)"
            r"[\"']?\s*[=:]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s;]+)"
        ),
        rf"\1{MASK}",
    ),
    # Keys and tokens: 16 bytes and more in hexadecimal, 24 and more in base64.
    (re.compile(r"[0-9A-Fa-f]{32,}"), MASK),
    (re.compile(r"(?=[+/_-]*[0-9A-Za-z])[0-9A-Za-z+/_-]{32,}={0,2}"), MASK),
)


def without_secrets(lines: Iterable[str]) -> list[str]:
    """Lines with what looks like a key or a password masked."""
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
