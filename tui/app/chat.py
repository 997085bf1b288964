"""A conversation and its place on the screen: what is sent, what comes back, how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tui.app.chat_turns import ending_words
from tui.app.chat_view import ChatView
from tui.app.chats import Chats
from tui.app.rendering.model_columns import used_words
from tui.app.reply_words import Remarks, stats_words
from tui.app.widgets.entries import NoteEntry, ReplyEntry
from tui.app.widgets.transcript import Transcript
from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, ModelInfo, Token
from tui.core.parameters import GenerationParams
from tui.core.reasoning import spoken
from tui.engine.ticket import Ticket

if TYPE_CHECKING:
    from tui.services.recorded_chat import RecordedChat
    from tui.store.records import Attachment, Conversation, MessageRecord

Attached: TypeAlias = "tuple[Attachment, ...] | None"

T = TypeVar("T")


class Chat:
    """Sends, regenerates, continues, walks and clears; writes the reply into the transcript as it comes.

    Everything that asks the store waits for its turn, so that what was asked first is done first, and the screen goes
    on meanwhile.

    Args:
        chats: the store, and the conversation in it.
        transcript: where it is shown.
        give_back: called with a message that could not be answered at all, for the person to change it.
        say: tells the person one line; the second argument is its kind.
    """

    def __init__(
        self,
        chats: Chats,
        transcript: Transcript,
        give_back: Callable[[str], None],
        say: Callable[[str, str], None],
    ) -> None:
        self.chats = chats
        self.view = ChatView(transcript)
        self._transcript = transcript
        self._give_back = give_back
        self._say = say
        self._turn = asyncio.Lock()
        self._reply: ReplyEntry | None = None
        self._remarks = Remarks()
        self._came = False
        self._last: Finished | Failed | None = None
        self.show_thinking = True
        """Whether the last lines of a thought are shown while the model thinks."""
        self._n_ctx = 0
        self.changed: Callable[[], None] = lambda: None
        self.moved: Callable[[Conversation | None, Conversation | None], None] = lambda before, after: None
        """Told of another conversation that is open now, before it is shown: the one before, and the one it is."""
        """Called when the conversation may be another one, or longer."""

    @property
    def session(self) -> RecordedChat:
        """The conversation that is open; there is one once the store is."""
        return self.chats.session

    @property
    def busy(self) -> bool:
        """Whether a reply is under way."""
        return self.chats.is_open and self.session.busy

    @property
    def conversation(self) -> Conversation | None:
        """What is open; None while nothing was said."""
        return self.session.conversation if self.chats.is_open else None

    @property
    def last_reply(self) -> str:
        """The newest reply: its answer, or what was thought where there is none yet."""
        return spoken(self.session.last_reply) if self.chats.is_open else ""

    @property
    def last_prompt(self) -> MessageRecord | None:
        """What the person said last."""
        records = self.session.records if self.chats.is_open else ()
        return next((record for record in reversed(records) if record.role == "user"), None)

    # Going somewhere

    async def open_last(self) -> Conversation | None:
        """Show where the person left off, above what the program said since it started."""
        async with self._turn:
            found = await self._ask(lambda session: session.open_last())
            if found is None or not self.session.records:
                return None
            since = used_words(found.used)
            note = f"where you left off{f' {since} ago' if since != 'now' else ''}; ctrl+n begins a new chat"
            self.view.show(self.session.records, above=NoteEntry(note))
            return found

    async def open(self, conversation: int, message: int | None = None) -> Conversation:
        """Show another conversation, at a message when one is asked for.

        Raises:
            LocalLLMError: a reply is under way, or it is gone.
        """

        def go(session: RecordedChat) -> Conversation:
            if message is not None:
                session.select(message)
                if session.conversation is not None:
                    return session.conversation
            return session.open(conversation)

        async with self._turn:
            found = await self._ask(go)
            if message is not None:
                self.view.show_at(self.session.records, message)
            else:
                self.view.show(self.session.records, anew=True)
            return found

    async def walk(self, step: int, message: int | None = None) -> bool:
        """Go to the neighbouring version of a message, of the last one that has one on that side if none is named.

        All versions of all messages are reached so: from the oldest version of a reply the way back leads to the
        version before of what was asked.

        Args:
            step: 1 for the younger neighbour, -1 for the older one.
            message: of which message; the mark goes to the neighbour with it.

        Returns:
            Whether there is one.

        Raises:
            LocalLLMError: a reply is under way.
        """
        async with self._turn:
            if (await self._opened()).busy:
                raise LocalLLMError("A reply is still being generated", hint="Esc stops it")
            there = [
                (r.id, number)
                for number, r in enumerate(self.session.records)
                if 1 <= r.position + step <= r.siblings and message in (None, r.id)
            ]
            if not there:
                return False
            at, number = there[-1]
            await self._ask(lambda session: session.walk(at, step))
            self.view.show(self.session.records)
            if message is not None:
                self.view.mark(self.session.records[number].id)
            return True

    async def delete_branch(self, message: int) -> int:
        """Delete a message of any branch with all that follows it; `undo_delete` brings it back.

        Returns:
            How many messages went.

        Raises:
            LocalLLMError: a reply is under way, or it is not in the conversation that is open.
        """
        async with self._turn:
            count = await self._ask(lambda session: session.delete_branch(message))
            self.view.show(self.session.records)
            return count

    async def undo_delete(self, message: int) -> None:
        """Bring back what `delete_branch` of this message deleted, and go there.

        Raises:
            LocalLLMError: a reply is under way, or it was removed for good meanwhile.
        """
        async with self._turn:
            await self._ask(lambda session: session.undo_delete_branch(message))
            self.view.show_at(self.session.records, message)
            self.view.mark(message)

    async def replace(self, message: int, text: str) -> None:
        """Put another text in the place of a reply; the old one stays as another version.

        Raises:
            LocalLLMError: a reply is under way, or the message is not in the conversation that is open.
        """
        async with self._turn:
            await self._ask(lambda session: session.edit(message, text, GenerationParams()))
            self.view.show(self.session.records)
            self.view.mark(self.session.records[-1].id)

    async def clear(self) -> int:
        """Begin a new conversation; the old one stays in the store.

        Returns:
            How many messages were shown.

        Raises:
            LocalLLMError: a reply is under way.
        """
        async with self._turn:
            if count := len((await self._opened()).records):
                await self._ask(lambda session: session.clear())
                self.view.show((), anew=True)
            return count

    async def begin_with(self, text: str) -> None:
        """Begin a new conversation with something said that is not answered yet; the old one stays in the store.

        Raises:
            LocalLLMError: a reply is under way, or the store refuses the text.
        """
        async with self._turn:
            await self._ask(lambda session: session.begin_with(text))
            self.view.show(self.session.records, anew=True)

    async def restore(self) -> bool:
        """Bring back what was cleared last; False when there is nothing, or something was said since."""
        async with self._turn:
            if not await self._ask(lambda session: session.restore()):
                return False
            self.view.show(self.session.records, anew=True)
            return True

    # Saying something

    async def send(
        self, text: str, params: GenerationParams, model: ModelInfo, name: str, attached: Attached = None
    ) -> Ticket:
        """Say something to the model.

        Args:
            text: what the person says.
            params: how to generate.
            model: who replies.
            name: the model's name as it is shown.
            attached: texts that go with it.

        Raises:
            LocalLLMError: a reply is under way, or the store refuses the text.
        """
        return await self._generate(lambda session: session.send(text, params, attached or ()), model, name)

    async def regenerate(
        self, params: GenerationParams, model: ModelInfo, name: str, message: int | None = None
    ) -> Ticket:
        """Write the last reply once more, or the one that a message is or gets; the old one stays as another version.

        Raises:
            LocalLLMError: a reply is under way, or nothing was said yet.
        """
        return await self._generate(lambda session: session.regenerate(params, message), model, name)

    async def resume(self, params: GenerationParams, model: ModelInfo, name: str) -> Ticket:
        """Let the last reply go on from where it stopped.

        Raises:
            LocalLLMError: a reply is under way, or there is none to go on with.
        """
        return await self._generate(lambda session: session.continue_reply(params), model, name)

    async def edit(
        self,
        message: int,
        text: str,
        params: GenerationParams,
        model: ModelInfo,
        name: str,
        attached: Attached = None,
    ) -> Ticket:
        """Say something else in the place of a message of the person's; the old one stays as another version.

        What was attached to it stays so, unless `attached` says what is instead.

        Raises:
            LocalLLMError: a reply is under way, or the message is not in the conversation that is open.
        """

        def change(session: RecordedChat) -> Ticket:
            ticket = session.edit(message, text, params, attached)
            if ticket is None:
                raise LocalLLMError("Only what you said can be said in another way")
            return ticket

        return await self._generate(change, model, name)

    async def _generate(self, begin: Callable[[RecordedChat], Ticket], model: ModelInfo, name: str) -> Ticket:
        async with self._turn:
            ticket = await self._ask(begin)
            self._n_ctx = model.n_ctx
            self._remarks = Remarks()
            self._came = False
            entry = self.view.show(self.session.records, growing=name)
            self._reply = entry if isinstance(entry, ReplyEntry) else None
            if self._reply is not None:
                self._reply.thought.expect(model.reasoning.markers, live=self.show_thinking)
            return ticket

    # What comes back

    def take(self, events: Sequence[Event]) -> None:
        """Show a batch of events: one change of the transcript, however many tokens there are."""
        text: list[str] = []  # token by token
        remarked = False
        for event in events:
            if isinstance(event, Token | Finished):
                self._came = self._came or bool(event.text)
                text.append(event.text)
            remarked |= self._remarks.absorb(event)
            if self._came or not isinstance(event, Finished | Failed):
                self.session.absorb(event)
        reply, last = self._reply, events[-1]
        if isinstance(last, Finished | Failed):
            self._last = last
        if reply is None:
            return
        if remarked:
            reply.remark(self._remarks.words)
        if text:
            reply.take(text)
        if isinstance(last, Finished) and self._came:
            reply.thought.measure(last.timings)
            reply.finish(stats_words(last), ending_words(last, self._n_ctx))
        elif isinstance(last, Failed) and self._came:
            reply.finish("", last.error.line(), failed=True)
        self._transcript.changed(reply)

    async def ended(self) -> None:
        """The reply is over: bring it to disk, and take back what could not be answered at all."""
        async with self._turn:
            last, self._last = self._last, None
            if self._came or last is None:
                await self._ask(lambda session: session.close())
                self.view.know(self.session.records)
                return
            # Nothing came: the store forgets the reply, and that waits for the disk.
            await self._ask(lambda session: session.absorb(last))
            self.view.show(self.session.records)
            if isinstance(last, Failed):
                self._transcript.add(NoteEntry(last.error.line(), "error"))
            else:
                why = ending_words(last, self._n_ctx) or "the model had nothing to say"
                self._transcript.add(NoteEntry(f"{why.partition(':')[0]}: ctrl+r asks again"))
            if self.session.unsent or self.session.unsent_attachments:
                self._give_back(self.session.unsent)

    async def tell_news(self) -> None:
        """Say what came to be known of the store."""
        await self._ask(lambda session: session.conversation)

    async def _opened(self) -> RecordedChat:
        """The session, once there is one."""
        return self.session if self.chats.is_open else await self._ask(lambda session: session)

    async def _ask(self, work: Callable[[RecordedChat], T]) -> T:
        before = self.conversation
        try:
            answer = await self.chats.ask(work)
        finally:
            if not self._transcript.is_attached:
                raise asyncio.CancelledError  # the program ended meanwhile: there is nothing to show it on
            for line in self.chats.news():
                self._say(line, "warning")
        after = self.conversation
        if (before.id if before else None) != (after.id if after else None):
            self.moved(before, after)
        self.changed()
        return answer
