"""One prompt and two replies to it, side by side: two settings, or two models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static, TextArea

from tui.app.chats import Chats
from tui.app.commands.command import bindings
from tui.app.commands.compare import COMPARE_COMMANDS
from tui.app.commands.provider import commands_of, usable
from tui.app.compare_run import CompareRun
from tui.app.prompt_history import PromptHistory
from tui.app.rendering.attachment_rows import Chip, chips_line
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.compare_side import CompareSide
from tui.app.widgets.diff_entry import LEFT, RIGHT
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.prompt import Prompt
from tui.core.errors import LocalLLMError
from tui.core.units import format_count
from tui.services.comparison import Comparison, Setup, differing
from tui.services.model_host import ModelHost
from tui.services.word_diff import Diff, diff_words
from tui.settings.paths import prompt_history_file
from tui.settings.settings import Settings
from tui.store.records import Attachment, MessageRecord

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp


@dataclass(frozen=True, slots=True)
class Left:
    """How the person left a comparison.

    Attributes:
        setups: with what the sides run.
        kept: the reply to go on with; None for none.
        replies: whether there are any.
        here: whether they are in the chat that was open.
    """

    setups: tuple[Setup, Setup]
    kept: MessageRecord | None
    replies: bool
    here: bool


class CompareScreen(Screen[Left | None]):
    """Asks both sides, one after the other, and shows what differs.

    Args:
        host: where the chat's model is.
        chats: the store's thread.
        setups: with what the sides run.
        records: the open branch, after which the comparison may begin.
        draft: what was typed in the chat already.
        attachments: texts that go with every prompt, to both sides.
        chips: the same as they are shown.
        make_host: makes a host for a second model.
    """

    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "#compare-prompt"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMPARE_COMMANDS)]
    commands = COMPARE_COMMANDS

    def __init__(
        self,
        host: ModelHost,
        chats: Chats,
        setups: tuple[Setup, Setup],
        records: Sequence[MessageRecord] = (),
        draft: str = "",
        attachments: Sequence[Attachment] = (),
        chips: Sequence[Chip] = (),
        make_host: Callable[[], ModelHost] = ModelHost,
    ) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._host, self._chats, self._records, self._make_host = host, chats, tuple(records), make_host
        self._here = bool(records)
        self._draft = draft
        self._attachments, self._chips = tuple(attachments), tuple(chips)
        self._comparison: Comparison | None = None
        self._asked = ""
        self._said: tuple[str, str] = ("", "label")
        self._diff: Diff | None = None
        self._marked = False
        self._any = False
        self._asking = False
        self._prompt = Prompt(PromptHistory(prompt_history_file()), placeholder="One prompt for both sides",
                              id="compare-prompt")  # fmt: skip
        self.sides = (CompareSide("A", setups[0], id="compare-a"), CompareSide("B", setups[1], id="compare-b"))
        self._run: CompareRun | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def running(self) -> bool:
        """Whether the sides are being asked."""
        return self._asking or (self._run is not None and self._run.running)

    @property
    def side(self) -> CompareSide | None:
        """The side one is on; None in the prompt."""
        return next((side for side in self.sides if side.has_focus), None)

    def compose(self) -> ComposeResult:
        """Title, prompt, sides, where one types, keys."""
        yield BrowseBar(self._title, id="compare-title")
        yield BrowseBar(self._asked_line, id="compare-asked")
        if self._chips:
            yield BrowseBar(self._attached_line, id="compare-attached")
        with Container(id="compare-sides"):
            yield from self.sides
        with Horizontal(id="compare-row"):
            yield Static(Content(current_glyphs().prompt), id="compare-mark")
            yield self._prompt
        yield KeyLine(id="compare-keys")

    def on_mount(self) -> None:
        """Say with what each side runs."""
        self._run = CompareRun(
            self, self.program.work, self._chats, self._host, self._make_host, lambda text, role: self._say(text, role)
        )
        self._prompt.put(self._draft)
        self._show_setups()
        self._say("")

    def on_unmount(self) -> None:
        """Whoever goes elsewhere without leaving properly leaves no second model in memory."""
        if self._run is not None:
            self._run.abandon()

    def on_descendant_focus(self) -> None:
        """Other keys work on a side than in the prompt."""
        self._show_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the sides run nothing of them changes; in the prompt a letter is a letter."""
        if action in ("settings", "model", "preset", "keep", "diff", "start") and self.side is None:
            return None
        if action in ("settings", "model", "preset", "start"):
            return None if self.running or (action == "start" and not self._records) else True
        if action == "diff":
            return None if self.running or not all(side.text.strip() for side in self.sides) else True
        if action == "keep":
            return None if self.running or self.side is None or self.side.record is None else True
        return True

    # Asking

    @on(Prompt.Sent)
    def _send(self, event: Prompt.Sent) -> None:
        event.stop()
        text = event.text.strip() or self._asked
        if self.running or self.program.work.busy:
            self._say("still running: Esc stops it", "warning")
        elif not text:
            self._say("type a prompt for both sides", "warning")
        elif all(side.setup.path is None for side in self.sides):
            self._say("no model is chosen: Tab goes to a side, m chooses its model", "warning")
        else:
            self._asking = True  # what is asked is stored first; a second Enter meanwhile asks nothing
            self.run_worker(self._ask(text, event.text))

    async def _ask(self, text: str, typed: str) -> None:
        run = self._run
        assert run is not None
        leaf = self._records[-1].id if self._here and self._records else None
        try:
            if self._comparison is None:
                self._comparison = await self._chats.look(lambda store: Comparison(store, leaf, self._not_kept))
            comparison = self._comparison
            await self._chats.look(lambda store: comparison.ask(text, self._attachments))
        except LocalLLMError as error:
            self._say(error.line(), "error")
            return
        finally:
            self._asking = False
        self._asked, self._diff, self._marked = text, None, False
        if typed.strip():
            self._prompt.taken(typed)
        self._say(self._order(), "label")
        self.call_after_refresh(self._show_keys)
        await run.run(comparison, self.sides, self.program.settings.load)
        await self._over(comparison)

    async def _over(self, comparison: Comparison) -> None:
        self._any = self._any or any(side.record is not None for side in self.sides)
        if not any(side.record is not None for side in self.sides):
            back = await self._chats.look(lambda store: comparison.withdraw())
            if back and not self._prompt.text.strip():
                self._prompt.put(back)
        elif self._said[1] != "error" and self._said[1] != "warning":
            self._say("Tab goes to a side: Enter keeps it, d marks what differs, s, m and p change it", "label")
        self._show_keys()

    def _order(self) -> str:
        """How the two are run."""
        one, other = (side.setup.path for side in self.sides)
        if one == other and self._host.engine.sequences > 1:
            return "both at once, each in a sequence of its own"
        if one == other:
            return "one after the other on one engine: B reuses what A read of the prompt"
        return "one after the other, since both would want the same processor cores"

    def _not_kept(self, error: LocalLLMError) -> None:
        """From the thread that stores a reply."""
        self.call_later(self._say, error.line(), "error")

    # Sides

    def action_side(self) -> None:
        """From the prompt to A, to B, and back."""
        ring = (self._prompt, *self.sides)
        at = next((at for at, widget in enumerate(ring) if widget.has_focus), 0)
        ring[(at + 1) % len(ring)].focus()

    def action_settings(self) -> None:
        """Edit how the marked side's tokens are chosen."""
        from tui.app.screens.side_settings import SideSettingsScreen

        if (side := self.side) is None:
            return

        def take(settings: Settings | None) -> None:
            if settings is not None:
                self.set_side(side, replace(side.setup, params=settings.generation))

        self.app.push_screen(SideSettingsScreen(Settings(generation=side.setup.params)), take)

    def action_model(self) -> None:
        """Choose the marked side's model."""
        from tui.app.screens.model_choice import ModelChoice

        if (side := self.side) is None:
            return

        def take(path: Path | None) -> None:
            if path is not None:
                self.set_side(side, replace(side.setup, path=path))

        models = [entry for entry in self.program.models if entry.loadable]
        self.app.push_screen(ModelChoice(f"Model of side {side.letter}", models, side.setup.path), take)

    def action_preset(self) -> None:
        """Choose the marked side's preset."""
        from tui.app.screens.side_presets import choose_preset

        if self.side is not None:
            choose_preset(self, self.side)

    def set_side(self, side: CompareSide, setup: Setup) -> None:
        """Let one side run with something else from now on."""
        side.setup = setup
        self._show_setups()
        self._show_keys()

    def _show_setups(self) -> None:
        one, other = self.sides
        one.own, other.own = differing(one.setup.params, other.setup.params)
        for side in self.sides:
            side.show()

    def action_start(self) -> None:
        """Begin after the open chat, or with nothing."""
        self._here, self._comparison = not self._here, None
        self.query_one("#compare-title", BrowseBar).rearrange()

    def action_copy(self) -> None:
        """Put a reply on the terminal's clipboard."""
        side = self.side or self.sides[0]
        if side.text:
            self.app.copy_to_clipboard(side.text)
            self._say(f"copied the reply of {side.letter}, {format_count(len(side.text))} characters")

    # What differs

    def action_diff(self) -> None:
        """Mark the words that differ, or show the replies as they were written."""
        if self._marked:
            self._marked = False
            for side in self.sides:
                side.show_reply()
            self._say("")
        else:
            self.run_worker(self._compare(), exclusive=True, group="diff")

    async def _compare(self) -> None:
        one, other = (side.text for side in self.sides)
        if self._diff is None:
            self._diff = await asyncio.to_thread(diff_words, one, other)
        if self.running or not self.is_attached:
            return
        self._marked = True
        self.sides[0].show_parts(self._diff.left, LEFT)
        self.sides[1].show_parts(self._diff.right, RIGHT)
        first = self._diff.first
        where = f"; they part at word {format_count(first + 1)}" if first is not None else ""
        self._say(f"{self._diff.agreement:.0%} of the words agree{where}", "label")

    # Leaving

    def action_keep(self) -> None:
        """Go on in the chat with the marked side's reply."""
        if self.side is not None and self.side.record is not None:
            self.run_worker(self._leave(self.side.record))

    def action_back(self) -> None:
        """Stop; else back to the prompt's side of things, and to the chat."""
        if self._run is not None and self._run.running:
            self._run.stop()
            self._say("stopping")
        else:
            self.run_worker(self._leave(None))

    async def _leave(self, kept: MessageRecord | None) -> None:
        comparison = self._comparison
        if self._run is not None:
            await self._run.close()
        if kept is None and comparison is not None:
            try:
                await self._chats.look(lambda store: comparison.leave())
            except LocalLLMError as error:
                self.program.say(error.line(), "error")
        setups = (self.sides[0].setup, self.sides[1].setup)
        self.dismiss(Left(setups, kept, self._any, self._here))

    def action_page(self, step: int) -> None:
        """Move the marked side's text, or both."""
        for side in (self.side,) if self.side is not None else self.sides:
            move = side.transcript.scroll_page_down if step > 0 else side.transcript.scroll_page_up
            move(animate=False)

    # Around it

    @on(TextArea.Changed, "#compare-prompt")
    def _typed(self) -> None:
        if self._said[1] == "warning":
            self._say("")

    def say(self, text: str, role: str = "label") -> None:
        """One line above the prompt."""
        self._say(text, role)

    def _say(self, text: str, role: str = "label") -> None:
        self._said = (text, role)
        for row in self.query("#compare-row"):
            row.border_title = Content(shown_line(text)) if text else None
        self._show_keys()

    def _show_keys(self) -> None:
        for bar in self.query("#compare-title, #compare-asked").results(BrowseBar):
            bar.rearrange()
        shown = [command for command in commands_of(self) if command in COMPARE_COMMANDS or command.id == "app.help"]
        keys = [(command, bool(usable(self, command))) for command in shown if command.short]
        self.query_one(KeyLine).show(keys)

    def _title(self, width: int) -> Sequence[Line]:
        count = len(self._records)
        after = f"after the {format_count(count)} messages of this chat" if count > 1 else "after this chat"
        begins = after if self._here else "begins with nothing"
        return [(("SIDE BY SIDE", "title"), (f"  {begins}", "label"))]

    def _attached_line(self, width: int) -> Sequence[Line]:
        return [chips_line(self._chips, "both sides get", width)]

    def _asked_line(self, width: int) -> Sequence[Line]:
        text = shown_line(self._asked)
        return [((f"{current_glyphs().prompt} ", "key"), (text, "value"))] if text else [()]
