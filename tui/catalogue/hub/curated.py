"""A short list to start from on a machine without a model. Sizes are hints: the Hub tells the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.catalogue.fit import COMFORT, Fit, quick_fit

Purpose = Literal["English", "Japanese", "code"]
_OTHERS = 2_000_000_000
"""Bytes that the system and other programs take."""
PLEASANT = 5.0
"""Tokens a second from which on one reads along without waiting (`tui.core.units.speed_band`)."""


@dataclass(frozen=True, slots=True)
class Curated:
    """A model that is known to work.

    Attributes:
        repo_id: on the Hub.
        quant: what to take of it.
        parameters: of the model.
        size_hint: bytes of the file, about.
        purpose: what it is good at.
        words: what it is, in a few words.
    """

    repo_id: str
    quant: str
    parameters: int
    size_hint: int
    purpose: Purpose
    words: str


def _billion(number: float) -> int:
    return round(number * 1e9)


CURATED: tuple[Curated, ...] = (
    Curated(
        "bartowski/Llama-3.2-1B-Instruct-GGUF",
        "Q4_K_M",
        _billion(1.24),
        808_000_000,
        "English",
        "Meta's smallest: quick on any machine, for short answers and summaries",
    ),
    Curated(
        "SakanaAI/TinySwallow-1.5B-Instruct-GGUF",
        "Q5_K_M",
        _billion(1.54),
        1_130_000_000,
        "Japanese",
        "small and good at Japanese for its size",
    ),
    Curated(
        "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        "Q4_K_M",
        _billion(1.54),
        1_120_000_000,
        "code",
        "short functions and shell lines, on any machine",
    ),
    Curated(
        "Qwen/Qwen3-4B-GGUF",
        "Q4_K_M",
        _billion(4.02),
        2_500_000_000,
        "English",
        "thinks before it answers; many languages",
    ),
    Curated(
        "mmnga/gemma-2-2b-it-gguf",
        "Q4_K_M",
        _billion(2.61),
        1_710_000_000,
        "Japanese",
        "Google's Gemma 2, quantized with Japanese text: a good first model in Japanese and English",
    ),
    Curated(
        "mmnga/sarashina2.2-3b-instruct-v0.1-gguf",
        "Q4_K_M",
        _billion(3.36),
        2_070_000_000,
        "Japanese",
        "made in Japan, trained on Japanese above all",
    ),
    Curated(
        "Qwen/Qwen2.5-Coder-3B-Instruct-GGUF",
        "Q4_K_M",
        _billion(3.09),
        2_100_000_000,
        "code",
        "writes and explains code in most languages",
    ),
    Curated(
        "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
        "Q4_K_M",
        _billion(8.03),
        4_920_000_000,
        "English",
        "an all-rounder with 128k of context",
    ),
    Curated(
        "Qwen/Qwen3-8B-GGUF",
        "Q4_K_M",
        _billion(8.19),
        5_030_000_000,
        "English",
        "thinks before it answers; strong at reasoning and mathematics",
    ),
    Curated(
        "elyza/Llama-3-ELYZA-JP-8B-GGUF",
        "Q4_K_M",
        _billion(8.03),
        4_920_000_000,
        "Japanese",
        "Llama 3, trained further on Japanese",
    ),
    Curated(
        "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
        "Q4_K_M",
        _billion(7.62),
        4_680_000_000,
        "code",
        "code that needs some thought, and changes to existing code",
    ),
)
"""By size: 1B, 2 to 4B, 7 to 9B."""


def size_class(parameters: int) -> str:
    """The size in words of the list: `1B`, `2–4B` or `7–9B`."""
    return "1B" if parameters < _billion(2) else "2–4B" if parameters < _billion(5) else "7–9B"


def for_memory(total: int) -> tuple[Curated, ...]:
    """Those that run well in a machine with so much memory, the largest first.

    Args:
        total: bytes of memory of the machine.

    Returns:
        At least the smallest of each purpose.
    """
    ordered = sorted(CURATED, key=lambda model: model.size_hint, reverse=True)
    smallest = {model.purpose: model for model in ordered}
    return tuple(
        model for model in ordered if model.size_hint * COMFORT + _OTHERS <= total or model is smallest[model.purpose]
    )


def best_first(
    models: Sequence[Curated], available: int, speeds: Mapping[str, float], purpose: Purpose = "English"
) -> tuple[Curated, ...]:
    """Those that suit this machine before the others.

    What fits with room and writes fast enough to read along comes first, the largest, and so the ablest, on top. What
    is too slow or too big follows, the least so first.

    Args:
        models: to be ordered.
        available: bytes of memory to be had.
        speeds: expected tokens a second by `repo_id`; where one is unknown, the fit decides alone.
        purpose: what comes first among those that suit.
    """

    def rank(model: Curated) -> tuple[int, ...]:
        fits = quick_fit(model.size_hint, available) is Fit.FITS
        if not fits or speeds.get(model.repo_id, PLEASANT) < PLEASANT:
            return 1, model.size_hint
        return 0, model.purpose != purpose, -model.size_hint

    return tuple(sorted(models, key=rank))


def home_purpose(language: str) -> Purpose:
    """What a person is likely to look for, by the language of the terminal, such as `ja_JP.UTF-8`."""
    return "Japanese" if language.lower().startswith("ja") else "English"
