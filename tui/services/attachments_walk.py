"""The files below a folder, nearest first, without what .gitignore files leave out."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from tui.services.attachments_ignore import Rules, rules_in


def walk(
    root: Path, cancelled: Callable[[], bool] = lambda: False, *, hidden: bool = False, depth: int | None = None
) -> Iterator[str]:
    """Files and folders below a folder; in a thread, since the disk may take its time.

    Links to folders are not followed, so that there is no way round in circles; pipes, devices and broken links are
    left out, as is `.git`. What cannot be looked into is passed over.

    Args:
        root: the folder.
        cancelled: asked for each folder.
        hidden: whether names that begin with a dot are among them.
        depth: how many levels; None for all.

    Yields:
        Paths relative to the folder, with slashes; a folder has one at its end. Those of a folder come in order.
    """
    folders: deque[tuple[str, Rules, int]] = deque([("", rules_in(root), 1)])
    while folders and not cancelled():
        inside, rules, level = folders.popleft()
        for name, is_folder in _entries(os.path.join(root, inside), rules, hidden):
            if not is_folder:
                yield inside + name
                continue
            yield f"{inside}{name}/"
            if depth is None or level < depth:
                folders.append((f"{inside}{name}/", rules.below(name), level + 1))


def _entries(folder: str, rules: Rules, hidden: bool) -> Iterator[tuple[str, bool]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name == ".git" or (entry.name.startswith(".") and not hidden):
            continue
        kind = _kind(entry)
        if kind is not None and not rules.ignores(entry.name, kind):
            yield entry.name, kind


def _kind(entry: os.DirEntry[str]) -> bool | None:
    """Whether it is a folder; None for what is neither that nor a file."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return True
        if entry.is_file(follow_symlinks=False):
            return False
        return False if stat.S_ISREG(entry.stat().st_mode) else None
    except OSError:
        return None
