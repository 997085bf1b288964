"""The full-screen application: wiring only. Screens compose, widgets draw, services decide, the engine computes."""

from __future__ import annotations

import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import InvalidThemeError
from textual.binding import BindingType
from textual.command import Provider
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.screen import Screen

from tui.app.alt_keys import take_doubled_escapes
from tui.app.collecting import Collector
from tui.app.commands.catalogue import APP_COMMANDS, RUN_COMMANDS
from tui.app.commands.command import bindings
from tui.app.ending import run_to_its_end
from tui.app.faults import Faults
from tui.app.launch_download import fetch_launched
from tui.app.model_search import ModelFinder, ModelsChanged, ModelsFound
from tui.app.navigation import Navigation
from tui.app.rendering.blocks import warm_up
from tui.app.rendering.shown import shown_line
from tui.app.sampling import SampleTaken, start_sampler
from tui.app.screens.main import MainScreen
from tui.app.serving import Serving
from tui.app.status import Status
from tui.app.store import Store
from tui.app.themes import THEMES, is_plain, theme_for
from tui.app.transfers import Transfers, label_of
from tui.app.work import Work
from tui.catalogue.entry import ModelEntry
from tui.monitor.sample import Sample
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.logs import PROGRAM, RingHandler, configure_logging
from tui.settings.paths import log_file
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.catalogue.hub.values import Download

_SEVERITIES: dict[str, SeverityLevel] = {"error": "error", "warning": "warning"}


def _provider() -> type[Provider]:
    from tui.app.commands.provider import CommandProvider

    return CommandProvider


class LocalLLMApp(Faults, Navigation):
    """Chat with a local model and see what the machine does.

    Args:
        launch: how to start.
        host: where the model is; a new one by default.
        log: the kept lines of the log; None when nothing is kept.
    """

    TITLE = "localllm-tui"
    # The style sheet of the first screen is not read by itself.
    CSS_PATH = ["app.tcss", "screens/main.tcss"]  # noqa: RUF012
    COMMANDS = {_provider}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings((*RUN_COMMANDS, *APP_COMMANDS))]
    NOTIFICATION_TIMEOUT = 6
    collector: Collector | None = None
    """What looks for garbage in quiet moments; None leaves that to Python, as where the process is not ours alone."""

    # A repaint of the application is one of the whole screen, tens of kilobytes; each widget paints what it changed.
    status: reactive[Status] = reactive(Status(), init=False, repaint=False, always_update=True)
    """What the engine does; screens watch it, and hear also when only the work behind it ended."""
    sample: reactive[Sample | None] = reactive(None, init=False, repaint=False)
    """What the machine does; screens watch it."""
    models: reactive[tuple[ModelEntry, ...]] = reactive((), init=False, repaint=False)
    """The models found so far; screens watch it."""
    searching: reactive[bool] = reactive(True, init=False, repaint=False)
    """Whether the search for models still runs; screens watch it."""
    downloads: reactive[tuple[Download, ...]] = reactive((), init=False, repaint=False)
    """The downloads from the Hub; screens watch it."""
    settings: reactive[Settings] = reactive(Settings, init=False, repaint=False)
    """What holds now; screens watch it."""

    def __init__(self, launch: Launch, host: ModelHost | None = None, log: RingHandler | None = None) -> None:
        wanted = theme_for(launch.settings.app.theme, os.environ)
        # Said before the filters are made: NO_COLOR with the terminal's own colours would be black on black.
        super().__init__(ansi_color=True if is_plain(wanted) else None)
        self.launch = launch
        self.ring = log
        self.set_reactive(LocalLLMApp.settings, launch.settings)
        self.host = host or ModelHost(offline=lambda: self.settings.app.offline)
        self.work = Work(self, self.host, self._show_status, self.say)
        self.serving = Serving(self.host, launch.make_server, launch.serve_key, lambda: self.work.busy)
        self.finder = ModelFinder(self)
        self.store = Store(lambda: self.settings)
        self.transfers = Transfers(
            self,
            self.store.make_downloads,
            self.store.may_ask,
            self._show_downloads,
            self._downloaded,
            self._say_of_downloads,
        )
        self.main_screen = MainScreen(self.host)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = wanted

    def get_default_screen(self) -> Screen[Any]:
        """The chat."""
        return self.main_screen

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """The screens that shine through the current one.

        Textual counts the one below also where nothing shines through. Each of its updates, such as a gauge every
        second or a reply that goes on, would then draw the whole screen that hides it.
        """
        if self.screen.styles.background.a == 1:
            return []
        return super()._background_screens

    def on_mount(self) -> None:
        """Start what can wait until the first frame is on the screen."""
        self.call_after_refresh(self._after_first_frame)

    def _after_first_frame(self) -> None:
        self._sampler = start_sampler(self)
        self.main_screen.run_worker(self.main_screen.show_last_chat())
        self.search_models()
        self.run_worker(warm_up, thread=True, exit_on_error=False)
        for problem in self.launch.problems:
            self.say(problem, "warning")
        if self.launch.model:
            self.load_model(Path(self.launch.model))
        self.transfers.open(partial(fetch_launched, self))
        if self.launch.prompt is not None:
            self.action_completion()
        self.main_screen.attach_launched()

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if (sampler := getattr(self, "_sampler", None)) is not None:
            sampler.stop()
        self.finder.close()
        self._leave_downloads()
        self.serving.close()
        self.work.close()
        self.main_screen.chat.chats.close()

    def on_sample_taken(self, message: SampleTaken) -> None:
        """Hand the newest figures to the screens."""
        self.sample = message.sample
        if self.collector is not None:
            self.collector.tick(self.work.busy or self.searching or self.serving.requests.count > 0)

    async def on_event(self, event: events.Event) -> None:
        """Note that a person is there, besides what every event needs."""
        if self.collector is not None and isinstance(event, events.InputEvent):
            self.collector.touched()
        await super().on_event(event)

    def on_models_found(self, message: ModelsFound) -> None:
        """Hand what the search found to the screens."""
        self.models = message.entries
        self.searching = not message.done

    def search_models(self) -> None:
        """Look for models again."""
        self.searching = True
        self.finder.search(self.settings.app.folders(), self.models)

    def on_models_changed(self, message: ModelsChanged) -> None:
        """A file came or went: the lists follow."""
        self.search_models()

    def say(self, text: str, kind: str = "info") -> None:
        """Tell the person one line, where it stays: in the transcript, and over any other screen."""
        self.main_screen.note(text, kind)
        if self.screen is not self.main_screen:
            self.notify(shown_line(text), severity=_SEVERITIES.get(kind, "information"), markup=False)

    def load_model(self, path: Path) -> None:
        """Load a model in place of the loaded one."""
        self.work.load(path, self.settings.load)

    def _show_downloads(self, downloads: tuple[Download, ...]) -> None:
        self.downloads = downloads

    def _downloaded(self, download: Download) -> None:
        """A model has come: it is in the list from now on."""
        if download.path is not None and self.transfers.wants_load(download):
            self.load_model(download.path)
            if getattr(self.screen, "tells_of_downloads", False):
                self.to_chat()
        else:
            self._say_of_downloads(f"{label_of(download.request)} is here: ctrl+t, then Enter loads it")
        self.search_models()

    def _say_of_downloads(self, text: str, kind: str = "info") -> None:
        """The screens of the downloads and of a repository say the same in their own places."""
        if getattr(self.screen, "tells_of_downloads", False):
            self.main_screen.note(text, kind)
        elif (hear := getattr(self.screen, "hear_of_download", None)) is not None:
            self.main_screen.note(text, kind)
            hear(text, kind)
        else:
            self.say(text, kind)

    def _leave_downloads(self) -> None:
        """Said when the terminal is the person's again."""
        if moving := self.transfers.close():
            what = "1 download is paused and goes" if moving == 1 else f"{moving} downloads are paused and go"
            self._exit_renderables.append(f"{what} on with the next start of localllm-tui")

    def watch_settings(self, old: Settings, settings: Settings) -> None:
        """The theme and the folders take effect at once."""
        if old.app.folders() != settings.app.folders():
            self.search_models()
        try:
            self.theme = theme_for(settings.app.theme, os.environ)
        except InvalidThemeError:
            logging.getLogger(PROGRAM).warning("there is no theme %s", settings.app.theme)

    def _show_status(self, status: Status) -> None:
        changed = status.phase is not self.status.phase
        if status.model is not None and status.model != self.status.model and self.finder.library is not None:
            note = partial(self.finder.library.used, Path(status.model.path))
            self.run_worker(note, thread=True, exit_on_error=False)
        self.status = status
        if changed:
            self.refresh_bindings()


def run_app(launch: Launch) -> int:
    """Run the full-screen application until the person leaves it.

    Returns:
        The exit status.
    """
    take_doubled_escapes()
    app = LocalLLMApp(launch, log=configure_logging(log_file()))
    app.collector = Collector()
    return run_to_its_end(app)
