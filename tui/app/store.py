"""What the application's screens share of the Hub: one door to it, which follows the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.following_hub import FollowingHub
    from tui.services.downloads import Downloads


class Store:
    """The Hub, and where downloads go. What is needed for it is imported when it is first asked for.

    Args:
        settings: gives what holds now.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._hub: FollowingHub | None = None

    @property
    def hub(self) -> FollowingHub:
        """Asked by all screens; in threads only."""
        if self._hub is None:
            from tui.app.following_hub import FollowingHub

            self._hub = FollowingHub(self._settings)
        return self._hub

    @property
    def folder(self) -> Path | None:
        """Where downloads go; None for the Hugging Face cache."""
        from tui.services.hub_models import download_folder

        return download_folder(self._settings())

    def may_ask(self) -> bool:
        """Whether the network may be used."""
        return not self.hub.offline

    def make_downloads(self) -> Downloads:
        """The downloads, with what the last run of the program left of them; in a thread."""
        from tui.services.downloads import Downloads

        return Downloads(self.hub)
