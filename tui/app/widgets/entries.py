"""What a transcript is made of: what the person said, what the model replied, and notes of the program.

An entry knows its lines at a width and nothing of the screen. Text is made printable as it comes in, and never
read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.app.rendering.blocks import Code
from tui.app.rendering.code_lines import INDENT as INDENT
from tui.app.rendering.code_lines import IndentedLine, with_copy_key
from tui.app.rendering.document import Document
from tui.app.rendering.layout import wrap
from tui.app.rendering.shown import shown_line, shown_text
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.thought import Thought
from tui.core.units import format_count

MAX_WIDTH = 100
"""Cells of the longest line of running text; longer ones are hard to read on a wide terminal."""

_BLANK = Content("")


def _running_text(text: str) -> str:
    return shown_text(text.replace("\r\n", "\n"))


def _indented(lines: list[Content]) -> list[Content]:
    return [line.pad_left(INDENT) if line else line for line in lines]


def _text_width(width: int) -> int:
    return max(min(width, MAX_WIDTH) - INDENT, 4)


class Entry:
    """One entry; `lines` is asked again whenever the width or `version` changed."""

    below = 1
    """Lines after its text: the blank one, and what is said about it."""

    def __init__(self) -> None:
        self.version = 0

    def lines(self, width: int) -> list[Content]:
        """The entry in lines of at most `width` cells, the blank line after it included."""
        raise NotImplementedError


def _heading(text: str, style: str, branch: tuple[int, int]) -> Content:
    """Who speaks, and which of the message's versions this is."""
    heading = Content.styled(text, style)
    number, count = branch
    if count < 2:
        return heading
    glyphs = current_glyphs()
    return heading + Content.styled(f"  {glyphs.older} {number}/{count} {glyphs.newer}", "branch")


class UserEntry(Entry):
    """What the person typed, shown as it is.

    Args:
        text: all of it.
        branch: which of its versions it is, and how many there are.
        attached: names of what went with it, each with how large it is, in words.
    """

    def __init__(self, text: str, branch: tuple[int, int] = (1, 1), attached: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._text = Content(_running_text(text))
        self._attached = [Content.styled(f"@{shown_line(name)}  {words}", "faint") for name, words in attached]
        self._heading = _heading(f"{current_glyphs().prompt} you", "you", branch)

    def lines(self, width: int) -> list[Content]:
        room = _text_width(width)
        attached = [piece for line in self._attached for piece in wrap(line, room)]
        said = wrap(self._text, room) if self._text or not attached else []
        body = [*attached, *(line.stylize_before("user") for line in said)]
        return [self._heading, *_indented(body), _BLANK]


class ReplyEntry(Entry):
    """A reply, growing while the model writes it.

    Args:
        name: who replies; shown as the heading.
        branch: which of its versions it is, and how many there are.
    """

    def __init__(self, name: str, branch: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self._heading = _heading(f"{current_glyphs().reply} {shown_line(name)}", "model", branch)
        self._document = Document()
        self.thought = Thought()
        """What the model thought before it answered."""
        self._cache: tuple[tuple[int, int], list[Content]] = ((-1, -1), [])
        self._indents: dict[int, IndentedLine] = {}
        self._numbered = False
        self._remarks: list[Content] = []
        self._footer: list[Content] = []
        self.running = True

    @property
    def empty(self) -> bool:
        """Whether nothing was written yet."""
        return not (self._document.source.strip() or self.thought.exists)

    @property
    def has_code(self) -> bool:
        """Whether there is a block of code that can be copied."""
        return bool(self._document.code_count or (not self.running and self._document.codes))

    @property
    def codes(self) -> list[Code]:
        """The blocks of code that can be copied: all but one that still grows."""
        return [code for code in self._document.codes if code.closed or not self.running]

    @property
    def numbered(self) -> bool:
        """Whether its blocks of code have their numbers on the left."""
        return self._numbered

    @numbered.setter
    def numbered(self, numbered: bool) -> None:
        if numbered != self._numbered:
            self._numbered = numbered
            self.version += 1

    def append(self, text: str) -> None:
        """Add text that the model wrote before, reasoning and answer."""
        self._answer(self.thought.put(text))

    def take(self, pieces: Sequence[str]) -> None:
        """Add the text of tokens, as they come."""
        self._answer(self.thought.take(pieces))

    def toggle_thought(self) -> None:
        """Show all that the model thought, or one line of it."""
        self.thought.toggle()
        self.version += 1

    def _answer(self, text: str) -> None:
        if text:
            self._document.append(_running_text(text))
        self.version += 1

    def remark(self, words: Sequence[str]) -> None:
        """Say how the reply comes about, quietly, in lines under it."""
        self._remarks = [Content.styled(shown_line(line), "faint") for line in words]
        self.version += 1

    def finish(self, stats: str, notice: str = "", failed: bool = False) -> None:
        """End the reply.

        Args:
            stats: a quiet line under it; may be empty.
            notice: why it ended, when that is not the normal end.
            failed: whether `notice` tells of an error.
        """
        self._answer(self.thought.finish())
        self.running = False
        self._footer = []
        if notice:
            glyphs = current_glyphs()
            mark = glyphs.failed if failed else glyphs.stopped
            self._footer.append(Content.styled(f"{mark} {shown_line(notice)}", "error" if failed else "notice"))
        if stats:
            self._footer.append(Content.styled(stats, "faint"))
        self.version += 1

    def lines(self, width: int) -> list[Content]:
        key = (self.version, width)
        if self._cache[0] != key:
            self._cache = (key, self._lay_out(_text_width(width)))
        return self._cache[1]

    def _lay_out(self, width: int) -> list[Content]:
        body = self._document.lines(width)
        # A settled line is the same object as last time, and then so is its indented form.
        known, self._indents = self._indents, {}
        lines, number = [self._heading, *self.thought.lines(width)], 0
        for line in body:
            kept = known.get(id(line))
            if kept is None or kept.line is not line:
                kept = IndentedLine(line)
            self._indents[id(line)] = kept
            starts = kept.starts_code(self.running)
            number += starts
            lines.append(kept.numbered(number) if starts and self._numbered else kept.indented)
        if not body and not self.thought.exists:
            lines.append(Content.styled(f"  {current_glyphs().ellipsis}" if self.running else "  (no text)", "faint"))
        footer = [piece for line in (*self._remarks, *self._words_below()) for piece in wrap(line, width)]
        self.below = len(footer) + 1
        return [*lines, *_indented(footer), _BLANK]

    def _words_below(self) -> list[Content]:
        """How it ended, and the key that copies its code, where the key means this reply."""
        if self.running or not self._numbered:
            return self._footer
        return with_copy_key(self._footer, len(self.codes))


class MoreEntry(Entry):
    """Says that a conversation goes on above or below what is shown of it.

    Args:
        count: messages that are not shown.
        later: whether they come after, and not before.
    """

    def __init__(self, count: int, later: bool = False) -> None:
        super().__init__()
        glyphs = current_glyphs()
        what = f"{format_count(count)} {'later' if later else 'earlier'} message{'s' * (count != 1)}"
        way = f"{glyphs.below} {what}: PgDn goes there, End to the newest" if later else ""
        self._text = Content.styled(way or f"{glyphs.above} {what}: PgUp goes there", "faint")

    def lines(self, width: int) -> list[Content]:
        return [*wrap(self._text, max(width, 4)), _BLANK]


class NoteEntry(Entry):
    """A line of the program itself: a model was loaded, a load failed, what to do next."""

    def __init__(self, text: str, kind: str = "info") -> None:
        super().__init__()
        glyphs = current_glyphs()
        mark, style = {"error": (glyphs.failed, "error"), "warning": ("!", "notice")}.get(kind, (glyphs.dot, "faint"))
        self._mark = Content.styled(f"{mark} ", style)
        self._text = Content.styled(shown_line(text), style)

    def lines(self, width: int) -> list[Content]:
        body = wrap(self._text, _text_width(width))
        return [self._mark + body[0], *_indented(body[1:]), _BLANK]
