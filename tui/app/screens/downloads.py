"""The downloads: how far each is, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.app.commands.command import bindings
from tui.app.commands.hub import DOWNLOADS_COMMANDS
from tui.app.rendering.download_rows import download_rows
from tui.app.transfers import label_of
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import LinesPane, spread
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows
from tui.catalogue.hub.values import Download
from tui.core.units import format_bytes

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.app.screens.downloads_question import QuestionScreen

EMPTY = "Nothing is being downloaded. ctrl+g opens the Hub; what is downloaded there is listed here."


class DownloadsScreen(Screen[None]):
    """One row of two lines for each download, the newest first."""

    CSS_PATH = "downloads.tcss"
    AUTO_FOCUS = "#downloads-rows"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DOWNLOADS_COMMANDS)]
    commands = DOWNLOADS_COMMANDS
    tells_of_downloads = True
    """What happens to a download needs no notice over this screen."""

    def __init__(self) -> None:
        super().__init__()
        self._question: QuestionScreen | None = None
        self._asked = self._arrived = 0

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def compose(self) -> ComposeResult:
        """Title, rows, a line on what can be done, keys."""
        yield LinesPane(id="downloads-title")
        yield Rows[Download](
            lambda download, width: download_rows(download, width, current_glyphs()), tall=3, id="downloads-rows"
        )
        yield MessagePane(id="downloads-message")
        yield KeyLine(id="downloads-keys")

    def on_mount(self) -> None:
        """Follow the downloads; what was said of them over other screens is said here."""
        self.app.clear_notifications()
        self.watch(self.app, "downloads", self._show)
        self.program.transfers.look()

    def on_resize(self) -> None:
        """The title for another width."""
        self._show(self.program.downloads)

    @property
    def marked(self) -> Download | None:
        """The download one is on."""
        found: Download | None = self.query_one(Rows).marked
        return found

    def _show(self, downloads: tuple[Download, ...]) -> None:
        rows, marked = self.query_one(Rows), self.marked
        newest = sorted(downloads, key=lambda download: -download.number)
        numbers = [download.number for download in newest]
        same = [download.number for download in rows.items] == numbers
        stays = marked is not None and marked.number in numbers and not same
        rows.show(newest, at=numbers.index(marked.number) if stays and marked else None)
        moving = sum(not download.over for download in downloads)
        speed = sum(download.speed or 0.0 for download in downloads if download.state == "downloading")
        words = f"{moving} under way" if moving else f"{len(downloads)}" if downloads else ""
        total = f"{format_bytes(speed)}/s" if speed else ""
        title = spread((("DOWNLOADS", "title"), (f"  {words}", "label")), ((total, "value"),), self.size.width - 2)
        self.query_one("#downloads-title", LinesPane).set_lines([title])
        if not downloads:
            self._show_marked()
        self._follow_question(downloads)

    @on(Rows.Marked)
    def _show_marked(self) -> None:
        """What went wrong in full, and the keys that make sense."""
        marked, message = self.marked, self.query_one(MessagePane)
        if marked is None:
            message.say(EMPTY)
        elif marked.state == "finished" and marked.number == self._arrived:
            message.say(f"{label_of(marked.request)} has arrived meanwhile: nothing was cancelled.", "value")
        else:
            message.say(marked.problem, "error" if marked.state == "failed" else "label")
        state = marked.state if marked is not None else ""
        resumes = {"downloads.load": ("paused", "failed"), "downloads.pause": ("paused",)}
        shown = [
            replace(command, short="resume") if state in resumes.get(command.id, ()) else command
            for command in self.commands
        ]
        keys = [(command, bool(self.check_action(command.action.rpartition(".")[2], ()))) for command in shown]
        self.query_one(KeyLine).show(keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense for the marked one."""
        state = self.marked.state if self.is_mounted and self.marked is not None else ""
        fitting = {
            "load": ("finished", "paused", "failed"),
            "pause": ("queued", "downloading", "verifying", "paused"),
            "cancel": ("queued", "downloading", "verifying", "paused", "failed"),
            "retry": ("failed",),
            "forget": ("finished", "failed"),
        }
        return True if action not in fitting or state in fitting[action] else None

    # What the person asks for

    @on(Rows.Chosen)
    def action_load(self) -> None:
        """Load what is here; go on with what stopped."""
        download = self.marked
        if download is None:
            return
        if download.state == "finished" and download.path is not None:
            self.program.load_model(download.path)
            self.program.to_chat()
        elif download.state in ("paused", "failed"):
            self.program.transfers.resume(download.number)

    def action_pause(self) -> None:
        """Stop for now, or go on."""
        if (download := self.marked) is None:
            return
        if download.state == "paused":
            self.program.transfers.resume(download.number)
        else:
            self.program.transfers.pause(download.number)

    def action_retry(self) -> None:
        """Go on after a failure."""
        if (download := self.marked) is not None:
            self.program.transfers.resume(download.number)

    def action_forget(self) -> None:
        """Take one that has ended out of the list."""
        if (download := self.marked) is not None:
            self.program.transfers.forget(download.number)

    def action_cancel(self) -> None:
        """Stop for good, after asking; a download that ends meanwhile leaves nothing to ask."""
        from tui.app.screens.downloads_question import QuestionScreen

        if (download := self.marked) is None:
            return
        number = download.number
        self._question = QuestionScreen(cancel_words(download), "cancel the download", "keep it")
        self._asked = number

        def answered(yes: bool | None) -> None:
            self._question = None
            if yes:
                self.program.transfers.cancel(number)

        self.app.push_screen(self._question, answered)

    def _follow_question(self, downloads: tuple[Download, ...]) -> None:
        if self._question is None:
            return
        found = next((download for download in downloads if download.number == self._asked), None)
        if found is not None and found.state != "finished":
            self._question.ask(cancel_words(found))
            return
        self._question.withdraw()
        if found is not None:
            self._arrived = found.number
            self._show_marked()

    def action_back(self) -> None:
        """Back; downloads go on."""
        self.dismiss(None)


def cancel_words(download: Download) -> str:
    """The question before a download is cancelled."""
    return f"Cancel {label_of(download.request)}? {format_bytes(download.done)} that came so far are deleted."
