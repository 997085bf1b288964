"""Where the kernel's control groups (version 1 and 2) of this process lie. Linux only; elsewhere there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def group_dirs(controller: str, root: Path = ROOT) -> Iterator[tuple[int, Path]]:
    """The folders of this process's group and of the groups around it, innermost first.

    A limit of any of them holds. Inside a container the path in /proc may lie outside what is mounted; then the
    mount's own root is the group.

    Args:
        controller: `memory` or `cpu`.
        root: where /proc and /sys are, for tests.

    Yields:
        Version of the interface, folder.
    """
    for version, mount, path in _memberships(controller, root):
        relative = PurePosixPath(path.lstrip("/"))
        for part in (relative, *relative.parents):
            folder = mount / part
            if ".." not in part.parts and folder.is_dir():
                yield version, folder


def _memberships(controller: str, root: Path) -> Iterator[tuple[int, Path, str]]:
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    top = root / "sys/fs/cgroup"
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            # Where both versions are mounted, version 2 is beside the controllers of version 1.
            yield 2, top / "unified" if (top / "unified").is_dir() else top, path
        elif controller in controllers.split(","):
            joined = top / controllers
            yield 1, joined if joined.is_dir() else top / controller, path


def read_number(path: Path) -> int | None:
    """The number that a file of the kernel holds; None for `max`, a missing file or anything else."""
    return to_number(read_words(path)[:1])


def read_words(path: Path) -> list[str]:
    """The words that a file of the kernel holds; none for a missing file."""
    try:
        return path.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return []


def read_table(path: Path) -> dict[str, int]:
    """A file of lines `name number`."""
    words = read_words(path)
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name: int(number) for name, number in pairs if number.isdecimal()}


def to_number(words: list[str]) -> int | None:
    """The first word as a number, if it is one."""
    try:
        return int(words[0])
    except (IndexError, ValueError):
        return None
