"""The main screen: models, chat and gauges side by side, or the chat alone where there is little room."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from tui.app.commands.attachments import ATTACH_COMMANDS
from tui.app.commands.branches import BRANCH_COMMANDS, SESSION_COMMANDS
from tui.app.commands.catalogue import CHAT_COMMANDS, RUN_COMMANDS
from tui.app.commands.command import bindings
from tui.app.commands.compare import COMPARE_CHAT_COMMANDS
from tui.app.commands.ledger import LEDGER_COMMANDS
from tui.app.commands.presets import PRESETS_COMMAND
from tui.app.commands.provider import commands_of, usable
from tui.app.commands.reading import CODE_BINDINGS, EDITOR_COMMAND, READING_COMMANDS
from tui.app.commands.reasoning import REASONING_COMMANDS
from tui.app.commands.replay import REPLAY_CHAT_COMMANDS
from tui.app.screens.attaching import Attaches
from tui.app.screens.branches import Branches
from tui.app.screens.chat_presets import ChatPresets
from tui.app.screens.comparing import Comparing
from tui.app.screens.draft_files import DraftFiles
from tui.app.screens.finding import Finding
from tui.app.screens.ledger import ContextLedger
from tui.app.screens.own_editor import OwnEditor
from tui.app.screens.reasoning import Thoughts
from tui.app.screens.replaying import Replaying
from tui.app.screens.sessions import Sessions
from tui.app.screens.talking import TALL
from tui.app.status import Phase, Status
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.gauges import GaugesPane
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.model_list import ModelList
from tui.app.widgets.prompt_row import PromptRow
from tui.app.widgets.recent_chats import RecentChats
from tui.app.widgets.settings_summary import SettingsSummary
from tui.app.widgets.speed import SpeedPane, Speeds
from tui.app.widgets.status_line import StatusLine
from tui.catalogue.entry import ModelEntry
from tui.core.events import ModelInfo
from tui.core.units import format_bytes
from tui.monitor.sample import Sample
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings

WIDE = 100
"""From this many cells on, the side panes are shown by themselves."""

OWN_COMMANDS = (
    *CHAT_COMMANDS,
    *ATTACH_COMMANDS,
    *BRANCH_COMMANDS,
    *SESSION_COMMANDS,
    EDITOR_COMMAND,
    *READING_COMMANDS,
    *REASONING_COMMANDS,
    *REPLAY_CHAT_COMMANDS,
    *COMPARE_CHAT_COMMANDS,
    PRESETS_COMMAND,
    *LEDGER_COMMANDS,
)
"""What can be asked for here, besides what works everywhere."""


class MainScreen(
    DraftFiles,
    ContextLedger,
    ChatPresets,
    Comparing,
    Attaches,
    Replaying,
    Thoughts,
    OwnEditor,
    Finding,
    Branches,
    Sessions,
):
    """The chat, with what belongs to it around it.

    Args:
        host: where the model is.
    """

    AUTO_FOCUS = "#prompt"
    HORIZONTAL_BREAKPOINTS = [(0, "-cramped"), (40, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(OWN_COMMANDS), *CODE_BINDINGS]
    commands = (*OWN_COMMANDS, *RUN_COMMANDS)

    def __init__(self, host: ModelHost) -> None:
        super().__init__(host)
        self._folded: bool | None = None
        self._offered = False
        self._state: tuple[Phase, ModelInfo | None, bool, int] | None = None

    def compose(self) -> ComposeResult:
        """Status, columns, keys."""
        yield StatusLine(id="status")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield ModelList(id="models")
                yield RecentChats(id="recent")
            with Vertical(id="centre"):
                yield self._transcript
                yield self._picker
                yield self._attached_line
                with PromptRow(id="prompt-row"):
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
        self.watch(self.app, "searching", self._show_models)

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
        if self._state and self._state[0] is Phase.LOADING:
            self._load_failed = status.phase is Phase.NO_MODEL
        self._state = state
        self.query_one(SettingsSummary).show(self.settings_here, status.model, status.threads)
        self._show_sample(self.program.sample)
        if not status.busy:
            self._hint("")
        self._show_welcome()
        self._show_keys()
        self._send_waiting()

    def _show_sample(self, sample: Sample | None) -> None:
        self.query_one(StatusLine).show_serving(self.program.serving.mark)
        if sample is not None:
            model = self._host.model
            self.query_one(StatusLine).show_sample(sample)
            self.query_one(GaugesPane).show(sample, model)

    def _show_settings(self, settings: Settings) -> None:
        self.query_one(SettingsSummary).show(self.settings_here, self._host.model, self.program.status.threads)
        self._show_panes(self.size.width)

    def _show_keys(self) -> None:
        keys = [(command, bool(usable(self, command))) for command in commands_of(self) if command.short]
        self.query_one(KeyLine).show(keys)

    def _show_models(self) -> None:
        self._show_welcome()
        if self.program.models and not self._offered and not self.program.searching:
            self._offered = True
            self._offer_models()

    def _offer_models(self) -> None:
        """At the start one of several models is chosen in the list, unless Enter in the prompt loads the likely one."""
        idle = self._host.model is None and not self.program.work.busy and not self.program.launch.model
        unsure = idle and self._offered_model is None and self._prompt.has_focus and not self._prompt.text
        if self.is_current and unsure and not self.query_one("#left").has_class("folded"):
            self.query_one(ModelList).focus()

    def _show_welcome(self) -> None:
        usable_models = sum(entry.loadable for entry in self.program.models)
        found = None if self.program.searching and not usable_models else usable_models
        self._offered_model = self._next_model() if found else None
        offered = self._offered_model
        words = f"{offered.name} ({format_bytes(offered.file_size)})" if offered else ""
        self._show_hint()
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

    def key_escape(self) -> None:
        """From the list back to the prompt, or out of an edit, when nothing runs that Esc would stop."""
        if not self._drop_edit():
            self.unmark()
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
