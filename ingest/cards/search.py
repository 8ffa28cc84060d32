"""Find card numbers in a text: the search used for masks and tokens.

A card number has 13 to 19 digits, begins with its issuer's prefix and ends with a check digit
(ISO/IEC 7812). Every window of a text's digits is checked, whatever is between the digits: spaces
of any width, dots, commas, dashes, slashes, zero-width characters, a letter; also in exponent form
and on a magnetic stripe (ISO/IEC 7813). At higher levels of caution, a number with only the length
or the shape of a card's counts as one, too.

Time grows with the length of the text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from ingest.cards.issuers import LENGTHS, LONGEST, SHORTEST, is_issued, passes_luhn
from ingest.cards.known import (
    BREAK,
    TIMES_TEN,
    without_decimals,
    without_identifiers,
    without_known,
    without_telephones,
)


class Caution(IntEnum):
    """How much evidence is needed to take a number for a card's."""

    CODES = 0
    """In a column of long numbers of another kind: prefix and check digit must be right."""
    CELLS = 1
    """In any other column: or it is a separate number with a right check digit."""
    BESIDE_CARDS = 2
    """Beside a column of card numbers: or it is a separate number as long as a card's."""
    REFUSED = 3
    """In unparsed text, such as rejected lines and messages: 12 digits are enough."""


@dataclass(frozen=True)
class Found:
    """A card number in a text: `digits` from `start` to `end`, with what is attached to it."""

    start: int
    end: int
    digits: str
    is_certain: bool = False
    """Prefix and check digit are right."""
    is_whole: bool = True
    """No digit was rounded away."""
    behind: int = 0
    """Where the number itself ends, in groups of digits that may continue after it."""


# A few characters, one character repeated, any number of spaces, or a letter.
_GAP = (
    r"(?:(?:[^\w\0]|_){1,4}|\s*(?P<sign>[^\w\s\0]|_)(?P=sign)*\s*|\s+"
    r"|(?<=\d{4})[^\W\d_](?=\d))"
)
_CLUSTER = re.compile(rf"\d+(?:{_GAP}\d+)*")
_GROUP = re.compile(r"\d+")
_ITEM_ENDS = re.compile(r"[,;|&/]")
# Escapes for a space, a dash or a line end where the character itself has another meaning: HTML,
# URLs, JSON and other quoted texts, mail.
_ESCAPED = re.compile(
    r"&(?:amp;)*(?:[A-Za-z]{2,8}|#\d{1,6}|#[xX][0-9A-Fa-f]{1,5});|</?[A-Za-z][^<>\0]{0,60}>"
    r"|%(?:25)*(?:0[9ADad]|2[0-9A-Fa-f]|3[A-Fa-f]|5[Ff]|7[Cc]|[Cc]2%(?:25)*[Aa]0|[Aa]0)"
    r"|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[A-Za-z])|=(?:20|2D|09|C2=A0|A0)"
)
MAY_ESCAPE = (("&", ";"), ("<", ">"), ("%", ""), ("\\", ""), ("=", ""))
"""How each of these begins and ends."""
_EXPONENT = re.compile(
    rf"(?<![\d.,])(\d{{1,19}})(?:[.,](\d{{1,18}}))?{TIMES_TEN}0{{0,2}}(\d{{1,2}})(?!\d)"
)
# Track 1 (%B number ^ name ^ expiry ...?) and track 2 (; number = expiry ...?).
_TRACK = re.compile(
    r"[;%]?[Bb]?(?P<number>(?<!\d)\d{12,19}|(?<!\d)\d{4}(?: \d{2,6}){2,4})"
    r"(?:=|\^[^\^?\0]{2,40}\^|[Dd](?=\d{7}))\d{4}[^\s,;?\0]*\??"
)
# The check number (CVC) follows the card number or its expiry, or has a label.
_CHECK = r"\d{3,4}(?![\w]|[.,]\d)"
_CHECK_NAME = (
    r"(?<![^\W\d_])(?:(?:cvv|cvc|cvn|cvd|cve|cav|csc|cid)2?|code"
    r"|(?:security|safety|check|verification)[ _\-]?(?:code|number|no|nr|digits?|value)"
    r"|[^\W\d_]{0,20}(?:pr(?:\xfc|ue?)f|sicherheits)[^\W\d_]{1,12}|veiligheidscode|cryptogramm?e?"
    r"|s[e\xe9]curit[e\xe9]|segur[^\W\d_]+|sicurezza)(?![^\W\d_])[^\d\0]{0,4}"
)
_EXPIRY = (
    r"(?:(?:0[1-9]|1[0-2]|[1-9](?=\D))[^\w\0]{0,3}(?:[A-Za-z_]{2,12}[^\w\0]{1,3})?(?:20)?\d\d"
    r"|20\d\d[^\w\0]{0,3}(?:0[1-9]|1[0-2]))(?!\d)"
)
_CHECK_BEHIND = re.compile(
    rf"[^\d\0]{{1,40}}?{_EXPIRY}(?:[^\w\0]{{1,3}}|[^\d\0]{{1,20}}?{_CHECK_NAME}){_CHECK}"
    rf"|[^\d\0]{{1,40}}?{_CHECK_NAME}{_CHECK}"
    rf"|[\s\-/|\u2010-\u2015]{{1,3}}{_CHECK}",
    re.IGNORECASE,
)
_CHECK_BEFORE = re.compile(rf"{_CHECK_NAME}\d{{3,4}}[^\d\0]{{1,20}}\Z", re.IGNORECASE)
_REACH_BEFORE = 60
"""How many characters before a card are searched for its check number."""

# A cell of a card column: what a spreadsheet appends, one number in any text, and a number that is
# not a card's because it has a fraction.
_NO_DECIMALS = re.compile(r"(?<=\d{12})[.,]0+(?!\d)")
_BLANKS = re.compile(r"[\s\-\u2010-\u2015]+")
_ONE_NUMBER = re.compile(r"[^0-9]*([0-9]{12,19})[^0-9]*")
_FRACTION = re.compile(r"\d{12}[.,]\d")

# A cell of a column of numbers that lost digits: one run, or groups as printed on cards; or with
# the exponent of a floating-point number, which leaves out nothing but zeros.
SHORTEST_DAMAGED = 9
_DAMAGED = re.compile(r"([0-9]{9,19})(?:[.,]0+)?|([0-9]{4}(?:[ \-][0-9]{4})+(?:[ \-][0-9]{1,4})?)")
_FLOATING = re.compile(r"([0-9])[.,]([0-9]{11,20})[eE]\+?([0-9]{1,2})")
_LONG_GROUP = re.compile(r"[0-9]{9,}")
_LONGEST_USUAL = 16
"""Nearly all cards have at most so many digits: a longer number may have something attached."""

# Sizes of digit groups as printed on cards.
_PRINTED = {(4, 6, 5), (4, 6, 4), (8, 8), (6, 13)}
_PRINTED |= {(4, 4, 4, size) for size in (1, 2, 3, 4)}
_PRINTED |= {(4, 4, 4, 4, size) for size in (1, 2, 3)}


def readings(text: str) -> Iterator[str]:
    """The readings of a text, all of its length: with spaces in place of escapes, and as it is.

    Both are needed: after a percent sign, two digits may also be the first two of a card.
    """
    if any(begins in text and ends in text for begins, ends in MAY_ESCAPE):
        plain = _ESCAPED.sub(_blank, text)
        if plain != text:
            yield plain
    yield text


def replaced(text: str, found: Iterable[tuple[Found, str]]) -> str:
    """The text with the cards, given from left to right, replaced by other texts."""
    parts: list[str] = []
    behind = 0
    for one, instead in found:
        parts += text[behind : one.start], instead
        behind = one.end
    return "".join([*parts, text[behind:]])


def find_cards(text: str, caution: Caution) -> list[Found]:
    """The card numbers in a text, from left to right; no two of them overlap."""
    text = text.replace(BREAK, " ")
    if text.isascii():
        return _find(text, caution)
    plain, places = _plain(text)
    return [
        replace(one, start=places[one.start], end=places[one.end - 1] + 1)
        for one in _find(plain, caution)
    ]


def read_card(text: str) -> str | None:
    """The digits of the only card number in a cell, without a check number after it."""
    if len(text) < SHORTEST - 1:
        return None
    plain = text if text.isascii() else _plain(text)[0]
    stripe = list(_tracks(plain, Caution.BESIDE_CARDS))
    if stripe:
        return stripe[0].digits if len(stripe) == 1 else None
    plain = _NO_DECIMALS.sub("", next(readings(plain)))
    bare = _ONE_NUMBER.fullmatch(_BLANKS.sub("", plain))
    if bare is not None:
        digits = bare.group(1)
        if len(digits.lstrip("0")) >= SHORTEST and is_issued(digits.lstrip("0")):
            return _without_check(plain) or digits.lstrip("0")
        if len(digits) <= _LONGEST_USUAL:
            return _without_check(plain) or digits
    certain = {one.digits for one in _find(plain, Caution.CODES) if one.is_certain and one.is_whole}
    if certain or _FRACTION.search(plain):
        return certain.pop() if len(certain) == 1 else None
    found = _find(plain, Caution.BESIDE_CARDS)
    if len(found) == 1 and found[0].is_whole and len(found[0].digits) <= LONGEST:
        return found[0].digits
    return None


def read_damaged_card(text: str) -> str | None:
    """The digits of the only number in a cell whose cards lost some: neither length nor check.

    Without question marks and leading zeros, as two spellings of one card differ in them.
    """
    plain = (text if text.isascii() else _plain(text)[0]).replace("?", "").strip(" \t\r\n'")
    digits: str | None = None
    if run := _DAMAGED.fullmatch(plain):
        digits = run.group(1) or re.sub("[ -]", "", run.group(2))
    elif number := _FLOATING.fullmatch(plain):
        first, decimals, exponent = number.groups()
        digits = (first + decimals.rstrip("0")).ljust(int(exponent) + 1, "0")
        digits = digits if len(digits) == int(exponent) + 1 else None
    elif len(_LONG_GROUP.findall(plain)) < 2:
        digits = read_card(plain)
    if digits is None or not SHORTEST_DAMAGED <= len(digits) <= LONGEST:
        return None
    return digits.lstrip("0") or None


def is_printed(groups: Sequence[str]) -> bool:
    """Whether groups of digits have sizes as printed on cards."""
    return tuple(map(len, groups)) in _PRINTED


def _without_check(plain: str) -> str | None:
    """A card's digits where a check number follows after a gap; None where there is none."""
    *groups, last = _GROUP.findall(plain)
    digits = "".join(groups)
    if len(last) not in (3, 4) or len(digits) < SHORTEST:
        return None
    # Nobody separates only the last digits of a longer card number.
    return digits if len(groups) == 1 or is_issued(digits) else None


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with ASCII digits and without zero-width characters; and the original places."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if not sign.isascii():
            digit = unicodedata.digit(sign, None)
            if digit is not None:
                sign = str(digit)
            elif unicodedata.category(sign) in ("Cf", "Mn", "Me"):
                continue
        signs.append(sign)
        places.append(place)
    return "".join(signs), places


def _find(text: str, caution: Caution) -> list[Found]:
    if text.isdigit():
        # The fast path: most cells with many digits are like this.
        return _in_groups(without_known(text), caution)
    text = without_identifiers(text)
    tracks = list(_tracks(text, caution))
    text = _without(text, tracks)
    exponents = _exponents(text, caution)
    text = _without(text, exponents)
    grouped: list[Found] = []
    read = []
    for reading in readings(text):
        # What one reading found is skipped in the other.
        reading = without_known(_without(reading, grouped))
        grouped = _in_order(grouped, _in_groups(reading, caution))
        read.append(reading)
    for reading in read if grouped else ():
        grouped = _with_check_numbers(reading, grouped)
    return _in_order(tracks, exponents, grouped)


def _in_order(*found: list[Found]) -> list[Found]:
    return sorted(itertools.chain(*found), key=lambda one: one.start)


def _in_groups(text: str, caution: Caution) -> list[Found]:
    if caution < Caution.REFUSED:
        text = without_decimals(text)
        text = without_telephones(text, 15 if caution == Caution.CODES else SHORTEST)
    found: list[Found] = []
    for cluster in _CLUSTER.finditer(text):
        if cluster.end() - cluster.start() >= SHORTEST - 1:
            found += _Cluster(text, cluster).cards(caution)
    return found


def _with_check_numbers(text: str, found: Sequence[Found]) -> list[Found]:
    """Cards extended to their check numbers and what is between."""
    made: list[Found] = []
    reached = 0
    ends = [*(one.start for one in found[1:]), len(text)]
    for one, end in zip(found, ends, strict=True):
        before = _CHECK_BEFORE.search(text, max(reached, one.start - _REACH_BEFORE), one.start)
        if before is not None:
            one = replace(one, start=before.start())
        behind = _CHECK_BEHIND.match(text, one.behind, end)
        if behind is not None and behind.end() > one.end:
            one = replace(one, end=behind.end())
        made.append(one)
        reached = one.end
    return made


def _blank(run: re.Match[str]) -> str:
    return " " * (run.end() - run.start())


def _without(text: str, found: Sequence[Found]) -> str:
    if not found:
        return text
    return replaced(text, [(one, BREAK * (one.end - one.start)) for one in found])


def _tracks(text: str, caution: Caution) -> Iterator[Found]:
    if "=" not in text and "^" not in text and "D" not in text and "d" not in text:
        return
    for track in _TRACK.finditer(text):
        digits = track["number"].replace(" ", "")
        certain = is_issued(digits)
        if len(digits) <= LONGEST and (certain or caution > Caution.CODES):
            yield Found(track.start(), track.end(), digits, certain)


def _exponents(text: str, caution: Caution) -> list[Found]:
    if not any(sign in text for sign in "eEdD^*"):
        return []
    found = []
    for number in _EXPONENT.finditer(text):
        before, behind, exponent = number.groups("")
        known = (before + behind).lstrip("0")
        length = len(known) - len(behind) + int(exponent)
        if not SHORTEST <= length <= LONGEST or not SHORTEST - 1 <= len(known) <= length:
            continue
        digits = known.ljust(length, "0")
        certain = is_issued(digits)
        # Rounded digits say nothing about the check digit.
        likely = passes_luhn(digits) or len(known) < length
        if certain or caution >= Caution.BESIDE_CARDS or (caution == Caution.CELLS and likely):
            is_whole = len(known) == length
            found.append(Found(number.start(), number.end(), digits, certain, is_whole))
    return found


class _Cluster:
    """Groups of digits with little between them."""

    def __init__(self, text: str, cluster: re.Match[str]) -> None:
        self._text = text
        groups = list(_GROUP.finditer(text, cluster.start(), cluster.end()))
        self._groups = [group.span() for group in groups]
        self._sizes = [last - first for first, last in self._groups]
        self._gaps = [
            text[self._groups[place][1] : self._groups[place + 1][0]]
            for place in range(len(groups) - 1)
        ]
        self._digits = "".join(group.group() for group in groups)
        self._owners = [place for place, size in enumerate(self._sizes) for _ in range(size)]
        """The group of each digit."""
        self._begins: list[int] = []
        """The first digit of each group."""
        count = 0
        for size in self._sizes:
            self._begins.append(count)
            count += size

    def cards(self, caution: Caution) -> list[Found]:
        """The cards in the cluster, each extended to the groups that it is in."""
        spans = [(first, last, True) for first, last in self._windows()]
        if caution > Caution.CODES:
            spans += [(first, last, False) for first, last in self._suspects(caution)]
        return [self._found(alike) for alike in self._merged(spans)]

    def _windows(self) -> Iterator[tuple[int, int]]:
        """Runs of digits whose prefix, length and check digit are a card's."""
        digits, count = self._digits, len(self._digits)
        for first in range(count - SHORTEST + 1):
            for length in LENGTHS[int(digits[first : first + 4])]:
                last = first + length
                if last <= count and passes_luhn(digits[first:last]) and self._fits(first, last):
                    yield first, last
                    break

    def _fits(self, first: int, last: int) -> bool:
        """Whether a window ends where groups do, and is not part of a longer number."""
        left, right = self._owners[first], self._owners[last - 1]
        begins = first == self._begins[left]
        ends = last == self._begins[right] + self._sizes[right]
        if self._has_items(left, right):
            is_number = begins and ends and not self._is_list(left, right)
        else:
            is_number = (begins or self._sizes[left] > 4) and (ends or self._sizes[right] > 4)
        return is_number or self._is_one_number(left, right)

    def _has_items(self, left: int, right: int) -> bool:
        """Whether the text between groups may separate two items."""
        return any(map(_ITEM_ENDS.search, self._gaps[left:right]))

    def _is_list(self, left: int, right: int) -> bool:
        """Whether groups are several items, each of several groups: 1664 - 4, 1664 - 4."""
        return len(set(self._gaps[left:right])) > 1 and self._has_items(left, right)

    def _is_one_number(self, left: int, right: int) -> bool:
        """Whether all groups but the outer ones have one size and the same separator."""
        gaps, inner = self._gaps[left:right], set(self._sizes[left + 1 : right])
        return len(set(gaps)) == 1 and len(inner) == 1 and min(inner) >= 3

    def _suspects(self, caution: Caution) -> Iterator[tuple[int, int]]:
        """Separate runs of digits that could be a card's."""
        for left, right in self._parts():
            if caution < Caution.REFUSED and self._is_list(left, right):
                continue
            if self._is_suspect(left, right, caution):
                yield self._begins[left], self._begins[right] + self._sizes[right]

    def _parts(self) -> Iterator[tuple[int, int]]:
        """First and last group of each possible number."""
        count = len(self._sizes)
        for place, size in enumerate(self._sizes):
            if size >= SHORTEST - 1:
                yield place, place
            for last in range(place + 1, min(place + 5, count)):
                if tuple(self._sizes[place : last + 1]) in _PRINTED:
                    yield place, last
        start = 0
        while start < count:
            # With single spaces or dashes between, or with any separator that stays the same.
            plain = same = start
            while plain < count - 1 and self._gaps[plain] in (" ", "-"):
                plain += 1
            while same < count - 1 and self._gaps[same] == self._gaps[start]:
                same += 1
            if plain > start and max(self._sizes[start : plain + 1]) < _LONGEST_USUAL:
                yield start, plain
            if same > start and same != plain and self._is_regular(start, same):
                yield start, same
            start = max(plain, same, start + 1)

    def _is_regular(self, left: int, right: int) -> bool:
        sizes = self._sizes[left : right + 1]
        size = max(sizes)
        return 1 < size < _LONGEST_USUAL and set(sizes[1:-1]) <= {size}

    def _is_suspect(self, left: int, right: int, caution: Caution) -> bool:
        first, last = self._begins[left], self._begins[right] + self._sizes[right]
        count = last - first
        if caution == Caution.REFUSED:
            return count >= SHORTEST - 1
        if caution == Caution.BESIDE_CARDS and left == right:
            return count >= SHORTEST
        if not SHORTEST <= count <= LONGEST:
            return False
        digits = self._digits[first:last]
        if caution == Caution.BESIDE_CARDS:
            return True
        numbers = (digits, self._number(first, last))
        return digits[0] != "0" and any(map(passes_luhn, numbers))

    def _number(self, first: int, last: int) -> str:
        """Digits without the check number that follows some cards as the last group."""
        right = self._owners[last - 1]
        size = self._sizes[right]
        without = last - size
        stands_alone = last == self._begins[right] + size and without - first >= SHORTEST
        if stands_alone and size in (3, 4) and not passes_luhn(self._digits[first:last]):
            sizes = self._sizes[self._owners[first] : right]
            if len(sizes) == 1 or tuple(sizes) in _PRINTED:
                return self._digits[first:without]
        return self._digits[first:last]

    def _merged(self, spans: list[tuple[int, int, bool]]) -> Iterator[list[tuple[int, int, bool]]]:
        """Merge spans that have groups in common."""
        alike: list[tuple[int, int, bool]] = []
        reached = -1
        for first, last, certain in sorted(spans):
            if alike and self._owners[first] > reached:
                yield alike
                alike = []
            alike.append((first, last, certain))
            reached = max(reached, self._owners[last - 1])
        if alike:
            yield alike

    def _found(self, alike: list[tuple[int, int, bool]]) -> Found:
        left = min(self._owners[first] for first, _, _ in alike)
        right = max(self._owners[last - 1] for _, last, _ in alike)
        first, last, certain = max(alike, key=self._likeliness)
        start, end = self._begins[left], self._begins[right] + self._sizes[right]
        if end - start <= _LONGEST_USUAL and not self._is_clean(first, last):
            # The whole run, and not a shorter window that fits by chance.
            first, last = start, end
        digits = self._digits[first:last] if certain else self._number(first, last)
        behind = self._groups[self._owners[last - 1]][1]
        return Found(self._groups[left][0], self._groups[right][1], digits, certain, behind=behind)

    def _is_clean(self, first: int, last: int) -> bool:
        """Whether a run of digits consists of whole groups."""
        left, right = self._owners[first], self._owners[last - 1]
        return self._begins[left] == first and self._begins[right] + self._sizes[right] == last

    def _likeliness(self, span: tuple[int, int, bool]) -> tuple[bool, bool, int]:
        first, last, certain = span
        return certain, self._is_clean(first, last), last if certain else last - first
