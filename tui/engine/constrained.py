"""A sampler chain that a grammar holds to what it allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np

from tui.core.errors import DecodeError
from tui.engine.candidates import Candidates
from tui.engine.grammar import Grammar
from tui.engine.thought_gate import ThoughtGate, Verdict


class ConstrainedChain:
    """Chooses tokens as llama.cpp's own programs do under a grammar (`common_sampler_sample`).

    The chain chooses freely first, and only when the grammar rejects its choice all tokens are held against the
    grammar, which costs milliseconds, and the chain chooses again. No rejected token is remembered for the penalties.

    Args:
        chain: llama.cpp's chain, which stays the caller's.
        grammar: freed with this object.
        n_vocab: tokens of the vocabulary.
        banned: tokens that the chain's biases exclude.
        gate: says where the grammar begins to hold; None for the first token.
    """

    def __init__(
        self, chain: Any, grammar: Grammar, n_vocab: int, banned: Sequence[int], gate: ThoughtGate | None = None
    ) -> None:
        self._chain = chain
        self._gate = gate
        self._grammar = grammar
        self._candidates = Candidates(n_vocab)
        self._banned = np.array(banned, dtype=np.int32)

    def sample(self, context: Any, index: int) -> int:
        """Choose a token from the logits of one row of the last batch, and go on by it.

        Args:
            context: llama.cpp's context pointer.
            index: the row's place in the batch.

        Returns:
            The token; an end token when the text is complete and nothing else may follow.

        Raises:
            DecodeError: the grammar wants something that the model has no token for.
        """
        if (due := self._gate.due() if self._gate else None) is not None:
            return self._go_free(due)
        self._candidates.fill(context, index)
        token = self._choose()
        if self._gate and not self._gate.open:
            verdict = self._gate.judge(token, self._grammar.allows)
            if verdict is not Verdict.HELD:
                due = self._gate.due()
                return self._go_free(token if due is None else due)
            self._gate.open = True
        if not self._grammar.allows(token):
            token = self._choose_allowed(context, index)
        self._grammar.accept(token)
        lib.llama_sampler_accept(self._chain, token)
        return token

    def accept(self, token: int) -> bool:
        """Go on by a token that was not chosen here; False, and nothing done, when the grammar forbids it."""
        if self._gate and not self._gate.open:
            self._gate.drop_due()
            verdict = self._gate.judge(token, self._grammar.allows)
            if verdict is Verdict.FREE:
                self._go_free(token)
                return True
            self._gate.drop_due()
            if verdict is Verdict.OTHERS or not self._grammar.allows(token):
                return False
            self._gate.open = True
        if not self._grammar.allows(token):
            return False
        self._grammar.accept(token)
        lib.llama_sampler_accept(self._chain, token)
        return True

    def free(self) -> None:
        """Give the grammar's memory back. May be called again."""
        self._grammar.free()

    def _go_free(self, token: int) -> int:
        assert self._gate
        self._gate.take(token)
        lib.llama_sampler_accept(self._chain, token)
        return token

    def _choose(self) -> int:
        lib.llama_sampler_apply(self._chain, self._candidates.array)
        return self._candidates.chosen

    def _choose_allowed(self, context: Any, index: int) -> int:
        self._candidates.fill(context, index)
        self._candidates.narrow(self._grammar.possible(), self._banned)
        self._grammar.exclude(self._candidates)
        if self._candidates.any_left():
            token = self._choose()
            # llama.cpp ends the process when it is told to go on by a token that the grammar forbids.
            if self._grammar.allows(token):
                return token
        end = self._grammar.ending()
        if end is None:
            raise DecodeError(
                "The grammar leads to a dead end",
                why="the model has no token for what it wants next",
                hint="check its character ranges, or the logit biases",
            )
        return end
