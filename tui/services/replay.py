"""Generating a stored reply again from what was recorded of it, and comparing the two token by token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, Prefilling, StopReason, Token
from tui.core.parameters import RANDOM_SEED, GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket
from tui.services.recorded_chat_branch import Branch
from tui.services.recorded_params import recorded_params
from tui.services.replay_result import Outcome, ReplayResult, odds
from tui.store.records import MessageRecord, Reply
from tui.store.store import Store

_BEYOND = 24
"""Tokens that are generated after the first difference, so that one sees where the new text goes."""

_LIKELIEST = 20
"""Tokens whose probability is known where the two part: the stored one is nearly always among them."""

_CLOSED = (StopReason.END, StopReason.STOP_STRING)
"""Ends that belong to the text: a replay has to come to them as well."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A stored reply, and all that it takes to generate it again.

    Attributes:
        record: the reply.
        reply: what is known of it.
        tokens: those that were generated.
        prompt: what the model was asked.
        question: the message that it answers; None for a reply to nothing.
        params: how its tokens were chosen, with the seed that was used.
        load: how its model was loaded.
        unknown: names of recorded settings that this version cannot follow.
    """

    record: MessageRecord
    reply: Reply
    tokens: tuple[int, ...]
    prompt: ChatPrompt
    question: MessageRecord | None
    params: GenerationParams
    load: LoadParams
    unknown: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether it came to its own end; one that was stopped or broke off is compared as far as it goes."""
        return self.reply.stop_reason in _CLOSED


def recall(store: Store, message: int) -> Recording:
    """What is needed to generate a reply again.

    Raises:
        LocalLLMError: it cannot be generated again; the line says why.
    """
    record = store.message(message)
    reply = record.reply
    if record.role != "assistant":
        raise LocalLLMError("Only a reply of the model can be replayed")
    if reply is None:
        raise LocalLLMError("This reply cannot be replayed", why="a person or another program wrote it")
    if record.state == "growing":
        raise LocalLLMError("This reply is still being generated")
    if reply.continued:
        raise LocalLLMError(
            "This reply cannot be replayed",
            why="it was continued, and only the seed of its last piece is known",
            hint="a reply written in one go can be replayed",
        )
    recorded = recorded_params(reply.facts)
    if recorded.generation.seed == RANDOM_SEED and recorded.generation.temp > 0:
        raise LocalLLMError("This reply cannot be replayed", why="it broke off before its random seed was stored")
    if not (tokens := store.tokens(message)):
        raise LocalLLMError("This reply cannot be replayed", why="its tokens were not kept")
    before = store.path_to(record.parent)
    prompt = Branch(before).prompt(recorded.generation, _begun(store, record))
    question = before[-1] if before else None
    return Recording(record, reply, tokens, prompt, question, recorded.generation, recorded.load, recorded.unknown)


def last_reply(store: Store, number: int) -> int:
    """The reply that a number means: of a message that very one, of a conversation the last one of its open branch.

    Raises:
        LocalLLMError: there is none.
    """
    try:
        conversation = store.conversation(number)
    except LocalLLMError:
        return store.message(number).id
    for record in reversed(store.path_to(conversation.leaf)):
        if record.role == "assistant":
            return record.id
    raise LocalLLMError(f"Conversation {number} has no reply")


def _begun(store: Store, record: MessageRecord) -> str:
    """The text that a person had written as the beginning of the reply: that is a version without a model."""
    written = (one for one in store.siblings(record.id) if one.reply is None and one.id < record.id)
    begun = [one.text for one in written if one.text and record.text.startswith(one.text)]
    return max(begun, key=len, default="")


class Replay:
    """One replay under way: the front end hands it every event of its ticket.

    Args:
        recording: the reply.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.tokens: list[int] = []
        """What was generated now."""
        self.finished: Finished | None = None
        """The end, once it came."""
        self.error: LocalLLMError | None = None
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self._text = [recording.prompt.begun]
        self._matched = 0
        self._satisfied = False
        self._odds = ""
        self._ticket: Ticket | None = None

    def start(self, engine: Engine) -> Ticket:
        """Ask the engine, with as much of the prompt reused as then: other batches are rounded otherwise.

        The ticket is cancelled here once enough is known.
        """
        timings = self.recording.reply.timings
        self._ticket = engine.generate(
            self.recording.prompt, self.recording.params, reusable=timings.cached_tokens, n_probs=_LIKELIEST
        )
        return self._ticket

    @property
    def text(self) -> str:
        """What was written now."""
        return "".join(self._text)

    @property
    def matched(self) -> int:
        """How many tokens were the same, from the first one on."""
        return self._matched

    @property
    def differs(self) -> bool:
        """Whether a token was another one."""
        return len(self.tokens) > self._matched

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
        return ReplayResult(self._outcome(), self._matched, len(self.recording.tokens), self.recording.record.text,
                            self.text, self._note(), self._odds)  # fmt: skip

    def _outcome(self) -> Outcome:
        if self.differs:
            return Outcome.DIFFERENT
        whole = self._matched == len(self.recording.tokens)
        if whole and (self._satisfied or not self.recording.closed or self._ended_itself):
            return Outcome.IDENTICAL if self.recording.closed else Outcome.IDENTICAL_SO_FAR
        return Outcome.ENDED_EARLIER if self._ended_itself else Outcome.STOPPED

    @property
    def _ended_itself(self) -> bool:
        return self.finished is not None and self.finished.reason is not StopReason.CANCELLED

    def _take(self, event: Token) -> None:
        expected = self.recording.tokens
        if not self.differs and len(self.tokens) < len(expected) and event.id == expected[len(self.tokens)]:
            self._matched += 1
        elif not self.differs and len(self.tokens) < len(expected):
            self._odds = odds(event, expected[len(self.tokens)])
        self.tokens.append(event.id)
        self._text.append(event.text)
        if self.differs:
            enough = len(self.tokens) >= max(len(expected), self._matched + _BEYOND)
        else:
            enough = self._matched == len(expected) and not self.recording.closed
        if enough:
            self._satisfied = True
            if self._ticket is not None:
                self._ticket.cancel()

    def _note(self) -> str:
        """What of the prompt is not as it was."""
        timings = self.recording.reply.timings
        if not timings.prompt_tokens or not self.prompt_tokens:
            return ""
        if timings.prompt_tokens != self.prompt_tokens:
            words = f"the prompt has {self.prompt_tokens:,} tokens now and had {timings.prompt_tokens:,} then"
            return f"{words}: it is not the same"
        if timings.cached_tokens == self.cached_tokens:
            return ""
        words = f"{timings.cached_tokens:,} of the prompt's {self.prompt_tokens:,} tokens were in the cache then"
        return f"{words}, {self.cached_tokens:,} now: near ties may differ"


def keep(store: Store, replay: Replay, reply: Reply) -> MessageRecord:
    """Store what was generated now as another version of the reply.

    Args:
        store: where the reply is.
        replay: one that is over.
        reply: what it was made with now.
    """
    finished = replay.finished
    record = store.begin_reply(replay.recording.record.parent, reply.facts,
                               conversation=replay.recording.record.conversation)  # fmt: skip
    reason = finished.reason if finished else StopReason.CANCELLED
    timings = replace(finished.timings, generated_tokens=len(replay.tokens)) if finished else None
    seed = finished.seed if finished else None
    return store.finish_reply(record.id, replay.text, replay.tokens, reason, timings, stop=finished.stop if finished
                              else "", seed=seed)  # fmt: skip
