"""Delete a model: what goes, what stays, how much it frees. Asked first, done after."""

from __future__ import annotations

import os
from pathlib import Path

from tui.catalogue.delete_hub import cached_file, plan_hub, unlink_shared
from tui.catalogue.delete_ollama import plan_ollama
from tui.catalogue.deletion import Deletion, freed_by, has_other_names, make, refused, remove
from tui.catalogue.entry import ModelEntry
from tui.catalogue.llama_cache import SIDECARS
from tui.core.errors import LocalLLMError
from tui.core.text import one_line

__all__ = ["Deletion", "delete", "plan_delete"]


def plan_delete(entry: ModelEntry) -> Deletion:
    """What deleting a model would remove; nothing is touched.

    Raises:
        LocalLLMError: it cannot be deleted here; the line says why, and what to do instead.
    """
    if entry.source == "package":
        name = one_line(entry.origin)
        raise refused(entry, f"it belongs to the Python package {name}", f"run: pip uninstall {name}")
    if entry.source == "ollama":
        return plan_ollama(entry)
    cached = [file for path in entry.files if (file := cached_file(path)) is not None]
    if cached and len(cached) == len(entry.files) and len({file.repository for file in cached}) == 1:
        return plan_hub(entry, cached)
    return _plan_files(entry)


def delete(deletion: Deletion) -> None:
    """Do what was planned. A loaded model is for the caller to unload before.

    Raises:
        LocalLLMError: something has changed since it was planned and nothing was removed; or something could not be
            removed, and the line names what is left.
    """
    now = plan_delete(deletion.entry)
    if (now.files, now.identities, now.used_by) != (deletion.files, deletion.identities, deletion.used_by):
        raise refused(deletion.entry, "its files have changed since", "search again, then delete it")
    remove(deletion)
    if deletion.shared:
        unlink_shared(deletion.shared)
        if left := [blob for blob in deletion.shared if os.path.lexists(blob)]:
            raise LocalLLMError(
                f"{one_line(deletion.entry.name)} was only in part deleted", why=f"{one_line(str(left[0]))} is left"
            )


def _plan_files(entry: ModelEntry) -> Deletion:
    files = [*entry.files, *_sidecars(entry)]
    freed = freed_by(files)
    links = [file for file in entry.files if file.is_symlink()]
    if links:
        target = one_line(os.path.realpath(links[0]))
        words = f"Only the link goes; the file {target} stays."
        return make(entry, files, freed=freed, words=words)
    pointing = tuple(place for place in entry.also_at if _leads_to(place, entry.files))
    same = tuple(place for place in entry.also_at if place not in pointing)
    words = "All its parts go for good." if len(entry.files) > 1 else "The file goes for good."
    if pointing:
        words = "Links to it will lead to nothing."
    elif not freed and has_other_names(entry.files):
        words = "The same file has other names (hard links), so that no space is freed."
    return make(entry, files, freed=freed, used_by=pointing + same, words=words)


def _sidecars(entry: ModelEntry) -> list[Path]:
    if entry.source != "llama.cpp":
        return []
    return [Path(f"{file}{ending}") for file in entry.files for ending in SIDECARS]


def _leads_to(place: str, files: tuple[Path, ...]) -> bool:
    return os.path.islink(place) and os.path.realpath(place) in {os.path.realpath(file) for file in files}
