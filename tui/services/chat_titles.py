"""A title that the model gives a conversation: what it is asked, and what of its answer is a title."""

from __future__ import annotations

from dataclasses import replace

from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.core.reasoning import split
from tui.core.text import one_line

ASK = "Write a title for this conversation, of at most six words. Answer with the title alone."
MOST = 60
"""Characters of a title; what is longer is no title."""

_TOKENS = 32
_QUOTES = "\"'`*#“”„«»「」『』 "
_LEADS = ("title:", "title -", "the title:")


def title_prompt(conversation: ChatPrompt) -> ChatPrompt:
    """The conversation with the question after it: nearly all of it was computed already.

    Args:
        conversation: as the model was given it; it ends with a reply.
    """
    return replace(conversation, messages=(*conversation.messages, Message("user", ASK)), begun="")


def title_params(params: GenerationParams) -> GenerationParams:
    """How to generate it: short, without thinking, the likeliest words."""
    return GenerationParams(
        n_predict=_TOKENS, temp=0.0, reasoning="off", reasoning_budget=0, system_prompt=params.system_prompt
    )


def title_of_answer(answer: str) -> str:
    """The title in what the model said; empty when there is none."""
    said = split(answer).answer.strip()
    line = one_line(said.split("\n", 1)[0]).rstrip(". ").strip(_QUOTES)
    for lead in _LEADS:
        if line.casefold().startswith(lead):
            line = line[len(lead) :].strip(_QUOTES)
    # What ends with a colon announces something, and is no title.
    return line.rstrip(".") if 0 < len(line) <= MOST and not line.endswith((":", "\uff1a")) else ""
