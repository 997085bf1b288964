"""What a reply was made with, part by part, and what is attached to prompts that are not sent."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.store.conftest import FACTS
from tests.unit.store.versions.write import VERSIONS, restore
from tui.core.errors import StoreError
from tui.core.events import StopReason, Timings
from tui.store.records import Attachment, DraftFile, MessageRecord, ModelIdentity, Stretch
from tui.store.store import Store

NOTES = DraftFile(Attachment("notes\x00.md", "# 天気\x00"), 9, "2 pages", "/home/x/notes.md", 1_700_000_000_123_456_789)
PIPED = DraftFile(Attachment("stdin", "piped"), 5)


def answered(store: Store, text: str = "one ", tokens: tuple[int, ...] = (1, 2)) -> MessageRecord:
    """A reply that has ended."""
    prompt = store.add_prompt(store.create().id, None, "hi")
    reply = store.begin_reply(prompt.id, FACTS, begun=3)
    return store.finish_reply(reply.id, text, tokens, StopReason.LENGTH, Timings(5, 4), seed=11)


def test_a_reply_keeps_what_each_part_was_made_with(store: Store) -> None:
    first = answered(store, "東京\x00 ")
    other = replace(FACTS, model=ModelIdentity("Other", 5, "ee"), params='{"temp": 2}', seed=-1, system_prompt="Long.")
    assert store.continue_reply(first.id, other).state == "growing"
    second = store.finish_reply(first.id, "two", (3,), StopReason.END, Timings(7, 6), seed=12)
    store.continue_reply(first.id)
    third = store.finish_reply(first.id, "", (4, 5), StopReason.CANCELLED, Timings(8, 7), seed=13)
    assert second.reply is not None and second.reply.facts == replace(other, seed=12)
    assert third.reply is not None and third.reply.continued == 2 and third.reply.begun == 3
    assert third.reply.stretches == (
        Stretch(replace(FACTS, seed=11), 2, 4, Timings(5, 4), StopReason.LENGTH),
        Stretch(replace(other, seed=12), 1, 7, Timings(7, 6), StopReason.END),
    )
    assert store.path_to(first.id)[-1] == third and store.tokens(first.id) == (1, 2, 3, 4, 5)


def test_a_reply_that_did_not_go_on_is_as_it_was(store: Store) -> None:
    before = answered(store)
    store.continue_reply(before.id, replace(FACTS, params='{"temp": 2}'))
    store.grow_reply(before.id, "", (9,))  # the beginning of a character that never came
    assert store.leave_reply(before) == before
    assert store.tokens(before.id) == (1, 2) and len(store.search("one")) == 1


def test_the_parts_of_an_older_version_are_not_made_up(store: Store) -> None:
    reply = answered(store)
    store._database.change(lambda change: change.run("UPDATE reply SET continued = 1"))
    store.continue_reply(reply.id)
    done = store.finish_reply(reply.id, "more", (3,))
    assert done.reply is not None and done.reply.continued == 2 and done.reply.stretches == ()


def test_a_reply_of_an_older_store_has_no_beginning_noted(path: Path) -> None:
    restore(VERSIONS[2], path)
    store = Store(path)
    reply = store.message(2).reply
    assert reply is not None and reply.begun is None and reply.stretches == () and store.draft_files(1) == ()
    store.continue_reply(2)
    grown = store.finish_reply(2, " And warm.", (7,)).reply
    assert grown is not None and [part.tokens for part in grown.stretches] == [2]
    store.close()


def test_what_only_a_part_refers_to_outlasts_a_purge(store: Store) -> None:
    reply = answered(store)
    store.continue_reply(reply.id, replace(FACTS, params="{}", system_prompt="Other."))
    store.finish_reply(reply.id, "two")
    gone = store.create("gone")
    store.delete(gone.id)
    assert store.purge() == 1
    now = store.message(reply.id).reply
    assert now is not None and now.stretches[0].facts == replace(FACTS, seed=11)


def test_attachments_of_a_draft_are_kept_until_it_is_sent(path: Path) -> None:
    store = Store(path)
    chat = store.create("chat").id
    store.keep_draft_files(chat, [NOTES, PIPED])
    store.keep_draft_files(None, [PIPED])
    store.close()
    store = Store(path)
    assert store.draft_files(chat) == (NOTES, PIPED) and store.draft_files(None) == (PIPED,)
    said = store.add_prompt(chat, None, "hi", [NOTES.attachment])
    assert store.draft_files(chat) == () and store.draft_files(None) == (PIPED,)
    store.keep_draft_files(chat, [PIPED])
    store.edit(said.id, "hello")
    assert store.draft_files(chat) == (PIPED,), "what is attached beside an edit is not sent with it"
    store.keep_draft_files(None, [])
    assert store.draft_files(None) == ()
    with pytest.raises(StoreError):
        store.keep_draft_files(404, [PIPED])
    store.close()


def test_attachments_of_a_draft_go_with_their_chat_for_good(store: Store) -> None:
    chat = store.create("chat").id
    store.keep_draft_files(chat, [NOTES])
    store.delete(chat)
    assert store.undo_delete(chat) and store.draft_files(chat) == (NOTES,)
    store.delete(chat)
    store.purge()
    assert store._database.read("SELECT count(*) FROM draft_file") == [(0,)]


def test_a_damaged_store_gives_back_parts_and_attachments(path: Path) -> None:
    store = Store(path)
    reply = answered(store)
    store.continue_reply(reply.id)
    whole = store.finish_reply(reply.id, "two")
    store.keep_draft_files(reply.conversation, [NOTES])
    store.close()
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'writer'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    store = Store(path)
    assert not store.check() or store.problems
    mended = store.message(reply.id)
    assert mended.text == whole.text and mended.reply is not None and whole.reply is not None
    assert mended.reply.stretches == whole.reply.stretches and store.draft_files(reply.conversation) == (NOTES,)
    store.close()
