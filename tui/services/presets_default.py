"""Which preset holds for which model by itself."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from tui.core.endpoints import remote_name
from tui.settings.preset_file import Preset


def names_of(path: str, general: str = "") -> tuple[str, ...]:
    """The names by which a preset may mean a model: its file's without the ending, then its `general.name`.

    Args:
        path: the model's file.
        general: `general.name` of its header; empty where it has none.
    """
    return tuple(dict.fromkeys(name for name in (remote_name(path) or Path(path).stem, general) if name))


def default_of(presets: Iterable[Preset], names: Sequence[str]) -> Preset | None:
    """The preset whose pattern fits best: a whole name before a pattern, then the longest pattern, then by name."""
    found = [
        (not _is_name(pattern, names), -len(pattern), preset.name, preset)
        for preset in presets
        for pattern in preset.models
        if fits(pattern, names)
    ]
    return min(found, key=lambda item: item[:3])[3] if found else None


def fits(pattern: str, names: Sequence[str]) -> bool:
    """Whether a pattern (`*`, `?`, `[…]`) means one of the names; small and capital letters are the same."""
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for name in names)


def mark(preset: Preset, names: Sequence[str]) -> Preset:
    """The preset as the default for the model that has these names."""
    return replace(preset, models=(*preset.models, glob.escape(names[0])))


def unmark(preset: Preset, names: Sequence[str]) -> Preset | None:
    """The preset no longer named for this very model; None where it is not. What patterns say stays."""
    left = tuple(pattern for pattern in preset.models if not _is_name(pattern, names))
    return replace(preset, models=left) if left != preset.models else None


def _is_name(pattern: str, names: Sequence[str]) -> bool:
    return any(pattern.casefold() in (name.casefold(), glob.escape(name).casefold()) for name in names)
