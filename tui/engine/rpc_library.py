"""The part of llama.cpp that llama-cpp-python has no bindings for: RPC, and the devices that a model is spread over."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import WorkerError
from tui.engine.child import Child, ChildDied, ChildError
from tui.engine.rpc_wire import PROTOCOL, Memory

_CPU, _GPU, _IGPU = 0, 1, 2  # enum ggml_backend_dev_type
_PATIENCE = 60.0

HOW_TO_BUILD = (
    "build it: CMAKE_ARGS=-DGGML_RPC=ON pip install --force-reinstall --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python"
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of ggml's.

    Attributes:
        pointer: ggml's own.
        name: ggml's name, such as `CPU`, `CUDA0`, `RPC0`.
        description: what it is; of a worker's device its endpoint.
    """

    pointer: int
    name: str
    description: str

    def memory(self) -> Memory:
        """Its memory now."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        _ggml().ggml_backend_dev_memory(self.pointer, ctypes.byref(free), ctypes.byref(total))
        return Memory(free.value, total.value)


def check_supported() -> None:
    """See that llama.cpp was built with RPC, and speaks the version that is understood here.

    Raises:
        WorkerError: it was not, or does not.
    """
    if not lib.llama_supports_rpc():
        raise WorkerError("this llama-cpp-python was built without RPC", hint=HOW_TO_BUILD)
    if (version := _protocol()) != PROTOCOL:
        raise WorkerError(
            "this llama-cpp-python speaks another RPC protocol",
            why=f"its version is {version}, and {PROTOCOL} is understood here",
        )


def add_server(endpoint: str) -> list[Device]:
    """The devices of a server. llama.cpp aborts where it cannot be reached.

    Args:
        endpoint: `host:port`. llama.cpp never forgets an endpoint, nor what its devices are.
    """
    add = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(_function("ggml_backend_rpc_add_server"))
    ggml, registry = _ggml(), add(endpoint.encode())
    if not registry:
        return []
    count = ggml.ggml_backend_reg_dev_count(registry)
    return [_device(ggml.ggml_backend_reg_dev_get(registry, index)) for index in range(count)]


def accelerators() -> list[Device]:
    """The GPUs of this machine that llama.cpp would use, the integrated ones where there are no others."""
    ggml = _ggml()
    pointers = [ggml.ggml_backend_dev_get(index) for index in range(ggml.ggml_backend_dev_count())]
    for kind in (_GPU, _IGPU):
        if found := [_device(pointer) for pointer in pointers if ggml.ggml_backend_dev_type(pointer) == kind]:
            return found
    return []


def own_devices() -> list[Device]:
    """What this machine offers to others: its GPUs, or else its processor."""
    return accelerators() or [_device(_ggml().ggml_backend_dev_by_type(_CPU))]


def start_server(endpoint: str, devices: list[Device], *, threads: int, cache_dir: str = "") -> None:
    """Serve devices to whoever connects, one program at a time. Returns only where it cannot listen.

    Args:
        endpoint: the IPv4 address and port to listen at.
        devices: which.
        threads: of the processor.
        cache_dir: where large tensors are kept; empty keeps none.
    """
    start = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)
    )(_function("ggml_backend_rpc_start_server"))
    pointers = (ctypes.c_void_p * len(devices))(*[device.pointer for device in devices])
    start(endpoint.encode(), cache_dir.encode() or None, threads, len(devices), pointers)


def device_array(devices: list[Device]) -> Any:
    """Devices as `llama_model_params.devices` wants them; to be kept until the model is loaded."""
    return (ctypes.c_void_p * (len(devices) + 1))(*[device.pointer for device in devices], None)


@cache
def _protocol() -> int:
    """The library's protocol version, which it only tells in what it prints when a server starts."""
    child = None
    try:
        child = Child("tui.engine.rpc_library")
        printed = child.ask(b"", _PATIENCE, lambda: False).decode("utf-8", "replace")
    except (ChildError, ChildDied):
        return 0
    finally:
        if child:
            child.close()
    found = re.search(r"RPC server v(\d+)\.", printed)
    return int(found[1]) if found else 0


def main() -> None:
    """Let llama.cpp print its RPC version: a server is started at an address that is none. For a process of its own."""
    lib.llama_backend_init()
    start_server("nowhere", own_devices(), threads=1)
    ctypes.CDLL(None).fflush(None)


def _function(name: str) -> int:
    """The address of a function of the RPC backend, found as llama.cpp's own tools do."""
    ggml = _ggml()
    registry = ggml.ggml_backend_reg_by_name(b"RPC")
    address = ggml.ggml_backend_reg_get_proc_address(registry, name.encode()) if registry else None
    if not address:
        raise WorkerError("this llama-cpp-python was built without RPC", hint=HOW_TO_BUILD)
    return int(address)


def _device(pointer: int) -> Device:
    ggml = _ggml()
    name, description = ggml.ggml_backend_dev_name(pointer), ggml.ggml_backend_dev_description(pointer)
    return Device(pointer, name.decode("utf-8", "replace"), description.decode("utf-8", "replace"))


@cache
def _ggml() -> Any:
    """The shared library that has ggml's devices, with its functions declared."""
    libggml = lib._lib  # libllama, through which the libraries that it needs are found
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "ggml_backend_reg_by_name": (pointer, [text]),
        "ggml_backend_reg_get_proc_address": (pointer, [pointer, text]),
        "ggml_backend_reg_dev_count": (size, [pointer]),
        "ggml_backend_reg_dev_get": (pointer, [pointer, size]),
        "ggml_backend_dev_count": (size, []),
        "ggml_backend_dev_get": (pointer, [size]),
        "ggml_backend_dev_by_type": (pointer, [ctypes.c_int]),
        "ggml_backend_dev_type": (ctypes.c_int, [pointer]),
        "ggml_backend_dev_name": (text, [pointer]),
        "ggml_backend_dev_description": (text, [pointer]),
        "ggml_backend_dev_memory": (None, [pointer, ctypes.POINTER(size), ctypes.POINTER(size)]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(libggml, name)
        function.restype, function.argtypes = result, arguments
    return libggml
