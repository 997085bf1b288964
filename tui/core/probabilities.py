"""How likely a model finds tokens: one in the place of another, and those of a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that might have been chosen.

    Attributes:
        id: its number in the vocabulary.
        piece: its bytes; of a control token the text that stands for it.
        logprob: natural logarithm of its probability, before any sampler.
    """

    id: int
    piece: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class Scored:
    """How likely a token of the prompt was; they come in order, before the first generated one.

    Attributes:
        id: its number in the vocabulary.
        piece: its bytes; of a control token the text that stands for it.
        candidates: itself and then the likeliest ones in its place; none of the first token.
    """

    id: int
    piece: bytes
    candidates: tuple[Candidate, ...] = ()
