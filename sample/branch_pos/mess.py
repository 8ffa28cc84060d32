"""The errors in the tills' files, each on one branch and day.

`plan` assigns each mishap to a day of one branch. Mishaps that would affect each other's outcome
get separate days; if a company is too small for all, the last ones in the list are left out.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from random import Random

from sample.branch_pos.till_files import total_text
from sample.branches import Branch
from sample.chance import below, generator
from sample.csv_text import quoted
from sample.trade import Receipt
from sample.truth import Figures

BROKEN = "broken lines"
TWICE = "sent twice"
NOT_CSV = "not a CSV"
UNBALANCED = "unbalanced basket"
UNREADABLE_DATE = "unreadable date"
CORRECTED = "corrected"
LATE = "late"
CUT = "cut short"
SPREADSHEET = "spreadsheet"
EMPTY = "empty"
POP_UP_DAY = "unknown branch"

CORRECTED_AFTER = 2  # days
LATE_AFTER = 5
TWICE_AFTER = 1

# These change the outcome of the whole file, so no other mishap may be on the same day.
_ALONE = (CORRECTED, LATE, CUT, SPREADSHEET, EMPTY)
# These may share a day, but only do so if there are too few days.
_SOCIABLE = (TWICE, UNBALANCED, UNREADABLE_DATE, NOT_CSV)

_MISREAD = 100  # pence by which the till's total is off


@dataclass(frozen=True)
class Plan:
    """The mishaps of each (branch position, day number), and the day of the pop-up branch."""

    by_day: dict[tuple[int, int], frozenset[str]]
    pop_up_day: int | None

    def at(self, branch: int, day: int) -> frozenset[str]:
        """The mishaps of one branch's day."""
        return self.by_day.get((branch, day), frozenset())


NO_MESS = Plan({}, None)


def plan(seed: int, branches: int, days: int) -> Plan:
    """Assign the mishaps, deterministically."""
    rng = generator(seed, "mess", branches, days)
    taken: dict[tuple[int, int], set[str]] = {}

    def free_day(last_day: int) -> tuple[int, int] | None:
        """A free day of a branch, before `last_day` if there is one."""
        for window in (last_day, days):
            slots = branches * window
            first = below(rng, slots)
            # Few slots are taken, so one of the next few is free if any is.
            for step in range(min(slots, len(taken) + 1)):
                day, branch = divmod((first + step) % slots, branches)
                if (branch, day) not in taken:
                    return branch, day
        return None

    shared = free_day(days)
    assert shared is not None, "a company has at least one branch and one day"
    taken[shared] = {BROKEN}
    for kind in _ALONE:
        # Early, so that the late day changes the figures of many later days.
        slot = free_day(max(1, days // 3) if kind == LATE else days)
        if slot is not None:
            taken[slot] = {kind}
    for kind in _SOCIABLE:
        taken.setdefault(free_day(days) or shared, set()).add(kind)
    return Plan({slot: frozenset(kinds) for slot, kinds in taken.items()}, below(rng, days))


def figures_of(sold: list[Receipt]) -> Figures:
    """The totals of valid receipts."""
    return Figures(
        len(sold),
        sum(len(receipt.items) for receipt in sold),
        sum(receipt.total for receipt in sold),
    )


def _several_items(sold: list[Receipt]) -> list[int]:
    return [place for place, receipt in enumerate(sold) if len(receipt.items) > 1]


def _take(rng: Random, places: list[int]) -> int:
    return places.pop(below(rng, len(places)))


def spoil_lines(
    rng: Random, kinds: frozenset[str], sold: list[Receipt], lines: list[str]
) -> tuple[list[str], Figures, int, int]:
    """Damage single lines of a day.

    Returns the lines as sent, the figures of valid ones, how many lines cannot be split into
    columns, and how many can but are invalid.
    """
    sent, sound = list(lines), set(range(len(lines)))
    places = list(range(1, len(lines)))
    rejected_lines = rejected_rows = 0
    if BROKEN in kinds:
        rejected_lines = 3
        # Its basket has lost its quotes, so it is split into columns.
        baskets = [place for place in _several_items(sold) if place]
        if baskets:
            place = _take(rng, baskets)
            places.remove(place)
            sent[place] = lines[place].replace('"', "")
        else:
            place = _take(rng, places)
            sent[place] = f"{lines[place]},{quoted('')}"
        sound.discard(place)
        # The printer stopped after the name.
        place = _take(rng, places)
        sent[place] = ",".join(lines[place].split(",")[:3])
        sound.discard(place)
        place = _take(rng, places)
        sent[place] = "*** TILL 2 OFFLINE - RESTARTED ***"
        sound.discard(place)
    if UNBALANCED in kinds:
        place = _take(rng, places)
        total = sold[place].total
        head, method, card = lines[place].rsplit(",", 2)
        head = head.removesuffix(total_text(total)) + total_text(total + _MISREAD)
        sent[place] = f"{head},{method},{card}"
        sound.discard(place)
        rejected_rows += 1
    if UNREADABLE_DATE in kinds:
        place = _take(rng, places)
        # A day that does not exist.
        sent[place] = f"31/02{lines[place][5:]}"
        sound.discard(place)
        rejected_rows += 1
    figures = figures_of([sold[place] for place in sorted(sound)])
    return sent, figures, rejected_lines, rejected_rows


def correct(rng: Random, sold: list[Receipt]) -> list[Receipt]:
    """The corrected day: one receipt removed, the price of another raised by 50."""
    corrected = list(sold)
    del corrected[below(rng, len(corrected))]
    place = below(rng, len(corrected))
    receipt = corrected[place]
    (name, pence), *others = receipt.items
    corrected[place] = replace(receipt, items=((name, pence + 50), *others))
    return corrected


def cut_short(rng: Random, sold: list[Receipt], lines: list[str]) -> tuple[bytes, int]:
    """The file cut inside a basket in its second half, and the number of complete lines."""
    half = len(lines) // 2
    inside = [place for place in _several_items(sold) if place >= half] or [len(lines) - 1]
    whole = inside[below(rng, len(inside))]
    broken = lines[whole]
    # The basket is the fourth column; no column before it has a comma.
    before = len(",".join(broken.split(",")[:3])) + 1
    remains = broken[: before + 4 + below(rng, 8)]
    text = "".join([f"{line}\n" for line in lines[:whole]]) + remains
    return text.encode("utf-8"), whole


def picture() -> bytes:
    """A PNG of two grey pixels, uncompressed: compressors differ in their bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    row = b"\x00\x80\xc0"
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(row), 0xFFFF - len(row)) + row
    stored += struct.pack(">I", zlib.adler32(row))
    header = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", stored) + chunk(b"IEND", b"")
    )


def sentence(kind: str, branch: Branch, day_text: str) -> str:
    """What happened, in words for users of the demo."""
    where = f"{branch.name}, {day_text}"
    return {
        BROKEN: f"{where}: three lines cannot be split into the seven columns.",
        TWICE: f"{where}: the same file came again a day later under another name.",
        NOT_CSV: f"{where}: a picture came after the day's file, named like a newer version of it.",
        UNBALANCED: f"{where}: one receipt's total is 1.00 more than its basket.",
        UNREADABLE_DATE: f"{where}: one receipt is dated the 31st of February.",
        CORRECTED: f"{where}: corrected two days later: one receipt gone, one price changed.",
        LATE: f"{where}: the file came five days late.",
        CUT: f"{where}: the file ends in the middle of a line and was never sent again.",
        SPREADSHEET: f"{where}: saved by a spreadsheet: header, BOM, CRLF, short dates, card "
        "numbers destroyed. The sales are real.",
        EMPTY: f"{where}: the file is empty; nothing else came for that day.",
        POP_UP_DAY: f"{where}: a branch that is in no reference list sold for one day.",
    }[kind]
