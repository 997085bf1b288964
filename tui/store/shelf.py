"""The open store as a list of conversations."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tui.core.errors import StoreError
from tui.core.text import one_line, well_formed
from tui.settings.paths import data_dir
from tui.store import listing, replies, searching
from tui.store.database import Change, Database
from tui.store.draft_files import draft_files, write_draft_files
from tui.store.ids import Ids
from tui.store.records import Conversation, DraftFile, TitleSource

T = TypeVar("T")


def store_file() -> Path:
    """Where the conversations lie."""
    return data_dir() / "chats.db"


class Shelf:
    """Conversations without their messages.

    Args:
        path: the file; None for the person's own. It is made where there is none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._database = Database(store_file() if path is None else path)
        ((newest,),) = self._database.read(
            "SELECT max(coalesce((SELECT max(id) FROM message), 0), coalesce((SELECT max(id) FROM conversation), 0))"
        )
        self._ids = Ids(newest)
        self._writer = self._ids.next()
        replies.interrupt_dead(self._database, self._writer)
        listing.purge(self._database)

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    @property
    def problems(self) -> tuple[str, ...]:
        """What the person should know of the file, one line each: set aside, read-only, locked, full, newer."""
        return self._database.problems

    @property
    def notes(self) -> tuple[str, ...]:
        """Of these, what happened to the file when it was opened, for who does not write."""
        return self._database.notes

    @property
    def trouble(self) -> str:
        """Why the file cannot be written, in a few words; empty where it can be."""
        return self._database.trouble

    @property
    def in_memory(self) -> bool:
        """Whether what is written now is in memory only."""
        return self._database.in_memory

    def save_again(self) -> bool:
        """Try to write what is in memory only; whether all is on disk."""
        return self._database.save_again()

    def check(self) -> bool:
        """Read the whole file, which takes about 4 seconds a GB; whether it is sound. A damaged one is set aside."""
        return self._database.check()

    def close(self) -> None:
        """Close the file. Replies of this program that still grow are interrupted."""
        with contextlib.suppress(StoreError):
            replies.interrupt_own(self._database, self._writer)
        self._database.close()

    def create(self, title: str = "", *, titled_by: TitleSource = "person", settings: str = "") -> Conversation:
        """A new conversation; without a title it gets one from its first prompt.

        Args:
            title: one line.
            titled_by: who gave it.
            settings: what holds for it alone, as JSON.
        """
        now = time.time()
        title = one_line(well_formed(title))
        made = Conversation(self._ids.next(), title, titled_by if title else "prompt", now, now, settings=settings)
        self._change(lambda change: listing.write_conversation(change, made))
        return made

    def conversation(self, conversation: int) -> Conversation:
        """One of them, deleted or not.

        Raises:
            StoreError: there is none with this number.
        """
        return self._database.view(lambda connection: listing.one(connection, conversation))

    def conversations(
        self, *, archived: bool | None = False, limit: int | None = None, offset: int = 0, words: str = ""
    ) -> list[Conversation]:
        """The list: pinned ones first, then by last use; of those with `words` in them, the newest find first.

        Args:
            archived: only those that are, or are not; None for both.
            limit: most of them; None for all.
            offset: how many to leave out first.
            words: only those that have all of them in the title or in one message; empty for all.
        """
        if words.strip():
            return self._database.view(
                lambda connection: searching.conversations_with(connection, words, archived, limit, offset)
            )
        return self._database.view(lambda connection: listing.page(connection, archived, limit, offset))

    def count(self) -> int:
        """How many conversations there are, archived ones included."""
        ((count,),) = self._database.read("SELECT count(*) FROM conversation WHERE deleted IS NULL")
        return int(count)

    def last_conversation(self) -> Conversation | None:
        """The one that was used last; None when there is none."""
        return self._database.view(listing.last)

    def rename(self, conversation: int, title: str, *, by: TitleSource = "person") -> Conversation:
        """Give it a title of one line."""
        title = one_line(well_formed(title))
        return self._update(conversation, lambda change, old: listing.set_title(change, old, title, by))

    def pin(self, conversation: int, pinned: bool = True) -> Conversation:
        """Keep it at the top of the list, or no longer."""
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "pinned", int(pinned)))

    def archive(self, conversation: int, archived: bool = True) -> Conversation:
        """Keep it out of the list, or take it back."""
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "archived", int(archived)))

    def delete(self, conversation: int) -> Conversation:
        """Delete it; `undo_delete` brings it back for a week."""
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "deleted", time.time()))

    def undo_delete(self, conversation: int) -> Conversation:
        """Bring back what was deleted."""
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "deleted", None))

    def deleted(self) -> list[Conversation]:
        """What can be brought back, the last one deleted first."""
        return self._database.view(listing.deleted)

    def purge(self, older_than: float = 0.0) -> int:
        """Remove for good what was deleted that many seconds ago or more; how many conversations."""
        return listing.purge(self._database, older_than)

    def set_settings(self, conversation: int, settings: str) -> Conversation:
        """Keep what holds for this conversation alone, as JSON."""
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "settings", settings))

    def keep_draft(self, conversation: int, draft: str) -> Conversation:
        """Keep a prompt that was typed and not sent yet; it goes when a prompt is added."""
        text = well_formed(draft)
        return self._update(conversation, lambda change, old: listing.set_value(change, old, "draft", text))

    def draft_files(self, conversation: int | None) -> tuple[DraftFile, ...]:
        """What is attached to the prompt that was typed and not sent yet; None is the one of a new conversation."""
        return self._database.view(lambda connection: draft_files(connection, conversation))

    def keep_draft_files(self, conversation: int | None, files: Sequence[DraftFile]) -> None:
        """Keep what is attached to a prompt that is not sent yet, with its text; it goes when a prompt is added."""

        def work(change: Change) -> None:
            if conversation is not None:
                listing.one_of(change, conversation)
            write_draft_files(change, conversation, files)

        self._change(work)

    def suggest_title(self, conversation: int, title: str) -> bool:
        """Give it the model's title in the place of the one that its first prompt made; whether that was so."""
        title = one_line(well_formed(title))

        def work(change: Change) -> bool:
            old = listing.one_of(change, conversation)
            if old.titled_by != "prompt" or not title:
                return False
            listing.set_title(change, old, title, "model")
            return True

        return self._change(work)

    def note(self, name: str) -> str:
        """What was noted under a name; empty where nothing was."""
        rows = self._database.read("SELECT value FROM note WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def set_note(self, name: str, value: str) -> None:
        """Note something of no conversation in particular; an empty text takes it away."""

        def work(change: Change) -> None:
            if value:
                change.run("INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", name, well_formed(value))
            else:
                change.run("DELETE FROM note WHERE name = ?", name)

        self._change(work)

    def _update(self, conversation: int, work: Callable[[Change, Conversation], None]) -> Conversation:
        def whole(change: Change) -> Conversation:
            work(change, listing.one_of(change, conversation))
            return listing.one_of(change, conversation)

        return self._change(whole)

    def _change(self, work: Callable[[Change], T], *, durable: bool = True) -> T:
        return self._database.change(work, durable=durable)
