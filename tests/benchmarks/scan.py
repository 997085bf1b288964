"""The search for models: from nothing, from the header cache, and what watching their folders costs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measure import Measurement, Setup
from tests.support.many_models import FAMILIES, SMALL, Family, write_many
from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.scan import scan
from tui.catalogue.watch import INTERVAL, Folders

_ROUNDS = 5
_COLD_LIMIT = 2.0


def scan_models(setup: Setup) -> Iterator[Measurement]:
    """Seconds to list 500 and 2,000 models, and the share of a core that watching them takes."""
    for count, families, goal in ((500, FAMILIES, _COLD_LIMIT), (2000, SMALL, None)):
        yield from _one(setup.scratch / f"{count}-models", count, families, goal)


def _one(folder: Path, count: int, families: Sequence[Family], goal: float | None) -> Iterator[Measurement]:
    files = write_many(folder, count, families)
    headers = sum(os.stat(file).st_blocks * 512 for file in files)
    detail = f"{headers / count / 1e6:.1f} MB of header each, {len(families)} vocabularies"
    cache = folder / "headers.json"
    try:
        cold = _best(lambda: _search(folder, None), count)
        yield Measurement(f"list {count} models, no header cache", cold[0], "s", at_most=goal, detail=detail)
        evicted = _best(lambda: _search(folder, None), count, before=lambda: _evict(files))
        yield Measurement(
            f"list {count} models, nothing in memory",
            evicted[0],
            "s",
            at_most=goal,
            detail="files out of the page cache",
        )
        first = _best(lambda: _first(folder), 1)
        yield Measurement(f"first of {count} models", first[0] * 1000, "ms")
        _search(folder, HeaderCache(cache))
        warm = _best(lambda: _search(folder, HeaderCache(cache)), count)
        yield Measurement(f"list {count} models, header cache", warm[0], "s", at_most=goal and goal / 4)
        yield _watching(folder, count)
    finally:
        shutil.rmtree(folder)


def _watching(folder: Path, count: int) -> Measurement:
    folders = Folders([folder])
    folders.look()
    looks = []
    for _ in range(_ROUNDS * 4):
        begin = time.thread_time()
        changed = folders.look()
        looks.append(time.thread_time() - begin)
        assert not changed
    share = sorted(looks)[len(looks) // 2] / INTERVAL * 100
    return Measurement(f"watch {count} models", share, "%", at_most=1.0, detail="of one core, looking every 3 s")


def _best(
    run: Callable[[], int], expected: int, before: Callable[[], None] = lambda: None
) -> tuple[float, list[float]]:
    """The median of some rounds, and all of them."""
    taken = []
    for _ in range(_ROUNDS):
        before()
        begin = time.perf_counter()
        found = run()
        taken.append(time.perf_counter() - begin)
        assert found == expected
    return sorted(taken)[_ROUNDS // 2], taken


def _search(folder: Path, cache: HeaderCache | None) -> int:
    entries = [entry for entry in scan([folder], cache) if entry.source == "folder"]
    assert not any(entry.problem for entry in entries)
    return len(entries)


def _first(folder: Path) -> int:
    return sum(1 for _ in zip(range(1), scan([folder]), strict=False))


def _evict(files: Sequence[Path]) -> None:
    os.sync()
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
