"""From a prompt to its tokens, and which of a conversation's oldest turns are left out where it does not fit."""

from __future__ import annotations

import json
from dataclasses import replace

from tui.core.errors import PromptTooLongError, TemplateError
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, Prompt, TokenPrompt
from tui.core.reasoning import joined
from tui.engine.guard import Guard
from tui.engine.reasoning_switch import variables_of
from tui.engine.template import ChatTemplate
from tui.engine.vocabulary import Vocabulary


class PromptReader:
    """Reads prompts for one loaded model.

    Args:
        vocabulary: the model's tokens.
        template: its chat template.
        n_ctx: tokens of context.
        parts: into how many such contexts the loaded one is divided.
    """

    def __init__(self, vocabulary: Vocabulary, template: ChatTemplate, n_ctx: int, parts: int = 1) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._guard = Guard(vocabulary)
        self.n_ctx = n_ctx
        self._parts = parts

    @property
    def template_source(self) -> str:
        """The chat template's text; empty for the plain dialogue."""
        return self._template.source

    def read(self, prompt: Prompt, params: GenerationParams) -> tuple[list[int], int]:
        """The tokens to evaluate; of a conversation that does not fit as many turns as do, where that is wanted.

        Returns:
            The tokens, and how many of the oldest messages were left out.

        Raises:
            PromptTooLongError: they do not fit the context.
            TemplateError: there is no prompt, or the template refuses it.
        """
        tokens, dropped = self.tokens(prompt, params), 0
        if isinstance(prompt, ChatPrompt) and params.context_policy != "stop":
            tokens, dropped = self.fitted(prompt, params, tokens)
        if not tokens:
            raise TemplateError("There is nothing to evaluate", why="the prompt is empty", hint="type a prompt")
        if len(tokens) >= self.n_ctx:
            raise PromptTooLongError(
                f"The prompt has {len(tokens):,} tokens and the context holds {self.n_ctx:,}",
                hint=f"shorten it, or load the model with a context (-c) of more than {self._parts * len(tokens):,}",
                tokens=len(tokens),
                n_ctx=self.n_ctx,
            )
        return tokens, dropped

    def tokens(self, prompt: Prompt, params: GenerationParams) -> list[int]:
        """All tokens of a prompt, however many; what the template is told beside it is in the parameters.

        Raises:
            SettingError: it is made of tokens, and one of them is none of the model's.
            TemplateError: the template refuses it.
        """
        if isinstance(prompt, TokenPrompt):
            self._vocabulary.check(prompt.tokens)
            return list(prompt.tokens)
        return self._vocabulary.tokenize(self.text(prompt, params) if isinstance(prompt, ChatPrompt) else prompt.text)

    def text(self, prompt: ChatPrompt, params: GenerationParams, *, reply: bool = True) -> str:
        """A conversation in the chat template.

        Args:
            prompt: the conversation.
            params: whether the model is to think, and what else the template is told.
            reply: whether the beginning of the model's next message stands at its end.
        """
        messages = self._guard.messages(prompt.messages)
        variables = variables_of(params)
        if prompt.tools:
            variables["tools"] = json.loads(prompt.tools)
        text = self._template.render(messages, reply=reply, variables=variables)
        return joined(text, prompt.begun, self._template.markers) if reply else text

    def fitted(self, prompt: ChatPrompt, params: GenerationParams, tokens: list[int]) -> tuple[list[int], int]:
        """A conversation without as many of its oldest turns as do not fit with room for an answer.

        The system message and the last turn always stay.

        Args:
            prompt: the conversation.
            params: how long the answer may be.
            tokens: all tokens of the conversation.

        Returns:
            The tokens, and how many messages were left out.
        """
        room = self.n_ctx - room_for_answer(self.n_ctx, params)
        cuts = turn_starts(prompt.messages)
        if len(tokens) <= room or len(cuts) < 2:
            return tokens, 0

        def without(cut: int) -> list[int]:
            return self.tokens(replace(prompt, messages=_without(prompt.messages, cuts[0], cuts[cut])), params)

        too_long, fits = 0, len(cuts) - 1
        kept: tuple[int, list[int]] | None = None
        cut, step = _guess(prompt.messages, cuts, room, len(tokens)), 1
        # Found near the guess: each step reads about as much text as the context holds, and not all there is.
        while fits - too_long > 1:
            read = without(cut)
            if len(read) <= room:
                kept, fits, cut = (cut, read), cut, cut - step
            else:
                too_long, cut = cut, cut + step
            step *= 2
            if not too_long < cut < fits:
                cut = (too_long + fits) // 2
        if kept is None or kept[0] != fits:
            kept = fits, without(fits)
        return kept[1], cuts[fits] - cuts[0]


def room_for_answer(n_ctx: int, params: GenerationParams) -> int:
    """Tokens that belong to the answer where old turns are left out: a quarter of the context, or what was asked."""
    return min(n_ctx // 4, params.n_predict if params.n_predict > 0 else n_ctx)


def turn_starts(messages: tuple[Message, ...]) -> list[int]:
    """Where a conversation may begin anew: each turn's first message, the system message not counted."""
    if not messages:
        return []
    start = 1 if messages[0].role == "system" else 0
    return [start, *(at for at in range(start + 1, len(messages)) if messages[at].role == "user")]


def _without(messages: tuple[Message, ...], start: int, end: int) -> tuple[Message, ...]:
    return messages[:start] + messages[end:]


def _guess(messages: tuple[Message, ...], cuts: list[int], room: int, tokens: int) -> int:
    """The cut after which about `room` tokens are left, if all characters take as many tokens."""
    left = room * sum(len(message.content) for message in messages) // max(1, tokens)
    at = len(messages)
    while at > 0 and (left := left - len(messages[at - 1].content)) > 0:
        at -= 1
    return next((number for number, cut in enumerate(cuts) if number and cut >= at), len(cuts) - 1)
