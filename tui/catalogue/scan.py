"""Find the models on this machine, and say of each what its header and its name say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tui.catalogue.entry import ModelEntry, Source
from tui.catalogue.folders import never
from tui.catalogue.found import Found, find_files
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import Vocabularies
from tui.catalogue.header_cache import Facts, HeaderCache, Stamps
from tui.catalogue.naming import NameParts, parse_name
from tui.catalogue.purpose import kind_of, no_text, words_for
from tui.catalogue.read_ahead import ReadAhead
from tui.catalogue.split import parts_of, read_whole
from tui.catalogue.tensor_types import FILE_TYPES
from tui.core.errors import ModelFileError

_MISSING = (-1, -1)
_Mark = tuple[int, int] | str


def scan(
    folders: Sequence[Path], cache: HeaderCache | None = None, stop: Callable[[], bool] = never
) -> Iterator[ModelEntry]:
    """The models on this machine, each as soon as it is found.

    A split model is one entry, and so is a file in several places. Files that only go with a model (mmproj, LoRA
    adapters, importance matrices) are given as what they are. A file that cannot be used is given with its `problem`.

    At the end, an entry whose file was also found in other places is given once more, with `also_at`: it takes the
    place of the one with the same `path`.

    Args:
        folders: where to look first, with everything below; a missing one is no error.
        cache: what was read before; what is new is saved to it, also when the search is left early.
        stop: asked at each file and folder; true ends the search.
    """
    known, ahead = Vocabularies(), ReadAhead(folders)
    given: dict[_Mark, ModelEntry] = {}
    others: dict[_Mark, list[str]] = {}
    try:
        for found in find_files(folders, stop):
            if stop():
                return
            ahead.passed()
            first = parts_of(found.path)[0]
            mark = _identity(first)
            if mark not in given:
                given[mark] = _entry(replace(found, path=first), cache, known, ahead)
                yield given[mark]
            elif _place(found, first) != _place_of(given[mark]):
                others.setdefault(mark, []).append(_place(found, first))
        if stop():
            return
        for mark, places in others.items():
            also_at = tuple(dict.fromkeys(places))
            yield replace(given[mark], also_at=also_at)
    finally:
        ahead.end()
        if cache is not None:
            cache.save()


def entry_of(path: Path, source: Source = "folder", origin: str = "") -> ModelEntry:
    """The entry of one file, or of the split model that it is the first part of."""
    return _entry(Found(source, origin, path), None, None)


def _entry(
    found: Found, cache: HeaderCache | None, known: Vocabularies | None, ahead: ReadAhead | None = None
) -> ModelEntry:
    path = found.path
    name = parse_name(path.name)
    parts = parts_of(path)
    states = [_state(part) for part in parts]
    stamps: Stamps = tuple((state.st_size, state.st_mtime_ns) if state else _MISSING for state in states)
    facts = cache.get(path, stamps) if cache is not None else None
    if facts is None:
        if ahead is not None:
            ahead.begin()
        facts, whole = _facts(path, known)
        if cache is not None and whole:
            cache.put(path, stamps, facts)
    kind, problem = facts.kind, facts.problem
    told = "mmproj" if name.is_projector else found.kind
    if kind == "model" and told != "model":
        kind, problem = told, problem or f"it is {words_for(told)}"
    return ModelEntry(
        path=path,
        name=found.name or name.title,
        file_size=sum(state.st_size for state in states if state),
        quantization=_quantization(name, facts),
        parameters=facts.parameters if not problem or kind != "model" else None,
        architecture=facts.architecture,
        n_ctx_train=facts.n_ctx_train,
        has_template=facts.has_template,
        source=found.source,
        origin=found.origin,
        problem=problem,
        parts=len(parts),
        kind=kind,
        files=tuple(part for part, state in zip(parts, states, strict=True) if state or os.path.lexists(part)),
        modified=max((state.st_mtime for state in states if state), default=0.0),
    )


def _facts(path: Path, known: Vocabularies | None) -> tuple[Facts, bool]:
    """What the header says, and whether that is worth keeping: what could not be read may be readable later."""
    try:
        header = read_whole(path, known)
        return _said(header, no_text(header)), True
    except ModelFileError as error:
        problem = error.line()
    try:
        # What a model with a fault still says of itself: a part is missing, or the weights are cut off.
        return _said(read_header(path, known), problem), True
    except ModelFileError:
        return Facts("model", "", "", False, None, None, False, problem), False


def _said(header: Header, problem: str) -> Facts:
    return Facts(
        kind=kind_of(header),
        architecture=header.architecture,
        quantization=header.quantization,
        quantization_named="general.file_type" in header.metadata,
        parameters=header.parameters,
        n_ctx_train=header.n_ctx_train,
        has_template=header.has_template,
        problem=problem,
    )


def _quantization(name: NameParts, facts: Facts) -> str:
    # general.file_type has no number for mixtures such as Q4_K_L or UD-Q4_K_XL: there the name knows more.
    if name.quantization and name.quantization not in FILE_TYPES.values():
        return name.quantization
    named = facts.quantization if facts.quantization_named else ""
    return named or name.quantization or facts.quantization


def _place(found: Found, path: Path) -> str:
    return found.name or str(path)


def _place_of(entry: ModelEntry) -> str:
    return entry.name if entry.source == "ollama" else str(entry.path)


def _identity(path: Path) -> _Mark:
    state = _state(path)
    return (state.st_dev, state.st_ino) if state else os.path.abspath(path)


def _state(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None
