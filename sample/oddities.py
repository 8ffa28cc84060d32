"""Intended anomalies in the company's trade, for anomaly detection.

The files of an oddity are correct: the sales are real, only far more or fewer than usual for that
branch, person or customer. All are in the last weeks, so that there is a history to compare with; a
company without a history has none. Each source creates its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FEWEST_DAYS = 56


@dataclass(frozen=True)
class Oddity:
    """One anomaly: subject, day, and a sentence about it.

    `subject` is the number of the sales person or customer; empty for the branch itself.
    `day` is the day, or the Monday of the week.
    """

    kind: str
    source_system: str
    branch_name: str
    subject: str
    day: date
    sentence: str
