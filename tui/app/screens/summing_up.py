"""Going on in a new chat from a summary that the model writes of the old one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.app.screens.talking import Talking
from tui.app.status import model_name
from tui.app.widgets.entries import ReplyEntry
from tui.core.errors import LocalLLMError
from tui.core.events import Counted, Event, Failed, Finished, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.engine.ticket import Ticket
from tui.services.summary import Summary, opening

if TYPE_CHECKING:
    from tui.store.records import Conversation
    from tui.store.store import Store

_LOOK = 0.01
"""Seconds between two looks at a count under way, which takes milliseconds."""


class SummingUp(Talking):
    """Lets the model sum up the conversation, in parts where it is long, and begins a new one with that."""

    is_summing_up = False
    """Whether a summary is being written."""

    async def sum_up(self, draft: int) -> bool:
        """Sum up the conversation and begin a new one with the summary; the old one stays.

        Args:
            draft: tokens of what is to be said there.

        Returns:
            Whether that was done; if not, nothing has changed, and it was said why.
        """
        model = self._host.model
        if model is None or self.program.work.busy or self.is_summing_up:
            return False
        old = self.chat.conversation
        entry = ReplyEntry(f"{model_name(model.path)}: a summary of this chat")
        self._transcript.add(entry)
        self.is_summing_up = True
        try:
            summary = Summary(await self._said(), model.n_ctx, draft)
            params = replace(summary.params(self.settings_here.generation), system_prompt="")
            while not summary.done:
                await self._write_part(summary, params, entry)
            now = self.chat.conversation
            if (now.id if now else None) != (old.id if old else None):
                raise LocalLLMError("Another chat was opened meanwhile")
            await self._begin_with(summary, old)
        except LocalLLMError as error:
            entry.finish("", f"{error.line()}: nothing was sent, and this chat is as it was", failed=True)
            self._transcript.changed(entry)
            return False
        finally:
            self.is_summing_up = False
        return True

    async def _said(self) -> Sequence[Message]:
        """The conversation as the model knows it, attached texts included."""
        params = replace(self.settings_here.generation, system_prompt="")
        return (await self.chat.chats.ask(lambda session: session.preview("", params, (), None)))[1].messages

    async def _begin_with(self, summary: Summary, old: Conversation | None) -> None:
        title, typed = old.title if old else "", self._prompt.text
        await self.chat.begin_with(opening(title, summary.text))
        await self._move_draft(typed, old)
        self._goes_on_from(title)

    async def _move_draft(self, typed: str, old: Conversation | None) -> None:
        """What was typed is for the new chat, and not for the old one, whose draft it was; it is never in neither."""
        new = self.chat.conversation
        self._prompt.put(typed)

        def move(store: Store) -> None:
            for conversation, draft in ((new, typed), (old, "")):
                if conversation is not None:
                    store.keep_draft(conversation.id, draft)

        await self.chat.chats.look(move)

    def _goes_on_from(self, title: str) -> None:
        self.program.work.forget()
        self.run_worker(self._show_recent())
        self.note(f"this chat goes on from {f'“{title}”' if title else 'the one before'}, which stays as it was: F3")

    async def _write_part(self, summary: Summary, params: GenerationParams, entry: ReplyEntry) -> None:
        """Let the model sum up the next part.

        Raises:
            LocalLLMError: it was stopped, failed, or gave nothing.
        """
        prompt = summary.prompt
        while (tokens := await self._tokens(prompt, params)) > summary.room:
            if not summary.too_long(tokens):
                raise LocalLLMError("The context is too small for a summary")
            prompt = summary.prompt
        if summary.fraction:
            entry.remark((f"read {summary.fraction:.0%} of the chat so far",))
            entry.append("\n\n")
        text = await self._written(prompt, params, entry)
        if not text.strip():
            raise LocalLLMError("The model wrote no summary")
        summary.take(text)

    async def _tokens(self, prompt: ChatPrompt, params: GenerationParams) -> int:
        ticket = self._host.engine.count(prompt, params)
        while not ticket.over:
            await asyncio.sleep(_LOOK)
        counted = ticket.drain()[-1]
        if isinstance(counted, Failed):
            raise counted.error
        return counted.tokens if isinstance(counted, Counted) else 0

    async def _written(self, prompt: ChatPrompt, params: GenerationParams, entry: ReplyEntry) -> str:
        """What the model writes, shown as it comes; Esc stops it."""
        texts: list[str] = []
        ended: list[Finished | Failed] = []
        over = asyncio.Event()

        def take(events: list[Event]) -> None:
            piece = "".join(event.text for event in events if isinstance(event, Token | Finished))
            texts.append(piece)
            ended.extend(event for event in events if isinstance(event, Finished | Failed))
            entry.append(piece)
            self._transcript.changed(entry)

        async def ask() -> Ticket:
            return self._host.engine.generate(prompt, params)

        self.program.work.expect()
        await self.program.work.start(ask(), take, over.set)
        await over.wait()
        last = ended[-1] if ended else None
        if isinstance(last, Failed):
            raise last.error
        if last is None or last.reason is StopReason.CANCELLED:
            raise LocalLLMError("The summary was stopped")
        return "".join(texts)
