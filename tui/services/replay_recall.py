"""What the store knows of a reply, as it takes to generate it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tui.core.errors import LocalLLMError
from tui.core.events import StopReason
from tui.core.parameters import RANDOM_SEED, GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt
from tui.core.text import one_line
from tui.services.recorded_chat_branch import Branch
from tui.services.recorded_chat_facts import same_model
from tui.services.recorded_params import recorded_params
from tui.store.records import MessageRecord, Reply, Stretch
from tui.store.store import Store

_CLOSED = (StopReason.END, StopReason.STOP_STRING)
"""Ends that belong to the text: a replay has to come to them as well."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A stored reply, and all that it takes to generate it again.

    One that was continued was generated in parts, each from what stood there by then and with settings of its own:
    what is said here is of its last part, and `before` has the others.

    Attributes:
        record: the reply.
        reply: what is known of it.
        tokens: those that were generated.
        prompt: what the model was asked, with what the reply had already.
        question: the message that it answers; None for a reply to nothing.
        params: how its tokens were chosen, with the seed that was used.
        load: how its model was loaded.
        unknown: names of recorded settings that this version cannot follow.
        before: the parts before this one, oldest first.
    """

    record: MessageRecord
    reply: Reply
    tokens: tuple[int, ...]
    prompt: ChatPrompt
    question: MessageRecord | None
    params: GenerationParams
    load: LoadParams
    unknown: tuple[str, ...] = ()
    before: tuple[Recording, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether it came to its own end; one that was stopped or broke off is compared as far as it goes."""
        return self.reply.stop_reason in _CLOSED

    @property
    def parts(self) -> tuple[Recording, ...]:
        """All parts, this last one included."""
        return (*self.before, self)

    @property
    def count(self) -> int:
        """Tokens of all parts."""
        return sum(len(part.tokens) for part in self.parts)


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
        raise _impossible("a person or another program wrote it")
    if record.state == "growing":
        raise LocalLLMError("This reply is still being generated")
    if len(reply.stretches) != reply.continued:
        raise _impossible(
            "it was continued by an older version, which kept only what its last part was made with",
            "a reply that is written in one go, or continued from now on, can be replayed",
        )
    if not (tokens := store.tokens(message)):
        raise _impossible("its tokens were not kept")
    begun = _begun(store, record) if reply.begun is None else record.text[: reply.begun]
    parts = list(_parts(store, record, reply, tokens, begun))
    if not parts:
        raise _impossible("which of its tokens belong to which part is not known")
    _check_models(parts)
    return replace(parts[-1], before=tuple(parts[:-1]))


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


def _parts(
    store: Store, record: MessageRecord, reply: Reply, tokens: tuple[int, ...], begun: str
) -> Iterator[Recording]:
    before = store.path_to(record.parent)
    question, branch = before[-1] if before else None, Branch(before)
    rest = len(tokens) - sum(stretch.tokens for stretch in reply.stretches)
    last = Stretch(reply.facts, rest, len(record.text), reply.timings, reply.stop_reason, reply.stop)
    start = 0
    for number, part in enumerate((*reply.stretches, last), 1):
        own, start = tokens[start : start + part.tokens], start + part.tokens
        if own or part.stop_reason in _CLOSED:  # else it broke off before its first token: nothing to compare
            made = replace(reply, facts=part.facts, timings=part.timings, stop_reason=part.stop_reason, stop=part.stop)
            recorded = recorded_params(part.facts)
            if recorded.generation.seed == RANDOM_SEED and recorded.generation.temp > 0:
                which = f"its part {number}" if reply.stretches else "it"
                raise _impossible(f"{which} broke off before its random seed was stored")
            prompt = branch.prompt(recorded.generation, begun)
            yield Recording(record, made, own, prompt, question, recorded.generation, recorded.load, recorded.unknown)
        begun = record.text[: part.characters]


def _check_models(parts: Sequence[Recording]) -> None:
    first, *others = (part.reply.facts.model for part in parts)
    for other in others:
        if not same_model(first, other):
            names = f"{one_line(first.name) or 'one'} and {one_line(other.name) or 'another'}"
            raise _impossible(f"two models wrote parts of it, {names}")


def _impossible(why: str, hint: str = "") -> LocalLLMError:
    return LocalLLMError("This reply cannot be replayed", why=why, hint=hint)


def _begun(store: Store, record: MessageRecord) -> str:
    """The text that a person had written as the beginning of the reply, where nobody noted how long it is: that is a
    version without a model."""
    written = (one for one in store.siblings(record.id) if one.reply is None and one.id < record.id)
    begun = [one.text for one in written if one.text and record.text.startswith(one.text)]
    return max(begun, key=len, default="")
