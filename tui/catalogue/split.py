"""Split models: several files `NAME-00001-of-00003.gguf` that llama.cpp loads by the first one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from tui.catalogue.gguf_header import Header, check_whole, read_header
from tui.catalogue.gguf_reader import Vocabularies
from tui.catalogue.naming import parse_name, part_name
from tui.core.errors import ModelFileError
from tui.core.text import printable

MAX_PARTS = 1000


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files of the model that `path` belongs to by its name, in order, whether they exist or not."""
    # Looked for first: taking a name apart is slow, and most models are not split.
    part = parse_name(path.name).part if "-of-" in path.name else None
    if part is None or not 1 < part[1] <= MAX_PARTS:
        return (path,)
    return tuple(path.with_name(part_name(path.name, number + 1)) for number in range(part[1]))


def read_whole(path: Path, known: Vocabularies | None = None) -> Header:
    """Read the headers of all files of a model, and check that nothing is missing.

    Args:
        path: the file, or any part of a split model.
        known: as for `read_header`.

    Returns:
        The first file's keys, with the tensors and sizes of all.

    Raises:
        ModelFileError: as `read_header`; a part is missing; a file is cut off.
    """
    parts = parts_of(path)
    for part in parts if len(parts) > 1 else ():
        if not os.path.lexists(part):
            raise _missing(part, len(parts))
    first = _checked(parts[0], known)
    if first.split_count > 1 and len(parts) == 1:
        raise ModelFileError(
            f"{printable(str(path))} is one of {first.split_count} parts under another name",
            hint=f"name the parts as they were: NAME-00001-of-{first.split_count:05}.gguf and so on",
        )
    return _joined([first, *(_checked(part, known) for part in parts[1:])])


def _checked(path: Path, known: Vocabularies | None) -> Header:
    header = read_header(path, known)
    check_whole(header)
    return header


def _missing(part: Path, count: int) -> ModelFileError:
    return ModelFileError(
        f"{printable(part.name)} is missing in {printable(str(part.parent))}",
        why=f"the model has {count} parts",
        hint="put all parts into one folder",
    )


def _joined(headers: list[Header]) -> Header:
    kinds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    groups: dict[str, tuple[int, int]] = {}
    for header in headers:
        kinds.update(header.tensor_kinds)
        counts.update(header.tensor_counts)
        for name, (weights, size) in header.groups.items():
            before = groups.get(name, (0, 0))
            groups[name] = before[0] + weights, before[1] + size
    return replace(
        headers[0],
        tensor_count=sum(header.tensor_count for header in headers),
        parameters=sum(header.parameters for header in headers),
        tensor_bytes=sum(header.tensor_bytes for header in headers),
        file_size=sum(header.file_size for header in headers),
        data_end=sum(header.data_end for header in headers),
        tensor_kinds=MappingProxyType(dict(kinds)),
        tensor_counts=MappingProxyType(dict(counts)),
        groups=MappingProxyType(groups),
    )
