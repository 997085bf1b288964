"""The check before a load: is it a model, does llama.cpp survive it, does it fit in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from tui.catalogue.check import check_file, check_memory
from tui.catalogue.gguf_header import Header
from tui.core.errors import OutOfMemoryError
from tui.core.parameters import LoadParams
from tui.core.text import printable
from tui.core.units import format_bytes, format_count
from tui.engine.planner import NoPlanError, Plan, Planner, never
from tui.monitor.memory import available_memory, free_swap
from tui.services.plan_cache import PlanCache

_LOGGER = logging.getLogger("localllm.memory")


class LoadCheck:
    """Plans loads, and refuses those that cannot work.

    Args:
        sequences: tells how many generations the engine serves side by side.
        planner: asks llama.cpp; by default a new one.
        cache: keeps the answers; by default the person's.
    """

    def __init__(
        self,
        sequences: Callable[[], int] = lambda: 1,
        planner: Planner | None = None,
        cache: PlanCache | None = None,
    ) -> None:
        self._sequences = sequences
        self._planner = planner or Planner()
        self._cache = cache or PlanCache()

    def plan(
        self, path: Path, load: LoadParams, cancelled: Callable[[], bool] = never, sequences: int | None = None
    ) -> Plan:
        """What a load would take: as it was planned before, or asked of llama.cpp now.

        Args:
            path: the GGUF file.
            load: how it would be loaded.
            cancelled: whether to give up.
            sequences: generations side by side; None for as many as the engine serves.

        Raises:
            LocalLLMError: as `Planner.plan`.
        """
        count = sequences or self._sequences()
        plan = self._cache.get(path, load, count)
        if plan is None:
            plan = self._planner.plan(path, load, sequences=count, cancelled=cancelled)
            self._cache.put(path, load, count, plan)
        return plan

    def check(
        self,
        path: Path,
        load: LoadParams,
        freed: int,
        cancelled: Callable[[], bool] = never,
        sequences: int | None = None,
    ) -> Plan | None:
        """Check a file before it is loaded.

        Args:
            path: the GGUF file.
            load: how it is to be loaded; its `fit` says whether it has to fit in memory.
            freed: bytes that the loaded model gives back first.
            cancelled: whether to give up.
            sequences: as for `plan`.

        Returns:
            What the load takes; None when llama.cpp could not be asked, and an estimate had to do.

        Raises:
            ModelFileError: it is no model that can write text.
            ModelLoadError: llama.cpp refused it, or aborted on it.
            OutOfMemoryError: it does not fit; names what would, and how to insist.
            CancelledError: `cancelled` said so.
        """
        header = check_file(path, embeddings=load.embeddings)
        available = available_memory() + freed
        count = sequences or self._sequences()
        try:
            plan = self.plan(path, load, cancelled, count)
        except NoPlanError as error:
            _LOGGER.warning("%s; it is estimated from the header", error.line())
            if load.fit == "on" and not load.embeddings:  # what a header tells of is a context that writes
                check_memory(header, load, available)
            return None
        _LOGGER.info("%s: %s planned, %s available", path.name, format_bytes(plan.total), format_bytes(available))
        if load.fit == "on" and plan.total > available:
            raise self._too_big(header, load, plan, available, count, cancelled)
        return plan

    def close(self) -> None:
        """End the process that plans. May be called again."""
        self._planner.close()

    def _too_big(
        self,
        header: Header,
        load: LoadParams,
        plan: Plan,
        available: int,
        sequences: int,
        cancelled: Callable[[], bool],
    ) -> OutOfMemoryError:
        most = min(plan.n_ctx, max(header.n_ctx_train or plan.n_ctx, 256))
        smaller = self._planner.largest(header.path, load, available, most, sequences=sequences, cancelled=cancelled)
        swap = free_swap()
        places = f" and {sequences} places" if sequences > 1 and not load.embeddings else ""
        return OutOfMemoryError(
            f"{printable(header.path.name)} with a context of {format_count(plan.n_ctx)} tokens{places} "
            "does not fit in memory",
            why=f"it needs {_sum(plan)} and {format_bytes(available)} is available"
            + (f", {format_bytes(swap)} of swap not counted" if swap else ""),
            hint=f"{_advice(smaller, load)}; --fit off loads it all the same",
        )


def _sum(plan: Plan) -> str:
    return (
        f"{format_bytes(plan.total)} (weights {format_bytes(plan.weights)}, KV cache {format_bytes(plan.kv_cache)}, "
        f"compute {format_bytes(plan.compute)}, other {format_bytes(plan.other)})"
    )


def _advice(smaller: list[Plan], load: LoadParams) -> str:
    """What would fit, as flags."""
    if not smaller:
        return "no context fits, so take a smaller model or quantization, or end other programs"
    asked = load.cache_type_k, load.cache_type_v
    words = [
        f"-c {plan.n_ctx}"
        if (plan.cache_type_k, plan.cache_type_v) == asked
        else f"-ctk {plan.cache_type_k} -ctv {plan.cache_type_v} with -c {plan.n_ctx}"
        for plan in smaller
    ]
    return f"{words[0]} fits" + "".join(f", or {word}" for word in words[1:])
