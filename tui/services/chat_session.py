"""A conversation with the loaded model."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.engine.ticket import Ticket
from tui.services.growing import Growing
from tui.services.model_host import ModelHost


class ChatSession:
    """Messages, and the reply under way.

    The front end drains the ticket and hands every event to `absorb`; nothing here waits or runs by itself.

    Args:
        host: where the model is. It may change models between two messages.
        durable: whether the computed conversation is kept on disk, for another day.
        said: what was said before, such as a preset's first turns.
    """

    def __init__(self, host: ModelHost, *, durable: bool = True, said: Sequence[Message] = ()) -> None:
        self._host = host
        self._durable = durable
        self._settled: list[Message] = list(said)
        self._reply = Growing("reply", self._settle)
        self._cleared: list[Message] = []
        self._question = ""
        self.unsent = ""
        """What was said last and could not be answered at all, such as one that is too long; it is no message then."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation so far, a growing reply last; the system prompt is not one of them."""
        if not self._reply.busy:
            return tuple(self._settled)
        return (*self._settled, Message("assistant", self._reply.text))

    @property
    def last_reply(self) -> str:
        """The text of the newest reply, finished or not; empty when there is none."""
        return next((m.content for m in reversed(self.messages) if m.role == "assistant"), "")

    @property
    def busy(self) -> bool:
        """Whether a reply is under way."""
        return self._reply.busy

    @property
    def used(self) -> int:
        """Tokens in the KV cache."""
        return self._reply.used

    def send(self, text: str, params: GenerationParams) -> Ticket:
        """Say something and ask for a reply.

        Args:
            text: what the person says.
            params: how to generate, the system prompt included.

        Returns:
            The reply's ticket.

        Raises:
            LocalLLMError: a reply is under way.
        """
        self._reply.check_idle()
        ticket = self._request(params, Message("user", text))
        self._question, self.unsent = text, ""
        return ticket

    def regenerate(self, params: GenerationParams) -> Ticket:
        """Ask for another reply to the last thing said; the reply there is goes.

        Raises:
            LocalLLMError: a reply is under way, or nothing was said yet.
        """
        self._reply.check_idle()
        if not any(message.role == "user" for message in self._settled):
            raise LocalLLMError("There is nothing to generate again", hint="say something first")
        while self._settled[-1].role != "user":
            self._settled.pop()
        self._question = ""
        return self._request(params)

    def clear(self) -> None:
        """Begin a new conversation; `restore` brings the old one back.

        Raises:
            LocalLLMError: a reply is under way.
        """
        self._reply.check_idle()
        if self._settled:
            self._cleared = self._settled
        self._settled = []
        self._reply.used = 0

    def restore(self) -> bool:
        """Bring back the conversation that was cleared last, in place of an empty one; False when there is none."""
        if self._settled or not self._cleared or self.busy:
            return False
        self._settled, self._cleared = self._cleared, []
        return True

    def absorb(self, event: Event) -> None:
        """Take an event of the reply's ticket."""
        if isinstance(event, Failed) and not self._reply.text:
            self._withdraw()
        self._reply.absorb(event)

    def _withdraw(self) -> None:
        """Take back what was said, so that it does not stand in the way of what is said next."""
        if self._question and self._settled:
            self._settled.pop()
            self.unsent = self._question

    def _request(self, params: GenerationParams, *said: Message) -> Ticket:
        system = (Message("system", params.system_prompt),) if params.system_prompt.strip() else ()
        self._settled += said
        ticket = self._host.engine.generate(ChatPrompt((*system, *self._settled)), params, durable=self._durable)
        self._reply.begin()
        return ticket

    def _settle(self, text: str) -> None:
        """Keep what was generated; a reply without a word leaves no message."""
        if text:
            self._settled.append(Message("assistant", text))
