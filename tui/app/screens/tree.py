"""The tree of a conversation: every message of every branch, one row each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.commands.branches import TREE_COMMANDS
from tui.app.commands.command import bindings
from tui.app.commands.provider import usable
from tui.app.rendering.chat_tree import TreeRow, ancestors, tree_line, tree_rows
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.rows import Rows
from tui.core.errors import LocalLLMError
from tui.core.units import format_count

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.app.screens.branches import Branches

_BUSY = "a reply is still being generated: Esc goes back to it, and there it stops it"


class TreeScreen(Screen[int | None]):
    """Shows a conversation as a tree; the result is the message to go to, or None when the person left.

    Args:
        conversation: the one that is open.
    """

    CSS_PATH = "tree.tcss"
    AUTO_FOCUS = "#tree-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(TREE_COMMANDS),
        Binding("down", "to_rows", "to the rows", show=False),
    ]
    commands = TREE_COMMANDS

    def __init__(self, conversation: int) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._conversation = conversation
        self._all: list[TreeRow] = []
        self._words: tuple[str, ...] = ()
        self._said: tuple[str, str] = ("", "")
        self._said_on: TreeRow | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def rows(self) -> Rows[TreeRow]:
        """The messages."""
        return cast("Rows[TreeRow]", self.query_one("#tree-rows", Rows))

    @property
    def _main(self) -> Branches:
        return self.program.main_screen

    def compose(self) -> ComposeResult:
        """Title, field, rows, what was done last, keys."""
        yield BrowseBar(self._title, id="tree-title")
        with Horizontal(id="tree-field-row"):
            yield Static(Content("/"), id="tree-field-mark")
            yield FilterField("only messages with these words", id="tree-field")
        yield Rows[TreeRow](lambda row, width: [tree_line(row, width, bool(self._words))], id="tree-rows")
        yield BrowseBar(self._empty, id="tree-empty")
        yield BrowseBar(lambda width: [((self._said[0], self._said[1] or "label"),)], id="tree-foot")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Read the messages."""
        self._show_keys()
        self.run_worker(self._read(self._main.marked_message))

    async def _read(self, mark: int | None = None) -> None:
        """All messages as they are now.

        Args:
            mark: the one to be on; None for the last one of the open branch.
        """
        try:
            twigs = await self._main.chat.chats.look(lambda store: store.twigs(self._conversation))
        except LocalLLMError as error:
            self._say(error.line(), "error")
            return
        if not self.is_attached:
            raise asyncio.CancelledError  # the person left meanwhile
        records = self._main.chat.session.records
        leaf = records[-1].id if records and records[-1].conversation == self._conversation else None
        self._all = tree_rows(twigs, leaf)
        self._show(leaf if mark is None else mark)

    def _show(self, mark: int | None = None) -> None:
        shown = [row for row in self._all if _has(row.twig.text, self._words)]
        at = next((number for number, row in enumerate(shown) if row.twig.id == mark), None)
        self.rows.show(shown, at=min(self.rows.at, max(0, len(shown) - 1)) if at is None else at)
        self.set_class(not shown, "none")
        for bar in self.query(BrowseBar):
            bar.rearrange()
        self._show_keys()

    def _title(self, width: int) -> Sequence[Line]:
        count = len(self.rows.items)
        ends = len(self._all) - len({row.twig.parent for row in self._all if row.twig.parent is not None})
        what = f"  {format_count(count)} {'message' if count == 1 else 'messages'}"
        branches = "" if self._words else f" on {format_count(ends)} {'branch' if ends == 1 else 'branches'}"
        return [(("TREE OF THE CHAT", "title"), (what, "strong"), (branches, "label"))]

    def _empty(self, width: int) -> Sequence[Line]:
        if self._words:
            said = f"No message has all of: {shown_line(' '.join(self._words))}"
            return [((said, "value"),), (), (("Esc shows all messages.", "label"),)]
        return [(("There is no message left.", "value"),), (), (("u", "key"), ("  brings them back", "value"))]

    def _say(self, text: str, role: str = "value") -> None:
        self._said = (shown_line(text), role)
        self._said_on = self.rows.marked
        self.query_one("#tree-foot", BrowseBar).rearrange()

    def _show_keys(self) -> None:
        keys = [(command, bool(usable(self, command))) for command in TREE_COMMANDS if command.short]
        self.query_one(KeyLine).show(keys)

    @on(Rows.Marked)
    def _marked(self) -> None:
        if self.rows.marked is not self._said_on:
            self._say("")
        self._show_keys()

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a message is dim without one; in the field a slash is a letter."""
        if not self.is_mounted:
            return True
        if action == "find":
            return None if isinstance(self.focused, Input) else True
        if action in ("open", "sibling", "parent", "child", "delete"):
            return True if self.rows.marked is not None else None
        if action == "undo":
            return True if self._main.can_undo_delete else None
        return True

    @on(Rows.Chosen)
    def action_open(self) -> None:
        """Go to the marked message."""
        if (row := self.rows.marked) is None:
            return
        if self._main.chat.busy and not row.is_open:
            self._say(_BUSY, "warning")
        else:
            self.dismiss(row.twig.id)

    def action_sibling(self, step: int) -> None:
        """To the version before or after, of the nearest message upwards that has one."""
        if (marked := self.rows.marked) is None:
            return
        known = {row.twig.id: row for row in self._all}
        places = {(row.twig.parent, row.position): row.twig.id for row in self._all}
        for message in ancestors(self._all, marked.twig.id):
            row = known[message]
            if (there := places.get((row.twig.parent, row.position + step))) is not None:
                self._go(there)
                return
        self._say(f"there is no {'older' if step < 0 else 'newer'} version")

    def action_parent(self) -> None:
        """To the message before."""
        if (row := self.rows.marked) is not None and row.twig.parent is not None:
            self._go(row.twig.parent)

    def action_child(self) -> None:
        """To the message after, on the way that goes on in the same column."""
        if (marked := self.rows.marked) is not None:
            after = [row for row in self._all if row.twig.parent == marked.twig.id]
            if after:
                self._go(next((row for row in after if not row.branches_off), after[-1]).twig.id)

    def _go(self, message: int) -> None:
        at = next((number for number, row in enumerate(self.rows.items) if row.twig.id == message), None)
        if at is None:
            self._say("that message has none of the words: Esc shows all")
        else:
            self.rows.mark(at)

    def action_delete(self) -> None:
        """Delete the marked message with all that follows it."""
        if (row := self.rows.marked) is None:
            return

        async def delete() -> None:
            async with self._main.deleting:
                try:
                    words = await self._main.delete_message(row.twig.id)
                except LocalLLMError as error:
                    self._say(_BUSY if self._main.chat.busy else error.line(), "warning")
                    return
                await self._read(row.twig.parent)
                self._say(f"{words}: u brings {'it' if words.startswith('1 ') else 'them'} back")

        self.run_worker(delete())

    def action_undo(self) -> None:
        """Bring back what was deleted last."""

        async def undo() -> None:
            async with self._main.deleting:
                try:
                    if await self._main.undo_delete():
                        now = self._main.chat.conversation
                        self._conversation = now.id if now else self._conversation
                        await self._read(self._main.marked_message)
                        self._say("what was deleted is back")
                except LocalLLMError as error:
                    self._say(_BUSY if self._main.chat.busy else error.line(), "warning")

        self.run_worker(undo())

    # The filter

    def action_find(self) -> None:
        """To the field."""
        self.set_focus(self.query_one("#tree-field", Input))  # at once: the next key may be here already

    @on(Input.Changed, "#tree-field")
    def _typed(self, event: Input.Changed) -> None:
        marked = self.rows.marked
        self._words = tuple(event.value.casefold().split())
        self._show(marked.twig.id if marked is not None else None)

    @on(Input.Submitted, "#tree-field")
    def action_to_rows(self) -> None:
        """From the field to the rows that it left."""
        self.set_focus(self.rows)

    def action_back(self) -> None:
        """Out of the filter first, then back."""
        field = self.query_one("#tree-field", Input)
        if field.value:
            field.value = ""
            self.set_focus(self.rows)
        elif field.has_focus:
            self.set_focus(self.rows)
        else:
            self.dismiss(None)


def _has(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
