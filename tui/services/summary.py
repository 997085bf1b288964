"""A conversation summed up by the model itself, in parts where it is longer than the context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.core.reasoning import spoken

_ASK = (
    "Sum up the conversation below, so that it can go on from the summary alone. Keep names, numbers, decisions, open "
    "questions, and code that is still needed. Write in the language of the conversation, and nothing but the summary."
)
_END = "Now sum up the conversation above."
"""Said once more after it: small models have forgotten by then what they were asked."""
_EARLIER = "Summary of what was said before this part of it:"
_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System"}
_CHARACTERS_A_TOKEN = 3
"""A first guess of how much text fits; every part is counted before it is sent."""
_AROUND = 96
"""Tokens that the template, the words before a summary and the title of the chat may take."""
_SHORTEST = 32
"""Tokens of a summary that says anything."""
_TITLE = 60
"""Most characters of a title that are named."""
_LEAST = 200
"""Characters of a part below which a smaller one is of no use."""


class Summary:
    """The prompts that lead to the summary, one after the other.

    Ask for `prompt`; where it has more tokens than `room`, say so with `too_long` and ask again; then hand what the
    model wrote to `take`, until `done`.

    Args:
        messages: the conversation, the system prompt not among them.
        n_ctx: tokens of context.
        draft: tokens of what is to be said after the summary.
    """

    def __init__(self, messages: Sequence[Message], n_ctx: int, draft: int = 0) -> None:
        self._text = "\n\n".join(f"{_SPEAKERS[one.role]}: {spoken(one.content).strip()}" for one in messages)
        self._done = 0
        self.answer = max(_SHORTEST, longest_summary(n_ctx, draft))
        """Most tokens of a summary."""
        self.room = max(1, n_ctx - self.answer)
        """Most tokens of a prompt."""
        self._size = self.room * _CHARACTERS_A_TOKEN
        self.text = ""
        """The summary of what was read so far."""

    @property
    def done(self) -> bool:
        """Whether all of the conversation was read."""
        return self._done >= len(self._text)

    @property
    def fraction(self) -> float:
        """How much of the conversation was read, 0 to 1."""
        return self._done / len(self._text) if self._text else 1.0

    @property
    def prompt(self) -> ChatPrompt:
        """What to ask the model next."""
        earlier = f"{_EARLIER}\n{self.text}\n\n" if self.text else ""
        return ChatPrompt((Message("user", f"{_ASK}\n\n{earlier}{self._part}\n\n{_END}"),))

    def params(self, params: GenerationParams) -> GenerationParams:
        """How to generate a summary: as the person's replies, but as plain text, not without end, without thinking."""
        plain = replace(params, reasoning="off", reasoning_budget=0, stop=(), grammar="", json_schema="")
        return replace(plain, n_predict=self.answer, context_policy="stop", ignore_eos=False)

    def too_long(self, tokens: int) -> bool:
        """The prompt has so many tokens, more than `room`: take less text.

        Returns:
            False when no smaller prompt is of any use.
        """
        size = len(self._part)
        self._size = min(size - 1, int(size * self.room / max(tokens, 1) * 0.9))
        return self._size >= _LEAST

    def take(self, text: str) -> None:
        """The model summed up the part that was asked for."""
        self._done += len(self._part)
        self.text = spoken(text).strip()

    @property
    def _part(self) -> str:
        """The next part of the conversation: up to the end of a paragraph or a line, where one is near."""
        part = self._text[self._done : self._done + self._size]
        if self._done + len(part) >= len(self._text):
            return part
        for mark in ("\n\n", "\n", ". ", " "):
            at = part.rfind(mark, len(part) // 2)
            if at > 0:
                return part[: at + len(mark)]
        return part


def longest_summary(n_ctx: int, draft: int) -> int:
    """Most tokens that a summary may have; 0 where there is no room for one.

    Args:
        n_ctx: tokens of context.
        draft: tokens of what is to be said after the summary; a reply must have room besides.
    """
    tokens = min(n_ctx // 4, 768, (n_ctx - draft - _AROUND) * 2 // 3)
    return tokens if tokens >= _SHORTEST else 0


def opening(title: str, summary: str) -> str:
    """The first message of the chat that goes on from a summary.

    Args:
        title: of the chat that was summed up.
        summary: what the model wrote.
    """
    short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"
    name = f"“{short}”" if title else "an earlier chat"
    return f"Summary of {name}, the chat before this one:\n\n{summary}"
