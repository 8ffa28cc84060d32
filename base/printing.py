"""Texts on their way to a terminal, whoever wrote them: a file, a database, a person.

A terminal obeys control signs, turns a line round at bidirectional ones, and shows nothing of signs
without a width. `shown` and `shown_lines` replace them all and cut what is too long; everything
that is printed goes through `say` or a console of base/console.py, which both use them.
"""

from __future__ import annotations

import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
LONGEST_SHOWN = 500
"""Characters of one value, such as a path, a name or a reason."""
LONGEST_LINE = 2000
MOST_LINES = 1000

# Signs that show nothing, although `str.isprintable` lets them pass.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]"
)


def printable(text: str, kept: str = "") -> str:
    """A text with a replacement sign for whatever a terminal or a database would not just show.

    Spaces of other widths become plain ones; the signs in `kept` stay.
    """
    if text.isprintable() and (text.isascii() or not _BLANK.search(text)):
        return text
    return "".join(sign if sign in kept else _printable_sign(sign) for sign in text)


def _printable_sign(sign: str) -> str:
    if is_hidden(sign):
        return REPLACED
    return sign if sign.isprintable() else " "


def is_hidden(sign: str) -> bool:
    """Whether a terminal would obey the sign, or show nothing of it."""
    if sign.isprintable():
        return _BLANK.match(sign) is not None
    return unicodedata.category(sign) != "Zs"


def shown(value: object, longest: int = LONGEST_SHOWN) -> str:
    """A value as one line of a terminal; of a long one, the beginning and the end."""
    text = str(value)
    if len(text) > longest:
        # The end of a path says more than its middle.
        end = longest // 3
        text = f"{text[: longest - end - 1]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"
    return printable(text)


def shown_lines(value: object, longest: int = LONGEST_LINE) -> str:
    """A value of several lines, each as `shown` has it."""
    lines = str(value).replace("\r\n", "\n").split("\n")
    more = len(lines) - MOST_LINES
    told = [shown(line, longest) for line in lines[:MOST_LINES]]
    return "\n".join([*told, f"and {more:,} more lines"] if more > 0 else told)


def shown_json(text: str) -> str:
    """A JSON text that a terminal can show, and that says what it said: hidden signs as escapes."""
    if printable(text, kept="\n\t") == text:
        return text
    return "".join(
        _json_escape(sign) if sign not in "\n\t" and is_hidden(sign) else sign for sign in text
    )


def _json_escape(sign: str) -> str:
    if sign == "\r":
        # Inside a text it is an escape already.
        return " "
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def say(text: object = "", *, err: bool = False) -> None:
    """Print lines, on standard error where `err` is set."""
    say_exactly(shown_lines(text) + "\n", err=err)


def say_exactly(text: str, *, err: bool = False) -> None:
    """Print what another program reads, to the letter: an address, SQL, lines of a shell."""
    # Only here, so that who only needs a text printable does not wait for it.
    import click

    click.echo(text, nl=False, err=err)
