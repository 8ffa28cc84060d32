"""What came of publishing, to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from publish.editions.planning import Plan
from publish.editions.publishing import Published
from publish.messages import Delivery


@dataclass
class PublishReport:
    """The result of `branchline publish`.

    `held_back`: why nothing was published; "" otherwise. `without_address`: places of the contract
    that get nothing, because their variable is not set. `unaddressed`: audiences that would get
    messages and have no address. `names`: how addresses name each branch. `wrong`: what is wrong
    with addresses. `not_copied`: what failed at places.
    """

    index: Path
    plan: Plan | None = None
    published: Published | None = None
    held_back: str = ""
    delivery: Delivery = field(default_factory=Delivery)
    without_address: list[str] = field(default_factory=list)
    unaddressed: list[str] = field(default_factory=list)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    not_copied: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether all was published; messages that wait for a server do not count as undone."""
        failed = self.published is not None and bool(self.published.failed)
        return not (self.held_back or failed or self.not_copied)
