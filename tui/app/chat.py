"""A conversation and its place on the screen: what is sent, what comes back, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.app.reply_words import Remarks, notice_words, stats_words
from tui.app.widgets.entries import Entry, NoteEntry, ReplyEntry, UserEntry
from tui.app.widgets.transcript import Transcript
from tui.core.events import Event, Failed, Finished, ModelInfo, Token
from tui.core.parameters import GenerationParams
from tui.engine.ticket import Ticket
from tui.services.chat_session import ChatSession


class Chat:
    """Sends, regenerates and clears; writes the reply into the transcript as it comes.

    Args:
        session: the conversation.
        transcript: where it is shown.
        give_back: called with a message that could not be answered at all, for the person to change it.
    """

    def __init__(self, session: ChatSession, transcript: Transcript, give_back: Callable[[str], None]) -> None:
        self.session = session
        self._transcript = transcript
        self._give_back = give_back
        self._said: UserEntry | None = None
        self._reply: ReplyEntry | None = None
        self._remarks = Remarks()
        self._cleared: tuple[Entry, ...] = ()
        self._n_ctx = 0

    def send(self, text: str, params: GenerationParams, model: ModelInfo, name: str) -> Ticket:
        """Say something to the model.

        Args:
            text: what the person says.
            params: how to generate.
            model: who replies.
            name: the model's name as it is shown.

        Raises:
            LocalLLMError: a reply is under way.
        """
        ticket = self.session.send(text, params)
        self._said = UserEntry(text)
        self._transcript.add(self._said)
        self._begin(model, name)
        return ticket

    def regenerate(self, params: GenerationParams, model: ModelInfo, name: str) -> Ticket:
        """Write the last reply anew.

        Raises:
            LocalLLMError: a reply is under way, or nothing was said yet.
        """
        ticket = self.session.regenerate(params)
        last = next((entry for entry in reversed(self._transcript.entries) if isinstance(entry, ReplyEntry)), None)
        if last is not None:
            self._transcript.take(last)
        self._said = None
        self._begin(model, name)
        return ticket

    def clear(self) -> int:
        """Begin a new conversation.

        Returns:
            How many messages there were.

        Raises:
            LocalLLMError: a reply is under way.
        """
        count = len(self.session.messages)
        self.session.clear()
        self._cleared = self._transcript.entries
        self._transcript.clear()
        return count

    def restore(self) -> bool:
        """Bring back what was cleared last; False when there is nothing, or something was said since."""
        if not self.session.restore():
            return False
        self._transcript.clear()
        self._transcript.add(*self._cleared)
        self._cleared = ()
        return True

    def take(self, events: Sequence[Event]) -> None:
        """Show a batch of events: one change of the transcript, however many tokens there are."""
        text: list[str] = []
        remarked = False
        for event in events:
            self.session.absorb(event)
            remarked |= self._remarks.absorb(event)
            if isinstance(event, Token | Finished):
                text.append(event.text)
        if self._reply is None:
            return
        if remarked:
            self._reply.remark(self._remarks.words)
        if piece := "".join(text):
            self._reply.append(piece)
        last = events[-1]
        if isinstance(last, Failed) and self._said is not None and self.session.unsent:
            self._withdraw(self._said, self._reply, last)
            return
        self._end(self._reply, last)
        self._transcript.changed(self._reply)

    def _begin(self, model: ModelInfo, name: str) -> None:
        self._n_ctx = model.n_ctx
        self._remarks = Remarks()
        self._reply = ReplyEntry(name)
        self._transcript.add(self._reply)

    def _withdraw(self, said: UserEntry, reply: ReplyEntry, failed: Failed) -> None:
        """What could not be answered was not said: it goes back to the person, and why stays."""
        self._transcript.take(reply)
        self._transcript.take(said)
        self._transcript.add(NoteEntry(failed.error.line(), "error"))
        self._said = self._reply = None
        self._give_back(self.session.unsent)

    def _end(self, reply: ReplyEntry, event: Event) -> None:
        if isinstance(event, Finished):
            reply.finish(stats_words(event), notice_words(event, self._n_ctx))
        elif isinstance(event, Failed):
            reply.finish("", event.error.line(), failed=True)
