"""What a load would take, asked of llama.cpp itself; the side of the child process, `python -m tui.engine.dry_run`.

llama.cpp ends its process on some damaged files, so this one is started for it and nothing else. It reads one
request a line from stdin and writes one answer a line to stdout, both JSON:

    {"path": …, "sequences": 1, "loads": [LoadParams as a dictionary, …]}
    {"plans": [{"n_ctx": …, "weights": …, …} or {"what": …, "why": …, "hint": …}, …]}
    {"what": …, "why": …, "hint": …}                          llama.cpp refused the file

A process keeps the model of its first request, so that further ones take milliseconds; they must be of the same file.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tui.core.errors import LocalLLMError
from tui.core.parameters import LoadParams
from tui.engine.bindings import only_bindings

if TYPE_CHECKING:
    from tui.engine.context import Context
    from tui.engine.embedding import Embedder
    from tui.engine.model import Model


class DryRun:
    """One model without its tensors, and contexts made of it that allocate nothing.

    Args:
        path: the GGUF file.
        load: how it would be loaded.

    Raises:
        LocalLLMError: llama.cpp refused the file.
    """

    def __init__(self, path: Path, load: LoadParams) -> None:
        import llama_cpp.llama_cpp as lib

        from tui.engine import llama_log
        from tui.engine.adapters import Adapters
        from tui.engine.model import Model

        llama_log.install()
        self._log = llama_log.log
        self._load = load
        before = resident_bytes()
        lib.llama_backend_init()
        self._model = Model(path, load, lambda _fraction: True, no_alloc=True)
        self._make(replace(load, n_ctx=512, cache_type_k="f16", cache_type_v="f16", flash_attn="auto"), 1).free()
        # What was not allocated cannot have grown: this is the vocabulary, the header and the graphs. Recurrent state
        # is allocated even now.
        self._own = resident_bytes() - before - self._log.buffer_bytes("RS", host_only=True)
        self._adapters = Adapters(self._model.pointer)
        self._weights, self._device_weights = _weights(self._model, self._on_host)

    def plan(self, load: LoadParams, sequences: int) -> dict[str, int]:
        """The bytes that a load would take, for `tui.engine.planner.Plan`.

        Raises:
            LocalLLMError: llama.cpp cannot make such a context, or refused an adapter.
        """
        from tui.engine.adapters import adapter_of

        self._adapters.load(load.lora)
        self._adapters.forget()
        context = self._make(load, sequences)
        log = self._log
        cells, state = log.cells_bytes(), log.buffer_bytes("RS", host_only=True)
        on_device = log.buffer_bytes("compute", "output") - log.buffer_bytes("compute", "output", host_only=True)
        compute = context.compute_bytes - on_device
        cells_here = int(cells * self._on_host)
        plan = {
            "n_ctx": context.n_cells,
            "weights": self._weights + sum(adapter_of(lora)[0].stat().st_size for lora in load.lora),
            "kv_cache": cells_here + state,
            "compute": compute + int(self._work(context, load) * self._on_host),
            "other": self._own,
            "device": self._device_weights + (cells - cells_here) + on_device,
        }
        context.free()
        return plan

    def _work(self, context: Context | Embedder, load: LoadParams) -> int:
        """Bytes of the processor's work buffer, of which llama.cpp tells nothing, where they matter.

        Without flash attention the scores of a micro-batch over the whole context are converted to the type of the
        values, two bytes each (`ggml_graph_plan` in `ggml-cpu.c`).
        """
        flash = (load.flash_attn != "off" or load.embeddings) and not self._log.flash_refused
        if flash or load.cache_type_v == "f32":
            return 0
        rows = context.n_batch if load.embeddings else min(load.n_ubatch, context.n_batch)
        return 2 * rows * context.n_ctx * self._model.n_head

    def _make(self, load: LoadParams, sequences: int) -> Context | Embedder:
        """The context that the real load would make."""
        from tui.engine.abort import AbortFlag
        from tui.engine.context import Context
        from tui.engine.embedding import Embedder
        from tui.engine.speculation import rows_of_logits
        from tui.engine.threads import Threads

        if load.embeddings:
            return Embedder(self._model, load, threads=Threads(1, 1), abort=AbortFlag())
        rows = rows_of_logits(sequences, load.spec_type, recurrent=self._model.recurrent)
        return Context(self._model, load, threads=Threads(1, 1), sequences=sequences, outputs=rows, abort=AbortFlag())

    @property
    def _on_host(self) -> float:
        """Share of the layers that lie in this machine's memory. Workers are not asked: they are taken to be there."""
        if self._load.rpc:
            layers = self._model.n_layer + 1  # and the output layer
            return 1 - min(self._load.n_gpu_layers if self._load.n_gpu_layers >= 0 else layers, layers) / layers
        return 1.0 if sys.platform == "darwin" else self._log.on_host  # Apple's GPU uses the same memory


def _weights(model: Model, on_host: float) -> tuple[int, int]:
    """Bytes of tensors in the computer's memory and on GPUs.

    llama.cpp does not tell the second without allocating. The token embeddings always stay here; of the rest goes
    the share of the layers that llama.cpp says it offloads.
    """
    if on_host >= 1.0:
        return model.size, 0
    embeddings = model.size * model.n_embd * model.vocabulary.size // max(1, model.parameters)
    here = int(embeddings + (model.size - embeddings) * on_host)
    return here, model.size - here


def resident_bytes() -> int:
    """Bytes of this process that are in memory."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()
    import psutil

    return int(psutil.Process().memory_info().rss)


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer requests until there are no more."""
    dry_run: DryRun | None = None
    for line in requests:
        request = json.loads(line)
        loads = [_load_params(values) for values in request["loads"]]
        try:
            dry_run = dry_run or DryRun(Path(request["path"]), loads[0])
            answer: dict[str, Any] = {"plans": [_plan(dry_run, load, request["sequences"]) for load in loads]}
        except LocalLLMError as error:
            answer = _error(error)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _plan(dry_run: DryRun, load: LoadParams, sequences: int) -> dict[str, Any]:
    try:
        return dict(dry_run.plan(load, sequences))
    except LocalLLMError as error:
        return _error(error)


def _load_params(values: dict[str, Any]) -> LoadParams:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return LoadParams(**fields)


def _error(error: LocalLLMError) -> dict[str, str]:
    return {"what": error.what, "why": error.why, "hint": error.hint}


def _be_harmless() -> None:
    """No core file when llama.cpp aborts, and the first to go when the kernel runs out of memory."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Serve stdin and stdout. What llama.cpp prints goes to stderr, which the parent keeps for the case of a crash."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    _be_harmless()
    only_bindings()
    serve(sys.stdin, answers)
    answers.flush()
    os._exit(0)  # the system frees everything faster than llama.cpp


if __name__ == "__main__":
    main()
