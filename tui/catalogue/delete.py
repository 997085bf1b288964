"""Delete a model: what goes, what stays, how much it frees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a model would do. Texts and paths are untrusted.

    Attributes:
        entry: the model.
        files: what is removed, in order: links, files, blobs.
        freed: bytes that the disk gets back.
        used_by: what else uses the weights, so that they stay; empty when nothing does.
        words: one or two sentences for the person who is asked.
    """

    entry: ModelEntry
    files: tuple[Path, ...]
    freed: int
    used_by: tuple[str, ...] = ()
    words: str = ""


def plan_delete(entry: ModelEntry) -> Deletion:
    """What deleting a model would remove; nothing is touched."""
    if entry.source == "package":
        raise LocalLLMError(
            f"{entry.name} belongs to the Python package {entry.origin}",
            hint=f"remove it with: pip uninstall {entry.origin}",
        )
    raise LocalLLMError("deleting is not possible here")


def delete(deletion: Deletion) -> None:
    """Remove what was planned."""
    for file in deletion.files:
        file.unlink()
