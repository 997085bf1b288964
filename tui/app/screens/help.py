"""What can be done on a screen: made from the commands themselves, so that it cannot say anything else."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen

from tui.app.commands.catalogue import PROMPT_KEYS
from tui.app.commands.command import Command
from tui.app.commands.provider import commands_of, usable
from tui.app.widgets.lines import Line, LinesPane
from tui.app.widgets.prompt import Prompt

Row = tuple[str, str, str]
"""A key, a title (may be empty), a sentence."""


def help_rows(screen: Screen[Any]) -> dict[str, list[Row]]:
    """What works on a screen, by heading; keys that only the screen itself declares come last."""
    groups: dict[str, list[Row]] = {}
    declared: set[str] = set()
    for command in commands_of(screen):
        declared.add(command.action.rpartition(".")[2])
        if (works := usable(screen, command)) is not False:
            groups.setdefault(command.group, []).append(_row(command, bool(works)))
    if screen.query(Prompt):
        groups["Typing"] = [(key, "", words) for key, words in PROMPT_KEYS]
    own = [
        (screen.app.get_key_display(binding), "", binding.description)
        for _, binding, enabled, _ in screen.active_bindings.values()
        if enabled and binding.show and binding.action.rpartition(".")[2] not in declared
    ]
    if own:
        groups["This screen"] = own
    return groups


def _row(command: Command, works: bool) -> Row:
    note = "" if works else " Not now."
    return (command.key or "palette", command.title, command.help + note)


def help_lines(groups: dict[str, list[Row]], width: int) -> list[Line]:
    """The help as lines: keys, titles, and sentences folded into what is left of `width`."""
    rows = [row for group in groups.values() for row in group]
    keys = max((cell_len(key) for key, _, _ in rows), default=0) + 4
    titles = max((cell_len(title) for _, title, _ in rows), default=0) + 2
    if width < keys + titles + 30:
        titles = 0
    lines: list[Line] = []
    for heading, group in groups.items():
        lines += [(), ((heading, "title"),)]
        for key, title, words in group:
            text = words if titles or not title else f"{title}: {words}"
            lines += _row_lines(key, title if titles else "", text, keys, titles if title else 0, width)
    return lines[1:]


def _row_lines(key: str, title: str, words: str, keys: int, titles: int, width: int) -> list[Line]:
    folded = textwrap.wrap(words, max(width - keys - titles, 12)) or [""]
    first: Line = ((f"  {key:<{keys - 2}}", "bar"), (f"{title:<{titles}}", "value"), (folded[0], "label"))
    return [first, *(((" " * (keys + titles), ""), (rest, "label")) for rest in folded[1:])]


class HelpText(LinesPane):
    """The help, folded to the width there is.

    Args:
        groups: rows by heading.
    """

    def __init__(self, groups: dict[str, list[Row]]) -> None:
        super().__init__(id="help-text")
        self._groups = groups

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines."""
        return help_lines(self._groups, width)


class HelpScreen(ModalScreen[None]):
    """Lists what works on the screen below it.

    Args:
        below: the screen that was asked about.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close", priority=True),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "Beginning", show=False),
        Binding("end", "edge(1)", "End", show=False),
    ]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        # Asked now: once this screen is the current one, little works on the one below.
        self._rows = help_rows(below)

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with VerticalScroll(id="help-box", can_focus=False) as box:
            box.border_title = Content("Help")
            box.border_subtitle = Content("Esc closes")
            yield HelpText(self._rows)

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.query_one("#help-box").scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        """Move the text by as much as is visible; the last row of it stays in view."""
        box = self.query_one("#help-box")
        self.action_scroll(pages * max(1, box.scrollable_content_region.height - 1))

    def action_edge(self, side: int) -> None:
        """To the beginning, or to the end."""
        box = self.query_one("#help-box")
        box.scroll_to(y=0 if side < 0 else box.max_scroll_y, animate=False)
