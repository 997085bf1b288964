"""The application that only watches a server elsewhere."""

from __future__ import annotations

import os
from typing import Any

from textual.screen import Screen

from tui.app.drawing import Drawing
from tui.app.ending import run_to_its_end
from tui.app.faults import Faults
from tui.app.screens.attached import AttachedScreen
from tui.app.themes import THEMES, is_plain, theme_for
from tui.services.watching_elsewhere import Elsewhere
from tui.settings.settings import Settings

_ACTIONS = frozenset(("help", "quit", "dismiss", "pop_screen", "focus_next", "focus_previous"))


class AttachApp(Faults, Drawing):
    """One screen.

    Args:
        server: asks the server.
        settings: for the theme.
    """

    TITLE = "localllm-tui attach"
    CSS_PATH = ["app.tcss", "screens/watching.tcss"]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, server: Elsewhere, settings: Settings) -> None:
        wanted = theme_for(settings.app.theme, os.environ)
        super().__init__(ansi_color=True if is_plain(wanted) else None)
        self.server = server
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = wanted

    def get_default_screen(self) -> Screen[Any]:
        """The table."""
        return AttachedScreen(self.server)

    def on_mount(self) -> None:
        """Begin to ask."""
        self.server.start()

    def on_unmount(self) -> None:
        """Leave nothing running."""
        self.server.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the application with a model does is not there."""
        return action in _ACTIONS

    def action_help(self) -> None:
        """What can be done here."""
        from tui.app.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))


def run_attached(address: str, key: str, settings: Settings) -> int:
    """Watch a server until the person leaves.

    Args:
        address: where it is.
        key: what it wants to see; empty for nothing.
        settings: for the theme.

    Returns:
        The exit status.
    """
    return run_to_its_end(AttachApp(Elsewhere(address, key), settings))
