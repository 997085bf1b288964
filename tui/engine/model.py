"""A GGUF model in memory: loading it, and what it says of itself."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import CancelledError, LocalLLMError, ModelLoadError
from tui.core.parameters import LoadParams
from tui.engine import llama_log
from tui.engine.rpc import Workers, open_workers, placed_bytes, shares
from tui.engine.rpc_library import device_array
from tui.engine.vocabulary import Vocabulary

Progress = Callable[[float], bool]
"""Told how much is loaded, 0 to 1; returns whether to go on."""


class Model:
    """The weights of one GGUF file, loaded.

    Args:
        path: the file; of a split model the first part.
        params: how to load it.
        progress: told of the progress; may end the load.
        no_alloc: read everything but the tensors, and allocate nothing for them or for contexts made of it: such a
            model can be measured, not used.

    Raises:
        CancelledError: `progress` ended the load.
        ModelLoadError: llama.cpp refused the file; the reason is in the line.
        WorkerError: a worker cannot be used, or was lost.
    """

    def __init__(self, path: Path, params: LoadParams, progress: Progress, *, no_alloc: bool = False) -> None:
        started = time.perf_counter()
        self.path = path
        llama_log.log.begin()
        self.workers = None if no_alloc else open_workers(path, params)
        self.pointer = None
        try:
            self.pointer = _load(path, params, progress, no_alloc=no_alloc, workers=self.workers)
            self.check_workers()
        except LocalLLMError:
            try:
                self.check_workers()  # a lost worker is the reason, whatever llama.cpp says
                raise
            finally:
                self.free()
        self.placed = placed_bytes("model")
        """Bytes of tensors by the name of llama.cpp's buffers."""
        self.layers = dict(llama_log.log.layers)
        """Number of layers by the name of their device."""
        self.load_seconds = time.perf_counter() - started
        self.vocabulary = Vocabulary(self.pointer)
        self.n_ctx_train = int(lib.llama_model_n_ctx_train(self.pointer))
        """Tokens of context the model was trained with; llama.cpp changes its own number to what YaRN reaches."""

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if self.pointer is not None:
            lib.llama_model_free(self.pointer)
            self.pointer = None
        if self.workers:
            self.workers.close()

    def check_workers(self) -> None:
        """See that the workers it lies on are there.

        Raises:
            WorkerError: one is lost, and with it part of the model.
        """
        if self.workers:
            self.workers.check()

    def reason(self) -> str:
        """Why llama.cpp refused something last, in its own words."""
        text = llama_log.log.reason() or "it gave no reason"
        return self.workers.plain(text) if self.workers else text

    def metadata(self, key: str) -> str:
        """A value from the file's header as text; empty when there is none."""
        buffer = ctypes.create_string_buffer(4096)
        count = lib.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        if count >= len(buffer):
            buffer = ctypes.create_string_buffer(count + 1)
            count = lib.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if count >= 0 else ""

    @property
    def name(self) -> str:
        """The name in the header, or the file's."""
        return self.metadata("general.name").strip() or self.path.stem

    @property
    def architecture(self) -> str:
        """The architecture in llama.cpp's words, such as `llama` or `gemma3`."""
        return self.metadata("general.architecture")

    @property
    def description(self) -> str:
        """llama.cpp's short description."""
        buffer = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self.pointer, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    @property
    def size(self) -> int:
        """Bytes of all tensors."""
        return int(lib.llama_model_size(self.pointer))

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return int(lib.llama_model_n_params(self.pointer))

    @property
    def n_embd(self) -> int:
        """Width of the residual stream."""
        return int(lib.llama_model_n_embd(self.pointer))

    @property
    def n_layer(self) -> int:
        """Layers, the output layer not counted."""
        return int(lib.llama_model_n_layer(self.pointer))

    @property
    def n_head(self) -> int:
        """Attention heads of a layer."""
        return int(lib.llama_model_n_head(self.pointer))

    @property
    def n_swa(self) -> int:
        """Tokens of the sliding window; 0 where there is none."""
        return int(lib.llama_model_n_swa(self.pointer))

    @property
    def recurrent(self) -> bool:
        """Whether any of its memory is a running state instead of one entry for each token."""
        return bool(lib.llama_model_is_recurrent(self.pointer) or lib.llama_model_is_hybrid(self.pointer))

    @property
    def positions_follow_context(self) -> bool:
        """Whether the size of the context decides how positions are computed (long and short RoPE factors)."""
        return bool(self.metadata(f"{self.architecture}.rope.scaling.original_context_length"))

    @property
    def chat_template(self) -> str:
        """The Jinja chat template in the file; empty when there is none."""
        text = lib.llama_model_chat_template(self.pointer, None)
        return text.decode("utf-8", "replace") if text else ""


def _load(path: Path, params: LoadParams, progress: Progress, *, no_alloc: bool, workers: Workers | None) -> Any:
    cancelled = False

    @lib.llama_progress_callback  # type: ignore[untyped-decorator]
    def on_progress(fraction: float, _user_data: Any) -> bool:
        nonlocal cancelled
        cancelled = cancelled or not progress(fraction) or (workers is not None and workers.lost)
        return not cancelled

    c_params = lib.llama_model_default_params()
    c_params.n_gpu_layers = params.n_gpu_layers
    c_params.no_alloc = no_alloc
    c_params.load_mode = lib.LLAMA_LOAD_MODE_NONE if no_alloc else _load_mode(params)  # llama.cpp aborts on others
    c_params.progress_callback = on_progress
    devices, split = device_array(workers.devices if workers else []), shares(params)
    if workers:
        c_params.devices = ctypes.cast(devices, ctypes.c_void_p)
    if split:
        most = lib.llama_max_devices()
        c_params.tensor_split = (ctypes.c_float * most)(*split[:most])
    pointer = lib.llama_model_load_from_file(os.fsencode(path), c_params)
    if pointer:
        refusal = "" if params.embeddings else _refusal(pointer)
        if refusal:
            lib.llama_model_free(pointer)
            raise ModelLoadError(f"{path.name} cannot be used here", why=refusal)
        return pointer
    if cancelled:
        raise CancelledError(f"Loading {path.name} was stopped")
    reason = llama_log.log.reason() or "it gave no reason"
    raise ModelLoadError(
        f"llama.cpp cannot load {path.name}",
        why=workers.plain(reason) if workers else reason,
        hint="the log has the details; another file or a newer llama-cpp-python may help",
    )


def _load_mode(params: LoadParams) -> int:
    modes = {
        (False, False): lib.LLAMA_LOAD_MODE_NONE,
        (True, False): lib.LLAMA_LOAD_MODE_MMAP,
        (False, True): lib.LLAMA_LOAD_MODE_MLOCK,
        (True, True): lib.LLAMA_LOAD_MODE_MMAP_MLOCK,
    }
    return int(modes[params.mmap, params.mlock])


def _refusal(pointer: Any) -> str:
    if lib.llama_model_has_encoder(pointer):
        return "it is an encoder-decoder model (such as T5); only decoder models generate text here"
    if not lib.llama_model_has_decoder(pointer):
        return "it is an encoder model; it makes vectors of texts, and writes none"
    if lib.llama_model_is_diffusion(pointer):
        return "it is a diffusion model; only models that generate token by token work here"
    return ""
