"""The reasoning of one generation: how long it is, and how it is brought to an end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from tui.core.errors import LocalLLMError
from tui.core.markers import Markers, markers_for
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, Prompt
from tui.core.reasoning import Splitter, opening
from tui.engine.reasoning_switch import variables_of
from tui.engine.sampling import SamplerChain
from tui.engine.template import ChatTemplate
from tui.engine.thought_gate import ThoughtGate
from tui.engine.vocabulary import Vocabulary

_TAIL = 64
"""Tokens at the end of a prompt in which the beginning of the answer lies."""


class Thinking:
    """Follows the text of one generation and knows when the model thinks.

    Args:
        tokenize: gives the tokens of a text, special ones recognised.
        params: the reasoning budget is in them.
        template: the markers of the chat template; None where it has none.
        opened: what the prompt has begun the reasoning with; it becomes the beginning of the reply's text.
        begun: what the reply has already, where it is continued.
        shown: special tokens that are a part of markers.
    """

    def __init__(
        self,
        tokenize: Callable[[str], list[int]],
        params: GenerationParams,
        *,
        template: Markers | None = None,
        opened: str = "",
        begun: str = "",
        shown: frozenset[int] = frozenset(),
    ) -> None:
        self.shown = shown
        """Special tokens whose text belongs to the reply."""
        self.seconds = 0.0
        """How long the model thought, in seconds."""
        self.tokens = 0
        """How many tokens it thought."""
        self._tokenize = tokenize
        self._continues = bool(begun)
        self._params = params
        self._opened = opened
        self._splitter = Splitter(markers_for(begun, template))
        self._splitter.feed(begun or opened)
        self._first = (self._splitter.inside, self._splitter.between, self._splitter.markers or template)
        self._forced: deque[int] = deque()
        self._due: list[int] = []
        self._whole = True
        self._spent = 0
        self._since: float | None = None
        self._check_budget()

    @property
    def inside(self) -> bool:
        """Whether the model thinks now."""
        return self._splitter.inside

    def gate(self, params: GenerationParams, vocabulary: Vocabulary) -> ThoughtGate | None:
        """Where a grammar begins to hold in this generation: behind its thoughts.

        Args:
            params: the grammar is in them.
            vocabulary: the model's tokens.

        Returns:
            None where it holds from the first token on: the model does not think now, or is not to, or the grammar
            says itself how a thought ends.
        """
        inside, between, markers = self._first
        if (
            markers is None
            or markers.end in params.grammar
            or not (params.grammar.strip() or params.json_schema.strip())
        ):
            return None
        if not inside and (not between or not _thinks(params)):
            return None
        return ThoughtGate(markers, vocabulary, inside=inside, after=between and self._continues, shown=self.shown)

    def adjust(self, params: GenerationParams) -> None:
        """Go on with another budget."""
        self._params = params
        self._check_budget()

    def take(self, text: str, *, whole: bool) -> str:
        """Note a token.

        Args:
            text: what became certain with it.
            whole: whether its bytes end with a whole character.

        Returns:
            The text of the reply: after the first one, the same.
        """
        before, now = self.inside, time.perf_counter()
        self._splitter.feed(text)
        self._whole = whole
        if before and self._since is None:
            self._since = now
        if before and self.inside:
            self.tokens += 1
            self._spent += 1
            self._check_budget()
        elif not before and self.inside:
            self._since = now
            self._check_budget()
        if before and self._since is not None:
            self.seconds, self._since = self.seconds + now - self._since, now
        if not self.inside:
            self._spent, self._since = 0, None
        if whole and self._due:
            self._forced.extend(self._due)
            self._due = []
        return self.opened(text)

    def opened(self, text: str) -> str:
        """Text of the reply, with what the prompt had begun before its first one."""
        if not text:
            return text
        begun, self._opened = self._opened, ""
        return begun + text

    def ending(self) -> list[int]:
        """The tokens that end the reasoning and begin the answer."""
        markers = self._splitter.markers
        assert markers is not None
        return self._tokenize(self._params.reasoning_budget_message + markers.ending)

    def force(self, tokens: list[int]) -> None:
        """Let the model say these tokens next, once a character that is under way is whole."""
        if self._whole:
            self._forced.extend(tokens)
        else:
            self._due += tokens

    def next_forced(self, sampler: SamplerChain) -> int | None:
        """The next token that is not the model's choice; None when it chooses itself."""
        if not self._forced:
            return None
        token = self._forced.popleft()
        if sampler.accept(token):
            return token
        self._forced.clear()  # a grammar knows of no such end
        return None

    def _check_budget(self) -> None:
        budget = self._params.reasoning_budget
        if self.inside and 0 <= budget <= self._spent and not (self._forced or self._due):
            self.force(self.ending())


def _thinks(params: GenerationParams) -> bool:
    """Whether a template is told to let the model think, where it can be told."""
    told = variables_of(params)
    return told.get("enable_thinking") is not False and told.get("thinking") is not False


def thinking_of(
    prompt: Prompt, tokens: list[int], params: GenerationParams, template: ChatTemplate, vocabulary: Vocabulary
) -> Thinking | None:
    """What follows the reasoning of a generation; None for a prompt without a chat template.

    Args:
        prompt: what is asked.
        tokens: the same in tokens.
        params: how to generate.
        template: the chat template.
        vocabulary: the model's tokens.
    """
    if not isinstance(prompt, ChatPrompt):
        return None
    markers = template.markers
    tail = b"".join(vocabulary.piece(token, special=True) for token in tokens[-_TAIL:]).decode("utf-8", "replace")
    return Thinking(
        vocabulary.tokenize_part,
        params,
        template=markers,
        opened="" if prompt.begun else opening(tail, markers),
        begun=prompt.begun,
        shown=_hidden_tokens((*(markers.tokens if markers else ()), *prompt.shown), vocabulary),
    )


def _hidden_tokens(texts: Sequence[str], vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens of some texts that have no text unless it is asked for."""
    parts = {token for text in texts for token in vocabulary.tokenize_part(text)}
    return frozenset(token for token in parts if not vocabulary.piece(token))


def forced_tokens(thinking: Thinking | None, text: str, vocabulary: Vocabulary) -> list[int]:
    """What a generation is made to say.

    Args:
        thinking: of the generation.
        text: what; empty for what ends its reasoning.
        vocabulary: the model's tokens.

    Raises:
        LocalLLMError: it does not think, or has no chat template.
    """
    if thinking is None:
        raise LocalLLMError("This text has no chat template, so nothing is known of its reasoning")
    if text:
        return vocabulary.tokenize_part(text)
    if not thinking.inside:
        raise LocalLLMError("The model is not thinking now")
    return thinking.ending()
