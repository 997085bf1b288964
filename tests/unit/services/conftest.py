"""A model host with the tiny model, a store, and a conversation of the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import events_of
from tui.core.events import Loaded
from tui.core.parameters import LoadParams
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.store.store import Store


@pytest.fixture
def host() -> Iterator[ModelHost]:
    """A host with nothing loaded."""
    host = ModelHost()
    yield host
    assert host.close(120)


@pytest.fixture
def loaded(host: ModelHost, tiny_gguf: Path) -> ModelHost:
    """A host with the tiny model."""
    assert isinstance(events_of(host.load(tiny_gguf, LoadParams(n_ctx=256)))[-1], Loaded)
    return host


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "chats.db")
    yield store
    store.close()


@pytest.fixture
def chat(loaded: ModelHost, store: Store) -> Iterator[RecordedChat]:
    """A new conversation with the tiny model."""
    chat = RecordedChat(loaded, store)
    yield chat
    chat.close()
