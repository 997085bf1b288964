"""One line about the downloads, there only while something comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.app.rendering.download_rows import strip_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane

if TYPE_CHECKING:
    from tui.catalogue.hub.values import Download


class DownloadStrip(LinesPane):
    """Follows the application's `downloads`."""

    DEFAULT_CSS = """
    DownloadStrip { height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._downloads: tuple[Download, ...] = ()
        self.display = False

    def on_mount(self) -> None:
        """Follow the application, where it tells of downloads."""
        if hasattr(self.app, "downloads"):
            self.watch(self.app, "downloads", self.show)

    def show(self, downloads: tuple[Download, ...]) -> None:
        """Show how far they are."""
        self._downloads = downloads
        self.display = any(not download.over for download in downloads)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [strip_line(self._downloads, width, current_glyphs())] if width else []
