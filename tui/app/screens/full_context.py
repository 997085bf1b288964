"""Asks what to do with a prompt that does not fit the context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tui.app.rendering.ledger_words import expected
from tui.app.rendering.model_description import sentences
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.core.units import format_count
from tui.services.ledger import Ledger

Way = Literal["stop", "shift", "drop", "anew"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person wants.

    Attributes:
        way: `stop` sends nothing, `shift` and `drop` are the context policies, `anew` begins with a summary.
        remember: whether it is to be done from now on without asking.
    """

    way: Way
    remember: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One way out.

    Attributes:
        way: which.
        key: its letter.
        title: what it is called.
        words: what it does, in a sentence.
        possible: whether it helps here.
    """

    way: Way
    key: str
    title: str
    words: str
    possible: bool = True


def offers(ledger: Ledger) -> tuple[Offer, ...]:
    """The ways out, and what each of them means here."""
    counted, helps = ledger.counted, ledger.helps_to_drop
    without = (
        f"Leaves out the {format_count(counted.dropped)} oldest messages, which the chat keeps: "
        f"{format_count(counted.fitted)} tokens."
    )
    on = "Then the middle is forgotten whenever the context is full, and the reply goes on."
    no_help, summed = _no_help(ledger), ledger.helps_to_sum_up
    no_room = "Does not help: what you typed leaves no room for a summary."
    if ledger.edits:
        no_room = "Not for another version of what you said."
    return (
        Offer("stop", "s", "Stop", "Sends nothing; what you typed stays, for you to shorten."),
        Offer("shift", "h", "Shift", f"{without} {on}" if helps else no_help, helps),
        Offer("drop", "d", "Drop the oldest", without if helps else no_help, helps),
        Offer("anew", "a", "Start anew with a summary", _anew_words(ledger) if summed else no_room, summed),
    )


def _no_help(ledger: Ledger) -> str:
    """Why it does not fit without the oldest turns either."""
    if ledger.draft >= ledger.n_ctx:
        return "Does not help: what you typed is too long by itself."
    if ledger.joined:
        out = "" if ledger.edits else " alt+d deletes that one."
        return f"Does not help: the prompt before has no reply, so both go to the model as one.{out}"
    return "Does not help: what you typed and what always stays (the system prompt) are too long."


def _anew_words(ledger: Ledger) -> str:
    time = f" (about {expected(ledger.counted.history / ledger.speed)} to read)" if ledger.speed else ""
    return f"The model sums up this chat{time}; yours is sent in a new chat that begins so. This one stays."


class FullContextScreen(ModalScreen[Choice | None]):
    """Asks; None and `stop` send nothing.

    Args:
        ledger: what the prompt would take.
    """

    CSS_PATH = "full_context.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Do it"),
        Binding("r", "remember", "Do not ask again"),
        Binding("escape,q", "leave", "Send nothing"),
        Binding("up,shift+tab", "move(-1)", "up", show=False),
        Binding("down,tab", "move(1)", "down", show=False),
        Binding("pageup", "scroll(-3)", show=False),
        Binding("pagedown", "scroll(3)", show=False),
        *(Binding(key, f"choose('{key}')", show=False) for key in "shda"),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Does what is marked. |
    | s, h, d, a | Does one of them. |
    | r | Shift and drop are done from now on without asking. |
    | escape | Sends nothing. |
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._offers = offers(ledger)
        self._at = 0
        self._remember = False

    def compose(self) -> ComposeResult:
        """The question."""
        with VerticalScroll(id="full-box", can_focus=False) as box:
            box.border_title = Content("It does not fit")
            yield BrowseBar(self._lines, id="full-text")

    @property
    def plain(self) -> str:
        """The question, without styles."""
        return self.query_one("#full-text", BrowseBar).plain

    def action_move(self, step: int) -> None:
        """Mark another way that helps."""
        possible = [at for at, offer in enumerate(self._offers) if offer.possible]
        self._at = possible[(possible.index(self._at) + step) % len(possible)]
        self._draw()

    def action_choose(self, key: str) -> None:
        """Do what a letter stands for, if it helps."""
        offer = next(offer for offer in self._offers if offer.key == key)
        if offer.possible:
            self._end(offer)

    def action_take(self) -> None:
        """Do what is marked."""
        self._end(self._offers[self._at])

    def action_remember(self) -> None:
        """Do it without asking from now on, or not."""
        self._remember = not self._remember
        self._draw()

    def action_leave(self) -> None:
        """Send nothing."""
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        """Move the text, where the terminal is too small for it."""
        self.query_one("#full-box").scroll_relative(y=rows, animate=False)

    def _end(self, offer: Offer) -> None:
        self.dismiss(Choice(offer.way, self._remember and offer.way in ("shift", "drop")))

    def _draw(self) -> None:
        self.query_one("#full-text", BrowseBar).rearrange()

    def _lines(self, width: int) -> list[Line]:
        counted, ledger = self._ledger.counted, self._ledger
        told = (
            f"{format_count(counted.tokens)} tokens with this chat; the context holds {format_count(ledger.n_ctx)}: "
            f"{format_count(ledger.over)} too many."
        )
        lines = [*sentences(told, width, "value"), ()]
        for at, offer in enumerate(self._offers):
            lines += self._offer_lines(offer, at == self._at, width)
        if ledger.helps_to_drop:
            box = "[x]" if self._remember else "[ ]"
            lines += [(), (("r", "key"), (f" {box} do not ask again: shift or drop becomes the setting (F4)", "label"))]
        keys: Line = (("enter", "key"), (" do what is marked   ", "value"), ("esc", "key"), (" send nothing", "value"))
        return [*lines, (), keys]

    @staticmethod
    def _offer_lines(offer: Offer, marked: bool, width: int) -> list[Line]:
        mark = current_glyphs().pointer if marked else " "
        title: Line = ((f"{mark} ", "key"), (offer.key, "key" if offer.possible else "label"),
                       (f" {offer.title}", "strong" if offer.possible else "label"))  # fmt: skip
        words = sentences(offer.words, max(width - 4, 20), "label")
        return [title, *((("    ", ""), *line) for line in words)]
