"""What is odd in the company's trade on purpose, for those who look for what is odd.

Nothing is wrong with the files of an oddity: the sales are real, there are only far more or fewer
of them than that branch, person or customer is used to. All lie in the last weeks, so that there is
a past to hold them against; a company too young to have one has none. Each source deals its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FEWEST_DAYS = 56


@dataclass(frozen=True)
class Oddity:
    """One thing that is odd: whose, when, and a sentence about it.

    `subject` is the number of the sales person or customer; empty where it is the branch itself.
    `day` is the day, or the Monday of the week.
    """

    kind: str
    source_system: str
    branch_name: str
    subject: str
    day: date
    sentence: str
