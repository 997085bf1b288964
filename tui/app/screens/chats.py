"""The list of chats: every conversation that was kept, found by its title or by anything that was said in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.commands.chats import CHATS_COMMANDS
from tui.app.commands.command import bindings
from tui.app.commands.provider import usable
from tui.app.rendering.chat_rows import chat_row, empty_lines, hit_rows, title_line, title_words
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.rows import Rows
from tui.core.errors import LocalLLMError
from tui.services.warm_chats import warm_chats
from tui.store.records import Conversation, Hit

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.store.store import Store

T = TypeVar("T")

PAGE = 200
"""Chats that are read at once."""

MOST = 200
"""Places that a search shows."""

_BUSY = "a reply is still being generated: Esc goes back to it, and there it stops it"


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the person wants to go.

    Attributes:
        conversation: the chat; None for a new one.
        message: the message in it that a search found; None for where one was last.
    """

    conversation: int | None = None
    message: int | None = None


class ChatsScreen(Screen[Choice | None]):
    """Finds, opens, names, pins, archives and deletes; the result is where to go, or None when the person left."""

    CSS_PATH = "chats.tcss"
    AUTO_FOCUS = "#chats-list"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(CHATS_COMMANDS),
        Binding("down", "to_rows", "to the rows", show=False),
    ]
    commands = CHATS_COMMANDS

    def __init__(self) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._archived = False
        self._query = ""
        self._searched: str | None = None
        self._shown = ""
        self._eager = False
        self._all_read = False
        self._deleted: Conversation | None = None
        self._renamed: Conversation | None = None
        self._said: tuple[str, str] = ("", "")
        self._warm: frozenset[int] | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def table(self) -> Rows[Conversation]:
        """All chats."""
        return cast("Rows[Conversation]", self.query_one("#chats-list", Rows))

    @property
    def hits(self) -> Rows[Hit]:
        """What a search found."""
        return cast("Rows[Hit]", self.query_one("#chats-hits", Rows))

    @property
    def rows(self) -> Rows[Conversation] | Rows[Hit]:
        """What is shown of the two."""
        return self.hits if self._query else self.table

    @property
    def marked(self) -> Conversation | None:
        """The chat one is on."""
        found = self.rows.marked
        return found.conversation if isinstance(found, Hit) else found

    def compose(self) -> ComposeResult:
        """Title, field, rows, what was done last, keys."""
        yield BrowseBar(self._title, id="chats-title")
        with Horizontal(id="chats-field-row"):
            yield Static(Content("/"), id="chats-field-mark")
            yield FilterField("search in titles and all that was said", id="chats-field")
        yield Rows[Conversation](lambda chat, width: [chat_row(chat, width, self._open, self._warm)], id="chats-list")
        yield Rows[Hit](lambda hit, width: hit_rows(hit, width, self._open), tall=2, id="chats-hits")
        yield BrowseBar(lambda width: empty_lines(self._query, self._archived), id="chats-empty")
        yield BrowseBar(self._foot, id="chats-foot")
        with Horizontal(id="chats-rename-row"):
            yield Static(Content("new title"), id="chats-rename-mark")
            yield FilterField("", id="chats-rename")
        yield KeyLine(id="keys")

    async def on_mount(self) -> None:
        """Read the first chats."""
        self._show_keys()
        self.run_worker(self._read())

    @property
    def _open(self) -> int | None:
        chat = self.program.main_screen.chat.conversation
        return chat.id if chat is not None else None

    # What is read

    async def _look(self, work: Callable[[Store], T]) -> T | None:
        """Ask the store; what it cannot do is said."""
        answer, problem = None, ""
        try:
            answer = await self.program.main_screen.chat.chats.look(work)
        except LocalLLMError as error:
            problem = error.line()
        if not self.is_attached:
            raise asyncio.CancelledError  # the person left meanwhile: there is nothing to show it on
        if problem:
            self._say(problem, "error")
        return answer

    async def _read(self, mark: int | None = None) -> None:
        """The list from its beginning, as far as it was read before."""
        archived, count = self._archived, max(PAGE, len(self.table.items))
        host = self.program.host
        page = lambda store: (store.conversations(archived=archived, limit=count), warm_chats(host))  # noqa: E731
        found, self._warm = await self._look(page) or ([], None)
        self._all_read = len(found) < count
        wanted = next((at for at, chat in enumerate(found) if chat.id == mark), None)
        self.table.show(found, at=wanted)
        self._show_rows()

    @on(Rows.NearEnd, "#chats-list")
    async def _read_more(self) -> None:
        if self._all_read or not self.table.items:
            return
        archived, offset = self._archived, len(self.table.items)

        async def more() -> None:
            page = lambda store: store.conversations(archived=archived, limit=PAGE, offset=offset)  # noqa: E731
            found = await self._look(page) or []
            if len(self.table.items) == offset and archived == self._archived:
                self._all_read = len(found) < PAGE
                self.table.append(found)
                self._show_rows()

        self.run_worker(more())

    async def _search(self) -> None:
        """Search for the newest words; those typed meanwhile come after."""
        while self._searched != self._query:
            words = self._searched = self._query
            found = await self._look(lambda store, words=words: store.search(words, MOST)) if words else []  # type: ignore[misc]
            if words == self._query:
                self.hits.show(found or [], at=0)
                self._shown = words
                self._show_rows()
                if self._eager and found:
                    self.action_open()
                self._eager = False

    # What is shown

    def _show_rows(self) -> None:
        self.set_class(bool(self._query), "finding")
        self.set_class(not self.rows.items, "none")
        self._show_bars()
        self._show_keys()

    def _show_bars(self) -> None:
        for bar in self.query(BrowseBar):
            bar.rearrange()

    def _show_keys(self) -> None:
        keys = [(command, bool(usable(self, command))) for command in CHATS_COMMANDS if command.short]
        self.query_one(KeyLine).show(keys)

    def _title(self, width: int) -> Sequence[Line]:
        count = len(self.rows.items)
        more = "+" if (not self._query and not self._all_read and count) or (self._query and count == MOST) else ""
        left = list(title_line(count, self._query, self._archived))
        return [(*left, (more, "strong"))]

    def _foot(self, width: int) -> Sequence[Line]:
        return [((self._said[0], self._said[1] or "label"),)]

    def _say(self, text: str, role: str = "value") -> None:
        """One line under the rows, until the person goes on."""
        self._said = (shown_line(text), role)
        self.query_one("#chats-foot", BrowseBar).rearrange()

    @on(Rows.Marked)
    def _marked(self) -> None:
        self._show_keys()

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a marked chat is dim without one; in a field a slash is a letter."""
        if not self.is_mounted:
            return True
        if action == "find":
            return None if isinstance(self.focused, Input) else True
        if action in ("open", "rename", "pin", "archive", "delete"):
            return True if self.marked is not None else None
        if action == "undo":
            return True if self._deleted is not None else None
        return True

    @on(Rows.Chosen)
    def action_open(self) -> None:
        """Go to the marked chat."""
        found = self.rows.marked
        if found is None:
            return
        if self.program.main_screen.chat.busy:
            self._say(_BUSY, "warning")
        elif isinstance(found, Hit):
            self.dismiss(Choice(found.conversation.id, found.message))
        else:
            self.dismiss(Choice(found.id))

    def action_new_chat(self) -> None:
        """Begin a new one."""
        if self.program.main_screen.chat.busy:
            self._say(_BUSY, "warning")
        else:
            self.dismiss(Choice())

    def action_find(self) -> None:
        """To the field."""
        self.set_focus(self.query_one("#chats-field", Input))  # at once: the next key may be here already

    @on(Input.Changed, "#chats-field")
    def _typed(self, event: Input.Changed) -> None:
        self._query = event.value if event.value.strip() else ""
        self._eager = False
        if self._query:
            self.run_worker(self._search(), exclusive=False)
        else:
            self._searched = None
            self._show_rows()

    @on(Input.Submitted, "#chats-field")
    def _submitted(self) -> None:
        """Open the first place that was found; one that is still searched for is opened when it comes."""
        if not self._query:
            self.action_to_rows()
        elif self._shown == self._query:
            self.action_open()
        else:
            self._eager = True

    def action_to_rows(self) -> None:
        """From the field to the rows that it left."""
        if not self.has_class("renaming"):
            self.set_focus(self.rows)

    def action_back(self) -> None:
        """Out of a field or the search first, then back."""
        field = self.query_one("#chats-field", Input)
        if self.has_class("renaming"):
            self._end_rename()
        elif field.value:
            field.value = ""
            self._query = ""
            self._show_rows()
            self.set_focus(self.table)
        elif field.has_focus:
            self.set_focus(self.table)
        else:
            self.dismiss(None)

    def action_rename(self) -> None:
        """Ask for another title."""
        if (chat := self.marked) is not None:
            self._renamed = chat
            self.add_class("renaming")
            field = self.query_one("#chats-rename", Input)
            field.select_on_focus = False  # the title is to be changed, seldom written anew
            field.value = chat.title
            field.cursor_position = len(chat.title)
            self.set_focus(field)

    def _end_rename(self) -> None:
        self._renamed = None
        self.remove_class("renaming")
        self.set_focus(self.rows)

    @on(Input.Submitted, "#chats-rename")
    def _take_title(self, event: Input.Submitted) -> None:
        chat, title = self._renamed, event.value.strip()
        self._end_rename()
        if chat is not None and title and title != chat.title:
            self._change(chat, lambda store: store.rename(chat.id, title), "")

    def action_pin(self) -> None:
        """Keep it at the top, or no longer."""
        if (chat := self.marked) is not None:
            self._change(chat, lambda store: store.pin(chat.id, not chat.pinned), "")

    def action_archive(self) -> None:
        """Out of the list, or back into it."""
        if (chat := self.marked) is not None:
            said = "is in the list again" if chat.archived else "is archived: A shows those"
            self._change(chat, lambda store: store.archive(chat.id, not chat.archived), said)

    def action_archived(self) -> None:
        """The archived ones, or the others."""
        self._archived = not self._archived
        self.table.show([], at=0)
        self.run_worker(self._read())

    def action_delete(self) -> None:
        """Delete it; the key to bring it back is said."""
        if (chat := self.marked) is None:
            return
        main = self.program.main_screen
        if chat.id == self._open and main.chat.busy:
            self._say(_BUSY, "warning")
            return
        self._deleted = chat
        leave = main.leave_chat() if chat.id == self._open else None
        self._change(chat, lambda store: store.delete(chat.id), "is deleted: u brings it back", leave)

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if (chat := self._deleted) is not None:
            self._deleted = None
            self._change(chat, lambda store: store.undo_delete(chat.id), "is back")

    def _change(
        self,
        chat: Conversation,
        work: Callable[[Store], Conversation],
        said: str,
        before: Awaitable[None] | None = None,
    ) -> None:
        async def change() -> None:
            if before is not None:
                await before
            done = await self._look(work)
            if done is not None:
                self._say(f"{title_words(chat)} {said}" if said else "")
            self._searched = None
            await self._read(chat.id)
            await self._search()

        self.run_worker(change())
