"""The store of conversations: everything that was typed and generated, kept for years."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui.core.errors import StoreError
from tui.core.events import StopReason, Timings
from tui.core.messages import Role
from tui.core.text import well_formed
from tui.store import listing, replies, searching, tree, writing
from tui.store.database import Change
from tui.store.records import Attachment, Conversation, Hit, MessageRecord, Reply, ReplyFacts, Twig
from tui.store.rows import tokens_of
from tui.store.shelf import Shelf, store_file
from tui.store.titles import title_of

__all__ = ["Store", "store_file"]


class Store(Shelf):
    """Conversations, each a tree of messages. Any thread may call, several programs may have it open at once.

    What a method writes is committed when it returns. A disk that does not take it never fails a call: the store goes
    on in memory, `problems` says so, and all is written as soon as that can be done. Calls may take as long as the
    disk does: a front end makes them in a thread.

    Args:
        path: the file; None for the person's own. It is made where there is none.
    """

    def message(self, message: int) -> MessageRecord:
        """One message.

        Raises:
            StoreError: there is none with this number.
        """
        found = self._database.view(lambda connection: tree.select_messages(connection, "m.id = ?", (message,)))
        if not found:
            raise StoreError("There is no such message in the store")
        return found[0]

    def path_to(self, leaf: int | None) -> list[MessageRecord]:
        """The conversation as it reads at `leaf`, first message first; empty for None."""
        if leaf is None:
            return []
        path = self._database.view(lambda connection: tree.path_to(connection, leaf))
        growing = any(message.state == "growing" for message in path)
        if growing and replies.interrupt_dead(self._database, self._writer):
            path = self._database.view(lambda connection: tree.path_to(connection, leaf))
        return path

    def messages(self, conversation: int) -> list[MessageRecord]:
        """All messages of all its branches, oldest first."""
        where = "m.conversation = ? AND m.deleted IS NULL"
        return self._database.view(lambda connection: tree.select_messages(connection, where, (conversation,)))

    def twigs(self, conversation: int) -> list[Twig]:
        """The same with no more of each than a picture of the tree needs: quick also where there are thousands."""
        return self._database.view(lambda connection: tree.twigs(connection, conversation))

    def has_message(self, message: int, conversation: int) -> bool:
        """Whether a message is there, in this conversation, and not deleted."""
        where = "id = ? AND conversation = ? AND deleted IS NULL"
        return bool(self._database.read(f"SELECT 1 FROM message WHERE {where}", (message, conversation)))

    def count_below(self, message: int) -> int:
        """How many messages `delete_branch` of this one would delete."""
        return self._database.view(lambda connection: tree.count_below(connection, message))

    def children(self, message: int) -> list[MessageRecord]:
        """What follows a message, oldest first."""
        where = "m.parent = ? AND m.deleted IS NULL"
        return self._database.view(lambda connection: tree.select_messages(connection, where, (message,)))

    def siblings(self, message: int) -> list[MessageRecord]:
        """What follows the same message as this one, itself included, oldest first."""
        one = self.message(message)
        where = "m.conversation = ? AND m.parent IS ? AND m.deleted IS NULL"
        values = (one.conversation, one.parent)
        return self._database.view(lambda connection: tree.select_messages(connection, where, values))

    def tokens(self, message: int) -> tuple[int, ...]:
        """The tokens that were generated for a reply; none for any other message."""
        rows = self._database.read("SELECT tokens FROM reply WHERE message = ?", (message,))
        rows += self._database.read("SELECT tokens FROM piece WHERE message = ? ORDER BY number", (message,))
        return tokens_of(b"".join(blob for (blob,) in rows))

    def select(self, message: int) -> MessageRecord:
        """Go to the branch of a message: to where the person was in it last, else to its newest message.

        Returns:
            The message that is the conversation's leaf now.
        """
        conversation = self.message(message).conversation

        def work(change: Change) -> int:
            tree.restore_above(change, message)
            tree.recount(change, conversation)
            leaf = tree.leaf_below(change, message)
            tree.go_to(change, conversation, leaf)
            return leaf

        return self.message(self._change(work))

    def go_to(self, conversation: int, leaf: int | None) -> None:
        """Put the person at this very message, with what follows it left out; None is before the first message."""
        self._change(lambda change: tree.go_to(change, conversation, leaf))

    def add_prompt(
        self,
        conversation: int,
        parent: int | None,
        text: str,
        attachments: Sequence[Attachment] = (),
        *,
        role: Role = "user",
    ) -> MessageRecord:
        """Store what the person says after `parent`, and go there. It outlasts a power cut from the return on."""
        record = self._record(conversation, parent, role, text, attachments=_well_formed(attachments))
        return self._add(record)

    def begin_reply(
        self, prompt: int | None, facts: ReplyFacts, *, conversation: int | None = None, begun: int = 0
    ) -> MessageRecord:
        """A reply to `prompt` that will grow; go there. One more reply to the same prompt is a branch.

        Args:
            prompt: the message it follows; None for a completion that starts a conversation.
            facts: what it is made with.
            conversation: needed where `prompt` is None.
            begun: characters that it will begin with and that are not generated.
        """
        if conversation is None:
            if prompt is None:
                raise StoreError("A reply needs a prompt or a conversation")
            conversation = self.message(prompt).conversation
        record = self._record(conversation, prompt, "assistant", "", state="growing", reply=Reply(facts, begun=begun))
        return self._add(record, grows=True)

    def grow_reply(self, reply: int, text: str, tokens: Sequence[int] = ()) -> None:
        """Keep what a reply grew by since the last call: a call each second loses at most that second.

        Args:
            reply: the message that `begin_reply` gave.
            text: what came to its text.
            tokens: what came to its tokens.
        """
        if text or tokens:
            self._change(lambda change: replies.grow(change, reply, text, tokens, self._writer), durable=False)

    def finish_reply(
        self,
        reply: int,
        text: str = "",
        tokens: Sequence[int] = (),
        stop_reason: StopReason | None = StopReason.END,
        timings: Timings | None = None,
        *,
        stop: str = "",
        seed: int | None = None,
    ) -> MessageRecord:
        """The reply is complete.

        Args:
            reply: the message.
            text: what came to its text since the last `grow_reply`.
            tokens: what came to its tokens.
            stop_reason: why it ended; None when it failed: it is interrupted then.
            timings: how long it took.
            stop: the stop string that ended it.
            seed: the seed that was used.
        """

        def work(change: Change) -> None:
            replies.grow(change, reply, text, tokens, self._writer)
            replies.finish(change, reply, stop_reason, timings or Timings(), stop, seed)

        self._change(work)
        return self.message(reply)

    def continue_reply(self, reply: int, facts: ReplyFacts | None = None) -> MessageRecord:
        """Let a reply that ended or was interrupted grow again, from where it stopped.

        Args:
            reply: the message.
            facts: what it is made with from now on; None for the same as until now.
        """
        one = self.message(reply)
        if one.reply is None or one.state == "growing":
            raise StoreError("Only a reply that has ended can be continued")
        self._change(lambda change: replies.reopen(change, one, self._writer, facts))
        return self.message(reply)

    def leave_reply(self, before: MessageRecord) -> MessageRecord:
        """A reply that was continued did not grow: it is again as it was before `continue_reply`."""

        def work(change: Change) -> None:
            replies.grow(change, before.id, "", (), self._writer)
            replies.leave(change, before)

        self._change(work)
        return self.message(before.id)

    def edit(self, message: int, text: str, attachments: Sequence[Attachment] | None = None) -> MessageRecord:
        """A sibling of a message with another text; the old one and all that follows it stay. Go there.

        Args:
            message: its number.
            text: the new text.
            attachments: what goes with it; None for what went with the old one.
        """
        old = self.message(message)
        texts = old.attachments if attachments is None else _well_formed(attachments)
        record = self._record(old.conversation, old.parent, old.role, text, attachments=texts)
        return self._add(replace(record, edited=message))

    def delete_branch(self, message: int) -> Conversation:
        """Delete a message and all that follows it; `undo_delete_branch` brings it back."""
        return self._update(
            self.message(message).conversation, lambda change, old: listing.delete_branch(change, old, message)
        )

    def undo_delete_branch(self, message: int) -> Conversation:
        """Bring back what `delete_branch` of this message deleted, and go there."""
        return self._update(
            self.message(message).conversation, lambda change, old: listing.undo_delete_branch(change, old, message)
        )

    def search(self, words: str, limit: int = 100) -> list[Hit]:
        """Titles, then messages, that have all of `words`, each newest first; the last word may be half typed."""
        return self._database.view(lambda connection: searching.search(connection, words, limit))

    def insert(
        self,
        conversation: Conversation,
        messages: Sequence[MessageRecord],
        tokens: Mapping[int, Sequence[int]] | None = None,
    ) -> Conversation:
        """Store a whole conversation from elsewhere, with all that is in its records.

        Numbers are kept where they are free, and replaced in every field that names them where they are not.

        Args:
            conversation: its row; `length` and `model` are counted anew where there are messages.
            messages: in any order; siblings are as old as their numbers say.
            tokens: those of replies, by the number of the message.

        Raises:
            StoreError: the messages are no tree.
        """
        return self._change(lambda change: listing.insert(change, self._ids, conversation, messages, tokens or {}))

    def insert_all(
        self, items: Sequence[tuple[Conversation, Sequence[MessageRecord], Mapping[int, Sequence[int]]]]
    ) -> list[Conversation]:
        """Store several conversations as `insert` does: all of them, or none where one cannot be stored."""
        return self._change(lambda change: [listing.insert(change, self._ids, *item) for item in items])

    def _record(
        self,
        conversation: int,
        parent: int | None,
        role: Role,
        text: str,
        *,
        state: str = "done",
        reply: Reply | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> MessageRecord:
        return MessageRecord(
            self._ids.next(),
            conversation,
            parent,
            role,
            well_formed(text),
            time.time(),
            "growing" if state == "growing" else "done",
            reply,
            attachments,
        )

    def _add(self, record: MessageRecord, *, grows: bool = False) -> MessageRecord:
        said = record.text if record.text.strip() else ", ".join(a.name for a in record.attachments)
        title = title_of(said) if record.role == "user" else ""

        def work(change: Change) -> None:
            old = listing.one_of(change, record.conversation)
            if record.parent is not None:
                listing.check_parent(change, record)
                tree.restore_above(change, record.parent)
            writing.write_message(change, record)
            if grows:
                replies.own(change, record.id, self._writer)
            listing.note_message(change, old, record, title)

        self._change(work)
        return self.message(record.id)


def _well_formed(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    return tuple(Attachment(well_formed(a.name), well_formed(a.text)) for a in attachments)
