"""Which generation has which sequence of the KV cache, and who waits for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui.engine.context import Context
from tui.engine.fairness import PERSON, Line, Seats
from tui.engine.generation import Generation
from tui.engine.prefix_cache import PrefixCache
from tui.engine.sequence import Sequence, common_prefix
from tui.engine.ticket import Ticket

_ROOM = 64
"""Tokens that a generation must have room for besides its prompt to begin beside others."""
_SETTLED = 16
"""Tokens after which a generation is long enough for idle conversations to be moved for it."""
_IN_THE_WAY = 256
"""Tokens of idle conversations that are worth it: llama.cpp looks at so many cells at a time."""


class Places:
    """The sequences, and the line for them; `fairness` has the rules.

    Where the cache is too small for all that run, the client who came last gives way, and goes on when there is room.

    Args:
        context: the KV cache.
        prefixes: what was computed before.
        seats: how many sequences there are, and how many of them are the person's alone.
    """

    def __init__(self, context: Context, prefixes: PrefixCache, seats: Seats) -> None:
        self._context = context
        self._prefixes = prefixes
        self._line: Line[Generation] = Line()
        self._own = seats.own
        self._settled = -1
        """Order of the generation for which idle conversations were moved last."""
        self._moved = False
        self.sequences = [Sequence(number) for number in range(seats.count)]

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._line) or bool(self.running)

    @property
    def running(self) -> list[Generation]:
        """The generations that have a sequence."""
        return [sequence.generation for sequence in self.sequences if sequence.generation]

    def append(self, generation: Generation) -> None:
        """Put a generation in line."""
        self._line.append(generation)

    def generation_of(self, ticket: Ticket) -> Generation | None:
        """The generation whose events go to a ticket; None when it is over."""
        return next((g for g in (*self.running, *self._line) if g.ticket is ticket), None)

    def drop_waiting(self, end: Callable[[Generation], None], *, cancelled_only: bool) -> None:
        """Take generations out of the line.

        Args:
            end: called with each.
            cancelled_only: only those whose end was asked for.
        """
        for generation in self._line:
            if generation.ticket.cancelled or not cancelled_only:
                self._line.remove(generation)
                end(generation)

    def assign(self, step: int) -> None:
        """Give sequences to those whose turn it is, as far as there are any and the cache has room.

        Args:
            step: its number, for knowing later which sequence was used last.
        """
        while generation := self._line.next(self.running):
            idle = self._open_to(generation.client)
            if not idle or not self._has_room(generation):
                if generation.client != PERSON or not self.preempt(alone=True):
                    return
                continue
            self._line.remove(generation)
            self._start(self._best(idle, generation.prompt), generation, step)

    def preempt(self, *, alone: bool = False) -> bool:
        """Let the client who came last give way; False where there is none.

        Args:
            alone: whether it may be the only one that runs.
        """
        clients = [s for s in self.sequences if s.generation and s.generation.client != PERSON]
        if not clients or (len(self.running) < 2 and not alone):
            return False
        sequence = max(clients, key=lambda s: s.generation.order if s.generation else -1)
        generation, sequence.generation = sequence.generation, None
        assert generation
        generation.give_way(sequence.tokens)
        self._prefixes.put_aside(sequence)
        self.clear(sequence)
        self._line.return_first(generation)
        return True

    def make_room(self) -> bool:
        """Give up the cache of the idle sequence that was used least recently; False when there is none."""
        idle = [s for s in self.sequences if s.generation is None and s.tokens]
        if not idle:
            return False
        oldest = min(idle, key=lambda s: s.used)
        self._prefixes.put_aside(oldest)
        self.clear(oldest)
        return True

    def close_ranks(self) -> None:
        """Move idle conversations to memory for a lone generation, one at each call, then that one to where they were.

        llama.cpp goes through all cells up to the last one in use, for each token and layer, and gives each thread an
        equal part of them, whosever they are. 3,000 cells of idle conversations made a lone generation at two threads
        8 to 25% slower; moving them takes about as long as ten tokens. So it is not done for a short generation, nor
        where the memory for conversations would have to give up others for them.
        """
        running = [s for s in self.sequences if s.generation] if len(self.sequences) > 1 else ()
        if len(running) != 1 or not self._prefixes.moves:
            return
        sequence, generation = running[0], running[0].generation
        if generation is None or generation.pending is None or generation.order == self._settled:
            return
        idle = [s for s in self.sequences if s.generation is None and s.tokens]
        if len(generation.generated) < _SETTLED or (not self._moved and sum(len(s.tokens) for s in idle) < _IN_THE_WAY):
            return
        if any(self._prefixes.move_out(other) for other in idle):
            self._moved = True
            return
        self._settled = generation.order
        if self._moved and not idle and not self._prefixes.move_up(sequence):
            generation.begin_again(sequence.tokens)
            self.clear(sequence)
        self._moved = False

    def part_from_others(self, sequence: Sequence, keep: int) -> bool:
        """See that no other sequence shares tokens after the first `keep`: their places are about to change.

        Returns:
            Whether that could be done; not where a generation under way shares them.
        """
        if self._context.parts > 1:
            return True
        sharing = [s for s in self.sequences if s is not sequence and common_prefix(s.tokens, sequence.tokens) > keep]
        if any(s.generation for s in sharing):
            return False
        for other in sharing:
            self.clear(other)
        return True

    def clear(self, sequence: Sequence) -> None:
        """Let a sequence hold nothing."""
        sequence.tokens = []
        self._context.keep(sequence.number, 0)

    def foresee(self, prompt: list[int]) -> int:
        """How many tokens of a prompt of the person's would be found computed if it came now."""
        sequence = self._best(self._open_to(PERSON) or self.sequences, prompt)
        return self._prefixes.foresee(sequence, prompt, self.sequences)

    @property
    def unsaved(self) -> bool:
        """Whether a conversation waits to be kept on disk."""
        return any(sequence.unsaved for sequence in self.sequences)

    @property
    def kept(self) -> dict[str, Path | None]:
        """As `Engine.kept`. Any thread: what it goes through is copied first, which is done in one go."""
        held = {s.label: None for s in self.sequences if s.label and s.tokens}
        return self._prefixes.labels | held

    def save(self) -> None:
        """Hand the conversations that wait for it to the disk."""
        for sequence in self.sequences:
            if sequence.unsaved and sequence.generation is None:
                self._prefixes.save(sequence)

    def _open_to(self, client: str) -> list[Sequence]:
        """The idle sequences that somebody may have."""
        allowed = self.sequences if client == PERSON else self.sequences[self._own :]
        return [s for s in allowed if s.generation is None]

    def _best(self, idle: list[Sequence], prompt: list[int]) -> Sequence:
        """The one that knows most of a prompt; among equals the person's own, then the one used least recently.

        An empty one comes before a conversation that would be overwritten, where it can begin with what that one knows.
        Of a cache in parts llama.cpp evaluates together only parts that lie side by side, so those come before.
        """
        taken = {s.number for s in self.sequences if s.generation} if self._context.parts > 1 else set()

        def worth(s: Sequence) -> tuple[int, bool, bool, int]:
            beside = s.number - 1 in taken or s.number + 1 in taken
            return common_prefix(s.tokens, prompt), s.number < self._own, beside, -s.used

        best = max(idle, key=worth)
        if self._prefixes.shares and 2 * common_prefix(best.tokens, prompt) < len(best.tokens):
            return max((s for s in idle if not s.tokens), key=worth, default=best)
        return best

    def _has_room(self, generation: Generation) -> bool:
        """Whether the cache has room for a prompt besides what runs; idle conversations make room."""
        if self._context.parts > 1:
            return True
        taken = [max(len(s.tokens), len(s.generation.prompt)) for s in self.sequences if s.generation]
        return not taken or sum(taken) + len(generation.prompt) + _ROOM <= self._context.n_ctx

    def _start(self, sequence: Sequence, generation: Generation, step: int) -> None:
        """Give a generation its sequence, with what was computed of its prompt before."""
        kept, restored = self._prefixes.prepare(sequence, generation.prompt, self.sequences, most=generation.reusable)
        sequence.generation, sequence.used = generation, step
        sequence.label = generation.label or (sequence.label if kept else "")
        generation.reuse(kept, restored=restored)
