"""The text of the completion view: prompt and completion in one document, told apart by colour and by a margin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip

from tui.app.rendering.running_text import Run, RunningText, TextLine
from tui.app.widgets.follows_end import FollowsEnd
from tui.app.widgets.glyphs import Glyphs, current_glyphs

Kind = Literal["prompt", "typed", "completion"]

MARGIN = 2
"""Cells left of the text: the mark and a space."""

STRIDE = 4
"""Lines that a full view scrolls at once: each scroll sends every line again, which a slow link feels."""


def margin_mark(line: TextLine, glyphs: Glyphs) -> str:
    """The mark of a line, which needs no colour: prompt, both, or nothing for completion alone."""
    kinds = line.kinds
    if not kinds or kinds == ("completion",):
        return " "
    return glyphs.both if "completion" in kinds else ">"


def legend(glyphs: Glyphs) -> Content:
    """What the marks in the margin mean."""
    return Content.assemble(
        ("> prompt", "$warning"),
        "   ",
        ("> typed", "bold $success"),
        f"   {glyphs.both} both, prompt underlined   no mark: completion",
    )


class CompletionText(FollowsEnd, can_focus=True):
    """Draws only the lines in view, and stays at its end while it is there.

    Adding a token costs the same however long the text is.
    """

    ALLOW_SELECT = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "completion-text--margin",
        "completion-text--prompt",
        "completion-text--typed",
        "completion-text--completion",
    }
    """
    | Class | Description |
    | :- | :- |
    | `completion-text--margin` | The marks at the left. |
    | `completion-text--prompt` | The prompt that was given (llama.cpp: yellow). |
    | `completion-text--typed` | What the person added here (llama.cpp: bold green). |
    | `completion-text--completion` | What the model wrote (llama.cpp: the terminal's own colour). |
    """

    DEFAULT_CSS = """
    CompletionText {
        height: 1fr; padding: 0 1; background: $background; color: $foreground;
        overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        scrollbar-color: $border; scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        & > .completion-text--margin { color: $text-muted; }
        & > .completion-text--prompt { color: $warning; }
        & > .completion-text--typed { color: $success; text-style: bold; }
        & > .completion-text--completion { color: $foreground; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = RunningText()
        self._follow = True
        self._fitting = False

    @property
    def plain(self) -> str:
        """The text, as it is shown."""
        return self._text.text

    @property
    def shown_lines(self) -> tuple[str, ...]:
        """The lines with their marks, as they are laid out now."""
        glyphs = current_glyphs()
        return tuple(f"{margin_mark(line, glyphs)} {line.text}".rstrip() for line in self._text.lines)

    def append(self, text: str, kind: Kind) -> None:
        """Add to the end; the view follows unless the person has scrolled up."""
        if not text:
            return
        before = self._text.lines[-1]
        first = self._text.append(text, kind)
        self._fit()
        self._tell(newer=not self._follow)
        self._refresh_line_from(first, before)
        if (more := len(self._text.lines) - first - 1) > 0:
            self.refresh_lines(first + 1, more)

    def _refresh_line_from(self, at: int, before: TextLine) -> None:
        """Draw a line again; only what was added to it when the rest looks as before."""
        after = self._text.lines[at]
        if after.text.startswith(before.text) and after.kinds == before.kinds:
            start, end = MARGIN + cell_len(before.text), MARGIN + cell_len(after.text)
            self.refresh(Region(start, at - self.scroll_offset.y, end - start, 1))
        else:
            self.refresh_lines(at)

    def reset(self, runs: Iterable[Run]) -> None:
        """Show another text, at its end."""
        self._text.clear()
        for text, kind in runs:
            self._text.append(text, kind)
        self.to_end()
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Lay the text out for the new width."""
        self._text.set_width(self._width - MARGIN)
        self._fit()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Where the person scrolls to decides whether the view follows."""
        super().watch_scroll_y(old_value, new_value)
        if not self._fitting:
            self._follow = round(new_value) >= self.max_scroll_y
            if self._follow:
                self._tell(newer=False)

    def to_end(self) -> None:
        """Go to the end of the text and stay there."""
        self._follow = True
        self._fit()
        self._tell(newer=False)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _fit(self) -> None:
        """Tell Textual how long the text is, and go to its end if that is where the person was."""
        self._fitting = True
        # Each change of the size draws everything again, so it changes seldom.
        view, height = self.scrollable_content_region.height, len(self._text.lines)
        height = max(view, height + -(height - view) % STRIDE)
        size = Size(self._width, height)
        if size != self.virtual_size:
            self.virtual_size = size
        if self._follow:
            self.scroll_end(animate=False, immediate=True)
        self._fitting = False

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under the selection, without marks."""
        lines = "\n".join(" " * MARGIN + line.text for line in self._text.lines)
        text = selection.extract(lines)
        return "\n".join(line.removeprefix(" " * MARGIN) for line in text.split("\n")), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + self.scroll_offset.y
        width, base = self._width, self.rich_style
        if at >= len(self._text.lines):
            return Strip.blank(width, base)
        strip = Strip(self._segments(self._text.lines[at])).adjust_cell_length(width, base)
        if (selection := self.text_selection) is not None and (span := selection.get_span(at)) is not None:
            strip = self._selected(strip, span)
        return strip.apply_offsets(0, at)

    def _segments(self, line: TextLine) -> list[Segment]:
        mark = margin_mark(line, current_glyphs())
        mixed = "completion" in line.kinds and len(line.kinds) > 1
        margin = self.get_component_rich_style("completion-text--margin")
        segments = [Segment(f"{mark} ", margin)]
        for text, kind in line.runs:
            style = self.get_component_rich_style(f"completion-text--{kind}")
            if mixed and kind != "completion":
                style += Style(underline=True)
            segments.append(Segment(text, style))
        return segments

    def _selected(self, strip: Strip, span: tuple[int, int]) -> Strip:
        """The strip with the selected part in the selection's colours; columns of wide characters are kept whole."""
        start, end = span
        text = strip.text
        first = cell_len(text[:start])
        last = strip.cell_length if end == -1 else min(strip.cell_length, cell_len(text[:end]))
        style = self.screen.get_component_rich_style("screen--selection")
        before, middle, after = strip.crop(0, first), strip.crop(first, last), strip.crop(last)
        chosen = Strip([Segment(part, (old or Style()) + style) for part, old, _ in middle])
        return Strip.join([before, chosen, after])
