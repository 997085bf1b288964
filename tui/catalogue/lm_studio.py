"""LM Studio's models: `models/PUBLISHER/REPOSITORY/FILE.gguf` below its home.

The home is what `~/.lmstudio-home-pointer` says, else `~/.cache/lm-studio` (older versions) or `~/.lmstudio`
(`findLMStudioHome` of lmstudio-ai/lmstudio.js). A folder of downloads chosen in the program is in its `settings.json`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tui.catalogue.folders import gguf_files

_POINTER = ".lmstudio-home-pointer"
_MOST_BYTES = 1 << 20


def model_folders() -> list[Path]:
    """Folders of models that exist, each once."""
    home = Path(os.path.expanduser("~"))
    pointed = _text(home / _POINTER).strip()
    homes = [Path(pointed)] if os.path.isabs(pointed) else []
    homes += [home / ".lmstudio", home / ".cache" / "lm-studio"]
    found: dict[str, Path] = {}
    for place in homes:
        for folder in (_chosen(place), place / "models"):
            if folder is not None and _is_folder(folder):
                found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())


def studio_ggufs(folder: Path) -> Iterator[tuple[str, Path]]:
    """`publisher/repository` (or the folder, for a file elsewhere) and path of each GGUF file."""
    for path in gguf_files(folder):
        parts = path.relative_to(folder).parts
        yield "/".join(parts[:2]) if len(parts) > 2 else str(folder), path


def _chosen(home: Path) -> Path | None:
    try:
        settings = json.loads(_text(home / "settings.json"))
    except (ValueError, RecursionError):
        return None
    folder = settings.get("downloadsFolder") if isinstance(settings, dict) else None
    return Path(folder) if isinstance(folder, str) and os.path.isabs(folder) else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
