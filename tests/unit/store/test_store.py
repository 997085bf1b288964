"""What is written to the store is found again, by the same program and by the next."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.unit.store.conftest import FACTS
from tui.core.errors import StoreError
from tui.core.events import StopReason, Timings
from tui.store.records import Attachment
from tui.store.store import Store
from tui.store.titles import title_of

TIMINGS = Timings(20, 10, 0.5, 12, 1.25, 0.6, 2, 1.2, 4, 3)


def test_a_chat_is_there_after_closing_and_opening(path: Path) -> None:
    store = Store(path)
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "Hello\x00 \N{GRINNING FACE}", [Attachment("a.txt", "text\n")])
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "Hi", [1, 2])
    done = store.finish_reply(reply.id, " there", [70_000], StopReason.STOP_STRING, TIMINGS, stop="\n\n", seed=99)
    store.close()

    again = Store(path)
    last = again.last_conversation()
    assert last is not None and last.id == chat.id and last.length == 2 and last.model == "SmolLM2"
    first, second = again.path_to(last.leaf)
    assert first.text == "Hello\x00 \N{GRINNING FACE}" and first.attachments == (Attachment("a.txt", "text\n"),)
    assert second == done and second.text == "Hi there" and second.state == "done"
    assert second.reply is not None
    assert second.reply.facts.model == FACTS.model and second.reply.facts.params == FACTS.params
    assert (second.reply.facts.seed, second.reply.stop, second.reply.timings) == (99, "\n\n", TIMINGS)
    assert second.reply.stop_reason is StopReason.STOP_STRING
    assert again.tokens(second.id) == (1, 2, 70_000)
    again.close()


def test_only_the_person_can_read_the_file(path: Path, store: Store) -> None:
    store.create("one")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"chats.db", "chats.db-wal", "chats.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_first_prompt_gives_the_title_and_a_person_another(store: Store) -> None:
    chat = store.create()
    store.add_prompt(chat.id, None, "\n  What is\tthe   weather?\nmore")
    assert store.conversation(chat.id).title == "What is the weather?"
    named = store.rename(chat.id, "My\nchat")
    assert (named.title, named.titled_by) == ("My chat", "person")
    store.add_prompt(chat.id, named.leaf, "another prompt")
    assert store.conversation(chat.id).title == "My chat"


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("", ""),
        ("   \n ", ""),
        ("```\nprint(1)\n```", "print(1)"),
        ("???", "???"),
        ("あ" * 100, "あ" * 59 + "…"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("\x1b[31mred", "^[[31mred"),
    ],
)
def test_titles(prompt: str, title: str) -> None:
    assert title_of(prompt) == title


def test_the_list_is_by_last_use_with_pinned_ones_first(store: Store) -> None:
    one, two, three = (store.create(name) for name in ("one", "two", "three"))
    store.add_prompt(one.id, None, "hello")
    assert _titles(store) == ["one", "three", "two"]
    store.pin(two.id)
    assert _titles(store) == ["two", "one", "three"]
    store.archive(three.id)
    assert _titles(store) == ["two", "one"]
    assert [chat.title for chat in store.conversations(archived=True)] == ["three"]
    assert [chat.title for chat in store.conversations(archived=None, limit=1, offset=1)] == ["one"]
    assert store.count() == 3


def test_what_is_deleted_can_be_brought_back_and_then_is_gone_for_good(path: Path, store: Store) -> None:
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "findable")
    store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "secretword")
    store.delete(chat.id)
    assert not store.conversations() and not store.search("findable") and not store.conversations(words="findable")
    assert [one.id for one in store.deleted()] == [chat.id] and store.last_conversation() is None
    store.undo_delete(chat.id)
    assert len(store.search("findable")) == 2  # its title as well
    store.delete(chat.id)
    assert store.purge() == 1 and not store.deleted() and not store.search("secretword")
    assert _rows(store, "SELECT count(*) FROM message") == _rows(store, "SELECT count(*) FROM reply") == [(0,)]
    assert _rows(store, "PRAGMA foreign_key_check") == []
    with pytest.raises(StoreError):
        store.conversation(chat.id)


def test_what_was_deleted_lately_survives_a_restart(path: Path, store: Store) -> None:
    chat = store.create("one")
    store.delete(chat.id)
    other = Store(path)
    assert [one.id for one in other.deleted()] == [chat.id]
    other.close()


def test_writing_in_a_deleted_chat_brings_it_back(store: Store) -> None:
    chat = store.create("one")
    store.delete(chat.id)
    store.add_prompt(chat.id, None, "still here")
    assert _titles(store) == ["one"]


def test_a_draft_is_kept_until_something_is_sent(store: Store) -> None:
    chat = store.create()
    assert store.keep_draft(chat.id, "half a sen").draft == "half a sen"
    store.add_prompt(chat.id, None, "half a sentence")
    assert store.conversation(chat.id).draft == ""


def test_search_finds_messages_newest_first_with_their_surroundings(store: Store) -> None:
    chat = store.create("weather")
    first = store.add_prompt(chat.id, None, "明日の東京の天気は?")
    reply = store.finish_reply(store.begin_reply(first.id, FACTS).id, "東京は晴れ")
    hits = store.search("東京")
    assert [hit.message for hit in hits] == [reply.id, first.id]
    assert [part.text for part in hits[1].parts if part.found] == ["東京"]
    assert [hit.message for hit in store.search("weath")] == [None]
    assert [chat.id for chat in store.conversations(words="晴れ")] == [chat.id]
    assert store.search("") == [] and store.conversations(words="nowhere") == []


def test_signs_alone_are_found_joined_or_not(store: Store) -> None:
    chat = store.create("the 🇯🇵 trip")
    first = store.add_prompt(chat.id, None, "love you ❤️ and 👨‍👩‍👧‍👦 all")
    second = store.add_prompt(chat.id, first.id, "a->b")
    for typed in ("❤️", "❤", "👨‍👩‍👧‍👦", "👨👩👧👦", "👩‍👧 ❤"):
        assert [hit.message for hit in store.search(typed)] == [first.id], typed
        assert [chat.id for chat in store.conversations(words=typed)] == [chat.id]
    assert [part.text for part in store.search("❤️")[0].parts if part.found] == ["❤️"]
    assert [hit.message for hit in store.search("🇯🇵")] == [None]
    (hit,) = store.search("->")
    assert hit.message == second.id and [part.text for part in hit.parts if part.found] == ["->"]
    assert store.search("🚀") == [] and store.conversations(words="🚀") == [] and store.search(" \ufe0f ") == []


def test_a_prompt_is_found_by_what_was_sent_with_it(store: Store) -> None:
    chat = store.create("chat")
    files = [Attachment("notes.txt", "nothing"), Attachment("weather.csv", "Tokyo,sunny\nOsaka,rain")]
    prompt = store.add_prompt(chat.id, None, "look at this", files)
    (hit,) = store.search("osaka")
    assert hit.message == prompt.id
    assert "".join(part.text for part in hit.parts) == "weather.csv: Tokyo,sunny\nOsaka,rain"
    assert [part.text for part in hit.parts if part.found] == ["Osaka"]
    assert [hit.message for hit in store.search("notes")] == [prompt.id]
    store.delete(chat.id)
    store.purge()
    assert not store.search("osaka") and _rows(store, "SELECT count(*) FROM shared_text") == [(0,)]
    store._database.change(
        lambda change: change.run("INSERT INTO message_words (message_words) VALUES ('integrity-check')")
    )


def test_a_new_title_is_found_and_the_old_one_is_not(store: Store) -> None:
    chat = store.create("elephant")
    store.rename(chat.id, "giraffe")
    assert not store.search("elephant") and store.search("giraffe")


def test_a_reply_that_stopped_goes_on_where_it_stopped(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "count")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "one two", [1, 2], StopReason.LENGTH)
    assert store.continue_reply(reply.id).state == "growing"
    store.grow_reply(reply.id, " three", [3])
    done = store.finish_reply(reply.id, " four", [4])
    assert done.text == "one two three four" and store.tokens(reply.id) == (1, 2, 3, 4)
    assert done.reply is not None and done.reply.continued == 1 and done.reply.stop_reason is StopReason.END
    assert [hit.message for hit in store.search("two three")] == [reply.id]


def test_a_reply_that_failed_is_interrupted(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "half", stop_reason=None)
    assert (reply.state, reply.text) == ("interrupted", "half")


def test_a_reply_that_ended_cannot_grow(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "whole")
    with pytest.raises(StoreError):
        store.grow_reply(reply.id, "more")
    with pytest.raises(StoreError):
        store.continue_reply(prompt.id)
    with pytest.raises(StoreError):
        store.grow_reply(12345, "more")


def test_what_is_not_there_is_said(store: Store) -> None:
    chat, other = store.create("one"), store.create("two")
    prompt = store.add_prompt(other.id, None, "elsewhere")
    for call in (
        lambda: store.message(5),
        lambda: store.conversation(5),
        lambda: store.pin(5),
        lambda: store.add_prompt(5, None, "x"),
        lambda: store.add_prompt(chat.id, prompt.id, "x"),
        lambda: store.begin_reply(None, FACTS),
    ):
        with pytest.raises(StoreError):
            call()
    assert store.path_to(5) == [] and store.path_to(None) == []


def test_half_a_surrogate_pair_is_no_obstacle(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "a\ud800b")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "c\udfffd")
    assert prompt.text == "a\N{REPLACEMENT CHARACTER}b" and reply.text == "c\N{REPLACEMENT CHARACTER}d"


def test_texts_that_many_replies_share_are_stored_once(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "again")
    for _ in range(5):
        store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "reply")
    assert _rows(store, "SELECT count(*) FROM shared_text") == [(2,)]
    assert _rows(store, "SELECT count(*) FROM model") == [(1,)]


def test_a_link_to_a_file_elsewhere_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    Store(real / "chats.db").close()
    (tmp_path / "data").mkdir()
    os.symlink(real / "chats.db", tmp_path / "data" / "chats.db")
    store = Store(tmp_path / "data" / "chats.db")
    assert not store.problems
    store.create("one")
    store.close()
    assert (tmp_path / "data" / "chats.db").is_symlink()


def _titles(store: Store) -> list[str]:
    return [chat.title for chat in store.conversations()]


def _rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return store._database.read(sql)
