"""What a prompt would take, without evaluating anything."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import Any

from tui.core.events import Counted
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, Prompt
from tui.engine.prompting import PromptReader
from tui.engine.reasoning_switch import variables_of
from tui.engine.sequence import common_prefix
from tui.engine.settled_tokens import SettledTokens
from tui.engine.vocabulary import Vocabulary


class Counter:
    """Counts prompts of one loaded model; what stays the same from one prompt to the next is not read again.

    Args:
        reader: turns prompts into tokens.
        vocabulary: the model's tokens.
        foresee: tells how many of a prompt's tokens were computed before.
    """

    def __init__(self, reader: PromptReader, vocabulary: Vocabulary, foresee: Callable[[list[int]], int]) -> None:
        self._reader = reader
        self._foresee = foresee
        self._settled = SettledTokens(vocabulary)
        self._before: tuple[tuple[ChatPrompt, dict[str, Any]], str, list[int]] | None = None

    def count(self, prompt: Prompt, params: GenerationParams, before: ChatPrompt | None) -> Counted:
        """Count a prompt.

        Args:
            prompt: text or conversation.
            params: what happens when it does not fit, and how long the answer may be.
            before: the part of the conversation that was there before; None for nothing.

        Raises:
            LocalLLMError: the template refuses it.
        """
        if not isinstance(prompt, ChatPrompt):
            tokens = self._reader.tokens(prompt, params)
            return Counted(len(tokens), 0, len(tokens), 0, self._foresee(tokens), self._reader.n_ctx)
        tokens, history = self._tokens(prompt, params, before)
        fitted, dropped = self._reader.fitted(prompt, params, tokens)
        sent = tokens if params.context_policy == "stop" else fitted
        return Counted(len(tokens), history, len(fitted), dropped, self._foresee(sent), self._reader.n_ctx)

    def _tokens(self, prompt: ChatPrompt, params: GenerationParams, before: ChatPrompt | None) -> tuple[list[int], int]:
        """All tokens of a conversation, and how many of them were there before."""
        if not prompt.messages:
            return [], 0
        text = self._reader.text(prompt, params)
        if before is None or not before.messages:
            return self._settled.tokens(text, 0), 0
        known = self._before
        told = variables_of(params)
        if known is None or known[0] != (before, told):
            was = self._reader.text(before, params, reply=False)
            # Read in the same way, so that what both have in common is read once.
            known = self._before = (before, told), was, self._settled.tokens(was, 0)
        tokens = self._settled.tokens(text, len(os.path.commonprefix((known[1], text))))  # noqa: RUF071 (texts, not paths)
        return tokens, common_prefix(known[2], tokens)
