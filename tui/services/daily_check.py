"""Reading all of the store once a day, so that damage is found while there is still something to be read around it."""

from __future__ import annotations

import time

from tui.store.store import Store

DAY = 24 * 3600.0

_NOTE = "last checked"


def check_daily(store: Store, now: float | None = None) -> bool | None:
    """Check the store, unless that was done within a day; a damaged one is set aside, and `problems` says so.

    Takes about 4 seconds a GB, in which others may use the store.

    Args:
        store: the open store.
        now: seconds since 1970; the clock's by default.

    Returns:
        Whether it is sound; None when it was not looked at.
    """
    now = time.time() if now is None else now
    if store.in_memory or 0 <= now - _time_of(store.note(_NOTE)) < DAY:
        return None
    sound = store.check()
    store.set_note(_NOTE, f"{now:.0f}")
    return sound


def _time_of(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
