"""What was measured, kept for each model on each machine: where automatic threads begin."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tui.monitor.cpu import usable_cores
from tui.services.measurements import Result, Speed
from tui.settings.paths import data_dir, private_dir

_LOGGER = logging.getLogger("localllm.bench")


def keep(model: Path, results: Iterable[Result]) -> None:
    """Keep a model's speeds; a failure is logged, since the measurement itself is not lost by it."""
    speeds = [asdict(result) for result in results if isinstance(result, Speed)]
    try:
        path = _file(model)
        private_dir(path.parent)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump({"model": model.name, "speeds": speeds}, file)
        os.replace(file.name, path)
    except OSError as error:
        _LOGGER.warning("the measurement could not be kept: %s", error)


def fastest_threads(model: Path) -> int | None:
    """The thread count that decoded fastest when this model was measured on this machine; None when it was not."""
    try:
        speeds = json.loads(_file(model).read_text("utf-8"))["speeds"]
        decoded = [(speed["mean"], speed["threads"]) for speed in speeds if speed["test"] == "tg"]
        return int(max(decoded)[1]) if decoded else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(model: Path) -> Path:
    """One file for each model, on each kind of machine that shares the home directory.

    Raises:
        OSError: there is no such model.
    """
    size = model.stat().st_size
    machine = f"{platform.machine()} {platform.processor()} {usable_cores()}"
    digest = hashlib.blake2b(f"{model.name}\0{size}\0{machine}".encode("utf-8", "replace"), digest_size=10)
    return data_dir() / "bench" / f"{digest.hexdigest()}.json"
