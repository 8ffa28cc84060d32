"""Make texts from files, databases and people safe to print.

A terminal obeys control characters, reorders a line at bidirectional ones, and hides those of zero
width. `shown` and `shown_lines` replace them all and truncate long texts. Everything printed goes
through `say` or a console of base/console.py, which both use them.
"""

from __future__ import annotations

import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
LONGEST_SHOWN = 500
"""Maximum length of one value, such as a path, a name or a reason."""
LONGEST_LINE = 2000
MOST_LINES = 1000

# Invisible characters that `str.isprintable` lets pass.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]"
)


def printable(text: str, kept: str = "") -> str:
    """A text with every character that is not plainly printable replaced by U+FFFD.

    Spaces of other widths become plain ones; the characters in `kept` stay.
    """
    if text.isprintable() and (text.isascii() or not _BLANK.search(text)):
        return text
    return "".join(sign if sign in kept else _printable_sign(sign) for sign in text)


def _printable_sign(sign: str) -> str:
    if is_hidden(sign):
        return REPLACED
    return sign if sign.isprintable() else " "


def is_hidden(sign: str) -> bool:
    """Whether the character is a control or an invisible one."""
    if sign.isprintable():
        return _BLANK.match(sign) is not None
    return unicodedata.category(sign) != "Zs"


def shown(value: object, longest: int = LONGEST_SHOWN) -> str:
    """A value as one line of a terminal; a long one keeps its beginning and its end."""
    text = str(value)
    if len(text) > longest:
        # The end of a path matters more than its middle.
        end = longest // 3
        text = f"{text[: longest - end - 1]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"
    return printable(text)


def shown_lines(value: object, longest: int = LONGEST_LINE) -> str:
    """A value of several lines, each as `shown` has it."""
    lines = str(value).replace("\r\n", "\n").split("\n")
    more = len(lines) - MOST_LINES
    printed = [shown(line, longest) for line in lines[:MOST_LINES]]
    return "\n".join([*printed, f"and {more:,} more lines"] if more > 0 else printed)


def shown_json(text: str) -> str:
    """An equivalent JSON text that is safe to print: hidden characters as escapes."""
    if printable(text, kept="\n\t") == text:
        return text
    return "".join(
        _json_escape(sign) if sign not in "\n\t" and is_hidden(sign) else sign for sign in text
    )


def _json_escape(sign: str) -> str:
    if sign == "\r":
        # Inside a JSON string it is an escape already.
        return " "
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def say(text: object = "", *, err: bool = False) -> None:
    """Print lines, on standard error where `err` is set."""
    say_exactly(shown_lines(text) + "\n", err=err)


def say_exactly(text: str, *, err: bool = False) -> None:
    """Print text for another program, unchanged: an address, SQL, shell commands."""
    # Imported here to keep imports of this module fast.
    import click

    click.echo(text, nl=False, err=err)
