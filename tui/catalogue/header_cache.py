"""What the headers of files said when they were last read, on disk, so that a search reads only new ones."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tui import __version__
from tui.catalogue.entry import Kind
from tui.settings.paths import cache_dir, private_dir

MOST = 20_000
"""Models remembered; those not seen for longest make room."""
_FORMAT = 1
_MOST_BYTES = 1 << 26

_log = logging.getLogger("localllm.catalogue")

Stamps = tuple[tuple[int, int], ...]
"""Bytes and time of change in nanoseconds of each part; (-1, -1) for one that is missing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the list needs of a model's header, all parts together.

    Attributes:
        kind: what it is for.
        architecture: general.architecture.
        quantization: by general.file_type, or by the tensors.
        quantization_named: whether it is by general.file_type.
        parameters: number of weights; None when the header could not be read.
        n_ctx_train: trained context in tokens, when known.
        has_template: whether there is a chat template.
        problem: why it cannot be loaded; empty when nothing speaks against it.
    """

    kind: Kind
    architecture: str
    quantization: str
    quantization_named: bool
    parameters: int | None
    n_ctx_train: int | None
    has_template: bool
    problem: str


class HeaderCache:
    """A JSON file of facts, by path, size and time of change. Any thread may call.

    One that cannot be read, is damaged, or is of another version of the program is as good as none.

    Args:
        path: the file; None for the one in the person's cache directory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or cache_dir() / "headers.json"
        self._guard = threading.Lock()
        self._known: dict[str, Any] | None = None
        self._changed = False

    def get(self, path: Path, stamps: Stamps) -> Facts | None:
        """What was read of the model at `path`; None when that is not known, or the files have changed since."""
        key = _key(path)
        with self._guard:
            if self._known is None:
                self._known = _read(self._path)
            kept = self._known.get(key)
            facts = _facts(kept, stamps) if kept is not None else None
            if facts is not None:
                self._known[key] = self._known.pop(key)  # seen last
        return facts

    def put(self, path: Path, stamps: Stamps, facts: Facts) -> None:
        """Remember what was read; kept on disk by `save`."""
        with self._guard:
            if self._known is None:
                self._known = _read(self._path)
            self._known.pop(_key(path), None)
            self._known[_key(path)] = [[list(stamp) for stamp in stamps], list(asdict(facts).values())]
            self._changed = True

    def save(self) -> None:
        """Write what is new to disk; a disk that does not take it is no error."""
        with self._guard:
            if not self._changed or self._known is None:
                return
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            try:
                _write(self._path, json.dumps({"version": _version(), "files": self._known}, separators=(",", ":")))
                self._changed = False
            except OSError as error:
                _log.info("%s was not written: %s", self._path, error)


def _key(path: Path) -> str:
    return os.path.abspath(path)


def _facts(kept: Any, stamps: Stamps) -> Facts | None:
    try:
        known, values = kept
        if tuple((size, changed) for size, changed in known) != stamps or len(values) != len(fields(Facts)):
            return None
        return Facts(*values)
    except (TypeError, ValueError):
        return None


def _version() -> str:
    return f"{_FORMAT} {__version__}"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MOST_BYTES))
        return dict(content["files"]) if content["version"] == _version() else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        _log.info("%s was not understood and is made anew: %s", path, error)
        return {}


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=private_dir(path.parent))  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("ascii"))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
