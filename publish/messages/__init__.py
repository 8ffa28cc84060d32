"""Messages to people: who gets them, the outbox that remembers them, and how they are sent."""

from publish.messages.addresses import (
    Target,
    has_addresses,
    own_names,
    problems,
    targets,
    variable_of,
    without_files,
)
from publish.messages.content import Message
from publish.messages.outbox import (
    TABLES,
    Delivery,
    GivenUp,
    OutboxState,
    Waiting,
    deliver,
    outbox_state,
    plan,
)

__all__ = [
    "TABLES",
    "Delivery",
    "GivenUp",
    "Message",
    "OutboxState",
    "Target",
    "Waiting",
    "deliver",
    "has_addresses",
    "outbox_state",
    "own_names",
    "plan",
    "problems",
    "targets",
    "variable_of",
    "without_files",
]
