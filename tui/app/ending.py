"""SIGTERM and SIGHUP: the application ends as when a person leaves it, and the terminal is the person's again."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from types import FrameType

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tui.app.terminal_driver import TerminalDriver, leave_gone

PATIENCE = 8.0
"""Seconds for the ending: what it waits for (clients, downloads, the engine, the disk) has less time together."""

_WRITING = 1.0
"""Seconds to give back a terminal that may not take it, such as one at the end of a line that is cut."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def run_to_its_end(app: App[int]) -> int:
    """Run an application until the person, or a signal, ends it; to be called once, by the main thread.

    What comes after the first signal is ignored, so that the ending is not disturbed.

    Returns:
        The exit status: of a signal 128 and its number, as shells have it.
    """
    if app.driver_class is LinuxDriver:
        app.driver_class = TerminalDriver
    ending = _Ending(app)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as by nohup
            signal.signal(number, ending.begin)
    app.run()
    return ending.status or app.return_code or 0


class _Ending:
    """Ends an application once.

    Args:
        app: the application.
        patience: seconds that it has.
    """

    def __init__(self, app: App[int], patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience
        self.status = 0
        """The exit status that a signal asked for; 0 when there was none."""

    def begin(self, number: int, _frame: FrameType | None) -> None:
        """A signal has come."""
        if self.status:
            return
        self.status = 128 + number
        driver, loop = self._app._driver, self._app._loop
        if loop is None and driver is None:
            os._exit(self.status)  # nothing was shown yet
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if number == signal.SIGHUP:
            leave_gone()
        if isinstance(driver, TerminalDriver):
            driver.leaving = True
        threading.Thread(target=self._watch, name="ending", daemon=True).start()
        if loop is not None:
            loop.call_soon_threadsafe(partial(self._app.exit, return_code=self.status))

    def _watch(self) -> None:
        """End the program without its help when it takes too long."""
        threading.Event().wait(self._patience)
        driver = self._app._driver
        if isinstance(driver, TerminalDriver):
            writing = threading.Thread(target=driver.give_back, daemon=True)
            writing.start()
            writing.join(_WRITING)
        os._exit(self.status)
