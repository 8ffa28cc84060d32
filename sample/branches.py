"""The company's branches: eight that are in the reference data, and any number of others.

`branch_at` returns them in a fixed order without a seed, so that the manual reference list
(`seeds/branches.csv`) fits every sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sample.chance import digest

OFFICE = "office"
SHOPPING = "shopping"


@dataclass(frozen=True)
class Branch:
    """One branch. `kind` and `size_percent` shape its trade; the rest is reference data."""

    name: str
    country_code: str
    time_zone: str
    currency_code: str
    region: str
    opening_date: date
    kind: str
    size_percent: int

    @property
    def slug(self) -> str:
        """The name as it stands in file names: lower case, spaces as underscores."""
        return self.name.lower().replace(" ", "_")


def _british(name: str, region: str, opened: date, kind: str, size_percent: int) -> Branch:
    return Branch(name, "GB", "Europe/London", "GBP", region, opened, kind, size_percent)


KNOWN_BRANCHES: tuple[Branch, ...] = (
    _british("London Camden", "London", date(2014, 3, 17), OFFICE, 150),
    _british("Leeds", "Yorkshire and the Humber", date(2015, 9, 7), SHOPPING, 110),
    _british("Stratford-upon-Avon", "West Midlands", date(2016, 5, 2), SHOPPING, 80),
    Branch(
        "Dublin Docklands",
        "IE",
        "Europe/Dublin",
        "EUR",
        "Leinster",
        date(2022, 10, 3),
        OFFICE,
        120,
    ),
    _british("Chesterfield", "East Midlands", date(2018, 6, 25), SHOPPING, 65),
    _british("Manchester Spinningfields", "North West", date(2017, 2, 13), OFFICE, 130),
    _british("Edinburgh Old Town", "Scotland", date(2019, 8, 1), SHOPPING, 95),
    _british("Newcastle upon Tyne", "North East", date(2023, 4, 24), SHOPPING, 75),
)

# Sells for one day, and head office does not know: it is in no reference data.
POP_UP = _british("Pop-up Harbour Fair", "South West", date(2025, 1, 1), SHOPPING, 45)

_FIRST_PARTS = (
    "Ashcombe", "Birchley", "Calderford", "Dunmere", "Elverton", "Fenwick", "Garrowby",
    "Hollinside", "Inglemere", "Kelbrook", "Larkhampton", "Marlowe", "Netherby", "Oakhurst",
    "Pendrey", "Quarrington", "Ravenscar", "Selwick", "Thornbury", "Westmarch",
)  # fmt: skip
_LAST_PARTS = (
    "High Street", "Market Place", "Station", "Riverside", "Old Mill", "Arcade", "Park Gate",
    "Canal-side", "Cross", "upon-Wye",
)  # fmt: skip


def branch_at(position: int) -> Branch:
    """The branch at `position` (from 0): the known ones first, then any number of derived ones."""
    if position < len(KNOWN_BRANCHES):
        return KNOWN_BRANCHES[position]
    number = position - len(KNOWN_BRANCHES)
    firsts, lasts = len(_FIRST_PARTS), len(_LAST_PARTS)
    first = _FIRST_PARTS[number % firsts]
    # The shift per round makes neighbours differ in both parts.
    last = _LAST_PARTS[(number + number // firsts) % lasts]
    lap = number // (firsts * lasts)
    name = f"{first} {last}" if lap == 0 else f"{first} {last} {lap + 1}"
    marks = digest("branch", name)
    return _british(
        name,
        "England",
        date(2012 + marks[0] % 12, 1 + marks[1] % 12, 1 + marks[2] % 28),
        OFFICE if marks[3] % 2 else SHOPPING,
        60 + marks[4] % 91,
    )


def reference_csv() -> str:
    """The reference list of the known branches as CSV, with its header line."""
    lines = ["branch_name,country_code,time_zone,currency_code,region,opening_date"]
    lines += [
        f"{known.name},{known.country_code},{known.time_zone},{known.currency_code},"
        f"{known.region},{known.opening_date.isoformat()}"
        for known in KNOWN_BRANCHES
    ]
    return "\n".join(lines) + "\n"
