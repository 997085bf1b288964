"""Numbers in the words people read: bytes, counts, seconds, tokens per second."""

from __future__ import annotations

_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def format_bytes(count: float) -> str:
    """Bytes in binary units with three significant digits: `1.21 GiB`, `93.5 MiB`, `512 B`."""
    value = float(count)
    unit = 0
    while abs(value) >= 1000 and unit < len(_BYTE_UNITS) - 1:
        value /= 1024
        unit += 1
    if unit == 0:
        return f"{value:.0f} B"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f} {_BYTE_UNITS[unit]}"


def format_count(count: int) -> str:
    """A whole number with thousands separated: `4,096`."""
    return f"{count:,}"


def format_parameters(count: int) -> str:
    """A model's number of parameters as its makers write it: `135M`, `2.6B`, `1.2T`."""
    for limit, unit in ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if count >= limit * 0.9995:
            value = count / limit
            return f"{value:.1f}{unit}" if value < 9.95 and unit in "BT" else f"{value:.0f}{unit}"
    return str(count)


def format_seconds(seconds: float) -> str:
    """A duration: `85 ms`, `1.42 s`, `2 min 05 s`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def format_wait(seconds: float) -> str:
    """A time still to wait, no finer than a person waits: `8 s`, `2 min 05 s`."""
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < 60 else format_seconds(whole)


def format_speed(tokens_per_second: float) -> str:
    """A speed with steady width: `34,902 tok/s`, `142 tok/s`, `9.4 tok/s`, `0.83 tok/s`."""
    digits = 0 if tokens_per_second >= 99.5 else 1 if tokens_per_second >= 2 else 2
    return f"{tokens_per_second:,.{digits}f} tok/s"


def speed_band(tokens_per_second: float) -> str:
    """What a decode speed feels like, in words.

    The bands are the common rule of thumb of llama.cpp tutorials: 2 to 3 tok/s is the minimum for a
    dialogue, 5 to 10 comfortable, 20 to 30 fast, 50 and more fit for batch work. The gaps between them
    belong to the lower band.
    """
    for limit, words in (
        (2, "slow"),
        (5, "minimum for dialogue"),
        (20, "comfortable"),
        (50, "fast"),
    ):
        if tokens_per_second < limit:
            return words
    return "fit for batch work"
