"""How fast this machine reads memory: what limits how fast a model writes.

All usable cores search buffers larger than the last-level cache for a byte that is not there, which reads every byte
once and writes none, as the evaluation of a token reads the weights.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tui.monitor.cgroup import ROOT, read_words
from tui.monitor.cpu import usable_cores
from tui.monitor.memory import memory
from tui.settings.paths import cache_dir, private_dir

SECONDS = 0.12
"""How long is measured, in rounds; the making of the buffers takes about as long again at most."""
_ROUNDS = 3
_SMALLEST, _LARGEST = 32 << 20, 1 << 30
"""Bytes of all buffers together."""
_CACHES = 4
"""Buffers have so many times the bytes of the last-level caches, where memory allows it."""
_UNITS = {"K": 10, "M": 20, "G": 30}
_BUSY = 0.5
"""Share of the cores that others may use without the measurement being doubted."""
_ABSENT, _FILL = 0x55, 1

Buffer = ctypes.Array[ctypes.c_char]
Read = Callable[[Buffer], int]


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A measurement.

    Attributes:
        bytes_per_second: read by all usable cores together.
        threads: how many read.
        busy: whether other programs were using the cores, so that the machine can do more.
    """

    bytes_per_second: float
    threads: int
    busy: bool = False


_lock = threading.Lock()
_known: dict[str, Bandwidth] = {}
"""What this process has measured or read, by machine: one, unless its cores change."""


def memory_bandwidth() -> Bandwidth:
    """This machine's bandwidth: as it was measured before, or measured now, which takes up to 0.3 s.

    For a worker thread. A measurement on a busy machine is taken again the next time the program runs, and the better
    one is kept.
    """
    key = _key()
    with _lock:
        if key in _known:
            return _known[key]
        kept = _read(key)
        if kept is None or kept.busy:
            found = measure()
            kept = found if kept is None else _better(found, kept)
            _write(key, kept)
        _known[key] = kept
        return kept


def _better(new: Bandwidth, old: Bandwidth) -> Bandwidth:
    """The higher one; a quiet measurement settles it."""
    best = max(new, old, key=lambda bandwidth: bandwidth.bytes_per_second)
    return replace(best, busy=new.busy and old.busy)


def measure(threads: int | None = None, seconds: float = SECONDS) -> Bandwidth:
    """Measure now.

    Args:
        threads: how many read at once; by default as many as there are usable cores.
        seconds: of reading, in a few rounds; the one in the middle counts.
    """
    count = threads or usable_cores()
    busy = _others_busy(count)
    size = _buffer_bytes(count) // count
    buffers = [ctypes.create_string_buffer(size) for _ in range(count)]
    # Written once, else all their pages are the one page of zeros.
    _side_by_side(count, lambda number: ctypes.memset(buffers[number], _FILL, size) and 0)
    read = _reader()
    rounds = [_round(read, buffers, seconds / _ROUNDS) for _ in range(_ROUNDS)]
    return Bandwidth(statistics.median(rounds), count, busy)


def _round(read: Read, buffers: list[Buffer], seconds: float) -> float:
    """Bytes a second that all threads read together: a thread that had to wait for a core makes it less."""
    moved, passed = _side_by_side(len(buffers), lambda number: _read_for(read, buffers[number], seconds))
    return moved / passed


def _side_by_side(count: int, work: Callable[[int], int]) -> tuple[int, float]:
    """The sum of what `work` gives for each number, in as many threads, and the seconds from first to last."""
    start = threading.Barrier(count)
    results, begun, ended = [0] * count, [0.0] * count, [0.0] * count

    def run(number: int) -> None:
        start.wait()
        begun[number] = time.perf_counter()
        results[number] = work(number)
        ended[number] = time.perf_counter()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(results), max(ended) - min(begun)


def _read_for(read: Read, buffer: Buffer, seconds: float) -> int:
    """Bytes that one thread reads in so many seconds, and in the rest of its last pass."""
    begun, moved = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        moved += read(buffer)
    return moved


def _reader() -> Read:
    """Reads a buffer once, without Python's lock, and returns the bytes that went over the bus."""
    try:
        search = ctypes.CDLL(None).memchr
    except (OSError, AttributeError, TypeError):  # Windows
        return _copy_halves
    search.argtypes, search.restype = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t), ctypes.c_void_p

    def read(buffer: Buffer) -> int:
        search(buffer, _ABSENT, len(buffer))
        return len(buffer)

    return read


def _copy_halves(buffer: Buffer) -> int:
    half = len(buffer) // 2
    ctypes.memmove(ctypes.addressof(buffer) + half, buffer, half)
    return 2 * half


def _buffer_bytes(threads: int) -> int:
    """Bytes of all buffers: beyond the last-level caches, and no more than a small machine can spare."""
    size, shared = last_level_cache()
    wanted = _CACHES * size * -(-threads // shared)
    return max(min(max(wanted, _SMALLEST), _LARGEST, memory().available // 8), threads << 20)


def last_level_cache(root: Path = ROOT) -> tuple[int, int]:
    """Bytes of the largest cache of the first processor, and how many processors share it; (0, 1) when unknown.

    Args:
        root: where /sys is, for tests.
    """
    found = [(0, 1)]
    for folder in (root / "sys/devices/system/cpu/cpu0/cache").glob("index*"):
        text = " ".join(read_words(folder / "size"))
        if text[:-1].isdigit() and text[-1] in _UNITS:
            mask = " ".join(read_words(folder / "shared_cpu_map")).replace(",", "")
            found.append((int(text[:-1]) << _UNITS[text[-1]], max(_bits(mask), 1)))
    return max(found)


def _bits(mask: str) -> int:
    try:
        return int(mask, 16).bit_count()
    except ValueError:
        return 0


def _others_busy(cores: int) -> bool:
    try:
        return os.getloadavg()[0] > _BUSY * cores
    except OSError:
        return False


def _key() -> str:
    machine = f"{platform.node()} {platform.machine()} {usable_cores()} {memory().total}"
    return hashlib.blake2b(machine.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _file() -> Path:
    return cache_dir() / "bandwidth.json"


def _read(key: str) -> Bandwidth | None:
    try:
        kept = json.loads(_file().read_text("ascii"))[key]
        found = Bandwidth(float(kept["bytes_per_second"]), int(kept["threads"]), bool(kept["busy"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if 0 < found.bytes_per_second < 1e14 else None


def _write(key: str, found: Bandwidth) -> None:
    """Keep a measurement for this machine; a failure costs another one."""
    kept: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        kept = dict(json.loads(_file().read_text("ascii")))
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=".bandwidth-", dir=private_dir(_file().parent))
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(kept | {key: asdict(found)}, file)
        os.replace(name, _file())
