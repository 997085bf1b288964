"""Memory back to the system."""

from __future__ import annotations

import ctypes
import sys


def trim() -> None:
    """Ask the C library to return free memory to the system; it keeps it otherwise (glibc only)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
