"""One prompt answered twice: both replies are stored as versions of each other, each with what it was made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui.core.errors import LocalLLMError, NoModelError, OutOfMemoryError
from tui.core.events import Event, Failed, Finished, Token
from tui.core.options import options_of
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.text import one_line
from tui.core.units import format_bytes
from tui.engine.planner import NoPlanError
from tui.engine.ticket import Ticket
from tui.monitor.memory import available_memory
from tui.services.model_host import ModelHost
from tui.services.recorded_chat_branch import Branch
from tui.services.recorded_chat_facts import facts_of
from tui.services.recorded_chat_reply import RecordedReply
from tui.store.records import Attachment, MessageRecord
from tui.store.store import Store


@dataclass(frozen=True, slots=True)
class Setup:
    """What one side runs with.

    Attributes:
        path: the model's file; None while none is chosen.
        params: how its tokens are chosen.
        preset: name of the preset that they come from; empty for none.
    """

    path: Path | None
    params: GenerationParams
    preset: str = ""


class Comparison:
    """The prompts of a comparison and their replies, in the conversation that they belong to.

    What a method does with the store waits for the disk: call it from the store's thread.

    Args:
        store: where conversations are kept.
        leaf: the message after which the prompt comes; None begins a conversation of its own.
        failed: told of a reply that the store does not take.
    """

    def __init__(self, store: Store, leaf: int | None, failed: Callable[[LocalLLMError], None]) -> None:
        self._store = store
        self._before = Branch(store.path_to(leaf))
        self._failed = failed
        self._prompt: MessageRecord | None = None
        self._conversation = self._before.last.conversation if self._before.last else None
        self._replies = 0

    def ask(self, text: str, attachments: Sequence[Attachment] = ()) -> MessageRecord:
        """Store a prompt; one that says the same as the one before is that one, and gets more replies.

        Args:
            text: what both sides are asked.
            attachments: texts that go with it.

        Raises:
            StoreError: the store refuses it.
        """
        same = self._prompt is not None and (self._prompt.text, self._prompt.attachments) == (text, tuple(attachments))
        if self._prompt is not None and same and self._replies:
            return self._prompt
        if self._conversation is None:
            self._conversation = self._store.create().id
        last = self._before.last
        self._prompt = self._store.add_prompt(self._conversation, last.id if last else None, text, attachments)
        self._replies = 0
        return self._prompt

    def begin(self, host: ModelHost, params: GenerationParams) -> tuple[RecordedReply, Ticket]:
        """Ask one side's model; its reply is stored while it grows.

        Raises:
            LocalLLMError: no model is loaded, or nothing was asked.
        """
        if host.model is None or self._prompt is None:
            raise NoModelError("No model is loaded", hint="choose one first")
        grown = self._store.begin_reply(self._prompt.id, facts_of(host.model, params))
        reply = RecordedReply(self._store, grown, self._failed)
        prompt = self._before.with_last(self._prompt).prompt(params)
        self._replies += 1
        return reply, host.engine.generate(prompt, params)

    def end(self, reply: RecordedReply, event: Finished | Failed | None) -> MessageRecord | None:
        """A reply is over.

        Args:
            reply: the one that `begin` gave.
            event: its last event; None where the program gave it up.

        Returns:
            Its record; None for one without a word, which is not kept.
        """
        came = reply.end(event) if event is not None else bool(reply.text)
        if event is None:
            reply.interrupt()
        reply.wait()
        if came:
            return self._store.message(reply.id)
        self._store.delete_branch(reply.id)
        self._replies -= 1
        return None

    def withdraw(self) -> str:
        """Take the prompt back where nothing came of it at all; its text, to be changed."""
        if self._prompt is None or self._replies:
            return ""
        prompt, self._prompt = self._prompt, None
        conversation = self._store.delete_branch(prompt.id)
        if not conversation.length:
            self._store.delete(conversation.id)
            self._conversation = None
        return prompt.text

    def leave(self) -> None:
        """Put the person back to where the comparison began; the replies stay, on branches of their own."""
        if self._before.last is not None:
            self._store.go_to(self._before.last.conversation, self._before.last.id)


def absorb(reply: RecordedReply, event: Event) -> None:
    """Hand an event of a reply's ticket to what stores it. Never waits."""
    if isinstance(event, Token | Finished):
        reply.add(event.text, (event.id,) if isinstance(event, Token) and event.id >= 0 else ())


def differing(one: GenerationParams, other: GenerationParams) -> tuple[list[str], list[str]]:
    """What each of two sides is set to where they differ, in a word or two each: `temp 0.2`, `seed random`."""
    sides: tuple[list[str], list[str]] = ([], [])
    for spec in options_of(GenerationParams):
        values = getattr(one, spec.name), getattr(other, spec.name)
        if values[0] != values[1]:
            name = spec.name.replace("_", " ") if spec.kind in ("float", "int") else spec.label.lower()
            for side, value in zip(sides, values, strict=True):
                text = one_line(spec.format(value)) or "none"
                side.append(f"{name} {text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}")
    return sides


_LONGEST = 24
"""Characters of a value that a heading shows."""


def both_fit(host: ModelHost, path: Path, load: LoadParams) -> OutOfMemoryError | None:
    """Whether a model can be loaded beside the one that a host has: None where it can, else why not.

    Asks llama.cpp, and loads nothing; for a worker thread.

    Args:
        host: where the other model is.
        path: the model.
        load: how it is loaded.

    Raises:
        LocalLLMError: the file is no model, or llama.cpp refused it.
    """
    try:
        plan, available = host.plan(path, load), available_memory()
    except NoPlanError as error:
        return OutOfMemoryError("Whether both models fit in memory is not known", why=error.what)
    if plan.total <= available:
        return None
    return OutOfMemoryError(
        f"Both models together do not fit in memory: {one_line(path.name)}",
        why=f"it needs {format_bytes(plan.total)} beside the other one, and {format_bytes(available)} is available",
    )


def load_beside(load: LoadParams) -> LoadParams:
    """How a second model is loaded: nothing computed with it is kept for another day."""
    return replace(load, cache_ram=0, cache_disk=0)
