"""One command: what it is called, what it does, which key asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

_NAMES = {"escape": "Esc", "pageup": "PgUp", "pagedown": "PgDn", "end": "End", "slash": "/", "plus": "+"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command as everything that shows or runs it needs it.

    Attributes:
        id: the binding's name, for keymaps.
        title: a few words for the palette and the help.
        help: one sentence for the palette and the help.
        keys: the default keys, as Textual names them, separated by commas; the first one is shown.
        action: the action that does it, such as `app.quit`.
        short: one or two words for the bottom line; empty leaves it out there.
        group: heading in the help.
        priority: whether the key works even where the focused widget uses it.
    """

    id: str
    title: str
    help: str
    keys: str
    action: str
    short: str = ""
    group: str = "Program"
    priority: bool = True

    @property
    def key(self) -> str:
        """The first key as a person reads it: `F1`, `Esc`, `ctrl+r`; empty when it has none."""
        first = self.keys.partition(",")[0]
        if first in _NAMES:
            return _NAMES[first]
        return first.upper() if first[:1] == "f" and first[1:].isdigit() else first

    def binding(self) -> Binding:
        """The binding that runs it."""
        return Binding(
            self.keys, self.action, self.title, show=False, id=self.id, tooltip=self.help, priority=self.priority
        )


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """Bindings for a screen's or the application's BINDINGS; a command without a key has none."""
    return [command.binding() for command in commands if command.keys]
