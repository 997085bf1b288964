"""Workers that end after what they worked for has gone."""

from __future__ import annotations

import logging

from textual.app import App
from textual.css.query import NoMatches
from textual.worker import WorkerFailed, get_current_worker

from tui.settings.logs import PROGRAM


class LateWorkers(App[int]):
    """An application that a worker cannot end by missing the widgets of a screen that is closed.

    Widgets go before the workers of their screen are cancelled: one that misses them then only came too late.
    """

    def _handle_exception(self, error: Exception) -> None:
        if isinstance(error, WorkerFailed) and isinstance(error.error, NoMatches):
            node = get_current_worker().node
            if not self.is_running or node._closing or node._closed or node._pruning:
                logging.getLogger(PROGRAM).info("a worker came too late: %s", error.error)
                return
        super()._handle_exception(error)
