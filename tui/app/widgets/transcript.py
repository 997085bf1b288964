"""The conversation on the screen: one widget that draws only the lines in view.

Entries are not widgets: a message costs nothing to mount, and writing to the last of 400 costs as much as writing
to the last of 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, zip_longest

from rich.segment import Segment
from textual.cache import LRUCache
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from tui.app.rendering.marked import marked_lines
from tui.app.widgets.code_numbers import CodeNumbers
from tui.app.widgets.entries import Entry
from tui.app.widgets.found_places import FoundPlaces

_STYLES = (
    "you", "user", "model", "faint", "error", "notice", "mark",
    "heading", "strong", "em", "strike", "code", "codeblock", "branch", "thought",
    "codestart", "codeopen", "number", "found", "here",
)  # fmt: skip

SCROLL_STEP = 4
"""Lines by which a growing reply scrolls."""


class Transcript(FoundPlaces, can_focus=False):
    """A scrolling column of entries that stays at its end while it is there."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES = {f"transcript--{name}" for name in _STYLES}  # noqa: RUF012
    DEFAULT_CSS = """
    Transcript {
        height: 1fr; padding: 0 1; background: $background; color: $foreground; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        & > .transcript--you { color: $accent; text-style: bold; }
        & > .transcript--model { color: $primary; text-style: bold; }
        & > .transcript--faint { color: $text-muted; }
        & > .transcript--error { color: $text-error; text-style: bold; }
        & > .transcript--notice { color: $text-warning; }
        & > .transcript--heading { text-style: bold; color: $primary; }
        & > .transcript--strong { text-style: bold; }
        & > .transcript--em { text-style: italic; }
        & > .transcript--strike { text-style: strike; }
        & > .transcript--code { color: $text-accent; }
        & > .transcript--codeblock { color: $foreground 85%; }
        & > .transcript--codestart { color: $text-muted; }
        & > .transcript--codeopen { color: $text-muted; }
        & > .transcript--number { color: $accent; text-style: bold; }
        & > .transcript--found { color: $text-warning; text-style: underline; }
        & > .transcript--here { color: $text-warning; text-style: bold reverse; }
        & > .transcript--mark { color: $text-muted; }
        & > .transcript--branch { color: $accent; }
        & > .transcript--thought { color: $text-muted; text-style: italic; }
    }
    """

    class NearTop(Message):
        """The first lines come into view: earlier ones are wanted, if there are any."""

    class NearBottom(Message):
        """The last lines come into view: later ones are wanted, if there are any."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: list[Entry] = []
        self._ends: list[int] = []
        self._lines: list[Content] = []
        self._strips: LRUCache[int, tuple[Content, Strip]] = LRUCache(1024)
        self._style_map: dict[str, Style] = {}
        self._laid_width = 0
        self._following = True
        self._marked: Entry | None = None
        self.numbers = CodeNumbers()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown, oldest first."""
        return tuple(self._entries)

    @property
    def plain(self) -> str:
        """All lines as text, as they are laid out now."""
        return "\n".join(line.plain.rstrip() for line in self._lines)

    def add(self, *entries: Entry) -> None:
        """Show entries at the end, and go there."""
        first = len(self._entries)
        self._entries.extend(entries)
        self._following = True
        self._lay_out_from(first)

    def changed(self, entry: Entry) -> None:
        """Draw an entry again that has changed; the newest ones are found fastest."""
        for index in range(len(self._entries) - 1, -1, -1):
            if self._entries[index] is entry:
                self._lay_out_from(index)
                if not self._following:
                    self._tell(newer=True)
                return

    def take(self, entry: Entry) -> None:
        """Take an entry away."""
        if entry in self._entries:
            index = self._entries.index(entry)
            del self._entries[index]
            self._lay_out_from(index)

    def splice(self, at: int, count: int, *entries: Entry) -> None:
        """Put entries in the place of `count` others; what is in view stays there, unless the end is followed.

        Only the new entries are laid out, however many there are around them.

        Args:
            at: number of the first one that goes.
            count: how many go.
            *entries: what comes.
        """
        self._entries[at : at + count] = entries
        width = self.scrollable_content_region.width
        if not width:
            return
        start = self._ends[at - 1] if at else 0
        end = self._ends[at + count - 1] if at + count else 0
        new = [self._lines_of(entry, width) for entry in entries]
        grown = sum(len(lines) for lines in new) - (end - start)
        top = self.scroll_offset.y
        self._lines[start:end] = [line for lines in new for line in lines]
        after = [known + grown for known in self._ends[at + count :]]
        self._ends[at:] = [*(start + known for known in accumulate(len(lines) for lines in new)), *after]
        self._resize_virtually(Size(width, self._height()))
        if self._following:
            self._keep_end()
        elif end <= top:
            self.scroll_to(y=top + grown, animate=False, immediate=True, force=True)
        self.refresh()
        self._move_numbers()

    def stay(self) -> None:
        """What comes next at the end is not gone to: the person reads on from here."""
        self._following = False

    def show_entry(self, entry: Entry) -> None:
        """Scroll to an entry."""
        if entry in self._entries and self._ends:
            index = self._entries.index(entry)
            y = self._ends[index - 1] if index else 0
            self._following = False
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def mark(self, entry: Entry | None, show: bool = True) -> None:
        """Put the person's mark on another entry, or on none.

        Args:
            entry: which one.
            show: whether to bring its beginning into view.
        """
        before, self._marked = self._marked, entry
        for changed in (before, entry):
            if before is not entry and changed in self._entries and self._ends:
                assert changed is not None
                self.splice(self._entries.index(changed), 1, changed)
        if show and entry in self._entries and self._ends:
            assert entry is not None
            self._bring_into_view(self._entries.index(entry))

    def redraw_in_place(self, entry: Entry) -> None:
        """Draw an entry again that the person has changed: what is in view stays, and its beginning comes into view."""
        if entry in self._entries and self._ends:
            index = self._entries.index(entry)
            self._following = False
            self.splice(index, 1, entry)
            self._bring_into_view(index)
            self._following = self.scroll_offset.y >= self.max_scroll_y

    def last_in_view(self, among: Sequence[Entry]) -> Entry | None:
        """The last of some entries that begins above the lower edge of what is in view; None where there is none."""
        edge = self.scroll_offset.y + self.scrollable_content_region.height
        known = {id(entry) for entry in among}
        starts = zip(self._entries, (0, *self._ends), strict=False)
        return next((e for e, start in reversed(list(starts)) if start < edge and id(e) in known), None)

    def _bring_into_view(self, index: int) -> None:
        """Scroll as little as it takes to show an entry from its first line on."""
        start, end = self._ends[index - 1] if index else 0, self._ends[index]
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        wanted = min(max(top, end - height), start)
        if wanted != top:
            self._following = False
            self.scroll_to(y=wanted, animate=False, immediate=True, force=True)

    def _lines_of(self, entry: Entry, width: int) -> list[Content]:
        lines = entry.lines(width)
        return marked_lines(lines) if entry is self._marked else lines

    def clear(self) -> None:
        """Take all entries away."""
        self._marked = None
        self._entries.clear()
        self._following = True
        self._lay_out_from(0)

    def _lay_out_from(self, index: int) -> None:
        """Lay out the entries from `index` on and draw what changed."""
        width = self.scrollable_content_region.width
        if not width:
            return
        start = self._ends[index - 1] if index else 0
        old = self._lines[start:]
        new = [self._lines_of(entry, width) for entry in self._entries[index:]]
        laid = [line for lines in new for line in lines]
        # A line that says what it said before stays the same object: it is neither drawn nor sent again.
        laid[: len(old)] = [was if was.is_same(now) else now for was, now in zip(old, laid, strict=False)]
        self._lines[start:] = laid
        self._ends[index:] = [start + end for end in accumulate(len(lines) for lines in new)]
        self._resize_virtually(Size(width, self._height()))
        self._keep_end()
        pairs = enumerate(zip_longest(old, laid), start)
        if changed := [at for at, (was, now) in pairs if was is not now]:
            self.refresh_lines(changed[0], changed[-1] - changed[0] + 1)
        self._move_numbers()

    def _move_numbers(self) -> None:
        """Let the blocks of code that the keys copy have the numbers."""
        for entry in self.numbers.move(self._entries, self._marked):
            if entry in self._entries:
                self.splice(self._entries.index(entry), 1, entry)

    def _resize_virtually(self, size: Size) -> None:
        """Take the size of what can be scrolled through.

        A layout sends the whole pane again. While the scrollbar neither comes nor goes, more lines do not need one.
        """
        before, room = self.virtual_size, self.scrollable_content_region.height
        if size.width != before.width or (size.height > room) != (before.height > room):
            self.virtual_size = size
        elif size != before:
            self.set_reactive(Transcript.virtual_size, size)
            if size.height > room:
                self.vertical_scrollbar.window_virtual_size = size.height
                self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def _height(self) -> int:
        """Lines to scroll through. While a reply grows it scrolls several lines at a time.

        A line more makes the terminal get every line of the pane again; in steps, most batches send only the lines
        that they changed.
        """
        height = len(self._lines)
        if self._entries and getattr(self._entries[-1], "running", False):
            return -(-height // SCROLL_STEP) * SCROLL_STEP
        return height

    def on_resize(self, event: Resize) -> None:
        """Text is laid out again only when the width changed."""
        width = self.scrollable_content_region.width
        if width != self._laid_width:
            self._laid_width = width
            self._lay_out_from(0)
        self._keep_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls back reads in peace; whoever returns to the end follows again."""
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y
        if self._following:
            self._tell(newer=False)
        if new_value < old_value and new_value < self.size.height:
            self.post_message(self.NearTop())
        elif new_value > old_value and new_value > self.max_scroll_y - self.size.height:
            self.post_message(self.NearBottom())

    def to_end(self) -> None:
        """Go to the newest line and stay there."""
        self._following = True
        self._keep_end()

    def _keep_end(self) -> None:
        if self._following and self.scroll_offset.y != self.max_scroll_y:
            # Forced, since the first line too many comes before its scrollbar.
            self.scroll_end(animate=False, immediate=True, force=True)
            # A scrollbar that comes only with the next layout was not told.
            self.vertical_scrollbar.position = self.scroll_y

    def notify_style_update(self) -> None:
        """Colours changed: what was drawn with the old ones is dropped."""
        super().notify_style_update()
        self._style_map.clear()
        self._strips.clear()

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self._strips.clear()
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under the selection."""
        return selection.extract("\n".join(line.plain for line in self._lines)), "\n"

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        base = self.visual_style
        if at >= len(self._lines):
            return Strip.blank(width, base.rich_style)
        content = self._lines[at]
        if (selection := self.text_selection) is not None:
            if (span := selection.get_span(at)) is not None:
                end = len(content) if span[1] == -1 else span[1]
                content = content.stylize(self._style("screen--selection"), span[0], end)
            return self._draw(content, base, width).apply_offsets(0, at)
        if (marked := self._with_found(at)) is not None:
            return self._draw(marked, base, width).apply_offsets(0, at)
        known = self._strips.get(id(content))
        if known is None or known[0] is not content or known[1].cell_length != width:
            known = (content, self._draw(content, base, width))
            self._strips[id(content)] = known
        return known[1].apply_offsets(0, at)

    def _draw(self, content: Content, base: Style, width: int) -> Strip:
        parts = content.render(base, end="", parse_style=self._style)
        return Strip([Segment(text, style.rich_style) for text, style in parts]).adjust_cell_length(
            width, base.rich_style
        )

    def _style(self, name: str | Style) -> Style:
        """The colours of a style name: ours by component class, others as Textual reads them."""
        if isinstance(name, Style):
            return name
        if name not in self._style_map:
            if name == "screen--selection":
                style = Style.from_rich_style(self.screen.get_component_rich_style(name))
            elif name == "here":  # the other way of asking leaves out that it is reversed
                style = Style.from_rich_style(self.get_component_rich_style("transcript--here", partial=True))
            elif name in _STYLES:
                style = self.get_visual_style(f"transcript--{name}", partial=True)
            else:
                style = self.app.stylesheet.parse_style(name)
            self._style_map[name] = style
        return self._style_map[name]
