"""Delete one of Ollama's models: its manifest, and the blobs that no other manifest names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tui.catalogue.deletion import Deletion, freed_by, make, refused
from tui.catalogue.entry import ModelEntry
from tui.catalogue.ollama import MODEL, Manifest, every_manifest
from tui.core.text import one_line


def plan_ollama(entry: ModelEntry) -> Deletion:
    """What `ollama rm NAME` would remove.

    Raises:
        LocalLLMError: it cannot be deleted here.
    """
    hint = f"try: ollama rm {one_line(entry.name)}"
    if entry.kind in ("mmproj", "adapter"):
        raise refused(entry, f"it is a part of Ollama's model {one_line(entry.name)}", "delete that")
    known = list(every_manifest(Path(entry.origin)))
    mine = [manifest for manifest in known if manifest.name == entry.name]
    others = [manifest for manifest in known if manifest.name != entry.name]
    if not mine:
        raise refused(entry, "Ollama no longer knows it", "search again")
    for manifest in known:
        # What it needs is not known, so that any blob may be one of its own.
        if not manifest.layers:
            raise refused(entry, f"Ollama's manifest {one_line(str(manifest.path))} cannot be read", hint)
    kept = _blobs(others)
    blobs = [blob for blob in _blobs(mine) if blob not in kept]
    used_by = tuple(manifest.name for manifest in others if _weights([manifest]) & _weights(mine))
    words = "Ollama will no longer have this model."
    if used_by:
        words = "The weights stay: other names in Ollama use them."
    files = [*(manifest.path for manifest in mine), *blobs]
    return make(entry, files, freed=freed_by(files), used_by=used_by, words=words, hint=hint)


def _blobs(manifests: Iterable[Manifest]) -> dict[Path, None]:
    return {layer.blob: None for manifest in manifests for layer in manifest.layers}


def _weights(manifests: Iterable[Manifest]) -> set[Path]:
    return {layer.blob for manifest in manifests for layer in manifest.layers if layer.media_type == MODEL}
