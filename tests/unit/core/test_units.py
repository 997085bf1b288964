"""Numbers in words."""

from __future__ import annotations

import pytest

from tui.core.units import format_speed, format_wait


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "1 s"), (8.0, "8 s"), (59.4, "59 s"), (59.9, "1 min 00 s"), (125, "2 min 05 s")],
)
def test_a_wait_has_no_fractions(seconds: float, words: str) -> None:
    assert format_wait(seconds) == words


@pytest.mark.parametrize(("speed", "words"), [(34_902.4, "34,902 tok/s"), (142, "142 tok/s"), (0.834, "0.83 tok/s")])
def test_a_speed_has_its_thousands_separated(speed: float, words: str) -> None:
    assert format_speed(speed) == words
