"""A conversation as a tree: whatever is done to it, it reads as a plain model of it says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.store.conftest import FACTS
from tui.core.errors import StoreError
from tui.store.records import Conversation, MessageRecord
from tui.store.store import Store


def test_editing_makes_a_sibling_and_leaves_the_old_branch(store: Store) -> None:
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "one")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "answer")
    edited = store.edit(prompt.id, "two")
    assert (edited.edited, edited.position, edited.siblings) == (prompt.id, 2, 2)
    assert [one.id for one in store.siblings(prompt.id)] == [prompt.id, edited.id]
    assert store.conversation(chat.id).leaf == edited.id and store.path_to(edited.id) == [edited]
    assert store.select(prompt.id).id == reply.id
    assert [one.text for one in store.path_to(reply.id)] == ["one", "answer"]


def test_regenerating_makes_a_sibling_and_one_walks_between_them(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    replies = [store.finish_reply(store.begin_reply(prompt.id, FACTS).id, text) for text in ("a", "b", "c")]
    assert [(one.position, one.siblings) for one in store.children(prompt.id)] == [(1, 3), (2, 3), (3, 3)]
    assert store.select(replies[0].id).text == "a"
    assert store.select(prompt.id).text == "a", "the branch taken last is taken again"


def test_the_models_message_can_be_edited_too(store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "wrong")
    edited = store.edit(reply.id, "right")
    assert (edited.role, edited.reply, edited.text) == ("assistant", None, "right")
    assert [one.text for one in store.path_to(edited.id)] == ["hello", "right"]


def test_going_to_a_message_leaves_out_what_follows_it(store: Store) -> None:
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "hello")
    store.finish_reply(store.begin_reply(prompt.id, FACTS).id, "reply")
    store.go_to(chat.id, prompt.id)
    assert store.conversation(chat.id).leaf == prompt.id
    store.go_to(chat.id, None)
    assert store.conversation(chat.id).leaf is None


def test_a_chat_of_2000_messages_is_one_path(store: Store) -> None:
    chat = store.create()
    messages = [
        MessageRecord(n, chat.id, n - 1 if n > 1 else None, "user", f"message {n}", float(n)) for n in range(1, 2001)
    ]
    made = store.insert(Conversation(0, "long", "person", 0.0, 0.0, leaf=2000), messages)
    path = store.path_to(made.leaf)
    assert [one.text for one in path] == [one.text for one in messages]
    assert made.length == 2000


def test_what_is_no_tree_is_not_taken(store: Store) -> None:
    chat = Conversation(1, "x", "person", 0.0, 0.0)

    def record(id_: int, parent: int | None) -> MessageRecord:
        return MessageRecord(id_, 1, parent, "user", "x", 0.0)

    for messages in ([record(1, 2), record(2, 1)], [record(1, 1)], [record(1, 9)], [record(1, None), record(1, None)]):
        with pytest.raises(StoreError):
            store.insert(chat, messages)
    assert store.conversations() == [] and not store.in_memory


def test_numbers_that_are_taken_are_replaced_in_the_same_order(store: Store) -> None:
    chat = Conversation(1, "x", "person", 0.0, 0.0, leaf=3)
    messages = [MessageRecord(n, 1, None if n == 1 else 1, "user", str(n), 0.0, edited=1) for n in (3, 2, 1)]
    first, second = store.insert(chat, messages), store.insert(chat, messages)
    assert (first.id, first.leaf) == (1, 3) and second.id != 1
    assert [one.text for one in store.messages(second.id)] == ["1", "2", "3"]
    assert second.leaf is not None and store.message(second.leaf).text == "3"
    assert {one.edited for one in store.messages(second.id)} == {store.messages(second.id)[0].id}


class Tree(RuleBasedStateMachine):
    """The store beside a model of it: parents, children in order, and what is deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "chats.db")
        self.chat = self.store.create().id
        self.parents: dict[int, int | None] = {}
        self.gone: list[tuple[int, set[int]]] = []

    @initialize()
    def begin(self) -> None:
        """A first message, so that there is something to choose from."""
        self._note(self.store.add_prompt(self.chat, None, "first"))

    @rule(data=st.data(), text=st.text(max_size=20))
    def say(self, data: st.DataObject, text: str) -> None:
        """A prompt somewhere."""
        parent = data.draw(st.sampled_from([None, *self._alive()]))
        self._note(self.store.add_prompt(self.chat, parent, text))

    @precondition(lambda self: self._alive())
    @rule(data=st.data(), texts=st.lists(st.text(max_size=10), max_size=3))
    def reply(self, data: st.DataObject, texts: list[str]) -> None:
        """A reply somewhere, in pieces."""
        begun = self.store.begin_reply(data.draw(st.sampled_from(self._alive())), FACTS)
        for text in texts:
            self.store.grow_reply(begun.id, text, [len(text)])
        done = self.store.finish_reply(begun.id, "end")
        assert done.text == "".join(texts).encode("utf-8", "replace").decode() + "end"
        self._note(done)

    @precondition(lambda self: self._alive())
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """Another text for some message."""
        old = data.draw(st.sampled_from(self._alive()))
        made = self.store.edit(old, "edited")
        assert self.parents[old] == made.parent
        self._note(made)

    @precondition(lambda self: self._alive())
    @rule(data=st.data())
    def select(self, data: st.DataObject) -> None:
        """Walk to some branch."""
        chosen = data.draw(st.sampled_from(self._alive()))
        leaf = self.store.select(chosen)
        assert not self._children(leaf.id) and chosen in self._above(leaf.id)
        assert self.store.conversation(self.chat).leaf == leaf.id
        assert self.store.select(self._above(leaf.id)[0]).id == leaf.id, "the way taken last is taken again"

    @precondition(lambda self: self._alive())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a branch."""
        top = data.draw(st.sampled_from(self._alive()))
        branch = {one for one in self._alive() if top in self._above(one)}
        self.store.delete_branch(top)
        self.gone.append((top, branch))

    @precondition(lambda self: self.gone)
    @rule()
    def undo(self) -> None:
        """Bring back the branch that was deleted last."""
        top, branch = self.gone.pop()
        self.store.undo_delete_branch(top)
        leaf = self.store.conversation(self.chat).leaf
        assert leaf is not None and top in self._above(leaf) and leaf in branch

    @invariant()
    def reads_as_the_model_says(self) -> None:
        """All messages, each with its place among its siblings, and a path to where the person is."""
        alive = self._alive()
        messages = self.store.messages(self.chat)
        assert [one.id for one in messages] == alive
        for one in messages:
            siblings = [other for other in alive if self.parents[other] == self.parents[one.id]]
            assert (one.parent, one.position, one.siblings) == (
                self.parents[one.id],
                siblings.index(one.id) + 1,
                len(siblings),
            )
        chat = self.store.conversation(self.chat)
        assert chat.length == len(alive)
        assert (chat.leaf in alive) if chat.leaf is not None else not [i for i in alive if self.parents[i] is None]
        assert [one.id for one in self.store.path_to(chat.leaf)] == (self._above(chat.leaf) if chat.leaf else [])

    def teardown(self) -> None:
        """Sound to the end."""
        assert self.store._database.read("PRAGMA integrity_check") == [("ok",)]
        assert self.store._database.read("PRAGMA foreign_key_check") == []
        self.store._database.read("SELECT 1")
        self.store._database.change(
            lambda change: change.run("INSERT INTO message_words (message_words) VALUES ('integrity-check')")
        )
        self.store.close()
        self.folder.cleanup()

    def _note(self, made: MessageRecord) -> None:
        assert all(made.id > other for other in self.parents)
        self.parents[made.id] = made.parent

    def _alive(self) -> list[int]:
        gone = {one for _, branch in self.gone for one in branch}
        return [one for one in self.parents if one not in gone]

    def _children(self, of: int) -> list[int]:
        return [one for one in self._alive() if self.parents[one] == of]

    def _above(self, message: int) -> list[int]:
        way = [message]
        while (parent := self.parents[way[-1]]) is not None:
            way.append(parent)
        return way[::-1]


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
