"""Ways from one screen to another, and what the application's own commands do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.command import CommandPalette
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen

from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.logs import RingHandler
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.screens.main import MainScreen
    from tui.app.widgets.load_price import LoadPrice
    from tui.app.work import Work


class Navigation(App[int]):
    """The actions of the application; screens are imported when they are first asked for."""

    launch: Launch
    ring: RingHandler | None
    host: ModelHost
    work: Work
    main_screen: MainScreen
    settings: Reactive[Settings]

    def say(self, text: str, kind: str = "info") -> None:
        """Tell the person one line."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc stops only while something runs; a form or the help must be left before something else opens."""
        if action == "stop":
            return True if self.work.busy else None
        if action == "help":
            return None if isinstance(self._below_palette, ModalScreen) else True
        if action in ("models", "settings", "completion", "log"):
            return True if hasattr(self._below_palette, "commands") else None
        if action in ("unload", "reload"):
            return True if self.host.model and hasattr(self._below_palette, "commands") else None
        if action == "bench":
            return True if hasattr(self._below_palette, "commands") and self._at_hand else None
        return True

    @property
    def _at_hand(self) -> Path | None:
        """The loaded model's file, or else that of the marked one."""
        model = self.host.model
        return Path(model.path) if model is not None else self.main_screen.marked_model

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
        """Choose a model."""
        self.main_screen.choose_model()

    def action_settings(self) -> None:
        """Edit the settings."""
        from tui.app.screens.settings import SettingsScreen

        if not isinstance(self.screen, SettingsScreen):
            self.push_screen(SettingsScreen(self.settings, self._price()), self.take_settings)

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

    def action_log(self) -> None:
        """What llama.cpp reported."""
        from tui.app.screens.log import LogScreen

        if self.ring is not None and not isinstance(self.screen, LogScreen):
            self.push_screen(LogScreen(self.ring))
