"""The checks before a load: one clear line for each way in which it cannot work."""

from __future__ import annotations

import difflib
import errno
import os
from pathlib import Path

from tui.catalogue.fit import plan
from tui.catalogue.gguf_header import Header
from tui.catalogue.purpose import companion, no_text
from tui.catalogue.split import read_whole
from tui.core.errors import ModelFileError, OutOfMemoryError
from tui.core.parameters import LoadParams
from tui.core.text import printable
from tui.core.units import format_bytes, format_count

_MOST_NAMES = 5
_MOST_ENTRIES = 5000
"""Names of a folder that are looked at for a suggestion."""


def check_file(path: Path, *, embeddings: bool = False) -> Header:
    """Check that a path leads to a whole GGUF model that can write text.

    What llama.cpp alone can judge, such as an architecture that nobody knows, is left to it.

    Args:
        path: the file, or any part of a split model.
        embeddings: whether it is to make vectors instead; llama.cpp says whether it can.

    Returns:
        What its header says; of all parts together for a split model.

    Raises:
        ModelFileError: with one line on what is wrong and what to do.
    """
    _check_path(path)
    header = read_whole(path)
    reason = companion(header) if embeddings else no_text(header)
    if embeddings and reason:
        raise ModelFileError(f"{printable(str(path))} makes no vectors", why=f"it is {reason}")
    if reason:
        raise ModelFileError(f"{printable(str(path))} cannot chat or complete", why=reason)
    return header


def check_memory(header: Header, load: LoadParams, available: int) -> None:
    """Check that a load fits in memory.

    Args:
        header: of the model.
        load: the settings.
        available: bytes to be had, the memory of a model that is unloaded before included.

    Raises:
        OutOfMemoryError: it does not; names the largest context that does.
    """
    needed = plan(header, load)
    if needed.total <= available:
        return
    largest = needed.largest_context(available)
    what = f"{printable(header.path.name)} with a context of {format_count(needed.n_ctx)} tokens does not fit in memory"
    kv_cache = f", KV cache {format_bytes(needed.kv_cache)}" if needed.kv_cache else ""
    why = (
        f"it needs {format_bytes(needed.total)} (weights {format_bytes(needed.weights)}{kv_cache}) "
        f"and {format_bytes(available)} is available"
    )
    if largest and largest == header.n_ctx_train:
        hint = f"its trained context of {format_count(largest)} tokens fits (-c {largest})"
    elif largest:
        hint = f"the largest context that fits is {format_count(largest)} tokens (-c {largest})"
    else:
        hint = "no context fits; take a smaller model or quantization, or end other programs"
    raise OutOfMemoryError(what, why=why, hint=hint)


def _check_path(path: Path) -> None:
    shown = printable(str(path))
    try:
        if path.is_dir():
            raise ModelFileError(f"{shown} is a folder, not a model", hint=_inside(path))
        path.stat()
    except ValueError as error:  # a NUL in the path
        raise ModelFileError(f"cannot read {shown}", why=str(error)) from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            if path.is_symlink():
                raise ModelFileError(f"{shown} is a link to a file that is not there") from None
            raise ModelFileError(f"there is no file {shown}", hint=_near(path)) from None
        raise ModelFileError(f"cannot read {shown}", why=error.strerror or type(error).__name__) from None


def _near(path: Path) -> str:
    """A suggestion for a name that does not exist."""
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {printable(str(folder))} does not exist either"
    names = _gguf_names(folder)
    folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(path.name.lower(), folded, n=2, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(printable(folded[name]) for name in near) + "?"
    return f"that folder has {_listed(names)}" if names else ""


def _inside(folder: Path) -> str:
    names = _gguf_names(folder)
    return f"it has {_listed(names)}; name one of them" if names else "it has no GGUF file in it; name a file"


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _gguf_names(folder: Path) -> list[str]:
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False):
                if entry.name.lower().endswith(".gguf"):
                    names.append(entry.name)
    except OSError:
        return []
    return sorted(names)
