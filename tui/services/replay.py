"""Generating a stored reply again from what was recorded of it, and comparing the two token by token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, ModelInfo, Prefilling, StopReason, Token
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket
from tui.services.recorded_chat_facts import facts_of
from tui.services.replay_recall import Recording, last_reply, recall
from tui.services.replay_result import Outcome, ReplayResult, odds
from tui.store.records import MessageRecord
from tui.store.store import Store

__all__ = ["Recording", "Replay", "keep", "last_reply", "recall"]

_BEYOND = 24
"""Tokens that are generated after the first difference, so that one sees where the new text goes."""

_LIKELIEST = 20
"""Tokens whose probability is known where the two part: the stored one is nearly always among them."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A part that is over.

    Attributes:
        tokens: what was generated.
        text: all of the reply by its end.
        finished: how it ended.
    """

    tokens: tuple[int, ...]
    text: str
    finished: Finished | None


class Replay:
    """One replay under way: the front end hands it every event of its ticket, and starts it again while it `goes_on`.

    Args:
        recording: the reply.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.part = recording.parts[0]
        """The part of the reply that is generated now; of most replies the only one."""
        self.tokens: list[int] = []
        """What was generated now, in all parts."""
        self.finished: Finished | None = None
        """The end of the part, once it came."""
        self.error: LocalLLMError | None = None
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self._ended: list[_Ended] = []
        self._begins = 0
        self._text = [self.part.prompt.begun]
        self._matched = 0
        self._satisfied = False
        self._odds = ""
        self._notes: list[str] = []
        self._ticket: Ticket | None = None

    def start(self, engine: Engine) -> Ticket:
        """Ask the engine, with as much of the prompt reused as then: other batches are rounded otherwise.

        The ticket is cancelled here once enough is known. Where it goes on, this asks for the next part.
        """
        if self.goes_on:
            self._next_part()
        timings = self.part.reply.timings
        self._ticket = engine.generate(
            self.part.prompt, self.part.params, reusable=timings.cached_tokens, n_probs=_LIKELIEST
        )
        return self._ticket

    @property
    def text(self) -> str:
        """What was written now, with what was given."""
        return "".join(self._text)

    @property
    def matched(self) -> int:
        """How many tokens were the same, from the first one on."""
        return self._matched

    @property
    def differs(self) -> bool:
        """Whether a token was another one."""
        return len(self.tokens) > self._matched

    @property
    def goes_on(self) -> bool:
        """Whether a part is over that matched, and the reply was continued after it."""
        if self.finished is None or self.error is not None or self._is_last:
            return False
        return self._part_matched and (self._satisfied or (self.part.closed and self._ended_itself))

    def absorb(self, event: Event) -> str:
        """Take an event.

        Returns:
            The text that came with it.
        """
        if isinstance(event, Prefilling):
            self.prompt_tokens, self.cached_tokens = event.total, event.cached
        elif isinstance(event, Failed):
            self.error = event.error
        elif isinstance(event, Finished):
            self.finished = event
            if not self._satisfied:
                self._text.append(event.text)
                return event.text
        elif isinstance(event, Token) and not self._satisfied:
            self._take(event)
            return event.text
        return ""

    def result(self) -> ReplayResult:
        """What came of it; to be asked when it is over, and says how far it is before."""
        note = next(filter(None, (*self._notes, self._note())), "")
        return ReplayResult(self._outcome(), self._matched, self.recording.count, self.recording.record.text,
                            self.text, note, self._odds)  # fmt: skip

    def made(self) -> list[_Ended]:
        """What was generated, part by part."""
        return [*self._ended, _Ended(tuple(self.tokens[self._begins :]), self.text, self.finished)]

    @property
    def _is_last(self) -> bool:
        return len(self._ended) == len(self.recording.before)

    @property
    def _part_matched(self) -> bool:
        return not self.differs and self._matched == self._begins + len(self.part.tokens)

    @property
    def _ended_itself(self) -> bool:
        return self.finished is not None and self.finished.reason is not StopReason.CANCELLED

    def _next_part(self) -> None:
        self._ended = self.made()
        self._notes.append(self._note())
        self.part = self.recording.parts[len(self._ended)]
        self._begins = len(self.tokens)
        self._text = [self.part.prompt.begun]
        self._satisfied, self.finished = False, None

    def _outcome(self) -> Outcome:
        if self.differs:
            return Outcome.DIFFERENT
        if self.goes_on:
            return Outcome.STOPPED
        whole = self._is_last and self._part_matched
        if whole and (self._satisfied or not self.recording.closed or self._ended_itself):
            return Outcome.IDENTICAL if self.recording.closed else Outcome.IDENTICAL_SO_FAR
        return Outcome.ENDED_EARLIER if self._ended_itself else Outcome.STOPPED

    def _take(self, event: Token) -> None:
        expected, at = self.part.tokens, len(self.tokens) - self._begins
        if not self.differs and at < len(expected) and event.id == expected[at]:
            self._matched += 1
        elif not self.differs and at < len(expected):
            self._odds = odds(event, expected[at])
        self.tokens.append(event.id)
        self._text.append(event.text)
        if self.differs:
            enough = len(self.tokens) >= max(self._begins + len(expected), self._matched + _BEYOND)
        else:
            enough = self._part_matched and not self.part.closed
        if enough:
            self._satisfied = True
            if self._ticket is not None:
                self._ticket.cancel()

    def _note(self) -> str:
        """What of the prompt is not as it was."""
        timings = self.part.reply.timings
        if not timings.prompt_tokens or not self.prompt_tokens:
            return ""
        if timings.prompt_tokens != self.prompt_tokens:
            words = f"the prompt has {self.prompt_tokens:,} tokens now and had {timings.prompt_tokens:,} then"
            return f"{words}: it is not the same"
        if timings.cached_tokens == self.cached_tokens:
            return ""
        words = f"{timings.cached_tokens:,} of the prompt's {self.prompt_tokens:,} tokens were in the cache then"
        return f"{words}, {self.cached_tokens:,} now: near ties may differ"


def keep(store: Store, replay: Replay, model: ModelInfo) -> MessageRecord:
    """Store what was generated now as another version of the reply, continued where the reply was continued.

    Args:
        store: where the reply is.
        replay: one that is over.
        model: what generated it.
    """
    recording = replay.recording
    begun = recording.parts[0].prompt.begun
    record, text = None, begun
    for part, made in zip(recording.parts, replay.made(), strict=False):
        facts = facts_of(model, part.params)
        if record is None:
            record = store.begin_reply(recording.record.parent, facts, conversation=recording.record.conversation,
                                       begun=len(begun))  # fmt: skip
            new = made.text
        else:
            record, new = store.continue_reply(record.id, facts), made.text[len(text) :]
        text = made.text
        record = _finish(store, record, new, made)
    assert record is not None
    return record


def _finish(store: Store, record: MessageRecord, new: str, made: _Ended) -> MessageRecord:
    finished = made.finished
    reason = finished.reason if finished else StopReason.CANCELLED
    timings = replace(finished.timings, generated_tokens=len(made.tokens)) if finished else None
    seed, stop = (finished.seed, finished.stop) if finished else (None, "")
    return store.finish_reply(record.id, new, made.tokens, reason, timings, stop=stop, seed=seed)
