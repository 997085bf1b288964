"""A Hub that is switched on and off by the settings, while the program runs."""

from __future__ import annotations

from collections.abc import Callable

from tui.catalogue.hub.client import Hub
from tui.settings.settings import Settings


class FollowingHub(Hub):
    """A Hub that is switched off while the settings say so.

    Args:
        settings: gives what holds now.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        super().__init__()
        self._settings = settings

    @property
    def offline(self) -> bool:
        """Whether the network is switched off now."""
        return self._settings().app.offline or super().offline
