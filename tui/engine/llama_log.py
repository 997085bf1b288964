"""llama.cpp's log: to Python's logging, and the reason of a failed load out of it."""

from __future__ import annotations

import logging
import re
from collections import deque
from typing import Any

import llama_cpp.llama_cpp as lib

LOGGER = logging.getLogger("llama.cpp")
LOGGER.setLevel(logging.INFO)
LOGGER.addHandler(logging.NullHandler())  # without a handler Python would print warnings to stderr

_LEVELS = {1: logging.DEBUG, 2: logging.INFO, 3: logging.WARNING, 4: logging.ERROR}  # ggml_log_level
_CONTINUED = 5  # GGML_LOG_LEVEL_CONT: more of the line before
_REASON = re.compile(r"error loading model[^:]*: (?P<reason>.+)|failed to load model[^:]*: (?P<other>.+)")
_BUFFER = re.compile(r" (?P<name>\S+) +(?P<kind>model|KV|RS|compute|output) buffer size *= *(?P<mebibytes>[0-9.]+) MiB")
_CELLS = re.compile(r"llama_kv_cache: size = *(?P<mebibytes>[0-9.]+) MiB")
_OFFLOADED = re.compile(r"offloaded (?P<some>\d+)/(?P<all>\d+) layers to GPU")
_LAYER = re.compile(r"layer +\d+ assigned to device (?P<device>[^,\s]+)")
_GRAPH = re.compile(r" graph: nodes = (?P<nodes>\d+)")
_HOST_BUFFER = re.compile(r"CPU|AMX|BLAS|MTL|Metal|\w+_Host$")
"""Buffers in the computer's own memory: the processor's, repacked or not, Apple's shared ones, a GPU's pinned ones."""
_STOPPED = re.compile(
    r"failed to decode, ret = 2$|compute status: 1$|failed with error 1$|removing memory module entries for seq_id"
)
"""What llama.cpp says of an evaluation that was ended because somebody asked for it: no error."""
_MEBIBYTE = 1024 * 1024
_SOURCE = re.compile(r"^[a-z_:~A-Z0-9]+: +")


class LlamaLog:
    """Receives what llama.cpp logs, whole lines at a time.

    llama.cpp would write to stderr, where the terminal application draws.
    """

    def __init__(self) -> None:
        self._line = ""
        self._level = logging.INFO
        self._errors: deque[str] = deque(maxlen=50)
        self._buffers: dict[tuple[str, str], float] = {}
        self._cells = 0.0
        self.layers: dict[str, int] = {}
        """Number of layers by the name of their device, the output layer among them."""
        self.on_host = 1.0
        """Share of the model's layers in the computer's own memory, 0 to 1; the others are on a GPU."""
        self.flash_refused = False
        """Whether llama.cpp said, since `begin`, that it cannot use flash attention."""
        self.graph_nodes = 0
        """Nodes of the last graph that was made since `begin`; 0 if there was none."""

    def receive(self, level: int, text: str) -> None:
        """Take a piece of log text; a line is passed on when its newline comes."""
        if level != _CONTINUED:
            self._flush()
            self._level = _LEVELS.get(level, logging.INFO)
        if self._level < logging.INFO:
            if found := _LAYER.search(text):
                self.layers[found["device"]] = self.layers.get(found["device"], 0) + 1
            return  # its debug level describes every tensor and node; sizes and reasons are needed whatever is logged
        self._line += text
        if self._line.endswith("\n"):
            self._flush()

    def begin(self) -> None:
        """Begin anew to collect what may explain a failure, and the sizes of buffers."""
        self._errors.clear()
        self._buffers.clear()
        self._cells = 0.0
        self.layers.clear()
        self.flash_refused = False
        self.graph_nodes = 0

    def buffer_bytes(self, *kinds: str, host_only: bool = False) -> int:
        """Bytes of the buffers that were made since `begin`, as llama.cpp reported them.

        Args:
            kinds: which: `model`, `KV`, `RS` (recurrent state), `compute`, `output`.
            host_only: leave out what lies in the memory of a GPU.
        """
        sizes = (
            mebibytes
            for (name, kind), mebibytes in self._buffers.items()
            if kind in kinds and not (host_only and not _HOST_BUFFER.match(name))
        )
        return int(sum(sizes) * _MEBIBYTE)

    def buffers_by_name(self, *kinds: str) -> dict[str, int]:
        """Bytes of the buffers that were made since `begin`, by the name of where each lies; `kinds` as above."""
        sizes: dict[str, int] = {}
        for (name, kind), mebibytes in self._buffers.items():
            if kind in kinds:
                sizes[name] = sizes.get(name, 0) + int(mebibytes * _MEBIBYTE)
        return sizes

    def cells_bytes(self) -> int:
        """Bytes of the KV caches that were made since `begin`, wherever they lie; also where nothing was allocated."""
        return int(self._cells * _MEBIBYTE)

    def reason(self) -> str:
        """Why the last load failed, in llama.cpp's words; empty when it did not say."""
        for line in self._errors:
            if found := _REASON.search(line):
                return _plain(found["reason"] or found["other"])
        return _plain(self._errors[0]) if self._errors else ""

    def _flush(self) -> None:
        line, self._line = self._line.rstrip(), ""
        if not line or _STOPPED.search(line):
            return
        self._measure(line)
        if self._level >= logging.ERROR:
            self._errors.append(line)
        LOGGER.log(self._level, "%s", line)

    def _measure(self, line: str) -> None:
        if found := _GRAPH.search(line):
            self.graph_nodes = int(found["nodes"])
        if found := _BUFFER.search(line):
            key = found["name"], found["kind"]
            self._buffers[key] = self._buffers.get(key, 0.0) + float(found["mebibytes"])
        elif found := _CELLS.search(line):
            self._cells += float(found["mebibytes"])
        elif found := _OFFLOADED.search(line):
            self.on_host = 1 - int(found["some"]) / max(1, int(found["all"]))
        elif "Flash Attention not supported" in line:
            self.flash_refused = True


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
