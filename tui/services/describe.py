"""Everything that can be said of one model before it is loaded: for the detail pane, and for `models show`."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tui.catalogue.explain import Explanation, Sibling, explain
from tui.catalogue.fit import Fit, MemoryPlan, quick_fit
from tui.catalogue.fit import plan as plan_from_header
from tui.catalogue.gguf_header import Header
from tui.catalogue.gguf_reader import LongValue, Value
from tui.catalogue.purpose import no_text
from tui.catalogue.split import read_whole
from tui.core.errors import LocalLLMError
from tui.core.parameters import LoadParams
from tui.core.text import one_line
from tui.engine.planner import NoPlanError, Plan
from tui.monitor.memory import available_memory
from tui.services.speed_estimate import SpeedEstimate, estimate_speed

_LOGGER = logging.getLogger("localllm.describe")
_SHOWN_ELEMENTS = 8
"""Most numbers of a list that are shown; of texts only short lists are kept, and they are shown whole."""

Ask = Callable[[Path, LoadParams], Plan]
"""Gives a load's exact plan, such as `ModelHost.plan`; blocks, so for worker threads."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What a load takes, and whether it fits. All in bytes.

    Attributes:
        n_ctx: tokens of context it is for.
        weights: all tensors.
        kv_cache: KV cache and recurrent state; None when the header does not say enough.
        compute: compute and output buffers.
        other: vocabulary, header, graphs.
        total: everything together.
        available: memory that a load may take.
        exact: whether llama.cpp said so itself; an estimate by formulas otherwise.
        fit: the quick mark of the model's row, from the file's size alone.
        largest_context: tokens of the largest context that fits by the formulas; 0 for none.
        device: bytes in the memory of GPUs, which do not count in `total`; 0 in an estimate.
    """

    n_ctx: int
    weights: int
    kv_cache: int | None
    compute: int
    other: int
    total: int
    available: int
    exact: bool
    fit: Fit
    largest_context: int
    device: int = 0

    @property
    def fits(self) -> bool:
        """Whether this load fits in the memory that is available."""
        return self.total <= self.available


@dataclass(frozen=True, slots=True)
class TensorKind:
    """The tensors in one number format.

    Attributes:
        name: such as `Q4_K`.
        tensors: how many.
        bytes: of them all.
        share: of the model's bytes, 0 to 1.
    """

    name: str
    tensors: int
    bytes: int
    share: float


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """One key of the header; printable, never markup.

    Attributes:
        key: such as `general.architecture`.
        value: short; long texts and arrays are summarised.
    """

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that is said of one model.

    Attributes:
        name: the file's name.
        path: the file; for a model on the Hub its address, which is not a file.
        header: what its header says.
        explanation: in words.
        memory: what a load takes; None for a file that is no model.
        speed: what can be expected; None when nothing can.
        tensors: by number format, the most bytes first.
        metadata: all keys in the file's order.
        problem: one line on why it cannot be loaded; empty when nothing speaks against it.
    """

    name: str
    path: Path
    header: Header
    explanation: Explanation
    memory: MemoryUse | None
    speed: SpeedEstimate | None
    tensors: tuple[TensorKind, ...]
    metadata: tuple[MetadataRow, ...]
    problem: str = ""

    def find(self, text: str) -> tuple[MetadataRow, ...]:
        """The keys that have every word of `text` in their name or value; the case of letters does not count."""
        words = text.casefold().split()
        return tuple(row for row in self.metadata if all(word in f"{row.key} {row.value}".casefold() for word in words))

    def record(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        memory = None
        if self.memory:
            memory = asdict(self.memory) | {"fit": self.memory.fit.value, "fits": self.memory.fits}
        return {
            "name": self.name,
            "path": str(self.path),
            "problem": self.problem,
            "summary": self.explanation.summary,
            "explanation": {
                section.title: [asdict(fact) for fact in section.facts] for section in self.explanation.sections
            },
            "memory": memory,
            "speed": asdict(self.speed) if self.speed else None,
            "tensors": [asdict(kind) for kind in self.tensors],
            "metadata": {key: metadata_value(value) for key, value in self.header.metadata.items()},
        }


def describe(
    path: Path,
    load: LoadParams,
    ask: Ask | None = None,
    *,
    siblings: Sequence[Sibling] = (),
    available: int | None = None,
    name: str = "",
) -> Description:
    """Describe a model on this machine. Blocks: for worker threads.

    Args:
        path: the file, or any part of a split model.
        load: how it would be loaded.
        ask: gives llama.cpp's own plan (`ModelHost.plan`); None: formulas only, and at once.
        siblings: other quantizations of the same model.
        available: bytes that a load may take; by default what is free now.
        name: what it is called where its file name says nothing, as of Ollama's blobs; by default the file's name.

    Raises:
        ModelFileError: the file cannot be read, is no GGUF file, or is damaged.
    """
    header = read_whole(path)
    plan, problem = None, no_text(header)
    if ask and not problem:
        try:
            plan = ask(header.path, load)
        except NoPlanError as error:
            _LOGGER.warning("%s; it is estimated from the header", error.line())
        except LocalLLMError as error:
            problem = error.line()
    return describe_header(
        header,
        name or header.path.name,
        load,
        plan,
        siblings=siblings,
        available=available,
        problem=problem,
        local=True,
    )


def describe_header(
    header: Header,
    name: str,
    load: LoadParams,
    plan: Plan | None = None,
    *,
    siblings: Sequence[Sibling] = (),
    available: int | None = None,
    file_size: int | None = None,
    problem: str = "",
    local: bool = False,
) -> Description:
    """Describe a model by its header. The first time it measures the machine for up to 0.3 s: for worker threads.

    Args:
        header: all parts together.
        name: the file's name.
        load: how it would be loaded.
        plan: llama.cpp's own figures; None: formulas.
        siblings: other quantizations of the same model.
        available: bytes that a load may take; by default what is free now.
        file_size: bytes of all files; by default the header's.
        problem: why it cannot be loaded.
        local: whether the header's path is a file on this machine.
    """
    writes = not no_text(header)
    size = header.file_size if file_size is None else file_size
    free = available_memory() if available is None else available
    return Description(
        name=one_line(name),
        path=header.path,
        header=header,
        explanation=explain(header, name, file_size=size, siblings=siblings),
        memory=_memory(plan_from_header(header, load), plan, size, free) if writes else None,
        speed=_speed(estimate_speed(header, load, header.path if local else None), plan) if writes else None,
        tensors=_tensors(header),
        metadata=tuple(MetadataRow(one_line(key), _shown(value)) for key, value in header.metadata.items()),
        problem=problem,
    )


def metadata_value(value: Value) -> Any:
    """A header's value for JSON; what was skipped is summarised in words, and numbers that JSON lacks become texts."""
    if isinstance(value, LongValue):
        return f"({value.kind} of {value.length:,} {'bytes' if value.kind == 'text' else 'elements'})"
    if isinstance(value, tuple):
        return [metadata_value(element) for element in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _speed(speed: SpeedEstimate | None, plan: Plan | None) -> SpeedEstimate | None:
    if speed is None or speed.measured or plan is None or not plan.device:
        return speed
    return replace(speed, basis=f"{speed.basis}; on the processor alone, and a GPU, which takes part of it, is faster")


def _memory(estimate: MemoryPlan, plan: Plan | None, file_size: int, available: int) -> MemoryUse:
    return MemoryUse(
        n_ctx=plan.n_ctx if plan else estimate.n_ctx,
        weights=plan.weights if plan else estimate.weights,
        kv_cache=plan.kv_cache if plan else estimate.kv_cache,
        compute=plan.compute if plan else estimate.compute,
        other=plan.other if plan else estimate.other,
        total=plan.total if plan else estimate.total,
        available=available,
        exact=plan is not None,
        fit=quick_fit(file_size, available),
        largest_context=estimate.largest_context(available),
        device=plan.device if plan else 0,
    )


def _tensors(header: Header) -> tuple[TensorKind, ...]:
    kinds = sorted(header.tensor_kinds.items(), key=lambda kind: -kind[1])
    whole = max(header.tensor_bytes, 1)
    return tuple(
        TensorKind(one_line(name), header.tensor_counts.get(name, 0), size, size / whole) for name, size in kinds
    )


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        most = _SHOWN_ELEMENTS if not any(isinstance(element, str) for element in value) else len(value)
        shown = one_line(", ".join(str(element) for element in value[:most]))
        return f"{shown}, … ({len(value):,} in all)" if len(value) > most else shown
    return one_line(str(metadata_value(value)))
