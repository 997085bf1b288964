"""What was computed of a conversation is used again after going elsewhere in it, and told of without loading it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.engines import events_of
from tests.support.recorded import finish
from tests.unit.services.test_recorded_chat import SHORT
from tui.core.events import Finished, Loaded
from tui.core.parameters import LoadParams
from tui.engine import state_file
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.services.warm_chats import warm_chats
from tui.settings.paths import kv_cache_dir
from tui.store.store import Store

LONG = "a rather long question that is worth keeping, since it has many letters, each of them a token of its own"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "chats.db")
    yield store
    store.close()


def cached(last: object) -> int:
    """Prompt tokens that were not computed again."""
    assert isinstance(last, Finished)
    return last.timings.cached_tokens


def test_going_to_another_branch_computes_only_what_is_not_shared(loaded: ModelHost, store: Store) -> None:
    chat = RecordedChat(loaded, store)
    finish(chat, chat.send(LONG, SHORT))
    finish(chat, chat.send("one way", SHORT))
    there = finish(chat, chat.edit(chat.records[2].id, "the other way", SHORT))
    # Everything before the edited message is shared: the system prompt, the question and its reply.
    first = chat.records[1].reply
    assert first is not None
    shared = first.timings.prompt_tokens + first.timings.generated_tokens - 1
    assert cached(there) >= shared
    assert chat.walk(chat.records[2].id, -1)
    assert cached(finish(chat, chat.send("and on", SHORT))) >= shared
    assert chat.walk(chat.records[2].id, 1)
    assert cached(finish(chat, chat.regenerate(replace(SHORT, seed=11, temp=3.0)))) >= shared
    chat.close()


def test_a_conversation_is_warm_as_long_as_its_state_is_kept(
    loaded: ModelHost, store: Store, tiny_gguf: Path, tmp_path: Path
) -> None:
    chat = RecordedChat(loaded, store)
    assert warm_chats(loaded) == frozenset()
    finish(chat, chat.send(LONG, SHORT))
    assert chat.conversation is not None
    first = chat.conversation.id
    assert warm_chats(loaded) == frozenset({first})
    chat.clear()
    finish(chat, chat.send(f"something else: {LONG}", SHORT))
    assert chat.conversation is not None
    second = chat.conversation.id
    assert warm_chats(loaded) == frozenset({first, second}), "the first one was put aside in memory"
    events_of(loaded.unload())
    assert warm_chats(loaded) is None
    assert isinstance(events_of(loaded.load(tiny_gguf, LoadParams(n_ctx=256)))[-1], Loaded)
    assert second in (warm_chats(loaded) or ())
    for file in kv_cache_dir().glob("*.kv"):
        file.unlink()
    assert warm_chats(loaded) == frozenset(), "the file is gone"


def test_a_file_says_what_it_is_of(tmp_path: Path) -> None:
    state_file.write(tmp_path / "a.kv", "print", [1, 2], b"state", "chat 7")
    state_file.write(tmp_path / "b.kv", "print", [1, 2], b"state")
    assert state_file.read_header(tmp_path / "a.kv").label == "chat 7"
    assert state_file.read_header(tmp_path / "b.kv").label == ""
