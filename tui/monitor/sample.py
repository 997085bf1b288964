"""One look at the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """The machine and this process at one moment; percentages are over the time since the sample before.

    Attributes:
        time: seconds of `time.monotonic`.
        cpu_percent: all processors together, 0 to 100.
        core_percents: each logical processor, 0 to 100.
        ram_total: bytes that this process may use in all (a control group's limit counts).
        ram_used: bytes of them that are not available.
        ram_available: bytes that can still be taken.
        process_rss: resident bytes of this process, a mapped model included.
        process_cpu_percent: of this process, 100 for one whole processor.
        load_average: tasks running or waiting over 1, 5 and 15 minutes; None where the system has no such figure.
    """

    time: float
    cpu_percent: float
    core_percents: tuple[float, ...]
    ram_total: int
    ram_used: int
    ram_available: int
    process_rss: int
    process_cpu_percent: float
    load_average: tuple[float, float, float] | None
