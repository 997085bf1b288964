"""Workers: other machines that hold and compute some of a model's layers, by llama.cpp's RPC backend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tui.core.errors import SettingError, WorkerError
from tui.core.events import Placement
from tui.core.parameters import LoadParams
from tui.core.units import format_bytes
from tui.engine import llama_log, rpc_library
from tui.engine.rpc_library import Device
from tui.engine.rpc_relay import Relay
from tui.engine.rpc_wire import Memory, Worker, greet, parse_worker

_PATIENCE = 5.0
THIS_MACHINE = "this machine"


def check_workers(params: LoadParams) -> None:
    """See what can be seen before anything is unloaded for it.

    Raises:
        LocalLLMError: a worker's name makes no sense, or llama.cpp was built without RPC.
    """
    shares(params)
    if params.rpc:
        _named(params.rpc)
        rpc_library.check_supported()


def shares(params: LoadParams) -> tuple[float, ...]:
    """The shares of the layers that each device is to have; empty where their free memory decides.

    Raises:
        SettingError: one is no number.
    """
    texts = [part for text in params.tensor_split for part in text.replace("/", ",").split(",") if part.strip()]
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        numbers = (-1.0,)
    if any(not 0 <= number < float("inf") for number in numbers) or (numbers and not any(numbers)):
        raise SettingError(f"tensor_split cannot be {','.join(texts)}", hint="it takes numbers such as 3,1")
    return numbers


class Workers:
    """The workers of one load.

    Args:
        names: `host:port` each.

    Attributes:
        devices: what the model's layers may lie on, the workers' devices first, as llama.cpp orders them.

    Raises:
        LocalLLMError: one of them cannot be used; none is held then.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._relays: list[Relay] = []
        self._owners: dict[str, tuple[Relay, Memory]] = {}
        self.devices: list[Device] = []
        try:
            for worker in _named(names):
                self._relays.append(Relay(worker, greet(worker, _PATIENCE)))
            for relay in self._relays:
                self._register(relay)
        except BaseException:
            self.close()
            raise
        self.devices += rpc_library.accelerators()

    @property
    def free(self) -> int:
        """Bytes that the workers' devices and this machine's GPUs had free before the load."""
        here = sum(device.memory().free for device in self.devices if device.name not in self._owners)
        return here + sum(memory.free for _, memory in self._owners.values())

    @property
    def lost(self) -> bool:
        """Whether one of them is lost; what is computed since is worth nothing. Any thread."""
        return any(relay.lost for relay in self._relays)

    def check(self) -> None:
        """See that all of them are there.

        Raises:
            WorkerError: one is lost.
        """
        for relay in self._relays:
            if relay.lost:
                raise WorkerError(
                    f"the worker {relay.worker} is lost",
                    why=relay.lost,
                    hint="the conversation is kept; start the worker again and load the model again (F9)",
                )

    def hurry(self) -> None:
        """Somebody wants to stop. Any thread."""
        for relay in self._relays:
            relay.hurry()

    def plain(self, text: str) -> str:
        """What llama.cpp says, with the workers' own names in it."""
        for relay in self._relays:
            text = re.sub(rf"RPC\d+\[{re.escape(relay.endpoint)}\]", f"{relay.worker}'s", text)
        return text

    def placements(self, *sizes: dict[str, int], layers: dict[str, int]) -> tuple[Placement, ...]:
        """What lies where.

        Args:
            sizes: bytes by the name of llama.cpp's buffers, such as `RPC0[127.0.0.1:50052]`.
            layers: number of layers by the name of the device.
        """
        found = []
        for device in self.devices:
            owner = self._owners.get(device.name)
            held = sum(size for sized in sizes for name, size in sized.items() if self._lies_on(name, device))
            memory = device.memory()
            found.append(
                Placement(
                    device=str(owner[0].worker) if owner else f"{device.name}, {THIS_MACHINE}",
                    layers=layers.get(device.name, 0),
                    size=held,
                    free_before=owner[1].free if owner else 0,
                    free=memory.free,
                    total=memory.total,
                )
            )
        here = sum(size for sized in sizes for name, size in sized.items()) - sum(one.size for one in found)
        here_layers = sum(layers.values()) - sum(one.layers for one in found)
        return (*found, Placement(THIS_MACHINE, here_layers, here))

    def close(self) -> None:
        """Let go of the workers, when everything that lies there was freed. May be called again."""
        while self._relays:
            self._relays.pop().close()

    def _register(self, relay: Relay) -> None:
        found = rpc_library.add_server(relay.endpoint)
        if not found:
            raise WorkerError(f"the worker {relay.worker} has no device", hint="look at what it printed")
        for device, memory in zip(found, relay.memory, strict=False):
            self._owners[device.name] = relay, memory
            self.devices.append(device)

    def _lies_on(self, buffer: str, device: Device) -> bool:
        """Whether a buffer lies on a device; RPC buffers are called by the device's number at its worker."""
        owner = self._owners.get(device.name)
        if owner is None:
            return buffer in (device.name, f"{device.name}_Split")
        same = [name for name, (relay, _) in self._owners.items() if relay is owner[0]]
        return buffer == f"RPC{same.index(device.name)}[{owner[0].endpoint}]"


def hurry(workers: Workers | None) -> None:
    """Somebody wants to stop: workers shall not be waited for too long. Any thread."""
    if workers:
        workers.hurry()


def open_workers(path: Path, params: LoadParams) -> Workers | None:
    """The workers that a load asks for; None where it asks for none.

    Raises:
        LocalLLMError: one of them cannot be used, or they are too small.
    """
    if not params.rpc:
        return None
    workers = Workers(params.rpc)
    size = 0
    with suppress(OSError):
        size = path.stat().st_size
    if params.fit == "on" and params.n_gpu_layers < 0 and size > workers.free:
        free = workers.free
        workers.close()
        raise WorkerError(
            "the model does not fit in the memory of the workers",
            why=f"it has {format_bytes(size)} and they have {format_bytes(free)} free",
            hint="keep layers on this machine with -ngl, add a worker, or insist with --fit off",
        )
    return workers


def placed_bytes(*kinds: str) -> dict[str, int]:
    """Bytes of the buffers made since llama.cpp's log began anew, by their names."""
    return llama_log.log.buffers_by_name(*kinds)


def _named(names: Sequence[str]) -> list[Worker]:
    """The workers, each once; as llama.cpp has it, several may be named at once, with commas."""
    return list(dict.fromkeys(parse_worker(name) for text in names for name in text.split(",") if name.strip()))
