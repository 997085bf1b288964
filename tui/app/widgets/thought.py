"""The reasoning of a reply on the screen: its last lines while the model thinks, then one line; all of it by key."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tui.app.rendering.code_lines import INDENT
from tui.app.rendering.running_text import RunningText
from tui.app.widgets.glyphs import current_glyphs
from tui.core.events import Timings
from tui.core.markers import Markers, markers_for
from tui.core.reasoning import Gathered, Parts, Splitter
from tui.core.units import format_count, format_seconds, format_wait

LIVE_LINES = 3
"""Lines of a thought that are shown while it grows."""
_TELL_SECONDS = 1.0
KEY, END_KEY = "alt+r", "alt+x"
"""The keys that open a thought, and that end it."""


def _bar() -> Content:
    """Stands before each line of a thought, so that it is told apart without colours too."""
    return Content(" " * INDENT) + Content.styled(f"{current_glyphs().column} ", "branch")


class Thought:
    """Takes the text of a reply, keeps what belongs to the reasoning and hands on the rest.

    Adding to it costs as much as what is added: only the last line of the text is wrapped again.
    """

    def __init__(self) -> None:
        self._splitter: Splitter | None = None
        self._gathered = Gathered()
        self._text = RunningText()
        self._made: list[Content] = []
        self._width = 0
        self._characters = 0
        self._template: Markers | None = None
        self._live_lines = LIVE_LINES
        self._began: float | None = None
        self._last = self._told = 0.0
        self._told_length = ""
        self._tokens = 0
        self._put = False
        self._known = True
        self._measured: Timings | None = None
        self._open: bool | None = None
        self._over = False

    def expect(self, template: Markers | None, *, live: bool) -> None:
        """Say what is known before the first text comes.

        Args:
            template: the markers of the chat template that the reply is made with.
            live: whether the last lines are shown while it grows.
        """
        self._template, self._live_lines = template, LIVE_LINES if live else 0

    @property
    def exists(self) -> bool:
        """Whether the model thought anything."""
        return self._gathered.thought

    @property
    def running(self) -> bool:
        """Whether it thinks now."""
        return not self._over and self._splitter is not None and self._splitter.inside

    @property
    def is_open(self) -> bool:
        """Whether all of it is shown."""
        return bool(self._open)

    def toggle(self) -> None:
        """Show all of it, or one line."""
        self._open = not self._open

    def put(self, text: str) -> str:
        """Take text that was written before.

        Returns:
            What belongs to the answer.
        """
        if not text:
            return ""
        parts = self._split(text)
        self._put = self._put or bool(parts.reasoning)
        return parts.answer

    def take(self, pieces: Sequence[str]) -> str:
        """Take the text of tokens as they come.

        Returns:
            What belongs to the answer.
        """
        self._known = not self._put  # of a reply that goes on only the last part is counted
        answer: list[str] = []
        for piece in pieces:
            before = self.running
            answer.append(self._split(piece).answer)
            if self.running:
                self._tokens += before
                self._last = time.monotonic()
                self._began = self._began or self._last
        if self.running and self._last - self._told >= _TELL_SECONDS:
            # Nobody reads more figures than that, and each of them is a line to send.
            self._told, self._told_length = self._last, self._length()
        return "".join(answer)

    def finish(self) -> str:
        """Nothing follows; returns what was held back of the answer."""
        if self._splitter is None:
            return ""
        parts = self._gathered.sort(self._splitter.finish())
        self._add(parts.reasoning)
        self._over = True
        return parts.answer

    def measure(self, timings: Timings) -> None:
        """Say what the engine has measured of the reply, or of its last part."""
        self._measured = timings

    def lines(self, width: int) -> list[Content]:
        """The block in lines, a blank one at its end; nothing where there is no thought.

        Args:
            width: most cells of a line, the indentation before it not counted.
        """
        if not self.exists:
            return []
        if width != self._width:
            self._width, self._made = width, []
            self._text.set_width(width + INDENT - cell_len(_bar().plain))
        shown = len(self._text.lines) if self._open else self._live_lines if self.running else 0
        return [self._heading(), *self._last_lines(shown), Content("")]

    def _split(self, text: str) -> Parts:
        if self._splitter is None:
            self._splitter = Splitter(markers_for(text, self._template))
        parts = self._gathered.sort(self._splitter.feed(text))
        self._add(parts.reasoning)
        return parts

    def _add(self, text: str) -> None:
        self._characters += len(text)
        del self._made[self._text.append(text, "thought") :]

    def _last_lines(self, count: int) -> list[Content]:
        if not count:
            return []
        bar = _bar()
        new = self._text.lines[len(self._made) :]
        self._made += [bar + Content.styled(line.text, "thought") for line in new]
        return self._made[-count:]

    def _heading(self) -> Content:
        glyphs = current_glyphs()
        dot = f" {glyphs.dot} "
        mark = glyphs.below if self._open or (self.running and self._live_lines) else glyphs.pointer
        length = self._told_length if self.running and self._told_length else self._length()
        figures = [words for words in (self._time(), length) if words]
        if self.running:
            words = [f"thinking{glyphs.ellipsis} {dot.join(figures)}", f"{END_KEY} answers now"]
        else:
            begun = f"thought for {figures.pop(0)}" if len(figures) > 1 else "thought"
            cut_short = ["not finished"] if self._splitter is not None and self._splitter.inside else []
            words = [begun, *figures, *cut_short, f"{KEY} {'folds' if self._open else 'opens'} it"]
        return Content(" " * INDENT) + Content.styled(f"{mark} ", "branch") + Content.styled(dot.join(words), "faint")

    def _time(self) -> str:
        """How long it took; of a stored reply as it was measured, and empty where nothing is known."""
        timings = self._measured
        if not self._known:
            return ""
        if not self.running and timings is not None:
            return format_seconds(timings.reasoning_seconds) if timings.reasoning_seconds else ""
        until = self._told if self.running and self._told else self._last
        return format_wait(until - self._began) if self._began is not None else ""

    def _length(self) -> str:
        timings = self._measured
        tokens = self._tokens if self.running or timings is None else timings.reasoning_tokens
        if self._known and tokens:
            return f"{format_count(tokens)} token{'s' * (tokens != 1)}"
        return f"{format_count(self._characters)} character{'s' * (self._characters != 1)}"
