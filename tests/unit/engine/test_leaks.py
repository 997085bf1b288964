"""What is done again and again takes no more memory than what is done a few times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.long_run import memory_growth


@pytest.mark.parametrize("what", ["generations", "loads", "states"])
def test_memory_stays_flat(what: str, tiny_gguf: Path) -> None:
    assert memory_growth(what, tiny_gguf) <= 1.02
