"""Checks of files: folders that can be written, the store, room on the disks, folders of models."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui.catalogue.folders import gguf_files
from tui.catalogue.hub.space import free_bytes
from tui.catalogue.hub_cache import cached_ggufs, hub_cache_dir
from tui.core.units import format_bytes, format_count
from tui.services.checkup import Finding
from tui.settings import paths

_LITTLE = 2 << 30
"""Bytes of free space with which a model of some size does not come any more."""
_VERY_LITTLE = 100 << 20


def folders() -> Iterator[Finding]:
    """The program's own folders: whether what they are for can be written."""
    for what, folder in (
        ("Settings folder", paths.config_dir()),
        ("Data folder", paths.data_dir()),
        ("Log folder", paths.state_dir()),
        ("Cache folder", paths.cache_dir()),
    ):
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        why = _cannot_write(existing)
        if why:
            yield Finding(what, "problem", f"{existing} cannot be written: {why}", _remedy(why, _VARIABLES[what]))
        else:
            yield Finding(what, "ok", str(folder) + ("" if folder.exists() else " (made when it is needed)"))


_VARIABLES = {
    "Settings folder": "XDG_CONFIG_HOME",
    "Data folder": "XDG_DATA_HOME",
    "Log folder": "XDG_STATE_HOME",
    "Cache folder": "XDG_CACHE_HOME",
}


def _cannot_write(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"0")  # on a disk that is full a file can be made, and nothing written
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def store(path: Path) -> Iterator[Finding]:
    """The chats: whether the file is sound. It is read only.

    Args:
        path: the store's file.
    """
    if not path.exists():
        yield Finding("Chats", "ok", f"{path}: there are none yet")
        return
    import sqlite3

    from tui.store.migrations import NewerStoreError, OtherFileError
    from tui.store.reasons import is_damage, reason_at

    try:
        said, count = _looked_into(path)
    except NewerStoreError:
        advice = "use that version, or set XDG_DATA_HOME to another folder"
        yield Finding("Chats", "problem", f"{path}: a newer version of this program wrote it", advice)
    except OtherFileError:
        advice = "give it another name, or set XDG_DATA_HOME to another folder"
        yield Finding("Chats", "problem", f"{path}: the file belongs to another program", advice)
    except (sqlite3.Error, OSError) as error:
        damaged = isinstance(error, sqlite3.DatabaseError) and is_damage(error)
        advice = _DAMAGED if damaged else "see that no other program holds the file, and that you may read it"
        yield Finding("Chats", "problem", f"{path}: {reason_at(path, error)}", advice)
    else:
        yield _sound(path, count) if said == "ok" else Finding("Chats", "problem", f"{path}: {said}", _DAMAGED)


_DAMAGED = "start localllm-tui: it sets the file aside, and keeps what can be read of it"


def _looked_into(path: Path) -> tuple[str, int | None]:
    """What SQLite says of the file, and how many conversations it has; None where nothing was ever written to it.

    Raises:
        sqlite3.Error: it cannot be read.
        NewerStoreError, OtherFileError: it is no store of this version.
    """
    import sqlite3

    from tui.store.copies import connect
    from tui.store.migrations import taken

    # Where not even the log's index can be made beside it, it is read as if nobody ever changed it.
    name = path.absolute().as_uri()
    for more in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with contextlib.closing(connect(f"{name}?{more}", uri=True)) as connection:
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if said != "ok" or not taken(connection):
                    return str(said), None
                (count,) = connection.execute("SELECT count(*) FROM conversation").fetchone()
                return str(said), int(count)
        except sqlite3.OperationalError as error:
            failed = error
            if not _cannot_write(path.parent):
                break
    raise failed


def _sound(path: Path, count: int | None) -> Finding:
    why = _cannot_write(path.parent) or ("" if os.access(path, os.W_OK) else os.strerror(errno.EACCES))
    if count is None:
        told = f"{path} is empty" if why else f"{path}: there are none yet"
    else:
        told = f"{format_count(count)} in {path}, {format_bytes(path.stat().st_size)}, sound"
    if not why:
        return Finding("Chats", "ok", told)
    return Finding("Chats", "problem", f"{told}; it cannot be written: {why}", _remedy(why, "XDG_DATA_HOME"))


def _remedy(why: str, variable: str) -> str:
    """What to do about a folder that cannot be written."""
    first = "make room on its disk" if why == os.strerror(errno.ENOSPC) else "chown or chmod it"
    return f"{first}, or set {variable} to a folder that you can write"


def disks(download_folder: Path | None) -> Iterator[Finding]:
    """Room where models, computed conversations and chats go.

    Args:
        download_folder: where downloads go; None for the Hugging Face cache.
    """
    seen: set[int] = set()
    for folder in (download_folder or hub_cache_dir(), paths.cache_dir(), paths.data_dir()):
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        device = existing.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = free_bytes(existing)
        words = f"{format_bytes(free)} free for {folder}"
        if free < _VERY_LITTLE:
            yield Finding("Disk", "problem", words, "free some: chats cannot be kept without")
        elif free < _LITTLE:
            yield Finding("Disk", "warning", words, "free some: localllm-tui models rm deletes a model")
        else:
            yield Finding("Disk", "ok", words)


def models(named: Sequence[Path]) -> Iterator[Finding]:
    """The folders of models: which can be read, and how many there are.

    Args:
        named: the folders that the settings name.
    """
    total = 0
    for folder in named:
        if not folder.exists():
            continue
        if not os.access(folder, os.R_OK | os.X_OK):
            yield Finding("Models", "warning", f"{folder} cannot be read", "chmod it, or take it out of the settings")
            continue
        count = sum(1 for _ in gguf_files(folder))
        total += count
        yield Finding("Models", "ok", f"{format_count(count)} GGUF file{'s' * (count != 1)} in {folder}")
    cache = hub_cache_dir()
    count = sum(1 for _ in cached_ggufs(cache)) if cache.is_dir() else 0
    total += count
    if count:
        yield Finding("Models", "ok", f"{format_count(count)} GGUF file{'s' * (count != 1)} in {cache}")
    if not total:
        yield Finding("Models", "warning", "there is none in these folders", "Ctrl+G in localllm-tui gets one")
