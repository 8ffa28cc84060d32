"""What fails at a store, and how long it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

PATIENCE = 30.0
"""Retry timeout in seconds, for a request that failed for a temporary reason."""
LONGEST_WAIT = 5.0
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Fault:
    """An error of a store or an origin in plain words, without its full stop."""

    text: str
    hint: str = ""
    temporary: bool = False
    gone: bool = False


def retried(
    request: Callable[[], Result],
    *,
    may_pass: Callable[[BaseException], bool],
    before_retry: Callable[[], None],
    patience: float = PATIENCE,
    longest_wait: float = LONGEST_WAIT,
) -> Result:
    """Make a request, with retries while they may help. Raises the last error.

    `patience`, `longest_wait`: in seconds, for all retries and between two.
    """
    # Imported here to keep imports of this module fast.
    import tenacity

    retrying = tenacity.Retrying(
        stop=tenacity.stop_before_delay(patience),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=longest_wait),
        retry=tenacity.retry_if_exception(may_pass),
        before_sleep=lambda _: before_retry(),
        reraise=True,
    )
    return retrying(request)
