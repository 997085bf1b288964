"""Out of the real store, into another one, and out again: the same bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.store_formats.chats import ATTACHMENTS, FACTS, TEXTS, TIMINGS, chats
from tui.core.errors import StoreError
from tui.core.events import StopReason
from tui.store.formats.chat import Chat
from tui.store.formats.exchange import WRITERS, export, take_in
from tui.store.formats.found import read_chats
from tui.store.formats.native import read_json
from tui.store.records import Conversation, MessageRecord
from tui.store.store import Store


@contextmanager
def fresh() -> Iterator[Store]:
    """An empty store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "chats.db")
        try:
            yield store
        finally:
            store.close()


def exported(store: Store, format_: str = "json") -> str:
    """All conversations of a store."""
    return "".join(export(store, store.conversations(archived=None), format_))


def write_some(store: Store, data: st.DataObject) -> None:
    """Say any things in any branches, by the store's own methods."""
    conversation = store.create(data.draw(TEXTS)).id
    ids: list[int] = []
    for _ in range(data.draw(st.integers(1, 6))):
        parent = data.draw(st.sampled_from([None, *ids]))
        what = data.draw(st.sampled_from(["prompt", "reply", "edit"]))
        if what == "prompt" or parent is None:
            ids.append(store.add_prompt(conversation, parent, data.draw(TEXTS), data.draw(ATTACHMENTS)).id)
        elif what == "edit":
            ids.append(store.edit(parent, data.draw(TEXTS)).id)
        else:
            reply = store.begin_reply(parent, data.draw(FACTS)).id
            ids.append(reply)
            store.grow_reply(reply, data.draw(TEXTS), data.draw(st.lists(st.integers(0, 2**32 - 1), max_size=3)))
            if data.draw(st.booleans()):
                reason = data.draw(st.none() | st.sampled_from(StopReason))
                store.finish_reply(reply, data.draw(TEXTS), (), reason, data.draw(TIMINGS), stop=data.draw(TEXTS))
    if data.draw(st.booleans()):
        store.select(data.draw(st.sampled_from(ids)))
    if data.draw(st.booleans()):
        store.delete_branch(data.draw(st.sampled_from(ids)))
    store.pin(conversation, data.draw(st.booleans()))
    store.archive(conversation, data.draw(st.booleans()))
    store.keep_draft(conversation, data.draw(TEXTS))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_was_said_in_one_store_is_the_same_in_another(data: st.DataObject) -> None:
    with fresh() as first, fresh() as second:
        for _ in range(data.draw(st.integers(1, 3))):
            write_some(first, data)
        text = exported(first)
        take_in(second, read_json(json.loads(text)))
        assert exported(second) == text


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(chats(), min_size=1, max_size=3))
def test_whatever_a_file_holds_is_stored_whole(items: list[Chat]) -> None:
    with fresh() as first, fresh() as second:
        take_in(first, items)
        text = exported(first)
        back = read_json(json.loads(text))
        assert [chat.messages for chat in back] == [chat.messages for chat in items]
        assert [chat.tokens for chat in back] == [chat.tokens for chat in items]
        take_in(second, [*items, *items])
        take_in(second, back)
        again = read_json(json.loads(exported(second)))
        assert len(again) == 3 * len(items) and again[-len(items) :] == back


def test_a_conversation_that_cannot_be_stored_keeps_out_the_others(tmp_path: Path) -> None:
    good = Chat(Conversation(0, "good", "person", 1.0, 1.0), (MessageRecord(1, 0, None, "user", "hi", 1.0),))
    bad = Chat(Conversation(0, "bad", "person", 1.0, 1.0), (MessageRecord(1, 0, 7, "user", "hi", 1.0),))
    with fresh() as store:
        with pytest.raises(StoreError):
            take_in(store, [good, bad])
        assert store.count() == 0
        assert take_in(store, [good])[0].title == "good" and store.count() == 1


def test_a_chatgpt_export_is_found_by_its_words(tmp_path: Path) -> None:
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["東京の天気は?"]}}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"title": "Weather", "mapping": {"a": {"message": message, "parent": None}}}]))
    with fresh() as store:
        take_in(store, read_chats(path).chats)
        assert [hit.conversation.title for hit in store.search("天気")] == ["Weather"]


@pytest.mark.parametrize("format_", list(WRITERS))
def test_every_format_of_an_empty_store_and_of_one_conversation(format_: str) -> None:
    with fresh() as store:
        assert "hello" not in exported(store, format_)
        store.add_prompt(store.create().id, None, "hello there")
        assert "hello there" in exported(store, format_)
