"""The ledger of the context as a table: every number with what it means."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tui.app.rendering.ledger_words import ledger_table
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.context_meter import context_bar
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.services.ledger import Ledger

_BAR = 40


class LedgerScreen(ModalScreen[None]):
    """Shows a ledger until a key is pressed.

    Args:
        ledger: the numbers.
    """

    CSS_PATH = "ledger_table.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,alt+m", "dismiss", "Close"),
        Binding("up,pageup", "scroll(-3)", "up", show=False),
        Binding("down,pagedown", "scroll(3)", "down", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | escape,q,enter,alt+m | Closes it. |
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def compose(self) -> ComposeResult:
        """The table."""
        with VerticalScroll(id="ledger-box", can_focus=False) as box:
            box.border_title = Content("What the next prompt takes, in tokens")
            yield BrowseBar(self._lines, id="ledger-text")

    @property
    def plain(self) -> str:
        """The table, without styles."""
        return self.query_one("#ledger-text", BrowseBar).plain

    def _lines(self, width: int) -> list[Line]:
        glyphs, ledger = current_glyphs(), self._ledger
        room = min(_BAR, max(8, width - 4))
        filled, drafted, free = context_bar(ledger.cached, ledger.new, ledger.n_ctx, room, glyphs)
        bar: Line = (("    ", ""), (filled, "bar"), (drafted, "key"), (free, "track"))
        legend: Line = (("    ", ""), (glyphs.fills[-1], "bar"), (" cached   ", "label"), (glyphs.drafted, "key"),
                        (" new   ", "label"), (glyphs.track, "track"), (" free", "label"))  # fmt: skip
        close: Line = (("esc", "key"), (" close", "value"))
        return [bar, legend, (), *ledger_table(ledger, width), (), close]

    def action_scroll(self, rows: int) -> None:
        """Move the table."""
        self.query_one("#ledger-box").scroll_relative(y=rows, animate=False)
