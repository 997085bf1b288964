"""One generation's state between two steps of the decode loop."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from tui.core.errors import LocalLLMError
from tui.core.events import Finished, Prefilling, Shifted, StopReason, Timings, Token
from tui.core.parameters import GenerationParams
from tui.core.probabilities import Candidate, Scored
from tui.engine.sampling import SamplerChain, check_grammar
from tui.engine.speculation import Speculation
from tui.engine.text import TextStream
from tui.engine.thinking import Thinking
from tui.engine.thought_gate import ThoughtGate
from tui.engine.ticket import Ticket
from tui.engine.vocabulary import Vocabulary

_ORDER = itertools.count()


class Generation:
    """A prompt on its way to a completion.

    Args:
        ticket: where its events go.
        prompt: the prompt's tokens; at least one.
        params: when to stop.
        sampler: chooses the tokens; freed with the generation's end.
        requested: `time.perf_counter()` when the generation was asked for.
        template_stops: stop strings that the chat template needs besides those of `params`.
        speculation: guesses what comes next; None for no guessing.
        durable: whether the KV state is to be kept on disk when it is over.
        thinking: follows its reasoning; None where there can be none.
        reusable: how many tokens of the prompt may be taken from what was computed before; None for all.
        label: what the conversation is called by whoever asked.
        client: who asks; empty for the person.
        n_probs: how many likeliest tokens are told with each token; None tells no probability.
        scored: whether that is told of the prompt's own tokens too.
    """

    def __init__(
        self,
        ticket: Ticket,
        prompt: list[int],
        params: GenerationParams,
        sampler: SamplerChain,
        requested: float,
        *,
        template_stops: Sequence[str] = (),
        speculation: Speculation | None = None,
        durable: bool = False,
        thinking: Thinking | None = None,
        reusable: int | None = None,
        label: str = "",
        client: str = "",
        n_probs: int | None = None,
        scored: bool = False,
    ) -> None:
        self.ticket = ticket
        self.prompt = prompt
        self._prompt_tokens = len(prompt)
        self.sampler = sampler
        self.speculation = speculation
        self.durable = durable
        self.reusable = 0 if scored else reusable
        self._scored = 0 if scored else len(prompt)
        self.label = label
        self.client = client
        self.n_probs = n_probs
        self.order = next(_ORDER)
        """Grows from one generation to the next."""
        self._resumed = False
        self.params = params
        self.thinking = thinking
        self._cached = 0
        self.pending: int | None = None
        """The token that was chosen last and is not evaluated yet."""
        self._text = TextStream((*params.stop, *template_stops))
        self._template_stops = template_stops
        self._requested = requested
        self.generated: list[int] = []
        """Tokens chosen so far."""
        self._prompt_seconds = 0.0
        self._compute_seconds = 0.0
        self._first: float | None = None
        self._last = 0.0

    def adjust(self, params: GenerationParams, sampler: SamplerChain) -> None:
        """Go on with other parameters from the next token on.

        Args:
            params: the new ones.
            sampler: made from them.
        """
        self.sampler.free()
        self.params, self.sampler = params, sampler
        if self.thinking:
            self.thinking.adjust(params)
        self._text.watch_for((*params.stop, *self._template_stops))

    def begin_again(self, evaluated: list[int]) -> None:
        """The cache was lost: everything up to the pending token is evaluated again, as a prompt.

        Args:
            evaluated: the tokens that the cache held.
        """
        assert self.pending is not None
        self.prompt, self.pending = [*evaluated, self.pending], None

    def give_way(self, evaluated: list[int]) -> None:
        """Its place is taken away; it goes on later from where it is.

        Args:
            evaluated: the tokens that the cache holds of it.
        """
        self._resumed = True
        if self.pending is not None:
            self.begin_again(evaluated)

    def reuse(self, cached: int, *, restored: bool) -> None:
        """Note how much of the prompt need not be evaluated.

        Args:
            cached: prompt tokens that the KV cache holds.
            restored: whether they come from a saved state.
        """
        if self._resumed:
            return  # what it computed itself before is not what was found
        self._cached = cached
        self.ticket.post(Prefilling(cached, len(self.prompt), cached, restored))

    @property
    def scores(self) -> bool:
        """Whether there are tokens of the prompt about which it is not told yet how likely they are."""
        return self._scored < self._prompt_tokens

    def score(self, at: int, piece: bytes, candidates: tuple[Candidate, ...] = ()) -> None:
        """Tell how likely a token of the prompt is, once.

        Args:
            at: its place.
            piece: its bytes.
            candidates: itself and the likeliest ones; none of the first token, before which there is nothing.
        """
        if at == self._scored and self.scores:
            self.ticket.post(Scored(self.prompt[at], piece, candidates))
            self._scored += 1

    def prefilling(self, done: int) -> None:
        """Tell how far the prompt is, between two steps. Any thread.

        Args:
            done: prompt tokens computed so far.
        """
        self.ticket.post(Prefilling(done, len(self.prompt), self._cached))

    def prefilled(self, done: int, seconds: float) -> None:
        """Note that prompt tokens were evaluated.

        Args:
            done: prompt tokens in the KV cache now.
            seconds: how long the step took.
        """
        self._prompt_seconds += seconds
        self.prefilling(done)

    def decoded(self, seconds: float) -> None:
        """Note the time of an evaluation after the prompt's."""
        self._compute_seconds += seconds

    @property
    def wants_none(self) -> bool:
        """Whether the prompt is to be evaluated and nothing generated."""
        return self.params.n_predict == 0

    def shifted(self, discarded: int, used: int) -> None:
        """Note that the context was full and tokens were taken out of it."""
        self.ticket.post(Shifted(discarded, used))

    @property
    def remaining(self) -> int | None:
        """Tokens that may still be generated; None for no limit."""
        limit = self.params.n_predict
        return None if limit < 0 else limit - len(self.generated)

    def force(self, tokens: list[int], vocabulary: Vocabulary) -> None:
        """Go on with these tokens before the sampler chooses again.

        Raises:
            LocalLLMError: the grammar does not allow them, or there is nothing that could be made to.
        """
        if self.thinking is None:
            raise LocalLLMError("This generation cannot be made to say anything")
        gate = self.thinking.gate(self.params, vocabulary)
        check_grammar(self.params, [*self.generated, *tokens], vocabulary, gate)
        self.thinking.force(tokens)

    def gate(self, params: GenerationParams, vocabulary: Vocabulary) -> ThoughtGate | None:
        """Where a grammar begins to hold; None for the first token."""
        return self.thinking.gate(params, vocabulary) if self.thinking else None

    def forced(self) -> int | None:
        """The next token where it is not the sampler's choice; None where it is."""
        return self.thinking.next_forced(self.sampler) if self.thinking else None

    def shows(self, token: int) -> bool:
        """Whether a special token's text belongs to the reply, as markers of reasoning do."""
        return self.thinking is not None and token in self.thinking.shown

    def accept(
        self, token: int, piece: bytes, position: int, candidates: tuple[Candidate, ...] = ()
    ) -> StopReason | None:
        """Take a chosen token that is not an end token.

        Args:
            token: its number.
            piece: its bytes.
            position: tokens in the sequence with it.
            candidates: what else was likely, where that was asked for.

        Returns:
            Why the generation ends with it; None when it goes on.
        """
        self._note_time()
        self.generated.append(token)
        self.pending = token
        if self.speculation:
            self.speculation.append(token)
        text = self._text.push(piece)
        if self.thinking:
            text = self.thinking.take(text, whole=self._text.whole)
        self.ticket.post(Token(token, piece, text, position, candidates))
        if self._text.stopped_by:
            return StopReason.STOP_STRING
        if 0 <= self.params.n_predict <= len(self.generated):
            return StopReason.LENGTH
        return None

    def finish(self, reason: StopReason, used: int, threads: int) -> None:
        """Post the end.

        Args:
            reason: why.
            used: tokens of the sequence in the KV cache.
            threads: threads that the last step of decode had.
        """
        self.sampler.free()
        rest = self._text.finish()
        self.ticket.close(
            Finished(
                reason,
                self.thinking.opened(rest) if self.thinking else rest,
                self._timings(threads),
                used,
                stop=self._text.stopped_by,
                seed=self.sampler.seed,
            )
        )

    def _timings(self, threads: int) -> Timings:
        return Timings(
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached,
            prompt_seconds=self._prompt_seconds,
            generated_tokens=len(self.generated),
            decode_seconds=self._last - self._first if self._first is not None else 0.0,
            first_token_seconds=self._first - self._requested if self._first is not None else None,
            threads=threads,
            compute_seconds=self._compute_seconds,
            drafted_tokens=self.speculation.guessed if self.speculation else 0,
            accepted_tokens=self.speculation.accepted if self.speculation else 0,
            reasoning_tokens=self.thinking.tokens if self.thinking else 0,
            reasoning_seconds=self.thinking.seconds if self.thinking else 0.0,
        )

    def _note_time(self) -> None:
        self._last = time.perf_counter()
        if self._first is None:
            self._first = self._last
