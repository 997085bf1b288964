"""Who holds the loaded model: one engine, at most one model, checked before it is loaded."""

from __future__ import annotations

from pathlib import Path

from tui.catalogue.check import check_file, check_memory
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket
from tui.monitor.cpu import usable_cores
from tui.monitor.memory import available_memory


class ModelHost:
    """Loads and unloads models for a front end.

    Args:
        engine: the engine to use; by default a new one that begins with as many threads as there are physical cores,
            since llama.cpp's threads wait for each other at every step.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or Engine(cores=usable_cores)

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        return self.engine.model

    def load(self, path: Path, params: LoadParams) -> Ticket:
        """Load a model in place of the loaded one.

        A file that is no model fails with one clear line and leaves the loaded model as it is; so does a context that
        does not fit in memory.

        Args:
            path: the GGUF file.
            params: how to load it.

        Returns:
            The engine's ticket.
        """
        return self.engine.load(path, params, lambda: self._check(path, params))

    def unload(self) -> Ticket:
        """Unload the model, if one is loaded."""
        return self.engine.unload()

    def close(self, timeout: float = 1.0) -> bool:
        """End everything; see `Engine.close`."""
        return self.engine.close(timeout)

    def _check(self, path: Path, params: LoadParams) -> None:
        header = check_file(path)
        loaded = self.model
        freed = loaded.context_bytes if loaded else 0
        check_memory(header, params, available_memory() + freed)
