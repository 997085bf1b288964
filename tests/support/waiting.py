"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

TIMEOUT = 120.0
"""Seconds after which a condition is taken for one that never comes, also where many programs want the processor."""


async def until(pilot: Pilot[Any], condition: Callable[[], object], timeout: float = TIMEOUT) -> None:
    """Let the application run until `condition` holds.

    Raises:
        AssertionError: it did not hold in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("the condition never came")
        await pilot.pause(0.01)
