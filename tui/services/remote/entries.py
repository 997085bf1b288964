"""Kept endpoints as models of the list."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tui.catalogue.delete import Deletion
from tui.catalogue.entry import ModelEntry
from tui.core.endpoints import Endpoint
from tui.settings.endpoints import read_endpoints

_LOGGER = logging.getLogger("localllm.remote")


def endpoint_entries() -> Iterator[ModelEntry]:
    """The kept endpoints. Reads a file and asks no server."""
    endpoints = read_endpoints()
    for problem in endpoints.problems:
        _LOGGER.warning("%s", problem)
    yield from map(entry_of, endpoints.all)


def entry_of(endpoint: Endpoint) -> ModelEntry:
    """An endpoint as a model of the list; what only a file has is unknown."""
    return ModelEntry(
        path=endpoint.path,
        name=endpoint.name,
        file_size=0,
        quantization="",
        parameters=None,
        architecture="",
        n_ctx_train=None,
        has_template=True,
        source="endpoint",
        origin=endpoint.base_url,
    )


def plan_removal(entry: ModelEntry) -> Deletion:
    """What taking an endpoint off the list does: no file goes."""
    return Deletion(entry, (), 0, words="Nothing changes at its server, and the key stays where it is.")
