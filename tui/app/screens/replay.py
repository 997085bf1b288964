"""A stored reply, generated again beside what is known of it: whether it matches, and where it first differs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.app.commands.command import bindings
from tui.app.commands.provider import commands_of, usable
from tui.app.commands.replay import REPLAY_COMMANDS
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.model_description import sentences
from tui.app.rendering.shown import shown_line
from tui.app.reply_words import ending_line, notice_words, stats_words
from tui.app.status import model_name
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.diff_entry import LEFT, RIGHT, DiffEntry
from tui.app.widgets.entries import NoteEntry, ReplyEntry, UserEntry
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.transcript import Transcript
from tui.core.endpoints import remote_name
from tui.core.errors import LocalLLMError
from tui.core.events import Event, Prefilling
from tui.core.units import format_count
from tui.services.model_host import ModelHost
from tui.services.replay import Recording, Replay, keep
from tui.services.replay_differences import differences
from tui.services.word_diff import Diff, diff_words
from tui.store.records import MessageRecord

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp


class ReplayScreen(Screen[MessageRecord | None]):
    """Runs one replay; the result is the version that was kept of it, or None.

    Args:
        host: where the model is.
        recording: the stored reply.
    """

    CSS_PATH = "replay.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(REPLAY_COMMANDS)]
    commands = REPLAY_COMMANDS

    def __init__(self, host: ModelHost, recording: Recording) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._host, self._recording = host, recording
        self._transcript = Transcript(id="replay-transcript")
        self._entry = ReplyEntry("")
        self._diff: Diff | None = None
        self._marked = False
        self._keeping = self._stopping = False
        self._prefill: Prefilling | None = None
        self._said: tuple[str, str] = ("", "label")
        self.replay = Replay(recording)
        self.running = False

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def compose(self) -> ComposeResult:
        """Title, transcript, how far it is, keys."""
        yield BrowseBar(self._title, id="replay-title")
        yield self._transcript
        yield BrowseBar(self._foot, id="replay-foot")
        yield KeyLine(id="replay-keys")

    def on_mount(self) -> None:
        """Begin at once: that is what was asked for."""
        self.action_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is over can be kept, compared and run again."""
        if action == "again":
            return None if self.running else True
        if action == "diff":
            return None if self.running or not self.replay.tokens else True
        if action == "keep":
            return None if self.running or self._keeping or not self.replay.text.strip() else True
        return True

    # The replay

    def action_again(self) -> None:
        """Generate the reply once more."""
        model = self._host.model
        if self.running or self.program.work.busy or model is None:
            self._say("no model is loaded: Esc goes back, F2 chooses one" if model is None else "still busy", "warning")
            return
        if remote_name(model.path) is not None:
            self._say("a remote model cannot be replayed token by token: Esc goes back, F2 chooses one", "warning")
            return
        self.replay, self.running, self._prefill = Replay(self._recording), True, None
        self._stopping = False
        self._diff, self._marked = None, False
        self._entry = ReplyEntry(f"{model_name(model.path)}, again")
        self._entry.thought.expect(model.reasoning.markers, live=True)
        self._transcript.clear()
        self._transcript.add(*self._above(), self._entry)
        self._start()
        self._say("")

    def _start(self) -> None:
        """Generate the next part of it; most replies have only one."""
        self.program.work.follow(self.replay.start(self._host.engine), self._take, self._over)

    def _above(self) -> list[UserEntry | NoteEntry]:
        model, question = self._host.model, self._recording.question
        entries: list[UserEntry | NoteEntry] = [UserEntry(question.text)] if question is not None else []
        entries.append(NoteEntry(f"stored: {self._facts()}"))
        lines = differences(self._recording, model) if model is not None else []
        return [*entries, *(NoteEntry(line, "warning") for line in lines)]

    def _facts(self) -> str:
        """What was stored, in a few words."""
        recording = self._recording
        params, glyphs = recording.params, current_glyphs()
        words = [model_name(recording.reply.facts.model.name) or "a model", f"{recording.count:,} tokens"]
        if recording.before:
            words.append(f"in {len(recording.parts)} parts, continued from each other")
        words.append("greedy (temp 0)" if params.temp <= 0 else f"temp {params.temp:g}, seed {params.seed}")
        words.append(ending_line(recording.reply.stop_reason))
        return f" {glyphs.dot} ".join(words)

    def _take(self, events: Sequence[Event]) -> None:
        texts = [self.replay.absorb(event) for event in events]
        prefills = [event for event in events if isinstance(event, Prefilling)]
        self._prefill = prefills[-1] if prefills else self._prefill
        if any(texts):
            self._entry.take(texts)
            self._transcript.changed(self._entry)
        self._show_foot()

    def _over(self) -> None:
        if self.replay.goes_on and self.is_attached and not self._stopping and self._host.model is not None:
            self._start()
            return
        self.running = False
        if not self.is_attached:
            return
        replay, finished = self.replay, self.replay.finished
        if replay.error is not None:
            self._entry.finish("", replay.error.line(), failed=True)
        elif finished is not None:
            count = replace(finished, timings=replace(finished.timings, generated_tokens=len(replay.made()[-1].tokens)))
            stopped = replay.result().outcome.value == "stopped"
            self._entry.finish(stats_words(count), notice_words(finished, 0) if stopped else "")
        self._transcript.changed(self._entry)
        if replay.error is None:
            result = replay.result()
            self._transcript.add(*(NoteEntry(line, "warning") for line in (result.odds, result.note) if line))
        self._say("")

    # What one can do with it

    def action_diff(self) -> None:
        """Mark the words that differ, or show the reply as it was written."""
        if self._diff is None:
            self.run_worker(self._compare(), exclusive=True)
        else:
            self._show_diff()

    async def _compare(self) -> None:
        stored, now = self._recording.record.text, self.replay.text
        self._diff = await asyncio.to_thread(diff_words, stored, now)
        if self.is_attached and not self.running:
            self._show_diff()

    def _show_diff(self) -> None:
        if self._diff is None:
            return
        self._marked = not self._marked
        self._transcript.clear()
        if not self._marked:
            self._transcript.add(*self._above(), self._entry)
            return
        agreement = f"{self._diff.agreement:.0%} of the words agree; {LEFT[0]}stored{LEFT[1]} {RIGHT[0]}now{RIGHT[1]}"
        self._transcript.add(
            DiffEntry("stored", self._diff.left, LEFT), DiffEntry("now", self._diff.right, RIGHT), NoteEntry(agreement)
        )  # fmt: skip
        self._transcript.scroll_home(animate=False)

    def action_keep(self) -> None:
        """Store what was generated now as another version, and go there."""
        model = self._host.model
        if model is None:
            return
        self._keeping = True

        async def store() -> None:
            try:
                kept = await self.program.main_screen.chat.chats.look(lambda store: keep(store, self.replay, model))
            except LocalLLMError as error:
                self._keeping = False
                self._say(error.line(), "error")
                return
            self.dismiss(kept)

        self.run_worker(store())

    def action_back(self) -> None:
        """Stop; when it is over, back to the chat."""
        if self.running:
            self._stopping = True
            self.program.work.stop()
            self._say("stopping")
        else:
            self.dismiss(None)

    def action_page(self, step: int) -> None:
        """Move the text."""
        (self._transcript.scroll_page_down if step > 0 else self._transcript.scroll_page_up)(animate=False)

    # Around it

    def _title(self, width: int) -> Sequence[Line]:
        return [(("REPLAY", "title"), ("  the chat stays as it is", "label"))]

    def _say(self, text: str, role: str = "label") -> None:
        self._said = (text, role)
        self._show_foot()
        shown = [command for command in commands_of(self) if command in REPLAY_COMMANDS or command.id == "app.help"]
        keys = [(command, bool(usable(self, command))) for command in shown if command.short]
        self.query_one(KeyLine).show(keys)

    def _show_foot(self) -> None:
        self.query_one("#replay-foot", BrowseBar).rearrange()

    def _foot(self, width: int) -> Sequence[Line]:
        """How far it is, or what came of it."""
        text, role = self._said
        if text:
            return sentences(shown_line(text), width, role)
        replay = self.replay
        if not self.running:
            result = replay.result()
            if replay.error is not None:
                return sentences(shown_line(replay.error.line()), width, "error")
            return sentences(shown_line(result.line()), width, "strong" if result.same else "warning")
        if not replay.tokens:
            prefill = self._prefill
            done = f" {format_count(prefill.done)} of {format_count(prefill.total)} tokens" if prefill else ""
            return [((f"reading the prompt{done}", "label"),)]
        total = format_count(self._recording.count)
        if replay.differs:
            return [((f"differs from token {format_count(replay.matched + 1)} of {total} on", "warning"),)]
        return [((f"identical so far: {format_count(replay.matched)} of {total} tokens", "value"),)]
