"""What was measured, kept for each model on each machine: where automatic threads begin."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.catalogue.split import read_whole
from tui.catalogue.weights import active_bytes
from tui.core.errors import ModelFileError
from tui.core.text import one_line
from tui.monitor.cpu import usable_cores
from tui.settings.paths import data_dir, private_dir

if TYPE_CHECKING:
    from tui.services.measurements import Result

_LOGGER = logging.getLogger("localllm.bench")


@dataclass(frozen=True, slots=True)
class Decoded:
    """How fast one model decoded on this machine.

    Attributes:
        model: its file's name.
        tokens_per_second: at the thread count that decoded fastest, with an empty context.
        bytes_per_token: bytes of weights that each token reads; 0 when that was not kept.
    """

    model: str
    tokens_per_second: float
    bytes_per_token: int


def keep(model: Path, results: Iterable[Result]) -> None:
    """Keep a model's speeds; a failure is logged, since the measurement itself is not lost by it."""
    from tui.services.measurements import Speed

    speeds = [asdict(result) for result in results if isinstance(result, Speed)]
    weights = {"bytes_per_token": _bytes_per_token(model)}
    try:
        path = _file(model)
        private_dir(path.parent)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump({"model": model.name, "speeds": speeds, "machine": _machine()} | weights, file)
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


def fastest_decode(model: Path) -> float | None:
    """How fast this model decoded with an empty context, tok/s; None when it was not measured on this machine."""
    try:
        return _fastest(json.loads(_file(model).read_text("utf-8"))["speeds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def prefill_speeds(model: Path, threads: int) -> list[tuple[int, float]]:
    """How fast this model read prompts when it was measured on this machine.

    Args:
        model: its file.
        threads: the count that is used now; where it was not measured, the fastest one counts.

    Returns:
        Pairs of tokens and tok/s, with an empty context; none when it was not measured.
    """
    try:
        speeds = json.loads(_file(model).read_text("utf-8"))["speeds"]
        found = [
            (int(speed["tokens"]), float(speed["mean"]), int(speed["threads"]))
            for speed in speeds
            if speed["test"] == "pp" and not speed["depth"] and float(speed["mean"]) > 0
        ]
        same = [one for one in found if one[2] == threads] or found
        return [max(same, key=lambda one: one[1])[:2]] if same else []
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def decoded() -> list[Decoded]:
    """What was measured of all models on this machine, and on others that share the home directory."""
    found: list[Decoded] = []
    for path in (data_dir() / "bench").glob("*.json"):
        try:
            kept = json.loads(path.read_text("utf-8"))
            speed, size = _fastest(kept["speeds"]), int(kept.get("bytes_per_token", 0))
            if speed and kept.get("machine", _machine()) == _machine():
                found.append(Decoded(one_line(str(kept["model"])), speed, size))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return found


def _fastest(speeds: list[dict[str, Any]]) -> float | None:
    plain = [float(speed["mean"]) for speed in speeds if speed["test"] == "tg" and not speed["depth"]]
    return max(plain, default=None)


def _bytes_per_token(model: Path) -> int:
    try:
        return active_bytes(read_whole(model))
    except ModelFileError:
        return 0


def _machine() -> str:
    return f"{platform.machine()} {platform.processor()} {usable_cores()}"


def _file(model: Path) -> Path:
    """One file for each model, on each kind of machine that shares the home directory.

    Raises:
        OSError: there is no such model.
    """
    size = model.stat().st_size
    digest = hashlib.blake2b(f"{model.name}\0{size}\0{_machine()}".encode("utf-8", "replace"), digest_size=10)
    return data_dir() / "bench" / f"{digest.hexdigest()}.json"
