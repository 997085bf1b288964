"""A Hub on loopback for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.local_hub import LocalHub


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is allowed."""
    monkeypatch.delenv("HF_HUB_OFFLINE")


@pytest.fixture
def local(online: None) -> Iterator[LocalHub]:
    """The server, running."""
    with LocalHub() as hub:
        yield hub
