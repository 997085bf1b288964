"""What is told of a loaded model."""

from __future__ import annotations

from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.engine.context import Context
from tui.engine.embedding import Embedder
from tui.engine.model import Model
from tui.engine.threads import Threads


def info_of(
    model: Model,
    context: Context | Embedder,
    threads: Threads,
    build: str,
    params: LoadParams,
    warnings: tuple[str, ...],
) -> ModelInfo:
    """What is known of a model and its context.

    Args:
        model: the model.
        context: where it works.
        threads: with which it begins.
        build: llama.cpp's version.
        params: how it was loaded.
        warnings: what the person should know.
    """
    return ModelInfo(
        path=str(model.path),
        name=model.name,
        description=model.description,
        architecture=model.architecture,
        size=model.size,
        parameters=model.parameters,
        n_ctx=context.n_ctx,
        n_ctx_train=model.n_ctx_train,
        n_vocab=model.vocabulary.size,
        has_template=bool(model.chat_template),
        threads=threads.decode,
        threads_batch=threads.prefill,
        kv_bytes=context.kv_bytes,
        compute_bytes=context.compute_bytes,
        load_seconds=0.0,
        build=build,
        params=params,
        warnings=warnings,
        placement=model.workers.placements(model.placed, context.placed, layers=model.layers) if model.workers else (),
    )
