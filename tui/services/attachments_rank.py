"""Which paths are meant by a few letters: those in whose names the letters stand together come first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import pairwise

_EXACT, _START, _NAME, _PATH, _SPREAD = range(5)


def rank(query: str, paths: Iterable[str], most: int) -> list[str]:
    """The best matches, best first; of an empty query the first paths as they come.

    Args:
        query: letters that all must be there in this order; upper and lower case are the same.
        paths: with slashes; a folder has one at its end.
        most: how many are wanted.
    """
    wanted = query.lower()
    if not wanted:
        return [path for path, _ in zip(paths, range(most), strict=False)]
    scored = ((score, path) for path in paths if (score := _score(wanted, path)) is not None)
    return [path for _, path in heapq.nsmallest(most, scored)]


def offsets(query: str, path: str) -> tuple[int, ...]:
    """Where in the path the letters of a query are; for a path that matches."""
    wanted, lower = query.lower(), path.lower()
    at = lower.rfind(wanted, _name_start(lower)) if wanted else -1
    if at < 0:
        at = lower.rfind(wanted)
    if at >= 0:
        return tuple(range(at, at + len(wanted)))
    return tuple(_spread(wanted, lower) or ())


def _score(query: str, path: str) -> tuple[int, int, int] | None:
    """Less is better: how well it matches, how far apart the letters are, and how long it is."""
    lower = path.lower()
    start = _name_start(lower)
    at = lower.find(query, start)
    if at >= 0:
        name = lower[start:].rstrip("/")
        tier = _EXACT if query in (name, name.rpartition(".")[0]) else _START if _begins(lower, at) else _NAME
        return tier, 0, len(path)
    if query in lower:
        return _PATH, 0, len(path)
    found = _spread(query, lower)
    if found is None:
        return None
    gaps = sum(after != before + 1 for before, after in pairwise(found))
    return _SPREAD, gaps + (found[0] < start), len(path)


def _begins(path: str, at: int) -> bool:
    return at == 0 or not path[at - 1].isalnum()


def _name_start(path: str) -> int:
    return path.rstrip("/").rfind("/") + 1


def _spread(query: str, path: str) -> list[int] | None:
    """Where the letters are, found from the end, where the name is; None when one is missing."""
    found: list[int] = []
    end = len(path)
    for letter in reversed(query):
        end = path.rfind(letter, 0, end)
        if end < 0:
            return None
        found.append(end)
    return found[::-1]
