"""When the application has done all that a key or a resize leads to, told by its event loop.

Textual's own pilot takes a program for idle whose process used hardly any processor time for 20 ms: on a busy machine
that is also true of one that was not let to run, and anywhere it costs 40 ms for each key. Here the event loop itself
is asked: nothing to run now, and no timer that rings within the next frames.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep
from typing import Any

FRAMES = 2.5 / 60
"""Seconds in which a timer belongs to what happens now: a screen that is to be drawn, a callback after that."""


async def settled(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until the event loop has nothing to do; takes the place of `textual._wait.wait_for_idle`.

    What other threads do is not waited for: for that there are conditions (`tests.support.waiting.until`). Time
    in which other programs had the processor does not count.

    Args:
        min_sleep: seconds to wait in any case.
        max_sleep: seconds to wait for timers in all, for an application that always moves.
    """
    loop: Any = asyncio.get_running_loop()
    if min_sleep:
        await sleep(min_sleep)
    waited = 0.0
    while waited < max_sleep:
        await sleep(0)
        if loop._ready:
            continue
        rings = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=None)
        if rings is None or (wait := rings - loop.time()) > FRAMES:
            return
        waited += max(0.001, wait)
        await sleep(max(0.0, wait))
