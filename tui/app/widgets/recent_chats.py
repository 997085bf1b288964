"""The last few chats, beside the open one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.chat_rows import title_words, warmth_words
from tui.app.rendering.model_columns import used_words
from tui.app.rendering.model_rows import cut
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane, spread

if TYPE_CHECKING:
    from tui.store.records import Conversation

MOST = 6
"""Chats that are shown."""


class RecentChats(LinesPane):
    """Shows nothing while there is no chat. Only rows that changed are drawn again."""

    DEFAULT_CSS = """
    RecentChats { display: none; padding: 0 1 0 0; margin: 1 0 0 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._chats: tuple[Conversation, ...] = ()
        self._open: int | None = None
        self._warm: frozenset[int] | None = None

    def show(
        self, chats: Sequence[Conversation], open_now: int | None, room: bool, warm: frozenset[int] | None = None
    ) -> None:
        """Show other chats.

        Args:
            chats: the first ones of the list.
            open_now: number of the one that is open.
            room: whether there is room for the pane at all.
            warm: numbers of those whose computed state is kept; None while no model is loaded.
        """
        self._chats, self._open, self._warm = tuple(chats[:MOST]), open_now, warm
        self.display = bool(self._chats) and room
        self.rearrange()

    def make_room(self, room: bool) -> None:
        """There is room for the pane from now on, or there is none."""
        self.display = bool(self._chats) and room

    def lines_for(self, width: int) -> Sequence[Line]:
        """A heading, and a row for each chat."""
        if not width:
            return []
        return [spread((("CHATS", "title"),), (("F3", "label"),), width), *(self._row(c, width) for c in self._chats)]

    def _row(self, chat: Conversation, width: int) -> Line:
        # Warmth matters more where it is known, and the order tells the use.
        used = warmth_words(chat.id, self._warm) or used_words(chat.used)
        mark = current_glyphs().pointer if chat.id == self._open else " "
        room = width - cell_len(used) - 3
        return ((f"{mark} ", "bar"), (cut(title_words(chat), room), "value"), (f" {used}", "label"))
