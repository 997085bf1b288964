"""GGUF files below a folder, whatever else is there: loops of links, folders that cannot be read, pipes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def never() -> bool:
    """For a search that nothing stops."""
    return False


def gguf_files(folder: Path, stop: Callable[[], bool] = never) -> Iterator[Path]:
    """The GGUF files in a folder and below it, in the order of their names; a file gives itself.

    Links are followed, each folder once. Hidden folders and what cannot be read are passed over; links to nothing and
    unreadable files are given, since a person wants to know of them.

    Args:
        folder: where to look.
        stop: asked at each folder; true ends the search, which may be long where there are no models at all.
    """
    if os.path.isfile(folder):
        yield folder
        return
    yield from _walk(folder, stop)


def _walk(folder: Path, stop: Callable[[], bool]) -> Iterator[Path]:
    # A stack and not recursion: folders may be nested deeper than Python's stack.
    waiting, seen = [folder], set[tuple[int, int]]()
    while waiting and not stop():
        current = waiting.pop()
        files, folders = _listed(current, seen)
        yield from files
        waiting.extend(reversed(folders))


def _listed(folder: Path, seen: set[tuple[int, int]]) -> tuple[list[Path], list[Path]]:
    files: list[Path] = []
    folders: list[Path] = []
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            return [], []
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_folder(entry):
                    if not entry.name.startswith("."):
                        folders.append(Path(entry.path))
                elif entry.name.lower().endswith(".gguf"):
                    files.append(Path(entry.path))
    except (OSError, ValueError):
        return [], []
    return sorted(files), sorted(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
