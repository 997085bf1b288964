"""The command palette: every command of the screen and of the application, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from tui.app.commands.catalogue import APP_COMMANDS
from tui.app.commands.command import Command


def commands_of(screen: Screen[Any]) -> tuple[Command, ...]:
    """The screen's own commands, then those that work everywhere."""
    own: tuple[Command, ...] = getattr(screen, "commands", ())
    return own + APP_COMMANDS


def usable(screen: Screen[Any], command: Command) -> bool | None:
    """Whether a command works now: True, None when it makes no sense at the moment, False when it is not there."""
    namespace, _, action = command.action.rpartition(".")
    target = screen.app if namespace == "app" else screen
    return target.check_action(action, ())


class CommandProvider(Provider):
    """Offers the declared commands that work now."""

    def _usable(self) -> Iterator[Command]:
        for command in commands_of(self.screen):
            if command.id != "app.commands" and usable(self.screen, command):
                yield command

    async def discover(self) -> Hits:
        """All of them, before anything was typed."""
        for command in self._usable():
            yield DiscoveryHit(Content(_label(command)), self._runner(command), command.title, command.help)

    async def search(self, query: str) -> Hits:
        """Those whose name matches."""
        matcher = self.matcher(query)
        for command in self._usable():
            if (score := matcher.match(_label(command))) > 0:
                display = matcher.highlight(_label(command))
                yield Hit(score, display, self._runner(command), command.title, command.help)

    def _runner(self, command: Command) -> partial[Any]:
        return partial(self.screen.run_action, command.action)


def _label(command: Command) -> str:
    return f"{command.title}  {command.key}" if command.key else command.title
