"""A conversation with the loaded model that lasts: every word of it is in the store before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui.core.errors import LocalLLMError, StoreError
from tui.core.events import Event, Failed, Finished, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.engine.ticket import Ticket
from tui.services.growing import Growing
from tui.services.model_host import ModelHost
from tui.services.recorded_chat_branch import Branch
from tui.services.recorded_chat_facts import facts_of
from tui.services.recorded_chat_opening import Opening
from tui.services.recorded_chat_reply import RecordedReply
from tui.store.records import Attachment, Conversation, MessageRecord, ModelIdentity, ReplyFacts
from tui.store.store import Store


class RecordedChat:
    """The open branch of a stored conversation, and the reply under way.

    The front end drains the ticket and hands every event to `absorb`, as with `ChatSession`, whose methods are here
    too. A prompt is on disk before its generation starts, and a reply is kept while it grows. Nothing that was said is
    lost by saying it another way: that begins a branch.

    Args:
        host: where the model is. It may change models between two messages.
        store: where conversations are kept; it goes on in memory, and says so, when the disk fails.
        durable: whether the computed conversation is kept on disk, for another day.
    """

    def __init__(self, host: ModelHost, store: Store, *, durable: bool = True) -> None:
        self._host = host
        self._store = store
        self._durable = durable
        self._conversation: Conversation | None = None
        self._branch = Branch()
        self._growing = Growing("reply", lambda _text: None)
        self._reply: RecordedReply | None = None
        self._said: MessageRecord | None = None
        self._left: int | None = None
        self._problem = ""
        self._opening = Opening()
        self.unsent = ""
        """What was said last and could not be answered at all, such as one that is too long; it is no message then."""
        self.unsent_attachments: tuple[Attachment, ...] = ()

    # What the conversation is

    @property
    def conversation(self) -> Conversation | None:
        """The conversation; None until the first thing is said in a new one."""
        return self._conversation

    @property
    def records(self) -> tuple[MessageRecord, ...]:
        """The open branch with all that is known of each message, a growing reply last."""
        if self._reply is None or not self.busy:
            return self._branch.records
        return (*self._branch.records, self._reply.record())

    @property
    def messages(self) -> tuple[Message, ...]:
        """The open branch as values, a growing reply last; the system prompt is not one of them."""
        if self._reply is None or not self.busy:
            return self._branch.messages
        return (*self._branch.messages, Message("assistant", self._reply.text))

    @property
    def last_reply(self) -> str:
        """The text of the newest reply, finished or not; empty when there is none."""
        return next((m.content for m in reversed(self.messages) if m.role == "assistant"), "")

    @property
    def busy(self) -> bool:
        """Whether a reply is under way."""
        return self._growing.busy

    @property
    def used(self) -> int:
        """Tokens in the KV cache."""
        return self._growing.used

    @property
    def can_continue(self) -> bool:
        """Whether the branch ends with a reply that can go on, such as one that was interrupted."""
        last = self._branch.last
        return not self.busy and last is not None and last.role == "assistant"

    @property
    def problems(self) -> tuple[str, ...]:
        """What the person should know of the keeping, one line each."""
        return (*self._store.problems, *((self._problem,) if self._problem else ()))

    def prompt(self, params: GenerationParams) -> ChatPrompt:
        """The open branch as the model is given it; nothing is asked with it."""
        return self._branch.prompt(params)

    # Saying something

    def send(self, text: str, params: GenerationParams, attachments: Sequence[Attachment] = ()) -> Ticket:
        """Say something at the end of the branch and ask for a reply.

        Args:
            text: what the person says.
            params: how to generate, the system prompt included.
            attachments: texts that go with it.

        Returns:
            The reply's ticket.

        Raises:
            LocalLLMError: a reply is under way, or the store refuses the prompt.
        """
        self._settled()
        said = self._add_prompt(text, attachments)
        self._branch = self._branch.with_last(said)
        ticket = self._ask(params, said)
        self._said, self.unsent, self.unsent_attachments = said, "", ()
        return ticket

    def preview(
        self, text: str, params: GenerationParams, attachments: Sequence[Attachment] | None, edited: int | None
    ) -> tuple[ChatPrompt, ChatPrompt]:
        """What `send`, or `edit` of a message, would ask the model, and the part of it that is there already."""
        old = self._branch.find(edited) if edited is not None else None
        here = self._branch if self._conversation else self._opening.branch()
        branch = self._branch.before(old) if old else here
        return branch.preview(text, params, old.attachments if old and attachments is None else attachments or ())

    def begin_with(self, text: str) -> None:
        """Begin a new conversation with something said that is not answered yet; the old one stays in the store.

        Raises:
            LocalLLMError: a reply is under way, or the store refuses the text.
        """
        kept = Opening.kept(self._conversation)
        self.clear()
        self._opening = kept
        said = self._add_prompt(text, ())
        self._branch = self._branch.with_last(said)

    def regenerate(self, params: GenerationParams, message: int | None = None) -> Ticket:
        """Ask for another reply to the last thing said, up to a message if one is given; the old one stays as a branch.

        Raises:
            LocalLLMError: a reply is under way, or nothing was said yet.
        """
        self._settled()
        prompt = self._branch.last_prompt(message)
        self._branch = self._branch.up_to(prompt)
        return self._ask(params, prompt)

    def edit(
        self, message: int, text: str, params: GenerationParams, attachments: Sequence[Attachment] | None = None
    ) -> Ticket | None:
        """Put another text in place of a message; the old one and all that follows it stay as a branch.

        Args:
            message: its number, on the open branch.
            text: the new text.
            params: how to reply to it when it is the person's.
            attachments: what goes with it; None for what went with the old one.

        Returns:
            The ticket of the reply to a changed prompt; None for a changed reply, which waits for what is said next,
            or to be continued.

        Raises:
            LocalLLMError: a reply is under way, or the branch has no such message.
        """
        self._settled()
        old = self._branch.find(message)
        new = self._store.edit(old.id, text, attachments)
        self._branch = self._branch.before(old).with_last(new)
        self._refresh()
        return self._ask(params, new) if new.role == "user" else None

    def continue_reply(self, params: GenerationParams) -> Ticket:
        """Let the reply at the end of the branch go on from where it stopped.

        Raises:
            LocalLLMError: a reply is under way, or the branch does not end with one.
        """
        self._settled()
        last = self._branch.last
        if last is None or last.role != "assistant":
            raise LocalLLMError("There is no reply to go on with", hint="say something first")
        before = self._branch.before(last)
        if last.reply is None:
            # The person wrote it, or another program did: what the model adds makes a message of its own.
            grown = self._store.begin_reply(last.parent, self._facts(params), conversation=last.conversation,
                                            begun=len(last.text))  # fmt: skip
            reply = RecordedReply(self._store, grown, self._note, begun=last.text, before=last)
        else:
            grown = self._store.continue_reply(last.id, self._facts(params))
            reply = RecordedReply(self._store, grown, self._note, before=last)
        self._branch = before
        return self._generate(before, params, reply)

    # Going somewhere

    def siblings(self, message: int) -> tuple[MessageRecord, ...]:
        """A message of the branch and those that stand in its place on other branches, oldest first."""
        self._settled()
        return tuple(self._store.siblings(self._branch.find(message).id))

    def walk(self, message: int, step: int) -> bool:
        """Go to the branch of a neighbour of a message; False where there is none on that side.

        Args:
            message: its number, on the open branch.
            step: 1 for the next younger one, -1 for the next older one.
        """
        siblings = self.siblings(message)
        here = next(number for number, sibling in enumerate(siblings) if sibling.id == message)
        if not 0 <= here + step < len(siblings):
            return False
        self.select(siblings[here + step].id)
        return True

    def select(self, message: int) -> None:
        """Go to a message's branch, in whatever conversation it is: to its end, where the person was in it last.

        Raises:
            LocalLLMError: a reply is under way, or there is no such message.
        """
        self._settled()
        leaf = self._store.select(message)
        self._go(self._store.conversation(leaf.conversation))

    def open(self, conversation: int) -> Conversation:
        """Go to a conversation, where the person was in it last.

        Raises:
            LocalLLMError: a reply is under way, or there is no such conversation.
        """
        self._settled()
        found = self._store.conversation(conversation)
        self._go(found)
        return found

    def open_last(self) -> Conversation | None:
        """Go to the conversation that was used last; None when there is none."""
        self._settled()
        last = self._store.last_conversation()
        return self.open(last.id) if last else None

    def clear(self) -> None:
        """Begin a new conversation; `restore` goes back to the old one, which stays in the store.

        Raises:
            LocalLLMError: a reply is under way.
        """
        self._settled()
        if self._conversation is not None and self._branch.records:
            self._left = self._conversation.id
        self._opening = Opening()
        self._go(None)

    start_new = clear

    def restore(self) -> bool:
        """Go back to the conversation that was left by `clear`, from an empty one; False when there is none."""
        if self.busy or self._branch.records or self._left is None:
            return False
        conversation, self._left = self._left, None
        self.open(conversation)
        return True

    def delete_branch(self, message: int) -> int:
        """Delete a message of any branch and all that follows it; `undo_delete_branch` brings it back.

        Returns:
            How many messages went.

        Raises:
            LocalLLMError: a reply is under way, or the conversation has no such message.
        """
        self._settled()
        if not self._store.has_message(message, self._conversation.id if self._conversation else 0):
            raise LocalLLMError("This message is not in the conversation that is open")
        count = self._store.count_below(message)
        self._go(self._store.delete_branch(message))
        return count

    def undo_delete_branch(self, message: int) -> None:
        """Bring back what `delete_branch` of this message deleted, and go there.

        Raises:
            LocalLLMError: a reply is under way, or nothing was deleted there.
        """
        self._settled()
        self._go(self._store.undo_delete_branch(message))

    def hold(self, opening: Opening) -> None:
        """Keep what holds for this conversation alone; one that is new begins with it and with its first turns."""
        if self._conversation is None:
            self._opening = opening
        else:
            settings = opening.settings_with(self._conversation.settings)
            self._conversation = self._store.set_settings(self._conversation.id, settings)

    # The reply under way

    def absorb(self, event: Event) -> None:
        """Take an event of the reply's ticket."""
        reply = self._reply if self.busy else None
        if reply is not None and isinstance(event, Token | Finished):
            reply.add(event.text, (event.id,) if isinstance(event, Token) and event.id >= 0 else ())
        self._growing.absorb(event)
        if reply is not None and isinstance(event, Finished | Failed):
            self._end(reply, event)

    def close(self) -> None:
        """Wait until everything that was generated is in the store. The store itself stays open."""
        if self._reply is not None:
            self._reply.interrupt()
            self._reply.wait()

    def _settled(self) -> None:
        """Nothing is under way, and the last reply is in the store."""
        self._growing.check_idle()
        if self._reply is not None:
            self._reply.wait()
            self._reply = None

    def _add_prompt(self, text: str, attachments: Sequence[Attachment]) -> MessageRecord:
        if self._conversation is None:
            self._show(self._opening.begin(self._store))
        assert self._conversation is not None
        last = self._branch.last
        try:
            said = self._store.add_prompt(self._conversation.id, last.id if last else None, text, attachments)
        except StoreError:
            self._save_again()
            last = self._branch.last
            said = self._store.add_prompt(self._conversation.id, last.id if last else None, text, attachments)
        self._refresh()
        return said

    def _save_again(self) -> None:
        """Put the open branch into the store again: another program removed the conversation for good."""
        assert self._conversation is not None
        last = self._branch.last
        row = replace(self._conversation, leaf=last.id if last else None)
        self._show(self._store.insert(row, self._branch.records))

    def _ask(self, params: GenerationParams, prompt: MessageRecord) -> Ticket:
        grown = self._store.begin_reply(prompt.id, self._facts(params))
        return self._generate(self._branch, params, RecordedReply(self._store, grown, self._note))

    def _generate(self, branch: Branch, params: GenerationParams, reply: RecordedReply) -> Ticket:
        ticket = self._host.engine.generate(branch.prompt(params, reply.text), params, durable=self._durable)
        self._reply, self._said = reply, None
        self._growing.begin()
        return ticket

    def _facts(self, params: GenerationParams) -> ReplyFacts:
        model = self._host.model
        # Without a model the engine refuses, and the reply goes again.
        return facts_of(model, params) if model else ReplyFacts(ModelIdentity(""))

    def _end(self, reply: RecordedReply, event: Finished | Failed) -> None:
        if reply.end(event):
            self._branch = self._branch.with_last(reply.record())
            return
        # A reply without a word leaves no message; what could not be answered at all was not said either.
        reply.wait()
        said = self._said if isinstance(event, Failed) else None
        try:
            self._store.delete_branch(said.id if said else reply.id)
            if said is not None:
                self.unsent, self.unsent_attachments = said.text, said.attachments
                self._store.keep_draft(said.conversation, said.text)
            self._show(self._store.conversation(reply.conversation))
        except LocalLLMError as error:
            self._note(error)

    def _go(self, conversation: Conversation | None) -> None:
        self._show(conversation)
        self._growing.used = 0

    def _show(self, conversation: Conversation | None) -> None:
        self._branch = Branch(self._store.path_to(conversation.leaf) if conversation else ())
        self._conversation = conversation

    def _refresh(self) -> None:
        if self._conversation is not None:
            self._conversation = self._store.conversation(self._conversation.id)

    def _note(self, error: LocalLLMError) -> None:
        self._problem = error.line()
