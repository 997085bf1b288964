"""Bytes that files take on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 512
"""Bytes of a block in `st_blocks` (POSIX)."""


def allocated(state: os.stat_result) -> int:
    """Bytes of the disk that a file takes: of a sparse one, only what was written."""
    blocks = getattr(state, "st_blocks", None)
    return state.st_size if blocks is None else min(state.st_size, blocks * _BLOCK)


def disk_use(files: Iterable[Path]) -> int:
    """Bytes that these files take together; one reached by several links counts once, a missing one not at all."""
    seen: dict[tuple[int, int], int] = {}
    for file in files:
        try:
            state = os.stat(file)
        except (OSError, ValueError):
            continue
        seen[state.st_dev, state.st_ino] = allocated(state)
    return sum(seen.values())
