"""One of two replies side by side: with what it runs, how far it is, and its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.app.chat_turns import ending_words
from tui.app.rendering.shown import shown_line
from tui.app.reply_words import Remarks
from tui.app.status import model_name
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.diff_entry import DiffEntry
from tui.app.widgets.entries import ReplyEntry
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece
from tui.app.widgets.transcript import Transcript
from tui.core.events import Event, Failed, Finished, Loading, ModelInfo, Prefilling, Token
from tui.core.units import format_count, format_seconds, format_speed
from tui.services.comparison import Setup

if TYPE_CHECKING:
    from tui.services.word_diff import Part
    from tui.store.records import MessageRecord


class CompareSide(Vertical, can_focus=True):
    """Shows one side; told by whoever runs it.

    Args:
        letter: what the side is called: `A`, `B`.
        setup: with what it runs.
    """

    DEFAULT_CSS = """
    CompareSide {
        width: 1fr; height: 1fr;
        & > BrowseBar { height: 3; padding: 0 1; }
        &:focus > BrowseBar { background: $surface; }
    }
    """

    def __init__(self, letter: str, setup: Setup, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.letter = letter
        self.setup = setup
        self.transcript = Transcript()
        self.own: list[str] = []
        """Settings that the other side has otherwise."""
        self.record: MessageRecord | None = None
        """The reply as it is stored, once it is over."""
        self.finished: Finished | None = None
        self._entry: ReplyEntry | None = None
        self._remarks = Remarks()
        self._text: list[str] = []
        self._count = 0
        self._state = "Tab goes here: s settings, m model, p preset"
        self._role = "label"

    def compose(self) -> ComposeResult:
        """Heading, then text."""
        yield BrowseBar(self._heading)
        yield self.transcript

    @property
    def text(self) -> str:
        """What the reply says so far."""
        return "".join(self._text)

    @property
    def plain(self) -> str:
        """Heading and text, without styles."""
        return f"{self.query_one(BrowseBar).plain}\n{self.transcript.plain}"

    def show(self) -> None:
        """Draw the heading again."""
        for bar in self.query(BrowseBar):
            bar.rearrange()

    def watch_has_focus(self, focused: bool) -> None:
        """Set the mark, or take it away."""
        super().watch_has_focus(focused)
        self.show()

    # The reply

    def clear(self, state: str) -> None:
        """Forget the reply.

        Args:
            state: what is said in its place.
        """
        self._entry, self.record, self.finished = None, None, None
        self._text, self._count, self._remarks = [], 0, Remarks()
        self.transcript.clear()
        self.say(state)

    def say(self, state: str, role: str = "label") -> None:
        """Say what goes on."""
        self._state, self._role = state, role
        self.show()

    def begin(self, model: ModelInfo) -> None:
        """Its model is asked.

        Args:
            model: as it is loaded.
        """
        self.clear("reading the prompt")
        self._entry = ReplyEntry(self._model())
        self._entry.thought.expect(model.reasoning.markers, live=True)
        self.transcript.add(self._entry)

    def take(self, events: Sequence[Event], speed: float = 0.0) -> None:
        """Show a batch of events.

        Args:
            events: of its load or its reply.
            speed: tok/s now; 0 when it is not known.
        """
        texts = [event.text for event in events if isinstance(event, Token | Finished)]
        self._text += texts
        self._count += sum(isinstance(event, Token) for event in events)
        entry, last = self._entry, events[-1]
        if entry is not None:
            if any([self._remarks.absorb(event) for event in events]):
                entry.remark(self._remarks.words)
            if texts:
                entry.take(texts)
            if isinstance(last, Finished):
                entry.thought.measure(last.timings)
                entry.finish(_reused(last), ending_words(last, 0).partition(":")[0])
            elif isinstance(last, Failed):
                entry.finish("", last.error.line(), failed=True)
            self.transcript.changed(entry)
        self.finished = last if isinstance(last, Finished) else None
        self._tell(last, speed)

    def _tell(self, last: Event, speed: float) -> None:
        glyphs = current_glyphs()
        if isinstance(last, Loading):
            self.say(f"loading {last.fraction:.0%}")
        elif isinstance(last, Prefilling):
            self.say(f"reading the prompt {format_count(last.done)} of {format_count(last.total)} tokens")
        elif isinstance(last, Token):
            now = f"{format_speed(speed)} {glyphs.dot} " if speed else ""
            self.say(f"{now}{_tokens(self._count)}", "value")
        elif isinstance(last, Finished):
            self.say(_figures(last), "value")
        elif isinstance(last, Failed):
            self.say(last.error.line(), "error")

    def show_reply(self) -> None:
        """The reply as it was written."""
        self.transcript.clear()
        if self._entry is not None:
            self.transcript.add(self._entry)

    def show_parts(self, parts: Sequence[Part], marks: tuple[str, str]) -> None:
        """The reply with its own words marked."""
        self.transcript.clear()
        self.transcript.add(DiffEntry(self._model(), parts, marks))
        self.transcript.scroll_home(animate=False)

    # The heading

    def _model(self) -> str:
        return model_name(self.setup.path) if self.setup.path is not None else "no model"

    def _heading(self, width: int) -> Sequence[Line]:
        pointer = current_glyphs().pointer if self.has_focus else " "
        name = self.setup.path.stem if self.setup.path is not None else "no model: m chooses one"
        preset = [f"preset {self.setup.preset}"] if self.setup.preset else []
        same = [] if self.own else ["the same settings as the other side"]
        own = f" {current_glyphs().dot} ".join([*preset, *self.own, *same])
        rows: list[tuple[Piece, ...]] = [
            ((f"{pointer} {self.letter}  ", "key"), (shown_line(name), "strong")),
            (("     ", ""), (shown_line(own), "label")),
            (("     ", ""), (shown_line(self._state), self._role)),
        ]
        return [_cut(row, width) for row in rows]


def _cut(row: tuple[Piece, ...], width: int) -> Line:
    """A line that is too long ends with an ellipsis."""
    (lead, lead_role), (text, role) = row
    room = max(width - cell_len(lead), 1)
    if cell_len(text) > room:
        text = set_cell_size(text, room - 1) + current_glyphs().ellipsis
    return ((lead, lead_role), (text, role))


def _figures(event: Finished) -> str:
    """Speed, tokens and TTFT."""
    timings = event.timings
    parts = [format_speed(timings.decode_speed)] if timings.decode_speed > 0 else []
    parts.append(_tokens(timings.generated_tokens))
    if timings.first_token_seconds is not None:
        parts.append(f"TTFT {format_seconds(timings.first_token_seconds)}")
    return f" {current_glyphs().dot} ".join(parts)


def _reused(event: Finished) -> str:
    """What of the prompt was there already; that makes a TTFT short."""
    cached, total = event.timings.cached_tokens, event.timings.prompt_tokens
    return f"{format_count(cached)} of the prompt's {_tokens(total)} reused" if cached else ""


def _tokens(count: int) -> str:
    return f"{format_count(count)} token{'' if count == 1 else 's'}"
