"""llama.cpp's own cache of downloads.

Older versions wrote `OWNER_REPO_FILE.gguf` and `manifest=OWNER=REPO=TAG.json` into one folder (`fs_get_cache_directory`
in `common/common.cpp`); newer ones use the Hugging Face cache, or its layout below LLAMA_CACHE where that is set
(`common/hf-cache.cpp`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.catalogue.folders import gguf_files
from tui.catalogue.hub_cache import cached_ggufs

SIDECARS = (".etag", ".json")
"""Endings of the small files that llama.cpp keeps beside a download: what the server called this version of it."""


def llama_cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder, by llama.cpp's rules."""
    if chosen := environ.get("LLAMA_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches/llama.cpp"))
    return Path(environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "llama.cpp"


def llama_ggufs(cache: Path) -> Iterator[tuple[str, Path]]:
    """Repository `owner/name` (or the folder, where nothing tells) and path of each GGUF file."""
    yield from cached_ggufs(cache)
    repositories = _repositories(cache)
    for path in gguf_files(cache):
        if not path.relative_to(cache).parts[0].startswith("models--"):
            yield next((name for start, name in repositories if path.name.startswith(start)), str(cache)), path


def _repositories(cache: Path) -> list[tuple[str, str]]:
    """How the files of a repository begin, and its name; the longest beginning first."""
    try:
        names = [name for name in os.listdir(cache) if name.startswith("manifest=") and name.endswith(".json")]
    except (OSError, ValueError):
        return []
    split = [name.removeprefix("manifest=").split("=") for name in names]
    found = {f"{parts[0]}_{parts[1]}_": f"{parts[0]}/{parts[1]}" for parts in split if len(parts) >= 3}
    return sorted(found.items(), key=lambda item: -len(item[0]))
