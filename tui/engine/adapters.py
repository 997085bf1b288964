"""LoRA adapters: small files of changes that are laid over a model's weights while it computes."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import ModelFileError, ModelLoadError
from tui.engine import llama_log


def adapter_of(text: str) -> tuple[Path, float]:
    """File and scale that `FILE` or `FILE:SCALE` mean; the scale is 1 where none is given.

    Raises:
        ModelFileError: there is no such file.
    """
    path, scale = Path(text).expanduser(), 1.0
    if not path.exists():
        head, _, tail = text.rpartition(":")
        try:
            number = float(tail)
        except ValueError:
            number = math.nan
        if head and math.isfinite(number):
            path, scale = Path(head).expanduser(), number
    if not path.exists():
        raise ModelFileError(f"The LoRA adapter {path} does not exist", hint="check the path")
    if not path.is_file():
        raise ModelFileError(f"The LoRA adapter {path} is not a file", hint="give a GGUF file")
    return path, scale


class Adapters:
    """The adapters that are in memory for one model.

    A context must be made after they are loaded, since llama.cpp sizes its graph for them.

    Args:
        model: llama.cpp's model pointer; the adapters are freed with it.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._loaded: dict[Path, Any] = {}
        self._scales: dict[Path, float] = {}

    def load(self, wanted: Sequence[str]) -> None:
        """Load the adapters that are not in memory yet; those that are not wanted any more stay until `forget`.

        Args:
            wanted: `FILE` or `FILE:SCALE` each.

        Raises:
            ModelFileError: a file is missing.
            ModelLoadError: a file is no LoRA adapter for this model; what held before still holds.
        """
        pairs = [adapter_of(text) for text in wanted]
        scales: dict[Path, float] = {}
        for path, scale in pairs:
            if path not in self._loaded:
                self._loaded[path] = self._load(path)
            scales[path] = scales.get(path, 0.0) + scale
        self._scales = scales

    def apply(self, context: Any) -> None:
        """Lay the wanted adapters over the model for one context.

        Args:
            context: llama.cpp's context pointer.
        """
        count = len(self._scales)
        pointers = (lib.llama_adapter_lora_p_ctypes * count)(*[self._loaded[path] for path in self._scales])
        scales = (ctypes.c_float * count)(*self._scales.values())
        lib.llama_set_adapters_lora(context, pointers, count, scales)

    def forget(self) -> None:
        """Free the adapters that are not wanted any more. No context may still use them."""
        for path in [path for path in self._loaded if path not in self._scales]:
            lib.llama_adapter_lora_free(self._loaded.pop(path))

    def _load(self, path: Path) -> Any:
        llama_log.log.begin()
        pointer = lib.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not pointer:
            raise ModelLoadError(
                f"{path.name} cannot be laid over this model",
                why=llama_log.log.reason() or "llama.cpp gave no reason",
                hint="a LoRA adapter in GGUF, made for this model, is needed",
            )
        return pointer
