"""What a screen with a chat does with it: says, asks again, goes on, edits, walks, begins anew, goes elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.content import Content
from textual.screen import Screen
from textual.widgets import TextArea

from tui.app.chat import Chat
from tui.app.chats import Chats
from tui.app.prompt_history import PromptHistory
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.shown import shown_line
from tui.app.status import Phase, model_name
from tui.app.widgets.entries import NoteEntry
from tui.app.widgets.glyphs import current_glyphs, newer_below
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.recent_chats import MOST, RecentChats
from tui.app.widgets.transcript import Transcript
from tui.app.widgets.welcome import WelcomeEntry
from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import GenerationParams
from tui.core.units import format_count
from tui.engine.ticket import Ticket
from tui.services.model_host import ModelHost
from tui.services.warm_chats import warm_chats
from tui.settings.paths import default_models_dir, prompt_history_file
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.store.records import Attachment, MessageRecord

TALL = 30
"""From this many cells on, the last chats are shown below the models."""


class Talking(Screen[None]):
    """The part of the main screen that is about the conversation; what is around it comes with the subclass.

    Args:
        host: where the model is.
    """

    def __init__(self, host: ModelHost) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._host = host
        self._welcome = WelcomeEntry(default_models_dir())
        self._offered_model: ModelEntry | None = None
        self._transcript = Transcript(id="transcript")
        asking = f"Ask anything{current_glyphs().ellipsis}"
        self._prompt = Prompt(PromptHistory(prompt_history_file()), placeholder=asking, id="prompt")
        self.chat = Chat(Chats(host), self._transcript, self._take_back, self.note)
        self._hinted = ""
        self._newer = False
        self._edited: int | None = None
        self._draft = ""
        self._waiting = ""
        self._load_failed = False

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def settings_here(self) -> Settings:
        """What holds for the next reply in this chat."""
        return self.program.settings

    def take_settings(self, settings: Settings | None) -> None:
        """Let other settings hold; None changes nothing."""
        self.program.take_settings(settings)

    def note(self, text: str, kind: str = "info") -> None:
        """Put a line of the program into the transcript."""
        self._transcript.add(NoteEntry(text, kind))

    @property
    def attachments(self) -> tuple[Attachment, ...] | None:
        """What goes with the prompt; None leaves an edited message those that it has."""
        return None

    def _take_back(self, text: str) -> None:
        """What could not be answered at all comes back, for the person to change it."""
        self._prompt.give_back(text)

    def to_prompt(self) -> None:
        """To where one types."""
        self._prompt.focus()

    def _show_welcome(self) -> None:
        """Say in an empty chat what can be done; the subclass knows."""
        raise NotImplementedError

    def _hint(self, text: str) -> None:
        """A few words on the line above the prompt; empty takes them away."""
        self._hinted = text
        self._show_hint()

    @on(Transcript.NearTop)
    def _near_top(self) -> None:
        self.chat.view.show_earlier()

    @on(Transcript.NearBottom)
    def _near_bottom(self) -> None:
        self.chat.view.show_later()

    @on(Transcript.Behind)
    def _behind(self, event: Transcript.Behind) -> None:
        self._newer = event.newer
        self._show_hint()

    def _show_hint(self) -> None:
        """What was hinted last, or else that the reply goes on out of sight."""
        title = Content(shown_line(self._hinted or self._standing_hint()))
        if not title and self._newer:
            title = Content.styled(newer_below(current_glyphs()), "$text-muted")
        if preset := shown_line(self._preset_hint()):
            title = Content.assemble(title, f"  {current_glyphs().dot}  " if title else "", (preset, "$foreground 65%"))
        for row in self.query("#prompt-row"):  # none any more when the program ends meanwhile
            row.border_title = title or None

    def _preset_hint(self) -> str:
        """Which preset holds here; empty for none."""
        return ""

    def _standing_hint(self) -> str:
        """What holds until the person does something about it; empty for nothing."""
        return "another version: Enter sends it, Esc leaves it" if self._edited is not None else ""

    def _puts(self, text: str) -> bool:
        """Whether what was typed goes somewhere else than to the model."""
        return False

    # Sending

    @on(Prompt.Sent)
    def send(self, event: Prompt.Sent) -> None:
        """Say it to the model, or say why not; the text stays where it is until it was taken."""
        text = event.text.strip()
        if self._puts(event.text):
            return
        if not text and not (self.attachments and self._host.model):
            self._load_offered()
            return
        loading = self.program.status.phase is Phase.LOADING
        if loading or (not self._load_failed and self._load_offered()):  # after a failure the person chooses
            self._wait(event.text, loading)
            return
        model = self._host.model
        if refusal := self._unready() or self._refusal():
            self._hint(refusal)
        elif model is not None and (params := self._let_through(event)) is not None:
            name = model_name(model.path)
            if (edited := self._edited) is not None:
                self._generate(self.chat.edit(edited, text, params, model, name, self.attachments), event.text)
            else:
                self._generate(self.chat.send(text, params, model, name, self.attachments), event.text)

    def _let_through(self, event: Prompt.Sent) -> GenerationParams | None:
        """With which parameters it is sent; None holds it back."""
        return self.settings_here.generation

    def _generate(self, asking: Coroutine[Any, Any, Ticket], sent: str | None = None) -> None:
        """Follow a reply that is asked for, once what it needs is stored.

        Args:
            asking: gives its ticket, or raises what stands in the way.
            sent: what the person typed for it, if it is for something typed.
        """

        async def ask() -> Ticket | None:
            try:
                ticket = await asking
            except LocalLLMError as error:
                self._hint(error.line())
                return None
            self._transcript.take(self._welcome)
            if sent is not None:
                self._taken(sent)
            self.run_worker(self._show_recent())
            return ticket

        async def end() -> None:
            await self.chat.ended()
            await self._show_recent()

        def over() -> None:
            self.run_worker(end())

        work = self.program.work
        work.expect()
        self.run_worker(work.start(ask(), self.chat.take, over))

    def _taken(self, sent: str) -> None:
        """It is on its way: make room for what is said next."""
        self._prompt.taken(sent)
        self._leave_edit()

    @on(TextArea.Changed, "#prompt")
    def typed(self) -> None:
        """A hint is read by the time the person types on."""
        self._hint("")

    def _unready(self) -> str:
        """Why what is to be said is not complete yet; empty when it is."""
        return ""

    def _refusal(self) -> str:
        """Why nothing can be sent now; empty when it can."""
        if self.program.status.phase is Phase.LOADING:
            return "still loading: Esc stops it"
        if self.program.work.busy:
            return "still generating: Esc stops it"
        return "" if self._host.model is not None else "no model is loaded: F2 chooses one"

    def _load_offered(self) -> bool:
        """Load the model that Enter offers; False when there is nothing to load."""
        if self._offered_model is None or self._host.model is not None or self.program.work.busy:
            return False
        self.program.load_model(self._offered_model.path)
        return True

    def _wait(self, text: str, loading: bool) -> None:
        """Enter was pressed before there was a model; `loading` is False where it asked for one."""
        self._waiting = text
        self._hint("it is sent when the model is loaded")

    def _send_waiting(self) -> None:
        """What was typed before there was a model is sent now that there is one."""
        if (waiting := self._waiting) and not self.program.work.busy:
            self._waiting = ""
            if self._host.model is not None and self._prompt.text == waiting:
                self._prompt.action_send()

    def action_regenerate(self) -> None:
        """Write the last reply anew."""
        self._ask_for(self.chat.regenerate)

    def action_resume(self) -> None:
        """Let the last reply go on."""
        self._ask_for(self.chat.resume)

    def _ask_for(self, ask: Callable[[GenerationParams, ModelInfo, str], Coroutine[Any, Any, Ticket]]) -> None:
        model = self._host.model
        if refusal := self._refusal():
            self._hint(refusal)
        elif model is not None:
            self._generate(ask(self.settings_here.generation, model, model_name(model.path)))

    def action_edit(self) -> None:
        """Say what was said last in another way."""
        if self._edited is not None:
            self._hint("Enter sends it as another version, Esc leaves it")
        elif self.chat.busy:
            self._hint("still generating: Esc stops it")
        elif (last := self.chat.last_prompt) is None:
            self._hint("nothing was said yet")
        else:
            self._begin_edit(last)

    def _begin_edit(self, message: MessageRecord) -> None:
        """What is typed until Enter or Esc is another version of a message."""
        self._edited, self._draft = message.id, self._prompt.text
        self._prompt.put(message.text)
        self.to_prompt()
        self._show_hint()

    def _leave_edit(self) -> None:
        """What was typed before the edit comes back, before what was typed since it was sent."""
        if self._edited is not None:
            self._edited = None
            self._prompt.put(self._draft + self._prompt.text)
            self._show_hint()

    def action_version(self, step: int) -> None:
        """Go to another version of what was said or replied."""

        async def walk() -> None:
            try:
                if not await self.chat.walk(step):
                    side = "older" if step < 0 else "newer"
                    self._hint(f"there is no {side} version; ctrl+r writes another reply, F7 edits what you said")
            except LocalLLMError as error:
                self._hint(error.line())

        self._drop_edit()
        self.run_worker(walk())

    def _drop_edit(self) -> bool:
        """The person goes elsewhere: the edit is left; whether there was one."""
        if self._edited is None:
            return False
        self._prompt.put("")
        self._leave_edit()
        return True

    def action_copy_reply(self) -> None:
        """Put the last reply on the terminal's clipboard."""
        if text := self.chat.last_reply:
            self.app.copy_to_clipboard(text)
            self._hint(f"copied the last reply, {format_count(len(text))} characters")
        else:
            self._hint("there is no reply yet")

    async def show_last_chat(self) -> None:
        """Go on where the person left off."""
        try:
            found = await self.chat.open_last()
        except LocalLLMError as error:
            self.note(error.line(), "error")
            return
        if found is not None:
            self._show_welcome()
        await self._show_recent()

    def chats_changed(self) -> None:
        """Chats may have been named, pinned or deleted elsewhere."""
        self.run_worker(self._show_recent())

    async def _show_recent(self) -> None:
        """The last chats, as they are now."""
        try:
            look = lambda store: (store.conversations(limit=MOST), warm_chats(self._host))  # noqa: E731
            chats, warm = await self.chat.chats.look(look)
        except LocalLLMError:
            return  # whatever is wrong with the store is said where the person asks for something
        now = self.chat.conversation
        for pane in self.query(RecentChats):  # none any more when the program ends meanwhile
            pane.show(chats, now.id if now else None, self.size.height >= TALL, warm)

    def go_to_chat(self, conversation: int | None, message: int | None = None) -> None:
        """Go to another conversation, or begin one.

        Args:
            conversation: its number; None for a new one.
            message: where in it; None for its end.
        """

        async def go(number: int) -> None:
            try:
                await self.chat.open(number, message)
            except LocalLLMError as error:
                self._hint(error.line())
                return
            self.program.work.forget()
            self._show_welcome()
            await self._show_recent()

        self._drop_edit()
        self.to_prompt()
        if conversation is None:
            self.action_new_chat()
        else:
            self.run_worker(go(conversation))

    async def leave_chat(self) -> None:
        """Begin a new conversation, since the open one goes."""
        await self._clear(ask_again=False)

    def action_new_chat(self) -> None:
        """Begin a new conversation."""
        self.run_worker(self._clear(ask_again=False))

    def action_clear(self) -> None:
        """Begin a new conversation; once more brings the old one back."""
        self.run_worker(self._clear())

    async def _clear(self, ask_again: bool = True) -> None:
        self._drop_edit()
        try:
            if count := await self.chat.clear():
                self._begin_anew()
                what = f"cleared {format_count(count)} messages" if ask_again else "a new chat"
                self._hint(f"{what}: ctrl+l brings {'them' if ask_again else 'the one before'} back")
            elif not ask_again:
                self._hint("this chat is new")
            elif await self.chat.restore():
                self._show_welcome()
                await self._show_recent()
                self._hint("the conversation is back")
            else:
                self._hint("the chat is empty")
        except LocalLLMError as error:
            self._hint(error.line())

    def _begin_anew(self) -> None:
        self.program.work.forget()
        self.run_worker(self._show_recent())
        self._transcript.take(self._welcome)
        self._transcript.add(self._welcome)
        self._show_welcome()
