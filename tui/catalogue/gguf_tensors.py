"""The tensors of a GGUF file, added up from their descriptions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache

from tui.catalogue.gguf_reader import DamagedError, HeaderReader
from tui.catalogue.tensor_types import BLOCKS, tensor_bytes
from tui.core.text import printable

_MAX_ELEMENTS = 1 << 62
_EXPERT = re.compile(r"_exps\.|ffn_(?:gate|down|up)\.\d+\.")
"""Tensors of all experts of a layer together, or (in old files) of one."""


@dataclass(slots=True)
class Sums:
    """What tensors come to.

    Attributes:
        parameters: weights in them.
        bytes: of them.
        end: bytes from the start of the weights to the end of the last tensor.
        kinds: bytes in each number format, by its name.
        counts: tensors in each number format, by its name.
        groups: weights and bytes of each part that tensors play (see `Header.groups`).
    """

    parameters: int = 0
    bytes: int = 0
    end: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)


class _Alike:
    """Tensors of one shape, number format and part: a model has hundreds of tensors, and few kinds of them."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = 0


class Tensors:
    """Reads descriptions of tensors; `sums` may be asked for at any time."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._alike: dict[tuple[tuple[int, ...], int, str], _Alike] = {}

    def read(self, reader: HeaderReader) -> None:
        """Read the next one.

        Raises:
            DamagedError: it cannot be what it claims.
        """
        name, dimensions, kind, offset = reader.tensor()
        if name in self._names:
            raise DamagedError(f"its header has the tensor {printable(name)} twice")
        self._names.add(name)
        key = dimensions, kind, _group(name)
        alike = self._alike.get(key)
        if alike is None:
            if math.prod(dimensions) > _MAX_ELEMENTS:
                raise DamagedError("a tensor claims an impossible size")
            alike = self._alike[key] = _Alike()
        alike.count += 1
        if offset > alike.last:
            alike.last = offset

    def sums(self) -> Sums:
        """What those come to that were read so far."""
        sums = Sums()
        for (dimensions, kind, group), alike in self._alike.items():
            elements = math.prod(dimensions)
            size = tensor_bytes(kind, elements) or 0
            name = BLOCKS[kind][0] if kind in BLOCKS else f"type {kind}"
            sums.parameters += elements * alike.count
            sums.bytes += size * alike.count
            sums.end = max(sums.end, alike.last + size)
            sums.kinds[name] = sums.kinds.get(name, 0) + size * alike.count
            sums.counts[name] = sums.counts.get(name, 0) + alike.count
            weights, taken = sums.groups.get(group, (0, 0))
            sums.groups[group] = weights + elements * alike.count, taken + size * alike.count
        return sums


@lru_cache(maxsize=1 << 14)  # the names are the same in most models
def _group(tensor: str) -> str:
    """The part that a tensor plays, by llama.cpp's names (`src/llama-arch.cpp`)."""
    if tensor == "token_embd.weight":
        return "embedding"
    if tensor == "per_layer_token_embd.weight":
        return "lookup"
    if tensor == "output.weight":
        return "output"
    return "experts" if _EXPERT.search(tensor) else "rest"
