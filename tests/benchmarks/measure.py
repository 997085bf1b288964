"""Values, their goals, and the way to compare two things on a machine that others use too."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to measure.

    Attributes:
        rounds: how often A and B alternate.
        decode: tokens of a decode.
        reply: tokens of a reply in the application.
        prompt: tokens of a prefill.
        samples: how often a latency is taken.
        idle_seconds: how long an idle program is watched.
        n_ctx: tokens of context.
    """

    rounds: int = 5
    decode: int = 128
    reply: int = 200
    prompt: int = 3000
    samples: int = 20
    idle_seconds: float = 10.0
    n_ctx: int = 4096


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured.

    Attributes:
        model: a small model that chats.
        other: models of another shape, by a short name, for the benchmarks that compare models.
        scratch: an empty folder.
        sizes: how much.
    """

    model: Path
    other: dict[str, Path]
    scratch: Path
    sizes: Sizes = Sizes()  # frozen


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table.

    Attributes:
        what: what was measured.
        value: the number.
        unit: its unit; empty for a ratio.
        at_least: the goal, when more is better.
        at_most: the goal, when less is better.
        detail: the numbers behind it.
    """

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None

    def row(self) -> tuple[str, str, str, str, str]:
        """What, value, goal, verdict and detail as text."""
        value = f"{self.value:.3g} {self.unit}".rstrip() if abs(self.value) < 100 else f"{self.value:.0f} {self.unit}"
        goal = f"≥ {self.at_least:g}" if self.at_least is not None else ""
        goal = f"≤ {self.at_most:g}" if self.at_most is not None else goal
        return self.what, value, goal, {True: "met", False: "MISSED", None: ""}[self.met], self.detail

    def record(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"met": self.met}


def alternate(a: Callable[[], float], b: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Take two numbers in turn, so that what else runs on the machine troubles both alike.

    Args:
        a: takes one number.
        b: takes the other.
        rounds: how many of each, after one of each that does not count.

    Returns:
        The median of the ratios a ÷ b of neighbours, and the medians of both.
    """
    a(), b()
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            second = b()
            pairs.append((a(), second))
        else:
            first = a()
            pairs.append((first, b()))
    ratio = statistics.median(first / second for first, second in pairs)
    return ratio, statistics.median(first for first, _ in pairs), statistics.median(second for _, second in pairs)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], unit: str) -> str:
    """Median and largest of some values, in words."""
    return f"median {statistics.median(values):.3g} {unit}, largest {max(values):.3g} {unit} of {len(values)}"


def peak_memory(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Bytes that a program had resident at most.

    Measured through a small parent: a process starts with the peak of the one that started it.
    """
    measured = [sys.executable, "-c", _PEAK, *command]
    done = subprocess.run(measured, env=env, capture_output=True, check=True)
    return int(done.stderr.split()[-1]) * 1024


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
