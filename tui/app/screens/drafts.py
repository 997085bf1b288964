"""What is typed and not sent: kept for its chat while one types, and there again when one comes back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from tui.app.screens.talking import Talking
from tui.core.errors import LocalLLMError

if TYPE_CHECKING:
    from tui.store.records import Conversation
    from tui.store.store import Store

NEW = "draft of a new chat"
"""The store's note of what is typed in a chat that has no first message yet."""

_KEEP_SECONDS = 0.6
"""After so many seconds what was typed is stored, also while one types on."""


class Drafts(Talking):
    """The part of the main screen that keeps what is typed."""

    _draft_typed: tuple[int | None, str] = (None, "")
    """In which chat what is typed now, and what; read by the thread that closes the store."""
    _draft_stored: tuple[int | None, str] | None = None
    _keeping: Timer | None = None
    _stays: str | None = None
    """What was typed when the person asked for another chat: what comes after it is for the other one."""
    _drafts_ready = False
    _restored = ""
    """What came back into the prompt: nobody typed it just now."""
    _early = ""
    """What was typed before the store was open."""
    _new_draft = ""
    """What is typed in a new chat while another one is shown."""

    def on_mount(self) -> None:
        """Follow the chat, and have the last word before the store is closed."""
        self.chat.moved = self._moved
        self.chat.chats.last_words = self._keep_last

    async def show_last_chat(self) -> None:
        """Go on where the person left off, in the middle of a sentence too."""
        await super().show_last_chat()
        try:
            new = await self.chat.chats.look(lambda store: store.note(NEW))
        except LocalLLMError:
            new = ""
        if new and self.chat.conversation is not None:
            await self._clear(ask_again=False)
        now, self._new_draft, self._drafts_ready = self.chat.conversation, new, True
        draft = now.draft if now is not None else new
        self._draft_typed = self._draft_stored = (self._number(now), draft)
        if draft and not self._prompt.text.startswith(draft):
            self._restored = "" if self._prompt.text.strip() else draft
            self._prompt.give_back(draft)
        self._note_typed()  # also what was typed before the store was open

    @on(TextArea.Changed, "#prompt")
    def _note_typed(self) -> None:
        if not self._drafts_ready:
            self._early = self._prompt.text
            return
        self._draft_typed = (self._number(self.chat.conversation), self._unsent())
        if self._keeping is None:
            self._keeping = self.set_timer(_KEEP_SECONDS, self._keep_draft)

    def _unsent(self) -> str:
        """What would be lost; in an edit that is what was typed before it as well."""
        typed = self._prompt.text
        if self._edited is None:
            return typed
        return "\n".join(text for text in (self._draft, typed) if text.strip())

    def _moved(self, before: Conversation | None, after: Conversation | None) -> None:
        """The chat is another one now: what was typed stays with the old one."""
        if not self._drafts_ready:
            return
        typed, later = self._typed_before_and_since()
        if before is None:
            self._new_draft = "" if self.chat.busy else typed
        if before is None and self.chat.busy:  # what was new has got its number with its first message
            self._keep_soon(None, "")
            self._draft_typed = (self._number(after), "")
            return
        self._keep_soon(self._number(before), typed)
        draft = after.draft if after is not None else self._new_draft
        self._draft_typed = self._draft_stored = (self._number(after), draft)
        with self._prompt.prevent(TextArea.Changed):  # nobody typed that: what was hinted is still to be read
            self._prompt.put(draft + later)
        self._restored = "" if later else draft
        if later:
            self._note_typed()

    def _typed_before_and_since(self) -> tuple[str, str]:
        """What was typed when the person asked for another chat, and what came to it while the disk was asked."""
        typed, stays = self._prompt.text, self._stays
        self._stays = None
        if stays is None or not typed.startswith(stays):
            return typed, ""
        return stays, typed[len(stays) :]

    def _standing_hint(self) -> str:
        """Before there is a model: what Enter does, and what becomes of what stands in the prompt."""
        said, typed = super()._standing_hint(), self._prompt.text
        loads = self._offered_model is not None and self._host.model is None and not self.program.work.busy
        if said or not typed.strip() or not loads or self._load_failed:
            return said
        return (
            "Enter loads the model; this draft stays"
            if typed == self._restored
            else "Enter loads the model and sends this"
        )

    def _wait(self, text: str, loading: bool) -> None:
        """With a draft from before in the prompt, the first Enter is for the model alone."""
        if loading or text != self._restored:
            super()._wait(text, loading)
        else:
            self._hint("the model loads; your draft stays here until Enter is pressed again")

    def go_to_chat(self, conversation: int | None, message: int | None = None) -> None:
        """Go to another conversation; what is typed from now on is for that one."""
        self._leave_typed()
        super().go_to_chat(conversation, message)

    async def _clear(self, ask_again: bool = True) -> None:
        self._leave_typed()
        await super()._clear(ask_again)
        self._stays = None

    def _leave_typed(self) -> None:
        """What is typed now is for the chat that is shown; what comes after it is not."""
        self._drop_edit()
        self._stays = self._prompt.text

    def _keep_draft(self) -> None:
        self._keeping = None
        self._keep_soon(*self._draft_typed)

    def _keep_soon(self, conversation: int | None, text: str) -> None:
        if (conversation, text) == self._draft_stored:
            return

        async def keep() -> None:
            try:
                await self.chat.chats.look(lambda store: _store(store, conversation, text))
            except LocalLLMError:
                return  # it was deleted meanwhile

        self._draft_stored = (conversation, text)
        self.run_worker(keep())

    def _keep_last(self, store: Store) -> None:
        """The program ends: what was typed a moment ago is kept, too."""
        if self._drafts_ready and self._draft_typed != self._draft_stored:
            _store(store, *self._draft_typed)
        elif not self._drafts_ready and self._early.strip():  # it is not known in which chat it was to be
            _store(store, None, "\n".join(filter(None, (store.note(NEW), self._early))))

    @staticmethod
    def _number(conversation: Conversation | None) -> int | None:
        return conversation.id if conversation is not None else None


def _store(store: Store, conversation: int | None, text: str) -> None:
    if conversation is None:
        store.set_note(NEW, text)
    elif store.conversation(conversation).draft != text:
        store.keep_draft(conversation, text)
