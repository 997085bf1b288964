"""Who holds the loaded model: one engine, at most one model, checked before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.core.endpoints import address_of
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.machine import Machine
from tui.engine.planner import NoPlanError, Plan, identity
from tui.engine.ticket import Ticket
from tui.monitor.cpu import free_cores, usable_cores
from tui.monitor.memory import available_memory
from tui.services.load_check import LoadCheck

if TYPE_CHECKING:
    from tui.services.remote.engine import RemoteEngine


class ModelHost:
    """Loads and unloads models for a front end.

    Args:
        engine: the engine to use; by default a new one that begins with as many threads as there are physical cores,
            since llama.cpp's threads wait for each other at every step.
        offline: tells whether only endpoints on this machine may be asked.
    """

    def __init__(self, engine: Engine | None = None, offline: Callable[[], bool] = lambda: False) -> None:
        self._local = engine or Engine(machine=Machine(usable_cores, free_cores, available_memory))
        self._offline = offline
        self._remote: RemoteEngine | None = None
        self._load_check = LoadCheck(lambda: self._local.sequences)
        self._held: dict[str, int] = {}
        self._files: dict[str, tuple[str, int, int]] = {}

    @property
    def engine(self) -> Engine:
        """What generates: llama.cpp in this process, or an endpoint while that is what was loaded last."""
        remote = self._remote
        return remote if remote is not None and remote.model is not None and self._local.model is None else self._local

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        return self.engine.model

    def load(self, path: Path, params: LoadParams) -> Ticket:
        """Load a model in place of the loaded one.

        A file that is no model fails with one clear line and leaves the loaded model as it is; so does one on which
        llama.cpp aborts, and a context that does not fit in memory (unless `params.fit` is off). Where the loaded model
        is to have other LoRA adapters and nothing else has changed, its weights stay.

        Args:
            path: the GGUF file, or what stands for an endpoint.
            params: how to load it.

        Returns:
            The engine's ticket.
        """
        if address_of(path) is not None:
            return self._load_remote(path, params)
        if self._local.model is not None and self._remote is not None:
            self._remote.unload()
        if self._differs_in_adapters(path, params):
            return self.set_adapters(params.lora)
        return self._local.load(
            path,
            params,
            check=lambda cancelled: self._check(path, params, cancelled),
            begin_with=lambda: _measured_threads(path),
        )

    def plan(self, path: Path, params: LoadParams) -> Plan:
        """What a load would take, as llama.cpp itself says. Loads nothing; for a worker thread.

        The first question about a file takes a fraction of a second, further ones milliseconds.

        Raises:
            LocalLLMError: as `Planner.plan`.
        """
        if address_of(path) is not None:
            raise NoPlanError("A remote model takes no memory here")
        return self._load_check.plan(path, params)

    def unload(self) -> Ticket:
        """Unload the model, if one is loaded."""
        if self._remote is None or self.engine is self._local:
            return self._local.unload()
        return self._remote.unload()

    def set_adapters(self, lora: Sequence[str]) -> Ticket:
        """Lay other LoRA adapters over the loaded model, without loading it again; see `Engine.set_adapters`.

        An adapter on which llama.cpp aborts fails with one clear line, as a model does, and so does one too many for
        the memory.
        """

        def check(cancelled: Callable[[], bool]) -> None:
            if model := self.model:
                self._check(Path(model.path), replace(model.params, lora=tuple(lora)), cancelled)

        return self.engine.set_adapters(lora, check)

    def set_places(self, clients: int) -> Ticket:
        """Let clients ask the loaded model beside the person, who keeps a place of their own.

        Refused where the memory for so many places is not there: what is loaded then stays as it is.

        Args:
            clients: how many of their generations may run side by side; 0 for none.
        """

        def check(cancelled: Callable[[], bool]) -> None:
            if (model := self._local.model) and clients + 1 > self._local.sequences:
                self._check(Path(model.path), model.params, cancelled, clients + 1)

        return self.engine.set_sequences(clients + 1, min(clients, 1), check)

    def close(self, timeout: float = 1.0) -> bool:
        """End everything; see `Engine.close`."""
        self._load_check.close()
        done = self._remote is None or self._remote.close(timeout)
        return self._local.close(timeout) and done

    @property
    def remote(self) -> RemoteEngine:
        """What asks endpoints; nothing is asked before it is told to."""
        if self._remote is None:
            from tui.services.remote.engine import RemoteEngine

            self._remote = RemoteEngine(self._offline)
        return self._remote

    def _load_remote(self, path: Path, params: LoadParams) -> Ticket:
        def make_room(_cancelled: Callable[[], bool]) -> None:
            if self._local.model is not None:
                self._local.unload().wait()

        return self.remote.load(path, params, check=make_room)

    def _differs_in_adapters(self, path: Path, params: LoadParams) -> bool:
        model = self.model
        if model is None or model.path != str(path) or params.lora == model.params.lora:
            return False
        return replace(params, lora=model.params.lora) == model.params and self._files.get(str(path)) == identity(path)

    def _check(
        self, path: Path, params: LoadParams, cancelled: Callable[[], bool], sequences: int | None = None
    ) -> None:
        loaded = self.model
        self._files[str(path)] = identity(path)
        freed = self._held.get(loaded.path, loaded.context_bytes) if loaded else 0
        plan = self._load_check.check(path, params, freed, cancelled, sequences)
        if plan:
            # Mapped weights count as available already: they lie in the page cache.
            self._held[str(path)] = plan.total - (plan.weights if params.mmap else 0)


def _measured_threads(path: Path) -> int | None:
    from tui.services.bench_results import fastest_threads  # not needed for the first frame

    return fastest_threads(path)
