"""When the application has done all that a key or a resize leads to, told by its event loop.

Textual's own pilot takes a program for idle whose process used hardly any processor time for 20 ms: on a busy machine
that is also true of one that was not let to run, and anywhere it costs 40 ms for each key. Here the event loop itself
is asked: nothing to run now, and no timer that rings within the next frames.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep
from time import monotonic
from typing import Any

FRAMES = 2.5 / 60
"""Seconds in which a timer belongs to what happens now: a screen that is to be drawn, a callback after that."""


async def settled(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until the event loop has nothing to do; takes the place of `textual._wait.wait_for_idle`.

    What other threads do is not waited for: for that there are conditions (`tests.support.waiting.until`).

    Args:
        min_sleep: seconds to wait in any case.
        max_sleep: seconds after which it is enough, also for an application that always moves.
    """
    loop: Any = asyncio.get_running_loop()
    start = monotonic()
    if min_sleep:
        await sleep(min_sleep)
    while monotonic() - start < max_sleep:
        await sleep(0)
        if loop._ready:
            continue
        rings = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=None)
        if rings is None or rings - loop.time() > FRAMES:
            return
        await sleep(max(0.0, rings - loop.time()))
