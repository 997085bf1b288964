"""The decode loop: sequences that share batches, one step at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tui.core.errors import LocalLLMError
from tui.core.events import Failed, StateTimed, StopReason
from tui.core.probabilities import Candidate
from tui.engine.abort import AbortFlag
from tui.engine.context import Context, Outcome
from tui.engine.fairness import Seats, room_beside, shares
from tui.engine.generation import Generation
from tui.engine.machine import unknown
from tui.engine.places import Places
from tui.engine.prefill_watch import PrefillWatch
from tui.engine.prefix_cache import PrefixCache
from tui.engine.probabilities import candidates
from tui.engine.sequence import Sequence
from tui.engine.threads import Tuners
from tui.engine.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class _Row:
    """Tokens of one sequence in the batch.

    Attributes:
        sequence: whose.
        generation: what for.
        tokens: the tokens: of the prompt, or the chosen one and what is guessed after it.
        logits: how many of them, from the last backwards, have logits.
        last: index of the last one in the batch.
    """

    sequence: Sequence
    generation: Generation
    tokens: list[int]
    logits: int
    last: int


class Scheduler:
    """Evaluates the prompts and chooses the tokens of all generations under way.

    A step is one batch: first the last token of every generation that decodes, then as many prompt tokens as the
    chunk allows, so that a long prompt does not hold up the others; `fairness` has the rules. Where the cache is too
    small for all of them, the client who came last gives way, and goes on when there is room. All calls come from one
    thread.

    Args:
        context: the KV cache.
        vocabulary: the model's tokens.
        prefixes: what was computed before.
        seats: how many generations may run side by side, and whose.
        chunk: most prompt tokens in one step.
        tuners: how many threads a step gets.
        abort: the flag that a cancel raises.
    """

    def __init__(
        self,
        context: Context,
        vocabulary: Vocabulary,
        prefixes: PrefixCache,
        *,
        seats: Seats,
        chunk: int,
        tuners: Tuners,
        abort: AbortFlag,
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._prefixes = prefixes
        self._chunk = chunk
        self._tuners = tuners
        self._abort = abort
        self._watch = PrefillWatch(abort.nodes, context.graph_nodes)
        self.places = Places(context, prefixes, seats)
        """Which generation has which sequence."""
        self._steps = 0
        self._overdue = False

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return self.places.busy

    def submit(self, generation: Generation, free: Callable[[], int | None] = unknown) -> None:
        """Put a generation in line; it starts when a sequence is free.

        Args:
            generation: what to do.
            free: processors that other programs leave free now, when that is known. Takes its time, so it is asked only
                where others do not wait for this thread, and where it matters.
        """
        if self._tuners.tunes and not self.busy:
            self._tuners.expect(free())
        self.places.append(generation)

    def step(self) -> None:
        """Evaluate one batch and take the tokens that come of it. Errors end the generations they concern."""
        self._steps += 1
        self._abort.lower()  # before looking at the tickets: a cancel marks its ticket first and raises the flag after
        self._retire_cancelled()
        self.places.assign(self._steps)
        self.places.close_ranks()
        rows = self._fill()
        if not rows:
            return
        self._context.set_threads(self._tuners.threads)
        started = time.perf_counter()
        try:
            outcome = self._evaluate(rows)
        except LocalLLMError as error:
            for row in rows:
                self._fail(row.sequence, error)
            return
        seconds = time.perf_counter() - started
        if outcome is Outcome.ABORTED and self._overdue:
            self._tuners.broken_off(prefill=_reads(rows))
        if outcome is Outcome.NO_ROOM:
            if not self.places.make_room() and not self.places.preempt():
                self._end(max(rows, key=lambda row: len(row.sequence.tokens)).sequence, StopReason.CONTEXT_FULL)
            return
        if outcome is Outcome.DONE:
            self._measure(rows, seconds)
        for row in rows:
            self._take(row, outcome, seconds)

    def _evaluate(self, rows: list[_Row]) -> Outcome:
        """Evaluate the batch, but break a step off that tries a number of threads and takes far too long."""
        self._overdue = False
        tokens, patience = sum(len(row.tokens) for row in rows), None
        if _compares(rows, tokens):
            patience = self._tuners.patience(tokens, prefill=_reads(rows))
        if patience is None or self._prefixes.checkpoints:  # what cannot be cut back would have to be computed anew
            return self._evaluate_watched(rows)
        timer = threading.Timer(patience, self._break_off)
        timer.start()
        try:
            return self._evaluate_watched(rows)
        finally:
            timer.cancel()

    def _break_off(self) -> None:
        self._overdue = True
        self._abort.raise_()

    def _evaluate_watched(self, rows: list[_Row]) -> Outcome:
        """Evaluate the batch; the progress of a lone prompt is told while it runs."""
        row = rows[0]
        if len(rows) > 1 or row.generation.pending is not None:
            return self._context.evaluate()
        done, count = len(row.sequence.tokens), len(row.tokens)
        graphs = -(-count // self._context.n_ubatch)
        self._watch.begin(count, graphs, lambda more: row.generation.prefilling(done + more))
        outcome = None
        try:
            outcome = self._context.evaluate()
        finally:
            self._watch.end(whole=outcome is Outcome.DONE)
        return outcome

    def _measure(self, rows: list[_Row], seconds: float) -> None:
        """Tell the tuners of a step."""
        tokens = sum(len(row.tokens) for row in rows)
        if _compares(rows, tokens):
            self._tuners.measured(seconds, tokens, prefill=_reads(rows))

    def time_state(self) -> StateTimed | None:
        """Save the longest idle conversation and bring it back, with a clock; None when there is none."""
        idle = [s for s in self.places.sequences if s.generation is None and s.tokens]
        if not idle:
            return None
        sequence = max(idle, key=lambda s: len(s.tokens))
        started = time.perf_counter()
        data = self._context.save(sequence.number)
        saved = time.perf_counter()
        if not self._context.restore(sequence.number, data, len(sequence.tokens)):
            sequence.tokens.clear()
        done = time.perf_counter()
        return StateTimed(len(sequence.tokens), len(data), saved - started, done - saved)

    def close(self, timeout: float) -> None:
        """End every generation, and wait for the files under way, `timeout` seconds at most."""
        self.cancel_all()
        self._watch.close()
        self._prefixes.close(timeout)

    def cancel_all(self) -> None:
        """End every generation now."""
        for sequence in self.places.sequences:
            if sequence.generation:
                self._end(sequence, StopReason.CANCELLED)
        self.places.drop_waiting(self._end_waiting, cancelled_only=False)

    def fail_all(self, error: LocalLLMError) -> None:
        """End every generation with an error; what the cache holds is given up, since it is not known any more."""
        for sequence in self.places.sequences:
            self._fail(sequence, error)
        self.places.drop_waiting(lambda generation: _close_failed(generation, error), cancelled_only=False)

    # Before a step

    def _retire_cancelled(self) -> None:
        for sequence in self.places.sequences:
            if sequence.generation and sequence.generation.ticket.cancelled:
                self._end(sequence, StopReason.CANCELLED)
        self.places.drop_waiting(self._end_waiting, cancelled_only=True)

    def _end_waiting(self, generation: Generation) -> None:
        generation.finish(StopReason.CANCELLED, 0, self._tuners.threads.decode)

    def _fill(self) -> list[_Row]:
        self._context.clear_batch()
        running = [(s, s.generation) for s in self.places.sequences if s.generation]
        rows = [self._decode_row(s, g, alone=len(running) == 1) for s, g in running if g.pending is not None]
        room = min(self._chunk, self._context.n_batch - len(rows))
        reading = [(s, g) for s, g in running if g.pending is None]
        needs = [(g.client, len(g.prompt) - len(s.tokens)) for s, g in reading]
        if rows:
            room = room_beside(room, [need for _, need in needs])
        spare = self._context.n_outputs - len(running)
        for (sequence, generation), share in zip(reading, shares(room, needs), strict=True):
            if generation.scores:  # each of its tokens needs a row of logits
                share = min(share, 1 + spare)
                spare -= max(0, share - 1)
            if share > 0:
                done, until = len(sequence.tokens), len(generation.prompt)
                if self._prefixes.checkpoints and done < until - 1:
                    until -= 1  # a step ends here, so that the state can be kept
                tokens = generation.prompt[done : min(done + share, until)]
                ends = done + len(tokens) == len(generation.prompt)
                logits = len(tokens) if generation.scores else int(ends)
                rows.append(self._row(sequence, generation, tokens, logits=logits))
        return rows

    def _decode_row(self, sequence: Sequence, generation: Generation, *, alone: bool) -> _Row:
        assert generation.pending is not None
        guess = self._guess(sequence, generation) if alone else []
        return self._row(sequence, generation, [generation.pending, *guess], logits=1 + len(guess))

    def _guess(self, sequence: Sequence, generation: Generation) -> list[int]:
        """Tokens to try after the pending one; in a batch they are cheaper, with one thread too."""
        speculation = generation.speculation
        if speculation is None:
            return []
        room = min(self._context.n_ctx - len(sequence.tokens), self._context.n_batch) - 1
        left = generation.remaining
        return speculation.guess(room if left is None else min(room, left - 1))

    def _row(self, sequence: Sequence, generation: Generation, tokens: list[int], *, logits: int) -> _Row:
        last = self._context.add(tokens, len(sequence.tokens), sequence.number, logits=logits)
        return _Row(sequence, generation, tokens, logits, last)

    # After a step

    def _take(self, row: _Row, outcome: Outcome, seconds: float) -> None:
        if outcome is Outcome.ABORTED:
            self._resync(row)
            return
        sequence, generation = row.sequence, row.generation
        if generation.pending is not None:
            generation.decoded(seconds)
            self._choose(row)
            return
        if generation.scores:
            self._score(row)
        sequence.tokens += row.tokens
        if self._prefixes.checkpoints and len(sequence.tokens) == len(generation.prompt) - 1:
            self._prefixes.put_aside(sequence)
        generation.prefilled(len(sequence.tokens), seconds)
        if len(sequence.tokens) < len(generation.prompt):
            return
        if generation.wants_none:
            self._end(sequence, StopReason.LENGTH)
        else:
            self._choose_one(sequence, generation, row.last)

    def _score(self, row: _Row) -> None:
        """Tell how likely the prompt's own tokens are; each row of logits is about the token after it."""
        generation, vocabulary, done = row.generation, self._vocabulary, len(row.sequence.tokens)
        if not done:
            generation.score(0, vocabulary.piece(generation.prompt[0], special=True))
        first = row.last - len(row.tokens) + 1
        for offset, token in enumerate(generation.prompt[done + 1 : done + 1 + len(row.tokens)]):
            told = candidates(self._context.pointer, first + offset, vocabulary, token, generation.n_probs or 0)
            generation.score(done + 1 + offset, told[0].piece, told)

    def _choose(self, row: _Row) -> None:
        """Choose the tokens after a decoded one, as long as the guesses are right; forget the wrong guesses."""
        sequence, generation = row.sequence, row.generation
        guess = row.tokens[1:]
        sequence.tokens.append(row.tokens[0])
        accepted = 0
        while self._choose_one(sequence, generation, row.last - len(guess) + accepted):
            if accepted == len(guess) or generation.pending != guess[accepted]:
                break
            sequence.tokens.append(guess[accepted])
            accepted += 1
        if guess:
            self._cut_back(row)
            assert generation.speculation
            generation.speculation.judged(len(guess), accepted)

    def _choose_one(self, sequence: Sequence, generation: Generation, logits: int) -> bool:
        """Choose one token; returns whether the generation goes on."""
        try:
            token = generation.forced()
            if token is None:
                token = generation.sampler.sample(self._context.pointer, logits)
        except LocalLLMError as error:  # a grammar that leads nowhere
            self._fail(sequence, error)
            return False
        if self._vocabulary.is_end(token):
            self._end(sequence, StopReason.END)
            return False
        held = len(sequence.tokens)
        piece = self._vocabulary.piece(token, special=generation.shows(token))
        reason = generation.accept(token, piece, held + 1, self._candidates(generation, token, logits))
        if reason is None and held >= self._context.n_ctx and not self._shift(sequence, generation):
            reason = StopReason.CONTEXT_FULL
        if reason is not None:
            self._end(sequence, reason)
            return False
        return True

    def _candidates(self, generation: Generation, token: int, logits: int) -> tuple[Candidate, ...]:
        if generation.n_probs is None:
            return ()
        return candidates(self._context.pointer, logits, self._vocabulary, token, generation.n_probs)

    def _shift(self, sequence: Sequence, generation: Generation) -> bool:
        """Make room in a full context by forgetting half of what came after the kept tokens, where that is wanted."""
        if generation.params.context_policy != "shift":
            return False
        wanted = len(generation.prompt) if generation.params.keep < 0 else generation.params.keep
        # The first token holds much of the attention; without it the text falls apart.
        keep = min(max(wanted, 1), self._context.n_ctx - 4)
        discard = (self._context.n_ctx - keep) // 2
        if not self.places.part_from_others(sequence, keep):
            return False
        if not self._context.shift(sequence.number, keep, discard):
            return False
        del sequence.tokens[keep : keep + discard]
        sequence.shifted = True
        generation.shifted(discard, len(sequence.tokens))
        return True

    def _resync(self, row: _Row) -> None:
        """Learn how much of an aborted batch is in the cache; the rest is evaluated in the next step."""
        sequence = row.sequence
        if row.generation.pending is not None or row.generation.scores:
            self._cut_back(row)
            return
        added = self._context.length(sequence.number) - len(sequence.tokens)
        sequence.tokens += row.tokens[: max(0, added)]

    def _cut_back(self, row: _Row) -> None:
        """Take out of the cache what is not in the sequence; where that cannot be done, begin again with its tokens."""
        sequence = row.sequence
        if self._context.keep(sequence.number, len(sequence.tokens)) < len(sequence.tokens):
            if sequence.generation and row.generation.pending is not None:
                row.generation.begin_again(sequence.tokens)
            sequence.tokens = []

    def _end(self, sequence: Sequence, reason: StopReason) -> None:
        generation, sequence.generation = sequence.generation, None
        if generation:
            sequence.unsaved = sequence.unsaved or generation.durable
            generation.finish(reason, len(sequence.tokens), self._tuners.threads.decode)

    def _fail(self, sequence: Sequence, error: LocalLLMError) -> None:
        generation, sequence.generation = sequence.generation, None
        sequence.tokens.clear()
        self._context.keep(sequence.number, 0)
        if generation:
            _close_failed(generation, error)


def _reads(rows: list[_Row]) -> bool:
    """Whether tokens of a prompt are among those of a batch."""
    return any(row.generation.pending is None for row in rows)


def _compares(rows: list[_Row], tokens: int) -> bool:
    """Whether a step's time tells of threads: guesses compare with neither prompts nor single tokens."""
    return _reads(rows) or tokens == len(rows)


def _close_failed(generation: Generation, error: LocalLLMError) -> None:
    generation.sampler.free()
    generation.ticket.close(Failed(error))
