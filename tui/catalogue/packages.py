"""GGUF files that installed Python packages carry, such as the starter model."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_log = logging.getLogger("localllm.catalogue")


def packaged_ggufs() -> Iterator[tuple[str, Path]]:
    """Package name and path of each GGUF file; no package is imported."""
    from importlib.metadata import distributions  # slow to import

    for package in distributions():
        yield from _carried(package)


def _carried(package: Distribution) -> Iterator[tuple[str, Path]]:
    # A broken installation of something else must not empty the list of models.
    try:
        record = package.read_text("RECORD") or ""
        # Looked at as a text first: splitting the file list of every package costs a second in a large environment.
        if ".gguf" not in record.lower():
            return
        files, name = package.files or [], package.name
    except (OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error) as error:
        _log.info("the file list of an installed package cannot be read: %r", error)
        return
    for file in files:
        if file.name.lower().endswith(".gguf"):
            yield name, Path(str(file.locate())).resolve()
