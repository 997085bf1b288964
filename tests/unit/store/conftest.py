"""Fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store

FACTS = ReplyFacts(ModelIdentity("SmolLM2", 98_000_000, "ab12"), "cd34", '{"temp": 0.8}', 7, "Be brief.", "b9999")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "data" / "chats.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty store on disk."""
    opened = Store(path)
    yield opened
    opened.close()
