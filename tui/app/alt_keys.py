"""alt and a digit as the keys they are."""

from __future__ import annotations

from typing import Any, cast

from textual import _ansi_sequences


def take_alt_digits() -> None:
    """Let terminals say alt+1 to alt+9.

    Every terminal sends Esc and the digit for them. Textual takes that for what WezTerm sends on macOS for Option and
    a digit, and would type a character such as the trade mark sign.
    """
    sequences = cast("dict[str, Any]", _ansi_sequences.ANSI_SEQUENCES_KEYS)
    for digit in "123456789":
        sequences.pop(f"\x1b{digit}", None)
