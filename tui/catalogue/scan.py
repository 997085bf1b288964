"""Find the models on this machine: in folders, in the Hugging Face cache, in installed Python packages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui.catalogue.entry import ModelEntry, Source
from tui.catalogue.folders import gguf_files
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.hub_cache import cached_ggufs, hub_cache_dir
from tui.catalogue.naming import NameParts, parse_name
from tui.catalogue.packages import packaged_ggufs
from tui.catalogue.purpose import companion, no_text
from tui.catalogue.split import parts_of, read_whole
from tui.catalogue.tensor_types import FILE_TYPES
from tui.core.errors import ModelFileError

Found = tuple[Source, str, Path]


def scan(folders: Sequence[Path]) -> Iterator[ModelEntry]:
    """The models on this machine, each as soon as it is found.

    A split model is one entry. A file found twice, through links or in two places, is given once. Files that only go
    with a model (mmproj, LoRA adapters, importance matrices) are passed over. A file that cannot be used is given with
    its `problem`.

    Args:
        folders: where to look first, with everything below; a missing one is no error.
    """
    seen: set[tuple[int, int] | str] = set()
    for source, origin, path in _found(folders):
        name = parse_name(path.name)
        if name.is_projector:
            continue
        first = parts_of(path)[0] if name.part else path
        mark = _identity(first)
        if mark in seen:
            continue
        seen.add(mark)
        entry = entry_of(first, source, origin)
        if entry:
            yield entry


def entry_of(path: Path, source: Source = "folder", origin: str = "") -> ModelEntry | None:
    """The entry of one file, or of the split model that it is the first part of.

    Returns:
        None for a file that only goes with a model.
    """
    name = parse_name(path.name)
    problem, header = "", None
    try:
        header = read_whole(path)
        problem = no_text(header)
    except ModelFileError as error:
        problem = error.line()
        header = _readable(path)
    if header and companion(header):
        return None
    parts = parts_of(path)
    return ModelEntry(
        path=path,
        name=name.title,
        file_size=sum(_size(part) for part in parts),
        quantization=_quantization(name, header),
        parameters=header.parameters if header and not problem else None,
        architecture=header.architecture if header else "",
        n_ctx_train=header.n_ctx_train if header else None,
        has_template=header.has_template if header else False,
        source=source,
        origin=origin,
        problem=problem,
        parts=len(parts),
    )


def _found(folders: Sequence[Path]) -> Iterator[Found]:
    for folder in folders:
        for path in gguf_files(folder):
            yield "folder", str(folder), path
    for repository, path in cached_ggufs(hub_cache_dir()):
        yield "huggingface", repository, path
    for package, path in packaged_ggufs():
        yield "package", package, path


def _readable(path: Path) -> Header | None:
    """What a model with a fault still says of itself: a part is missing, or the weights are cut off."""
    try:
        return read_header(path)
    except ModelFileError:
        return None


def _quantization(name: NameParts, header: Header | None) -> str:
    # general.file_type has no number for mixtures such as Q4_K_L or UD-Q4_K_XL: there the name knows more.
    if header is None or (name.quantization and name.quantization not in FILE_TYPES.values()):
        return name.quantization
    named = header.quantization if "general.file_type" in header.metadata else ""
    return named or name.quantization or header.quantization


def _identity(path: Path) -> tuple[int, int] | str:
    try:
        status = os.stat(path)
        return status.st_dev, status.st_ino
    except (OSError, ValueError):
        return os.path.abspath(path)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0
