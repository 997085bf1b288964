"""Where the program's own messages go: a file and the log view, never the terminal.

Two loggers are used: `localllm` for this program and `llama.cpp` for what the library says.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tui.settings.paths import private_dir

PROGRAM = "localllm"
LLAMA_CPP = "llama.cpp"
KEPT_LINES = 2000
_FILE_SIZE = 2_000_000
_FORMAT = "%(asctime)s %(levelname).1s %(name)s: %(message)s"


class RingHandler(logging.Handler):
    """Keeps the last lines in memory, for the log view.

    Args:
        size: how many lines.
    """

    def __init__(self, size: int = KEPT_LINES) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=size)
        self.written = 0
        """Lines ever written; it tells a reader whether there is anything new."""
        self.problem = ""
        """Why nothing goes to a file, as one line; empty where it does."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the record's lines."""
        try:
            lines = self.format(record).splitlines()
        except Exception:  # a bad record must not stop the program, and stderr is not ours
            return
        self._lines.extend(lines)
        self.written += len(lines)

    def lines(self) -> tuple[str, ...]:
        """The kept lines, oldest first. Untrusted text: show it as plain content. Any thread may ask."""
        with self.lock or threading.RLock():
            return tuple(self._lines)


class _PrivateFileHandler(RotatingFileHandler):
    def _open(self) -> TextIO:  # type: ignore[override]
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        os.chmod(self.baseFilename, 0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not stop the program, nor draw on the screen."""


def configure_logging(path: Path) -> RingHandler:
    """Sends both loggers to the file at `path` and to a ring of the last lines, and nowhere else.

    Calling it again replaces what the call before set up. A file that cannot be written is left out: the ring has
    a line that says so.

    Returns:
        The ring, for the log view.
    """
    ring = RingHandler()
    handlers: list[logging.Handler] = [ring]
    try:
        private_dir(path.parent)
        handlers.append(
            _PrivateFileHandler(path, maxBytes=_FILE_SIZE, backupCount=2, encoding="utf-8", errors="replace")
        )
    except OSError as error:
        ring.problem = f"no log file: {path}: {error.strerror or error}"
    for name in (PROGRAM, LLAMA_CPP):
        _attach(logging.getLogger(name), handlers)
    if ring.problem:
        logging.getLogger(PROGRAM).warning("%s", ring.problem)
    return ring


def file_in_use() -> Path | None:
    """The file that `configure_logging` sends the log to; None where it cannot be written."""
    handlers = logging.getLogger(PROGRAM).handlers
    return next((Path(one.baseFilename) for one in handlers if isinstance(one, _PrivateFileHandler)), None)


def report_crashes(path: Path, say: Callable[[str], None] | None = None) -> None:
    """Writes the traceback of every uncaught error into the log, and gives the person one line.

    Args:
        path: the log file, for the line; it is not named where it cannot be written.
        say: where the line goes; standard error when None.
    """

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        logging.getLogger(PROGRAM).critical("uncaught error", exc_info=(kind, error, trace))
        details = f"The details are in {path}" if file_in_use() else "There is no log file with the details"
        (say or _say)(f"error: the program failed: {kind.__name__}. {details}")

    def report_thread(args: threading.ExceptHookArgs) -> None:
        report(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = report
    threading.excepthook = report_thread


def _attach(logger: logging.Logger, handlers: list[logging.Handler]) -> None:
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _say(line: str) -> None:
    print(line, file=sys.stderr)
