"""The main screen: models, chat and gauges side by side, or the chat alone where there is little room."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static, TextArea

from tui.app.chat import Chat
from tui.app.chats import Chats
from tui.app.commands.catalogue import CHAT_COMMANDS, RUN_COMMANDS
from tui.app.commands.command import bindings
from tui.app.commands.provider import commands_of, usable
from tui.app.prompt_history import PromptHistory
from tui.app.rendering.shown import shown_line
from tui.app.status import Phase, Status, model_name
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.entries import NoteEntry
from tui.app.widgets.gauges import GaugesPane
from tui.app.widgets.glyphs import current_glyphs, newer_below
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.model_list import ModelList
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.recent_chats import MOST, RecentChats
from tui.app.widgets.settings_summary import SettingsSummary
from tui.app.widgets.speed import SpeedPane, Speeds
from tui.app.widgets.status_line import StatusLine
from tui.app.widgets.transcript import Transcript
from tui.app.widgets.welcome import WelcomeEntry
from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import GenerationParams
from tui.core.units import format_bytes, format_count
from tui.engine.ticket import Ticket
from tui.monitor.sample import Sample
from tui.services.model_host import ModelHost
from tui.settings.paths import default_models_dir, prompt_history_file
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp

WIDE = 100
"""From this many cells on, the side panes are shown by themselves."""


TALL = 30
"""From this many cells on, the last chats are shown below the models."""


class MainScreen(Screen[None]):
    """The chat, with what belongs to it around it.

    Args:
        host: where the model is.
    """

    AUTO_FOCUS = "#prompt"
    HORIZONTAL_BREAKPOINTS = [(0, "-cramped"), (40, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CHAT_COMMANDS)]
    commands = (*CHAT_COMMANDS, *RUN_COMMANDS)

    def __init__(self, host: ModelHost) -> None:
        super().__init__()
        self._host = host
        self._welcome = WelcomeEntry(default_models_dir())
        self._offered_model: ModelEntry | None = None
        self._transcript = Transcript(id="transcript")
        asking = f"Ask anything{current_glyphs().ellipsis}"
        self._prompt = Prompt(PromptHistory(prompt_history_file()), placeholder=asking, id="prompt")
        self.chat = Chat(Chats(host), self._transcript, self._prompt.give_back, self.note)
        self._folded: bool | None = None
        self._offered = False
        self._hinted = ""
        self._newer = False
        self._edited: int | None = None
        self._draft = ""
        self._state: tuple[Phase, ModelInfo | None, bool, int] | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def compose(self) -> ComposeResult:
        """Status, columns, keys."""
        yield StatusLine(id="status")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield ModelList(id="models")
                yield RecentChats(id="recent")
            with Vertical(id="centre"):
                yield self._transcript
                with Horizontal(id="prompt-row"):
                    yield Static(Content(current_glyphs().prompt), id="prompt-mark")
                    yield self._prompt
            with VerticalScroll(id="right", can_focus=False):
                yield GaugesPane(id="gauges")
                yield SpeedPane(id="speed")
                yield SettingsSummary(id="summary")
        yield DownloadStrip()
        yield KeyLine(id="keys")
        yield Static(Content("The terminal is too small: 40x10 is the least."), id="too-small")

    def on_mount(self) -> None:
        """Follow what the application tells."""
        self._transcript.add(self._welcome)
        self.watch(self.app, "status", self._show_status)
        self.watch(self.app, "sample", self._show_sample)
        self.watch(self.app, "settings", self._show_settings)
        self.watch(self.app, "models", self._show_models)
        self.watch(self.app, "searching", self._show_welcome)

    def on_resize(self, event: Resize) -> None:
        """Fold the panes where there is no room for them."""
        self._show_panes(event.size.width)
        self.query_one(RecentChats).make_room(event.size.height >= TALL)

    # What the application tells

    def _show_status(self, status: Status) -> None:
        """Many times a second while a reply grows: then only the numbers are drawn."""
        self.query_one(StatusLine).show(status)
        speed = Speeds(status.speed or None, status.first_token_seconds, status.prefill_speed)
        self.query_one(SpeedPane).show(speed)
        state = (status.phase, status.model, self.program.work.busy, status.threads)
        if state == self._state:
            return
        self._state = state
        self.query_one(SettingsSummary).show(self.program.settings, status.model, status.threads)
        self._show_sample(self.program.sample)
        if not status.busy:
            self._hint("")
        self._show_welcome()
        self._show_keys()

    def _show_sample(self, sample: Sample | None) -> None:
        if sample is not None:
            model = self._host.model
            self.query_one(StatusLine).show_sample(sample)
            self.query_one(GaugesPane).show(sample, model)

    def _show_settings(self, settings: Settings) -> None:
        self.query_one(SettingsSummary).show(settings, self._host.model, self.program.status.threads)
        self._show_panes(self.size.width)

    def _show_keys(self) -> None:
        keys = [(command, bool(usable(self, command))) for command in commands_of(self) if command.short]
        self.query_one(KeyLine).show(keys)

    def _show_models(self, models: tuple[ModelEntry, ...]) -> None:
        self._show_welcome()
        if models and not self._offered:
            self._offered = True
            self._offer_models()

    def _offer_models(self) -> None:
        """At the start, with no model asked for, Enter in the list is the next thing to do."""
        idle = self._host.model is None and not self.program.work.busy and not self.program.launch.model
        if self.is_current and idle and not self._prompt.text and not self.query_one("#left").has_class("folded"):
            self.query_one(ModelList).focus()

    def _show_welcome(self) -> None:
        usable_models = sum(entry.loadable for entry in self.program.models)
        found = None if self.program.searching and not usable_models else usable_models
        self._offered_model = self._next_model() if found else None
        offered = self._offered_model
        words = f"{offered.name} ({format_bytes(offered.file_size)})" if offered else ""
        if self._welcome.show(found, self._host.model is not None, words):
            self._transcript.changed(self._welcome)
        if self._host.model is not None and not self.chat.view.is_empty:
            self._transcript.take(self._welcome)

    def _next_model(self) -> ModelEntry | None:
        """The model that one probably wants: the one used last, or the only one."""
        library = self.program.finder.library
        models = [entry for entry in self.program.models if entry.loadable]
        used = [(library.last_used(entry) or 0.0, entry) for entry in models] if library else []
        when, last = max(used, key=lambda pair: pair[0], default=(0.0, None))
        if when:
            return last
        return models[0] if len(models) == 1 else None

    def note(self, text: str, kind: str = "info") -> None:
        """Put a line of the program into the transcript."""
        self._transcript.add(NoteEntry(text, kind))

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
        title = Content(shown_line(self._hinted)) if self._hinted else None
        if title is None and self._edited is not None:
            title = Content("another version: Enter sends it, Esc leaves it")
        if title is None and self._newer:
            title = Content.styled(newer_below(current_glyphs()), "$text-muted")
        self.query_one("#prompt-row").border_title = title

    # Sending

    @on(Prompt.Sent)
    def send(self, event: Prompt.Sent) -> None:
        """Say it to the model, or say why not; the text stays where it is until it was taken."""
        text = event.text.strip()
        if not text:
            self._load_offered()
            return
        model = self._host.model
        if refusal := self._refusal():
            self._hint(refusal)
        elif model is not None:
            params, name = self.program.settings.generation, model_name(model.path)
            if (edited := self._edited) is not None:
                self._generate(self.chat.edit(edited, text, params, model, name), event.text)
            else:
                self._generate(self.chat.send(text, params, model, name), event.text)

    def _generate(self, asking: Coroutine[Any, Any, Ticket], sent: str = "") -> None:
        """Follow a reply that is asked for, once what it needs is stored.

        Args:
            asking: gives its ticket, or raises what stands in the way.
            sent: what the person typed for it.
        """

        async def ask() -> Ticket | None:
            try:
                ticket = await asking
            except LocalLLMError as error:
                self._hint(error.line())
                return None
            self._transcript.take(self._welcome)
            if sent:
                self._prompt.taken(sent)
                self._leave_edit()
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

    @on(TextArea.Changed, "#prompt")
    def typed(self) -> None:
        """A hint is read by the time the person types on."""
        self._hint("")

    def _refusal(self) -> str:
        """Why nothing can be sent now; empty when it can."""
        phase = self.program.status.phase
        if phase is Phase.LOADING:
            return "still loading: Esc stops it"
        if self.program.work.busy:
            return "still generating: Esc stops it"
        return "" if self._host.model is not None else "no model is loaded: F2 chooses one"

    def _load_offered(self) -> None:
        if self._offered_model is not None and self._host.model is None and not self.program.work.busy:
            self.program.load_model(self._offered_model.path)

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
            self._generate(ask(self.program.settings.generation, model, model_name(model.path)))

    def action_edit(self) -> None:
        """Say what was said last in another way."""
        last = self.chat.last_prompt
        if self._edited is not None:
            self._hint("Enter sends it as another version, Esc leaves it")
        elif self.chat.busy:
            self._hint("still generating: Esc stops it")
        elif last is None:
            self._hint("nothing was said yet")
        else:
            self._edited, self._draft = last.id, self._prompt.text
            self._prompt.put(last.text)
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

    def _drop_edit(self) -> None:
        """The person goes elsewhere: the edit is left."""
        if self._edited is not None:
            self._prompt.put("")
            self._leave_edit()

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
            chats = await self.chat.chats.look(lambda store: store.conversations(limit=MOST))
        except LocalLLMError:
            return  # whatever is wrong with the store is said where the person asks for something
        now = self.chat.conversation
        self.query_one(RecentChats).show(chats, now.id if now else None, self.size.height >= TALL)

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

    # Models

    @property
    def marked_model(self) -> Path | None:
        """The file of the model that the list is on, if it can be loaded."""
        marked = self.query_one(ModelList).marked
        return marked.path if marked is not None and marked.loadable else None

    @on(ModelList.Chosen)
    def _chosen(self, event: ModelList.Chosen) -> None:
        self.program.load_model(event.path)
        self.to_prompt()

    def to_prompt(self) -> None:
        """To where one types."""
        self._prompt.focus()

    def key_escape(self) -> None:
        """From the list back to the prompt, or out of an edit, when nothing runs that Esc would stop."""
        self._drop_edit()
        self.to_prompt()

    # Panes

    def action_panes(self) -> None:
        """Fold the side panes away, or bring them back."""
        self._folded = not self._panes_folded(self.size.width)
        self._show_panes(self.size.width)

    def _panes_folded(self, width: int) -> bool:
        return width < WIDE if self._folded is None else self._folded

    def _show_panes(self, width: int) -> None:
        """A narrow terminal has room for one pane; F2 shows the models."""
        folded, app = self._panes_folded(width), self.program.settings.app
        asked = self._folded is False
        self.query_one("#right").set_class(folded or not (app.show_gauges or asked), "folded")
        self.query_one("#left").set_class(folded or width < WIDE or not (app.show_models or asked), "folded")

    def action_page_up(self) -> None:
        """Earlier parts of the conversation."""
        self._transcript.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Later parts of the conversation."""
        self._transcript.scroll_page_down(animate=False)

    def action_to_end(self) -> None:
        """The newest part of the conversation."""
        self.chat.view.show_end()
