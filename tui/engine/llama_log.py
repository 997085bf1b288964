"""llama.cpp's log: to Python's logging, and the reason of a failed load out of it."""

from __future__ import annotations

import logging
import re
from collections import deque
from typing import Any

import llama_cpp.llama_cpp as lib

LOGGER = logging.getLogger("llama.cpp")
LOGGER.setLevel(logging.INFO)  # its debug level describes every tensor and node
LOGGER.addHandler(logging.NullHandler())  # without a handler Python would print warnings to stderr

_LEVELS = {1: logging.DEBUG, 2: logging.INFO, 3: logging.WARNING, 4: logging.ERROR}  # ggml_log_level
_CONTINUED = 5  # GGML_LOG_LEVEL_CONT: more of the line before
_REASON = re.compile(r"error loading model[^:]*: (?P<reason>.+)|failed to load model[^:]*: (?P<other>.+)")
_BUFFER = re.compile(r" (?P<kind>model|KV|RS|compute|output) buffer size *= *(?P<mebibytes>[0-9.]+) MiB")
_SOURCE = re.compile(r"^[a-z_:~A-Z0-9]+: +")


class LlamaLog:
    """Receives what llama.cpp logs, whole lines at a time.

    llama.cpp would write to stderr, where the terminal application draws.
    """

    def __init__(self) -> None:
        self._line = ""
        self._level = logging.INFO
        self._errors: deque[str] = deque(maxlen=50)
        self._buffers: dict[str, float] = {}

    def receive(self, level: int, text: str) -> None:
        """Take a piece of log text; a line is passed on when its newline comes."""
        if level != _CONTINUED:
            self._flush()
            self._level = _LEVELS.get(level, logging.INFO)
        if not LOGGER.isEnabledFor(self._level):
            return
        self._line += text
        if self._line.endswith("\n"):
            self._flush()

    def begin(self) -> None:
        """Begin anew to collect what may explain a failure, and the sizes of buffers."""
        self._errors.clear()
        self._buffers.clear()

    def buffer_bytes(self, *kinds: str) -> int:
        """Bytes of the buffers that were made since `begin`, as llama.cpp reported them.

        Args:
            kinds: which: `model`, `KV`, `RS` (recurrent state), `compute`, `output`.
        """
        return int(sum(self._buffers.get(kind, 0.0) for kind in kinds) * 1024 * 1024)

    def reason(self) -> str:
        """Why the last load failed, in llama.cpp's words; empty when it did not say."""
        for line in self._errors:
            if found := _REASON.search(line):
                return _plain(found["reason"] or found["other"])
        return _plain(self._errors[0]) if self._errors else ""

    def _flush(self) -> None:
        line, self._line = self._line.rstrip(), ""
        if not line:
            return
        if found := _BUFFER.search(line):
            self._buffers[found["kind"]] = self._buffers.get(found["kind"], 0.0) + float(found["mebibytes"])
        if self._level >= logging.ERROR:
            self._errors.append(line)
        LOGGER.log(self._level, "%s", line)


def _plain(line: str) -> str:
    return _SOURCE.sub("", line).strip().rstrip(".")


log = LlamaLog()
"""The process's llama.cpp log; llama.cpp has one callback for all."""


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _callback(level: int, text: bytes | None, _user_data: Any) -> None:
    log.receive(level, (text or b"").decode("utf-8", "replace"))


def install() -> None:
    """Route llama.cpp's log here. The callback lives as long as the module, which llama.cpp needs."""
    lib.llama_log_set(_callback, None)
