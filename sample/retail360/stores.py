"""The stores, each with a till system and a database of its own. `store_at` gives a fixed order."""

from __future__ import annotations

from dataclasses import dataclass

from sample.chance import digest

FOLDER = "retail360"
BRANCHES_OF_A_STORE = 4
UNNAMED = "Main store"
"""The name of a store whose files are in no folder: the project's configuration has it."""

_PLACES = (
    "haifa_carmel", "jaffa_port", "beersheba_old_city", "netanya_pier", "ramat_gan_market",
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """One store. Its `name` is its folder and its branch.

    `encoding`: of its exports. `pads_ids`: whether it exports item numbers with the blanks that the
    database puts behind them.
    """

    position: int
    name: str
    size_percent: int
    encoding: str
    pads_ids: bool
    rests_on_saturday: bool


def stores_of(branches: int) -> int:
    """How many stores there are beside so many branches."""
    return max(1, branches // BRANCHES_OF_A_STORE)


def store_at(position: int) -> Store:
    """The store at a position (from 0)."""
    name = _PLACES[position] if position < len(_PLACES) else f"store_{position + 1}"
    is_other = position % 2 == 1
    return Store(
        position,
        name,
        100 if position == 0 else 70 + digest("retail360 store", name)[0] % 60,
        "windows-1255" if is_other else "utf-8",
        is_other,
        is_other,
    )
