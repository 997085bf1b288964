"""What the engine asks of the machine it runs on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass


def available_cores() -> int:
    """Logical processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def unknown() -> None:
    """For what nobody can tell."""
    return None


@dataclass(frozen=True, slots=True)
class Machine:
    """Questions that the engine asks in its own thread; each answer takes at most a few milliseconds.

    Attributes:
        cores: how many threads to begin with where their number is automatic.
        free: how many processors other programs leave free now; None when that is not known.
        spare: how many bytes of memory are free for computed conversations that may be needed again; None for as many
            as the load's parameters allow.
    """

    cores: Callable[[], int] = available_cores
    free: Callable[[], int | None] = unknown
    spare: Callable[[], int | None] = unknown
