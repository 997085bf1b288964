"""Which files a person would rather not see: what .gitignore files say, in the folder, above and below it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_FILE = ".gitignore"
_MOST_BYTES = 1 << 20
"""Bytes of a .gitignore that are read; longer ones are not rules."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in a folder.

    Attributes:
        folder: the folder, absolute.
        layers: each folder with rules, as an absolute path with a slash at its end, and its rules; outermost first.
    """

    folder: str
    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def ignores(self, name: str, is_folder: bool) -> bool:
        """Whether something in this very folder is ignored; the folder itself is not."""
        return _ignored(self.layers, os.path.join(self.folder, name) + ("/" if is_folder else ""))

    def below(self, name: str) -> Rules:
        """The rules in a folder of this folder."""
        folder = os.path.join(self.folder, name)
        return Rules(folder, (*self.layers, *_layer(folder, _FILE)))


def rules_in(folder: Path) -> Rules:
    """The rules that hold in a folder: its own and, in a Git repository, those of the folders above it.

    Where those leave out the folder itself, only its own rules hold: the person went there all the same.
    """
    here = os.path.abspath(folder)
    path = Path(here)
    top = next((above for above in (path, *path.parents) if os.path.lexists(above / ".git")), path)
    layers = [*_layer(str(top), ".git/info/exclude")]
    for above in reversed(path.parents):
        if above.is_relative_to(top):
            layers += _layer(str(above), _FILE)
    if _ignored(layers, os.path.join(here, "")):
        layers = []
    return Rules(here, (*layers, *_layer(here, _FILE)))


def _ignored(layers: Sequence[tuple[str, GitIgnoreSpec]], path: str) -> bool:
    """What the innermost rule that knows the path says."""
    for folder, spec in reversed(layers):
        # A folder's own rules are about what is in it.
        verdict = spec.check_file(path[len(folder) :]).include if len(path) > len(folder) else None
        if verdict is not None:
            return verdict
    return False


def _layer(folder: str, file: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    try:
        with open(os.open(os.path.join(folder, file), os.O_RDONLY | os.O_NONBLOCK), "rb") as rules:
            data = rules.read(_MOST_BYTES + 1)
    except OSError:
        return ()
    lines = data.decode("utf-8-sig", "surrogateescape").splitlines()
    if len(data) > _MOST_BYTES or not (spec := _spec(lines)):
        return ()
    return ((os.path.join(folder, ""), spec),)


def _spec(lines: list[str]) -> GitIgnoreSpec | None:
    # Imported here: only whoever looks for files needs it.
    from pathspec import GitIgnoreSpec

    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        return None
    try:
        return GitIgnoreSpec.from_lines(wanted)
    except ValueError:  # one line is no pattern: the others still are
        return GitIgnoreSpec.from_lines([line for line in wanted if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
