"""A repository's files, put together to models: one for each quantization, split ones as one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from tui.catalogue.hub.values import RemoteFile, Variant
from tui.catalogue.naming import parse_name, part_name
from tui.catalogue.split import MAX_PARTS

# As llama.cpp has it: common/download.cpp, gguf_filename_is_model.
_PART_OF_MODEL = re.compile(r"mmproj|mtp-|eagle3-|dflash-|dspark-", re.IGNORECASE)
_ADAPTER = re.compile(r"(?:^|[-._])(?:q?lora|adapter)(?=[-._])", re.IGNORECASE)
_UNQUANTIZED = ("", "F16", "BF16", "F32")


def is_model(path: str) -> bool:
    """Whether a file is a model by its name, and nothing that only goes with one."""
    name = PurePosixPath(path).name
    return name.lower().endswith(".gguf") and not _is_extra(name)


def is_companion(path: str) -> bool:
    """Whether a file goes with a model: mmproj, imatrix, LoRA adapter, draft heads."""
    name = PurePosixPath(path).name
    if name.lower().endswith(".gguf"):
        return _is_extra(name)
    return name.lower().endswith((".imatrix", "imatrix.dat"))


def _is_extra(name: str) -> bool:
    parts = parse_name(name)
    # A merged model may keep "lora" in its name, and one made with a matrix "imatrix"; those are quantized.
    adapter = _ADAPTER.search(name) and parts.quantization in _UNQUANTIZED
    return bool(_PART_OF_MODEL.search(name) or parts.is_projector or parts.is_matrix or adapter)


def group(files: Sequence[RemoteFile]) -> tuple[tuple[Variant, ...], tuple[RemoteFile, ...]]:
    """Sort a repository's files.

    Returns:
        The models, the smallest first, and what goes with them, in order of the names.
    """
    parts: defaultdict[str, dict[int, RemoteFile]] = defaultdict(dict)
    for file in sorted(files, key=lambda file: file.path):
        if is_model(file.path):
            part = _part(file.path)
            whole = file.path if part is None else _of_part(file.path, 1)
            parts[whole].setdefault(1 if part is None else part[0], file)
    found = [_variant(whole, numbered) for whole, numbered in parts.items()]
    variants = sorted(_labelled(found), key=lambda variant: (bool(variant.missing), variant.size))
    return tuple(variants), tuple(sorted((f for f in files if is_companion(f.path)), key=lambda file: file.path))


def _part(path: str) -> tuple[int, int] | None:
    """(number, count) of a part of a split model; None for a whole file."""
    part = parse_name(PurePosixPath(path).name).part
    return part if part and 1 <= part[0] <= part[1] and 1 < part[1] <= MAX_PARTS else None


def _of_part(path: str, number: int) -> str:
    place = PurePosixPath(path)
    return str(place.with_name(part_name(place.name, number)))


def _variant(whole: str, numbered: dict[int, RemoteFile]) -> Variant:
    part = _part(whole)
    count = part[1] if part else 1
    missing = tuple(_of_part(whole, number) for number in range(1, count + 1) if number not in numbered)
    quantization = _quantization(whole)
    files = tuple(numbered[number] for number in sorted(numbered))
    return Variant(quantization or _stem(whole), quantization, files, missing)


def _quantization(path: str) -> str:
    """From the name; else from the folder, as in `Q4_K_M/model.gguf`."""
    place = PurePosixPath(path)
    for name in (place.name, *reversed(place.parts[:-1])):
        quantization = parse_name(name).quantization
        if quantization:
            return quantization
    return ""


def _stem(path: str) -> str:
    return re.sub(r"(?:[-.]\d{5}-of-\d{5})?\.gguf$", "", PurePosixPath(path).name, flags=re.IGNORECASE)


def _labelled(variants: Sequence[Variant]) -> list[Variant]:
    """Labels that tell each from all others: the quantization, else the name, else the path."""
    ways = (
        lambda variant: variant.label,
        lambda variant: _stem(variant.files[0].path),
        lambda variant: variant.files[0].path,
    )
    labels: dict[int, str] = {}
    for way in ways:
        open_ones = [number for number in range(len(variants)) if number not in labels]
        used = Counter(way(variants[number]) for number in open_ones)
        labels |= {number: way(variants[number]) for number in open_ones if used[way(variants[number])] == 1}
    return [
        Variant(labels.get(number, variant.label), variant.quantization, variant.files, variant.missing)
        for number, variant in enumerate(variants)
    ]
