"""`worker`: lets other machines lay layers of their models on this one."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tui.core.addresses import is_loopback
from tui.core.errors import ModelLoadError
from tui.core.units import format_bytes
from tui.engine.bindings import only_bindings
from tui.engine.machine import available_cores
from tui.monitor.memory import available_memory
from tui.run.guard import guarded
from tui.run.interrupt import Interruption
from tui.run.output import note


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How to work for others.

    Attributes:
        host: address to listen at.
        port: port to listen at; 0 takes a free one.
        mem: most mebibytes for each device; 0 for all there is.
        threads: of the processor; 0 for one for each core.
        cache_dir: where large tensors are kept for the next load; None keeps none.
    """

    host: str = "127.0.0.1"
    port: int = 50052
    mem: int = 0
    threads: int = 0
    cache_dir: Path | None = None


def work(options: WorkerOptions) -> int:
    """Offer this machine until a signal comes. Ends the process: llama.cpp's server cannot be ended otherwise.

    Returns:
        The exit status, where it could not begin.
    """
    out = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # llama.cpp's server prints there
    began = False

    def say(line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(out, f"{line}\n".encode())

    def run(_interruption: Interruption) -> int:
        nonlocal began
        only_bindings()
        try:
            from tui.engine import llama_log
            from tui.engine.rpc_worker import WorkerServer
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelLoadError("llama-cpp-python cannot be loaded", why=str(error)) from error
        llama_log.install()
        threads = options.threads or available_cores()
        server = WorkerServer(
            options.host, options.port,
            threads=threads, limit=options.mem << 20, cache_dir=_made(options.cache_dir), say=say,
            available=available_memory,
        )  # fmt: skip
        began = True
        if not is_loopback(options.host):
            _warn(options.host)
        reached = f"{'THIS-MACHINE' if options.host in ('0.0.0.0', '') else options.host}:{server.port}"
        say(f"working at {options.host}:{server.port}; where you sit: localllm-tui --rpc {reached}")
        for offer in server.offers:
            say(f"  {offer.name}  {offer.description}  {format_bytes(offer.memory.free)} of memory")
        say(f"  {threads} {'thread' if threads == 1 else 'threads'}; one program at a time; Ctrl+C ends it")
        server.serve()
        return 0

    status = guarded(run)
    if began:
        sys.stderr.flush()
        os._exit(status)
    os.dup2(out, 1)
    return status


def _warn(host: str) -> None:
    """Say what it means to listen where other machines can reach it."""
    for line in (
        f"warning: {host} can be reached from other machines, and llama.cpp's RPC asks nobody who they are:",
        "warning: whoever reaches this port can use this machine and may run their own code on it. Only in a network",
        "warning: that you trust. Safer: listen at 127.0.0.1 and reach it through SSH, from where you sit:",
        "warning:   ssh -N -L 50052:127.0.0.1:50052 THIS-MACHINE   and   localllm-tui --rpc 127.0.0.1:50052",
    ):
        note(line)


def _made(folder: Path | None) -> str:
    if folder is None:
        return ""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(folder)
