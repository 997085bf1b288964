"""Models that clients ask for by name: loaded when they are wanted, as many at once as memory holds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tui.core.errors import CancelledError, LocalLLMError, ModelFileError, NoModelError, OutOfMemoryError
from tui.core.events import Failed, ModelInfo
from tui.core.parameters import LoadParams
from tui.services.model_host import ModelHost
from tui.settings.logs import PROGRAM

_LOGGER = logging.getLogger(PROGRAM)
_TURN = 0.5
"""Seconds between two looks whether somebody who waits has gone."""
_LOOK = 1.0
"""Seconds between two looks for models that nobody has used for long."""


class Models(Protocol):
    """Where clients' models come from."""

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for."""

    @property
    def loaded(self) -> tuple[str, ...]:
        """What is in memory."""

    def look(self, name: str) -> ModelInfo | None:
        """A model that is in memory, to tell of it; that is no use of it. None when it is not."""

    def known(self, name: str) -> ModelInfo | None:
        """What a model was when it was in memory last; None when it never was."""

    def find(self, asked: str) -> tuple[str, Path]:
        """Name and file of the model that a client means; raises LocalLLMError where there is none."""

    def lend_loaded(self, asked: str, *, quietly: bool = False) -> Lease | None:
        """The model that a client means, if it is in memory; returns at once. Quietly is no use that keeps it there."""

    def lend(self, asked: str, cancelled: Callable[[], bool] = ...) -> Lease:
        """The model that a client means; waits for it."""

    def give_back(self, name: str, *, quietly: bool = False) -> None:
        """Somebody does not use a model any more."""

    def close(self, timeout: float = 2.0) -> bool:
        """End everything; whether it was done in time."""


@dataclass(slots=True)
class _Resident:
    """A model in memory, or on its way there."""

    host: ModelHost
    users: int = 0
    used: float = 0.0
    ready: bool = False


@dataclass(slots=True)
class Lease:
    """A model that stays loaded until `close`.

    Attributes:
        name: what clients know it as.
        host: where it is.
    """

    name: str
    host: ModelHost
    _pool: Models
    _quietly: bool = False
    _closed: bool = field(default=False)

    @property
    def model(self) -> ModelInfo:
        """The loaded model.

        Raises:
            ModelFileError: somebody unloaded it meanwhile.
        """
        model = self.host.model
        if model is None:
            raise ModelFileError(f"{self.name} is not loaded any more", hint="ask again")
        return model

    def close(self) -> None:
        """It may be unloaded now. May be called again."""
        if not self._closed:
            self._closed = True
            self._pool.give_back(self.name, quietly=self._quietly)


class ModelPool:
    """Keeps models that were asked for in memory; where there is no room, the one used least recently goes first.

    A model that is in use is never unloaded for another one: who asks for that waits until one is free.

    Args:
        models: the files by the names that clients use.
        params: how each is loaded.
        make_host: makes what a model is loaded into.
        any_name: whether every name means the only model there is.
        idle_seconds: after how long without use a model's memory is given back; 0 for never.
        wait_seconds: how long to wait for memory that others use.
    """

    def __init__(
        self,
        models: Mapping[str, Path],
        params: Callable[[Path], LoadParams],
        make_host: Callable[[], ModelHost],
        *,
        any_name: bool = False,
        idle_seconds: float = 0.0,
        wait_seconds: float = 60.0,
    ) -> None:
        self._models = dict(models)
        self._params = params
        self._make_host = make_host
        self._any_name = any_name
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._residents: dict[str, _Resident] = {}
        self._known: dict[str, ModelInfo] = {}
        self._changed = threading.Condition()
        self._loading = threading.Lock()
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        if idle_seconds > 0:
            self._watcher = threading.Thread(target=self._watch, name="idle models", daemon=True)
            self._watcher.start()

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for."""
        return tuple(self._models)

    @property
    def loaded(self) -> tuple[str, ...]:
        """What is in memory."""
        with self._changed:
            return tuple(name for name, one in self._residents.items() if one.ready)

    def look(self, name: str) -> ModelInfo | None:
        """A model that is in memory, to tell of it; that is no use of it. None when it is not."""
        with self._changed:
            resident = self._residents.get(name)
            return resident.host.model if resident is not None and resident.ready else None

    def known(self, name: str) -> ModelInfo | None:
        """What a model was when it was in memory last; None when it never was."""
        return self._known.get(name)

    def find(self, asked: str) -> tuple[str, Path]:
        """Name and file of the model that a client means.

        Raises:
            ModelFileError: there is none of this name.
        """
        name = self.name_of(asked)
        return name, self._models[name]

    def name_of(self, asked: str) -> str:
        """The name of the model that a client means.

        Raises:
            ModelFileError: there is none of this name.
        """
        if asked in self._models:
            return asked
        if self._any_name or (not asked and len(self._models) == 1):
            return next(iter(self._models))
        known = ", ".join(list(self._models)[:8])
        raise ModelFileError(f"There is no model called {asked[:100]}", hint=f"the models here are {known}")

    def lend_loaded(self, asked: str, *, quietly: bool = False) -> Lease | None:
        """The model that a client means, if it is in memory; returns at once.

        Args:
            asked: as the client names it.
            quietly: whether this is no use that keeps it in memory afterwards.

        Raises:
            ModelFileError: there is none of this name.
        """
        name = self.name_of(asked)
        with self._changed:
            resident = self._residents.get(name)
            if resident is None or not resident.ready or resident.host.model is None:
                return None
            return self._lend(name, resident, quietly=quietly)

    def lend(self, asked: str, cancelled: Callable[[], bool] = lambda: False) -> Lease:
        """The model that a client means, loaded if it is not; waits.

        Args:
            asked: as the client names it.
            cancelled: whether to give up.

        Raises:
            LocalLLMError: there is none, it cannot be loaded, or memory did not become free in time.
        """
        end = time.monotonic() + self._wait_seconds
        while True:
            if lease := self.lend_loaded(asked):
                return lease
            # One load at a time: the next one then knows what memory is left.
            if self._loading.acquire(timeout=_TURN):
                try:
                    if lease := self.lend_loaded(asked):
                        return lease
                    return self._load(self.name_of(asked), cancelled)
                except OutOfMemoryError:
                    if self._unload_least_used():
                        continue
                    if time.monotonic() > end or not self._in_use():
                        raise
                finally:
                    self._loading.release()
                with self._changed:
                    self._changed.wait(_TURN)
            if cancelled() or self._closed.is_set():
                raise CancelledError("The client went away")

    def give_back(self, name: str, *, quietly: bool = False) -> None:
        """Somebody does not use a model any more."""
        with self._changed:
            resident = self._residents.get(name)
            if resident is not None:
                resident.users -= 1
                resident.used = resident.used if quietly else time.monotonic()
            self._changed.notify_all()

    def close(self, timeout: float = 2.0) -> bool:
        """Unload everything; whether it was done in time."""
        self._closed.set()
        with self._changed:
            residents = list(self._residents.values())
            self._residents.clear()
        done = [resident.host.close(timeout) for resident in residents]
        return all(done)

    def _load(self, name: str, cancelled: Callable[[], bool]) -> Lease:
        path = self._models[name]
        host = self._make_host()
        ticket = host.load(path, self._params(path))
        while not ticket.wait(0.1):
            if cancelled() or self._closed.is_set():
                ticket.cancel()
        last = ticket.drain()[-1]
        if isinstance(last, Failed):
            host.close(2.0)
            raise last.error
        resident = _Resident(host, ready=True)
        with self._changed:
            if not self._closed.is_set():
                self._residents[name] = resident
                if host.model:
                    self._known[name] = host.model
                _LOGGER.info("%s was loaded for a client", path.name)
                return self._lend(name, resident)
        host.close(2.0)
        raise CancelledError("The program is closing")

    def _lend(self, name: str, resident: _Resident, *, quietly: bool = False) -> Lease:
        resident.users += 1
        resident.used = resident.used if quietly else time.monotonic()
        return Lease(name, resident.host, self, quietly)

    def _in_use(self) -> bool:
        with self._changed:
            return any(resident.users for resident in self._residents.values())

    def _unload_least_used(self) -> bool:
        with self._changed:
            idle = [(one.used, name) for name, one in self._residents.items() if not one.users]
            if not idle:
                return False
            name = min(idle)[1]
            resident = self._residents.pop(name)
        self._unload(name, resident)
        return True

    def _unload(self, name: str, resident: _Resident) -> None:
        resident.host.close(10.0)
        _LOGGER.info("%s was unloaded", name)
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        while not self._closed.wait(min(_LOOK, self._idle_seconds)):
            long_ago = time.monotonic() - self._idle_seconds
            with self._changed:
                gone = [n for n, one in self._residents.items() if not one.users and one.used < long_ago]
                residents = [(name, self._residents.pop(name)) for name in gone]
            for name, resident in residents:
                try:
                    self._unload(name, resident)
                except LocalLLMError as error:
                    _LOGGER.warning("%s", error.line())


class HeldModel:
    """The pool of a front end that has its own model: whatever a client names, that is the one.

    Args:
        host: where the person's model is.
        alias: what clients know it as; empty for the file's name.
    """

    def __init__(self, host: ModelHost, alias: str = "") -> None:
        self._host = host
        self._alias = alias

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for: nothing while no model is loaded."""
        model = self._host.model
        return (self._name(model),) if model else ()

    @property
    def loaded(self) -> tuple[str, ...]:
        """What is in memory."""
        return self.names

    def look(self, name: str) -> ModelInfo | None:
        """The loaded model; None while there is none, or when it is called otherwise."""
        return self._host.model if name in self.names else None

    def known(self, name: str) -> ModelInfo | None:
        """The loaded model: there is no other."""
        return self.look(name)

    def find(self, asked: str) -> tuple[str, Path]:
        """Name and file of the loaded model.

        Raises:
            NoModelError: there is none.
        """
        model = self._host.model
        if model is None:
            raise _nothing_held()
        return self._name(model), Path(model.path)

    def lend_loaded(self, asked: str, *, quietly: bool = False) -> Lease | None:
        """The loaded model; None while there is none."""
        names = self.names  # asked once: the person may unload it at any moment
        return Lease(names[0], self._host, self) if names else None

    def lend(self, asked: str, cancelled: Callable[[], bool] = lambda: False) -> Lease:
        """The loaded model.

        Raises:
            NoModelError: there is none.
        """
        if lease := self.lend_loaded(asked):
            return lease
        raise _nothing_held()

    def give_back(self, name: str, *, quietly: bool = False) -> None:
        """Nothing to do: the person decides what is loaded."""

    def close(self, timeout: float = 2.0) -> bool:
        """Nothing to do: the model is the person's."""
        return True

    def _name(self, model: ModelInfo) -> str:
        return self._alias or model_name(Path(model.path))


def _nothing_held() -> NoModelError:
    return NoModelError("No model is loaded", hint="load one in the application")


def model_name(path: Path) -> str:
    """What clients know a file as, unless they are told otherwise."""
    return path.name.removesuffix(".gguf")
