"""GGUF files in the Hugging Face cache, which other programs share. Nothing is asked of the network.

The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. huggingface_hub itself is not imported:
it costs a tenth of a second, and reads the variables only once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.catalogue.folders import gguf_files


def hub_cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the cache, by the rules of `huggingface_hub.constants`."""
    home = environ.get("HF_HOME") or os.path.join(environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    default = os.path.join(home, "hub")
    chosen = environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE") or default
    return Path(os.path.expanduser(os.path.expandvars(chosen)))


def cached_ggufs(cache: Path) -> Iterator[tuple[str, Path]]:
    """Repository `owner/name` and path of each GGUF file in the cache.

    A file that several downloaded revisions have is given once, of the one that `refs/main` names if that has it.
    """
    for repository in _folders(cache):
        if not repository.name.startswith("models--"):
            continue
        name = repository_id(repository)
        seen: set[Path] = set()
        for snapshot in _snapshots(repository):
            for file in gguf_files(snapshot):
                relative = file.relative_to(snapshot)
                if relative not in seen:
                    seen.add(relative)
                    yield name, file


def repository_id(repository: Path) -> str:
    """`owner/name` of a repository's folder `models--owner--name`."""
    return repository.name.removeprefix("models--").replace("--", "/")


def _snapshots(repository: Path) -> list[Path]:
    """Revisions, the one of `refs/main` first, then the newest."""
    try:
        main = (repository / "refs" / "main").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        main = ""
    snapshots = _folders(repository / "snapshots")
    return sorted(snapshots, key=lambda snapshot: (snapshot.name != main, -_modified(snapshot), snapshot.name))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except OSError:
        return []


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
