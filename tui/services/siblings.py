"""The same model in other quantizations, beside a file."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from tui.catalogue.explanation import Sibling
from tui.catalogue.naming import parse_name

_MOST = 2000
"""Names of a folder that are looked at."""


def siblings_of(path: Path) -> tuple[Sibling, ...]:
    """The other quantizations of a model that lie in its folder, told by their names; the smallest first.

    Args:
        path: the file, or any part of a split model; nothing in it is read.
    """
    own = parse_name(path.name)
    sizes: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    try:
        files = [file for file, _ in zip(path.parent.iterdir(), range(_MOST), strict=False)]
    except OSError:
        return ()
    for file in files:
        parts = parse_name(file.name)
        same = parts.title.casefold() == own.title.casefold() and not parts.is_projector and not parts.is_matrix
        if not same or not parts.quantization or parts.quantization == own.quantization:
            continue
        if file.suffix.lower() == ".gguf":
            try:
                sizes[parts.quantization] += file.stat().st_size
            except OSError:
                continue
            names.setdefault(parts.quantization, file.name)
    found = (Sibling(quantization, size, names[quantization]) for quantization, size in sizes.items() if size)
    return tuple(sorted(found, key=lambda sibling: sibling.file_size))
