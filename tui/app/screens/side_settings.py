"""The settings of one side of a comparison: those of a reply, kept for the comparison alone."""

from __future__ import annotations

from tui.app.screens.settings import SettingsScreen
from tui.core.options import Scalar
from tui.settings.settings import SECTIONS


class SideSettingsScreen(SettingsScreen):
    """The settings form with the section of generation; nothing is written to the settings file."""

    sections = tuple(section for section in SECTIONS if section.key == "generation")

    def keep(self, changes: dict[str, Scalar]) -> None:
        """They hold for the side alone."""
