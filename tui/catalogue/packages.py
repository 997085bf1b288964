"""GGUF files that installed Python packages carry, such as the starter model."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path


def packaged_ggufs() -> Iterator[tuple[str, Path]]:
    """Package name and path of each GGUF file; no package is imported."""
    for package in distributions():
        yield from _carried(package)


def _carried(package: Distribution) -> Iterator[tuple[str, Path]]:
    # A broken installation of something else must not empty the list of models.
    try:
        record = package.read_text("RECORD") or ""
        # Looked at as a text first: splitting the file list of every package costs a second in a large environment.
        if ".gguf" not in record.lower():
            return
        files = package.files or []
        name = package.name
    except Exception:
        return
    for file in files:
        if file.name.lower().endswith(".gguf"):
            yield name, Path(str(file.locate())).resolve()
