"""Ways from one screen to another, and what the application's own commands do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen

from tui.app.drawing import Drawing
from tui.app.rendering.browse import View
from tui.core.endpoints import address_of
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.logs import RingHandler
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.screens.main import MainScreen
    from tui.app.serving import Serving
    from tui.app.widgets.load_price import LoadPrice
    from tui.app.work import Work

_ELSEWHERE = frozenset(
    ("models", "chats", "get_model", "downloads", "completion", "unload", "reload", "bench", "serve")
)
"""Actions that would leave half done what runs on a screen of its own."""


class Navigation(Drawing):
    """The actions of the application; screens are imported when they are first asked for."""

    launch: Launch
    ring: RingHandler | None
    host: ModelHost
    work: Work
    main_screen: MainScreen
    settings: Reactive[Settings]
    serving: Serving
    model_view = View()
    """How the model browser was ordered when it was left."""

    def say(self, text: str, kind: str = "info") -> None:
        """Tell the person one line."""
        raise NotImplementedError

    def load_model(self, path: Path) -> None:
        """Load a model in place of the loaded one."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc stops only while something runs; a form or the help must be left before something else opens."""
        if action == "stop":
            return True if self.work.busy else None
        if action in _ELSEWHERE and getattr(self._below_palette, "running", False):
            return None
        if action == "help":
            return None if isinstance(self._below_palette, ModalScreen) else True
        if action == "command_palette":  # there is one, also where another screen hides it
            return None if any(isinstance(screen, CommandPalette) for screen in self.screen_stack) else True
        if action in ("models", "chats", "get_model", "downloads", "settings", "log"):
            return True if hasattr(self._below_palette, "commands") else None
        if action == "completion":
            return True if self._at_the_model else None
        if action in ("unload", "reload"):
            return True if self.host.model and hasattr(self._below_palette, "commands") else None
        if action == "serve":
            return True if self.serving.possible and hasattr(self._below_palette, "commands") else None
        if action == "bench" and self.serving.on:
            return None  # clients would be measured too
        if action == "bench":
            here = self._at_hand is not None and address_of(self._at_hand) is None
            return True if hasattr(self._below_palette, "commands") and here else None
        return True

    @property
    def _at_hand(self) -> Path | None:
        """The file of the model that the browser is on; elsewhere the loaded one's, or that of the marked one."""
        below, model = self._below_palette, self.host.model
        if below is not self.main_screen and hasattr(below, "marked_model"):
            marked: Path | None = below.marked_model
            return marked
        return Path(model.path) if model is not None else self.main_screen.marked_model

    @property
    def _at_the_model(self) -> bool:
        """Whether the person is in the chat or in the completion view, which the same key leads between."""
        below = self._below_palette
        known = self.is_screen_installed("completion")
        return below is self.main_screen or (known and below is self.get_screen("completion"))

    @property
    def _below_palette(self) -> Screen[Any]:
        """The screen that the palette asks for: the one below it."""
        return next(screen for screen in reversed(self.screen_stack) if not isinstance(screen, CommandPalette))

    def action_stop(self) -> None:
        """Stop what runs."""
        self.work.stop()

    def action_unload(self) -> None:
        """Give back the model's memory."""
        self.work.unload()

    def action_reload(self) -> None:
        """Load the model again, with the settings that hold now."""
        if (model := self.host.model) is not None:
            self.work.load(Path(model.path), self.settings.load)

    def action_help(self) -> None:
        """What can be done here."""
        from tui.app.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_models(self) -> None:
        """To the model browser, and back."""
        from tui.app.screens.models import ModelsScreen

        if isinstance(self.screen, ModelsScreen):
            self.screen.dismiss(None)
            return
        screen = ModelsScreen(self.model_view)

        def take(path: Path | None) -> None:
            self.model_view = replace(screen.view, query="")
            if path is not None:
                self.load_model(path)
                self.main_screen.to_prompt()

        self.push_screen(screen, take)

    def action_chats(self) -> None:
        """To the list of chats, and back."""
        from tui.app.screens.chats import ChatsScreen, Choice

        if isinstance(self.screen, ChatsScreen):
            self.screen.dismiss(None)
            return

        def take(choice: Choice | None) -> None:
            self.main_screen.chats_changed()
            if choice is not None:
                self.to_chat()
                self.main_screen.go_to_chat(choice.conversation, choice.message)

        self.push_screen(ChatsScreen(), take)

    def action_get_model(self) -> None:
        """Search the Hub for a model."""
        from tui.app.screens.hub import HubScreen

        if not isinstance(self.screen, HubScreen):
            self.push_screen(HubScreen())

    def action_downloads(self) -> None:
        """What is being downloaded."""
        from tui.app.screens.downloads import DownloadsScreen

        if not isinstance(self.screen, DownloadsScreen):
            self.push_screen(DownloadsScreen())

    def action_add_endpoint(self) -> None:
        """Add a model that another server runs."""
        from tui.app.adding_endpoint import add_endpoint

        add_endpoint(self)

    def search_models(self) -> None:
        """Look for models again."""
        raise NotImplementedError

    def to_chat(self) -> None:
        """Leave all screens that lie over the chat."""
        while self.screen is not self.main_screen and len(self.screen_stack) > 1:
            self.pop_screen()

    def action_settings(self) -> None:
        """Edit the settings."""
        from tui.app.screens.settings import SettingsScreen

        if not isinstance(self.screen, SettingsScreen):
            chat = self.main_screen if self.screen is self.main_screen else None
            form = SettingsScreen(chat.settings_here if chat else self.settings, self._price())
            self.push_screen(form, chat.take_settings if chat else self.take_settings)

    def _price(self) -> LoadPrice | None:
        """What tells the price of a load of the model at hand."""
        from tui.app.widgets.load_price import LoadPrice

        freed = self.host.model.context_bytes if self.host.model else 0
        return LoadPrice(path, self.host.plan, freed, id="settings-price") if (path := self._at_hand) else None

    def take_settings(self, settings: Settings | None) -> None:
        """Let other settings hold; None changes nothing."""
        if settings is None:
            return
        reload = self.host.model is not None and settings.load != self.settings.load
        if settings.generation != self.settings.generation:
            self.work.adjust(settings.generation)
        self.settings = settings
        if reload:
            self.say("The load settings changed: F9 loads the model again with them", "warning")

    def action_completion(self) -> None:
        """To the completion view, and back to the chat."""
        from tui.app.screens.completion import CompletionScreen

        if isinstance(self.screen, CompletionScreen):
            self.pop_screen()
            return
        if not self.is_screen_installed("completion"):
            self.install_screen(CompletionScreen(self.host, self.settings, self.launch.prompt), "completion")
        self.push_screen("completion")

    def action_bench(self) -> None:
        """Measure the loaded model, or else the marked one; what was loaded is loaded again afterwards."""
        if (path := self._at_hand) is None:
            return
        from tui.app.screens.bench import BenchScreen
        from tui.monitor.cpu import usable_cores
        from tui.services.measurements import BenchPlan, thread_counts

        before = self.host.model

        def make_room() -> None:
            self.work.stop()

        def bring_back() -> None:
            if before is not None:
                self.work.load(Path(before.path), self.settings.load)
            else:
                self.work.unload()

        plan = BenchPlan(threads=thread_counts(usable_cores()))
        self.push_screen(BenchScreen(self.host, path, self.settings.load, plan, make_room, bring_back))

    def action_serve(self) -> None:
        """To the server beside the chat, and back."""
        from tui.app.screens.serving import ServingScreen

        if isinstance(self.screen, ServingScreen):
            self.screen.dismiss(None)
        else:
            self.push_screen(ServingScreen(self.serving))

    async def action_quit(self) -> None:
        """Leave; asks first where clients' requests are under way."""
        from tui.app.screens.downloads_question import QuestionScreen

        count = len(self.serving.requests.running) if self.serving.on else 0
        if not count or isinstance(self.screen, QuestionScreen):
            self.exit()
            return
        them = "1 request of a client is" if count == 1 else f"{count} requests of clients are"
        question = f"{them} under way. Quitting ends {'it' if count == 1 else 'them'}."

        def answered(yes: bool | None) -> None:
            if yes:
                self.exit()

        self.push_screen(QuestionScreen(question, "quit", "stay"), answered)

    def action_log(self) -> None:
        """What llama.cpp reported."""
        from tui.app.screens.log import LogScreen

        if self.ring is not None and not isinstance(self.screen, LogScreen):
            self.push_screen(LogScreen(self.ring))
