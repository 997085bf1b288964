"""One conversation's place in the KV cache."""

from __future__ import annotations

from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field

from tui.engine.generation import Generation


@dataclass(slots=True)
class Sequence:
    """A place for one conversation in the KV cache.

    Attributes:
        number: llama.cpp's sequence number.
        tokens: what the cache holds, in order.
        generation: what is being generated here; None while idle.
        used: the step in which it was used last, for choosing the one to give up.
        shifted: whether tokens were taken out of its middle; what was computed then fits no prompt exactly.
        unsaved: whether it holds a conversation that is to be kept on disk and is not there yet.
        label: what the tokens are of, for whoever had them computed; empty when nobody said.
    """

    number: int
    tokens: list[int] = field(default_factory=list)
    generation: Generation | None = None
    used: int = 0
    shifted: bool = False
    unsaved: bool = False
    label: str = ""


def common_prefix(left: Tokens[int], right: Tokens[int]) -> int:
    """How many tokens two lists have in common from the start."""
    count = min(len(left), len(right))
    if left[:count] == right[:count]:
        return count
    return next(i for i in range(count) if left[i] != right[i])
