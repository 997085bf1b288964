"""Notes of the program, titles by the model, and the tree in short."""

from __future__ import annotations

from pathlib import Path

from tests.unit.store.conftest import FACTS
from tui.store.store import Store


def test_a_note_outlasts_the_program_and_goes_when_it_is_empty(path: Path) -> None:
    store = Store(path)
    assert store.note("draft") == ""
    store.set_note("draft", "half a 文")
    store.set_note("draft", "half a 文 more")
    store.close()
    store = Store(path)
    assert store.note("draft") == "half a 文 more"
    store.set_note("draft", "")
    assert store.note("draft") == "" and store._database.read("SELECT * FROM note") == []
    store.close()


def test_notes_are_kept_when_the_file_is_damaged(path: Path) -> None:
    store = Store(path)
    store.set_note("draft", "half a 文")
    store.add_prompt(store.create().id, None, "kept " * 50_000)
    store.close()
    with path.open("r+b") as file:
        file.seek(-40_000, 2)
        file.write(b"\xff" * 30_000)
    store = Store(path)
    store.check()
    assert store.note("draft") == "half a 文" and any("damaged" in line for line in store.problems)
    store.close()


def test_a_title_of_the_model_replaces_that_of_the_prompt_and_never_the_person_s(store: Store) -> None:
    chat = store.create()
    store.add_prompt(chat.id, None, "what is it about")
    assert not store.suggest_title(chat.id, "") and store.suggest_title(chat.id, "A\nquestion")
    named = store.conversation(chat.id)
    assert (named.title, named.titled_by) == ("A question", "model")
    assert [hit.message for hit in store.search("question")] == [None]
    assert not store.suggest_title(chat.id, "Another")
    store.rename(chat.id, "Mine")
    assert not store.suggest_title(chat.id, "Theirs") and store.conversation(chat.id).title == "Mine"


def test_the_tree_in_short_is_the_tree(store: Store) -> None:
    chat = store.create()
    said = store.add_prompt(chat.id, None, "hi")
    first = store.begin_reply(said.id, FACTS)
    store.finish_reply(first.id, "one")
    second = store.begin_reply(said.id, FACTS)
    store.grow_reply(second.id, "two so far")
    store.add_prompt(chat.id, first.id, "more")
    twigs = store.twigs(chat.id)
    assert [(t.parent, t.role, t.text, t.model) for t in twigs] == [
        (None, "user", "hi", ""),
        (said.id, "assistant", "one", "SmolLM2"),
        (said.id, "assistant", "two so far", "SmolLM2"),
        (first.id, "user", "more", ""),
    ]
    assert twigs[0].chosen == first.id
    assert store.count_below(said.id) == 4 and store.count_below(first.id) == 2 and store.count_below(second.id) == 1
    store.delete_branch(first.id)
    assert [t.id for t in store.twigs(chat.id)] == [said.id, second.id] and store.count_below(said.id) == 2
