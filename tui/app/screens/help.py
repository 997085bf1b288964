"""What can be done on a screen: made from the commands themselves, so that it cannot say anything else."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.app.commands.catalogue import PROMPT_KEYS
from tui.app.commands.command import Command
from tui.app.commands.provider import commands_of, usable
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


def help_lines(groups: dict[str, list[Row]]) -> list[Content]:
    """The help as lines, one column of keys and one of words."""
    rows = [row for group in groups.values() for row in group]
    keys = max(len(key) for key, _, _ in rows) + 2
    titles = max(len(title) for _, title, _ in rows) + 2
    lines: list[Content] = []
    for heading, group in groups.items():
        lines += [Content(""), Content.styled(heading, "bold")]
        for key, title, words in group:
            gap = f"{title:<{titles}}" if title else ""
            lines.append(
                Content.assemble((f"  {key:<{keys}}", "$accent"), gap, (words, "$text-muted"))
            )
    return lines[1:]


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
        Binding("pageup", "scroll(-10)", "Page up", show=False),
        Binding("pagedown,space", "scroll(10)", "Page down", show=False),
    ]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._below = below

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with VerticalScroll(id="help-box", can_focus=False) as box:
            box.border_title = Content("Help")
            box.border_subtitle = Content("Esc closes")
            yield Static(Content("\n").join(help_lines(help_rows(self._below))), id="help-text")

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.query_one("#help-box").scroll_relative(y=rows, animate=False)


