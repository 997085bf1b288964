"""Plans of earlier loads on disk, so that a file is dry-run once and not at every start."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tui.catalogue.split import parts_of
from tui.core.parameters import LoadParams
from tui.engine.planner import Plan, identity
from tui.settings.paths import cache_dir, private_dir

_MOST = 200
_NOT_IN_PLANS = {"threads", "threads_batch", "mmap", "mlock", "fit", "cache_ram", "cache_disk", "chat_template"}
"""Settings on which memory does not depend."""


class PlanCache:
    """A small JSON file: what was planned, for which file and settings, the latest last.

    A plan is found again only if the file's path, size and time of change are the same, and so are the settings that
    matter and the version of llama-cpp-python. A file that cannot be read or written is as good as none.

    Args:
        path: the JSON file; by default in the person's cache directory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def get(self, path: Path, load: LoadParams, sequences: int) -> Plan | None:
        """The plan made before; None when there is none."""
        numbers = self._read().get(_key(path, load, sequences))
        try:
            return Plan(**numbers) if isinstance(numbers, dict) else None
        except TypeError:  # written by another version
            return None

    def put(self, path: Path, load: LoadParams, sequences: int, plan: Plan) -> None:
        """Keep a plan; the oldest ones make room for it."""
        plans = self._read()
        key = _key(path, load, sequences)
        plans.pop(key, None)
        plans[key] = dataclasses.asdict(plan)
        while len(plans) > _MOST:
            del plans[next(iter(plans))]
        with contextlib.suppress(OSError):
            _write(self._file, json.dumps(plans))

    @property
    def _file(self) -> Path:
        return self._path or cache_dir() / "plans.json"

    def _read(self) -> dict[str, Any]:
        try:
            plans = json.loads(self._file.read_text("ascii"))
        except (OSError, ValueError, RecursionError):
            return {}
        return plans if isinstance(plans, dict) else {}


def _key(path: Path, load: LoadParams, sequences: int) -> str:
    settings = {name: value for name, value in dataclasses.asdict(load).items() if name not in _NOT_IN_PLANS}
    parts = [identity(part) for part in parts_of(path)]
    facts = json.dumps([parts, settings, sequences, _build()], sort_keys=True)
    return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def _build() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version("llama-cpp-python")
    except PackageNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".plans-", dir=private_dir(path.parent))  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
