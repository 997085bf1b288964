"""The bottom line: the keys that work here, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.app.commands.command import Command
from tui.app.widgets.lines import Line, LinesPane, Piece

ALWAYS = ("app.quit", "app.help", "run.stop", "app.models")
"""Commands whose keys are shown first where there is no room for all."""


def key_line(commands: Sequence[tuple[Command, bool]], width: int) -> Line:
    """Keys and short names, in the order of the commands.

    Args:
        commands: each with whether it works now; those that do not are dimmed.
        width: cells. Of what does not fit, the way out, the help and the models are shown first, then what works now.
    """
    items = [item for item in commands if item[0].short and item[0].key]
    room, shown = width + 2, set[int]()
    for _, at in sorted((_rank(*item), at) for at, item in enumerate(items)):
        need = cell_len(f"{items[at][0].key} {items[at][0].short}") + 2
        if need <= room:
            shown.add(at)
            room -= need
    pieces: list[Piece] = []
    for at in sorted(shown):
        command, on = items[at]
        pieces += [(f"{command.key} ", "key" if on else "track"), (f"{command.short}  ", "label" if on else "track")]
    return tuple(pieces)


def _rank(command: Command, on: bool) -> int:
    if command.id.endswith(".back"):
        return 0
    return ALWAYS.index(command.id) if command.id in ALWAYS else len(ALWAYS) + (not on)


class KeyLine(LinesPane):
    """Shows the keys of a screen; told by the screen when they change."""

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--key"}
    DEFAULT_CSS = """
    KeyLine { height: 1; padding: 0 1; background: $surface; }
    KeyLine > .lines--key { color: $accent; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._commands: list[tuple[Command, bool]] = []

    def show(self, commands: Sequence[tuple[Command, bool]]) -> None:
        """Draw other keys."""
        self._commands = list(commands)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [key_line(self._commands, width)] if width else []
