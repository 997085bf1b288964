"""The bottom line: the keys that work here, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.app.commands.command import Command
from tui.app.widgets.lines import Line, LinesPane, Piece


def key_line(commands: Sequence[tuple[Command, bool]], width: int) -> Line:
    """Keys and short names.

    Args:
        commands: each with whether it works now; those that do not are dimmed.
        width: cells; what does not fit is left out, except the last one.
    """
    items = [(f"{command.key} ", command.short, on) for command, on in commands if command.short and command.key]
    room = width
    shown: list[tuple[str, str, bool]] = []
    last = items[-1:] if items else []
    reserved = sum(cell_len(key + name) for key, name, _ in last)
    for item in items[:-1]:
        need = cell_len(item[0] + item[1]) + 2
        if room - need < reserved:
            continue
        shown.append(item)
        room -= need
    pieces: list[Piece] = []
    for key, name, on in [*shown, *last]:
        pieces += [(key, "key" if on else "track"), (name + "  ", "label" if on else "track")]
    return tuple(pieces)


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
