"""Faults of the program: one line for the person, all else in the log; and what only looks like one."""

from __future__ import annotations

import contextlib
import logging

from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.worker import WorkerFailed, get_current_worker

from tui.settings.logs import PROGRAM, file_in_use


class Faults(App[int]):
    """An application that ends with one line when something in it fails, and not with a traceback.

    A worker cannot end it by missing the widgets of a screen that is closed. Widgets go before the workers of their
    screen are cancelled: one that misses them then only came too late. So did a screen that was still being made when
    the application was told to end.
    """

    def _handle_exception(self, error: Exception) -> None:
        cause = _cause(error)
        if self._exit and isinstance(cause, (NoMatches, NoScreen, ScreenStackError)):
            logging.getLogger(PROGRAM).info("not there any more at the end: %s", cause)
            return
        if cause is not error and isinstance(cause, NoMatches):
            node = get_current_worker().node
            if not self.is_running or node._closing or node._closed or node._pruning:
                logging.getLogger(PROGRAM).info("a worker came too late: %s", cause)
                return
        logging.getLogger(PROGRAM).critical("uncaught error", exc_info=cause)
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone: nobody is there to be told
            super()._print_error_renderables()

    def _fatal_error(self) -> None:
        if not self._exit_renderables:  # what fails because of the first failure is in the log
            path = file_in_use()
            details = f" The details are in {path}" if path else ""
            self._exit_renderables.append(
                f"error: the program failed: {type(_cause(self._exception)).__name__}.{details}"
            )
        self._close_messages_no_wait()


def _cause(error: BaseException | None) -> BaseException | None:
    """What failed in a worker; of other errors the error itself."""
    return error.error if isinstance(error, WorkerFailed) else error
