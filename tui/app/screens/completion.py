"""The completion view: one text of prompt and completion, without a chat template, as `llama-cli` shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.commands.command import bindings
from tui.app.commands.completion import COMPLETION_COMMANDS
from tui.app.commands.provider import commands_of, usable
from tui.app.outside_text import OutsideText
from tui.app.rendering.compositor import RowCompositor
from tui.app.reply_words import Remarks, notice_words
from tui.app.screens.editor import EditorScreen
from tui.app.status import Phase, Status
from tui.app.widgets.completion_input import CompletionInput, escaped
from tui.app.widgets.completion_notice import CompletionNotice
from tui.app.widgets.completion_text import CompletionText, Kind, legend
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.glyphs import current_glyphs, newer_below
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.status_line import StatusLine
from tui.app.work import Work
from tui.core.errors import CancelledError, LocalLLMError
from tui.core.escapes import process_escapes
from tui.core.events import Event, Failed, Finished, StopReason, Token
from tui.core.units import format_count, format_seconds
from tui.monitor.sample import Sample
from tui.services.completion import CompletionSession, Segment
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings


def kinds_of(segments: Sequence[Segment]) -> list[tuple[str, Kind]]:
    """Each segment's text and how it is shown: the prompt the text starts with is not what is typed later."""
    return [
        (segment.text, "completion" if segment.kind == "completion" else "typed" if index else "prompt")
        for index, segment in enumerate(segments)
    ]


def end_words(event: Finished, n_ctx: int) -> str:
    """Why a completion ended; the normal ends have a name here too, since no chat hides them."""
    if event.reason is StopReason.END:
        return "end of text"
    if event.reason is StopReason.STOP_STRING:
        return f"stop string {event.stop!r}"
    if event.reason is StopReason.LENGTH:
        return f"-n {event.timings.generated_tokens} reached"
    return notice_words(event, n_ctx)


def count_words(event: Finished) -> str:
    """How much was written and how long it took; the speed is in the status line."""
    timings = event.timings
    count = timings.generated_tokens
    words = f"{format_count(count)} token{'' if count == 1 else 's'}"
    if timings.first_token_seconds is None:
        return words
    seconds = format_seconds(timings.first_token_seconds + timings.decode_seconds)
    dot = current_glyphs().dot
    words += f" in {seconds} {dot} TTFT {format_seconds(timings.first_token_seconds)}"
    return words if timings.acceptance is None else f"{words} {dot} {100 * timings.acceptance:.0f} % of guesses right"


class CompletionScreen(Screen[None]):
    """Prompt and completion as one text that the person and the model write by turns.

    In the application, its work and its status are shared; alone, the screen has its own.

    Args:
        host: where the model is.
        settings: what holds now; in the application, changes are followed.
        prompt: text to complete as soon as there is a model, escapes already processed; None: wait for the person.
    """

    CSS_PATH = "completion.tcss"
    AUTO_FOCUS = "#completion-input"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(COMPLETION_COMMANDS),
        Binding("up", "line(-1)", "a line up", show=False),
        Binding("down", "line(1)", "a line down", show=False),
    ]
    commands = COMPLETION_COMMANDS

    def __init__(self, host: ModelHost, settings: Settings, prompt: str | None = None) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._host = host
        self._settings = settings
        self._pending = prompt or ""
        self._generated = False
        self._work: Work | None = None
        self._remarks = Remarks()
        self.session = CompletionSession(host)

    def compose(self) -> ComposeResult:
        """Status, text, notice, input, keys."""
        yield StatusLine(id="completion-status")
        yield CompletionText(id="completion-text")
        yield CompletionNotice(id="completion-notice")
        with Horizontal(id="completion-row"):
            yield Static(Content(current_glyphs().prompt), id="completion-mark")
            yield CompletionInput(
                placeholder="text to continue from (F5: back to the chat)", id="completion-input", compact=True
            )
        yield DownloadStrip()
        yield KeyLine(id="completion-keys")

    def on_mount(self) -> None:
        """Follow what the application tells, where there is one."""
        self._show_text()
        self.query_one("#completion-row").border_title = legend(current_glyphs())
        work = getattr(self.app, "work", None)
        if isinstance(work, Work):
            self._work = work
            self.watch(self.app, "status", self._show_status)
            self.watch(self.app, "sample", self._show_sample)
            self.watch(self.app, "settings", self._take_settings)
        else:
            self._work = Work(self, self._host, self._show_status, self._say)
            model = self._host.model
            self._work.status = Status(model=model, phase=Phase.READY if model else Phase.NO_MODEL)
            self._show_status(self._work.status)

    # What the application tells

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings

    def _show_sample(self, sample: Sample | None) -> None:
        if sample is not None:
            self.query_one(StatusLine).show_sample(sample)

    def _show_status(self, status: Status) -> None:
        if not self.is_attached:
            return
        self.query_one(StatusLine).show(status)
        self._show_keys()
        if self._pending and not status.busy:
            # The load counts as running until everybody has been told of its end.
            self.call_later(self._run_pending)

    def _run_pending(self) -> None:
        if not self._pending or (self._work is not None and self._work.busy):
            return
        if self._host.model is None:
            self._say("no model is loaded: F2 chooses one, then the prompt runs")
        else:
            text, self._pending = self._pending, ""
            self._run(text)

    def _show_keys(self) -> None:
        keys = [(command, bool(usable(self, command))) for command in commands_of(self) if command.short]
        self.query_one(KeyLine).show(keys)

    @on(CompletionText.Behind)
    def _behind(self, event: CompletionText.Behind) -> None:
        glyphs = current_glyphs()
        newer = Content.styled(newer_below(glyphs), "$text-muted")
        self.query_one("#completion-row").border_title = newer if event.newer else legend(glyphs)

    def _say(self, text: str, kind: str = "info") -> None:
        self.query_one(CompletionNotice).show(text, kind)

    def _show_text(self) -> None:
        self.query_one(CompletionText).reset(kinds_of(self.session.segments))

    # Running

    @on(Input.Submitted, "#completion-input")
    def _submitted(self) -> None:
        self.action_run()

    def action_run(self) -> None:
        """Append what was typed and complete; with nothing typed, go on."""
        field = self.query_one(CompletionInput)
        if self._run(process_escapes(field.value)):
            field.value = ""

    def _run(self, added: str) -> bool:
        """Start a completion; False, with a line that says why, when it cannot be."""
        if refusal := self._refusal():
            self._say(refusal, "warning")
            return False
        try:
            ticket = self.session.run(added, self._settings.generation)
        except LocalLLMError as error:
            self._say(error.line(), "warning")
            return False
        assert self._work is not None
        self._say("")
        self._generated = False
        self._remarks = Remarks()
        if added:
            self.query_one(CompletionText).append(added, kinds_of(self.session.segments)[-1][1])
        self._work.follow(ticket, self._take, self._show_keys)
        self._show_keys()
        return True

    def _refusal(self) -> str:
        if self._work is not None and self._work.status.phase is Phase.LOADING and self._work.busy:
            return "still loading: Esc stops it"
        if self._work is not None and self._work.busy:
            return "still generating: Esc stops it"
        return "" if self._host.model is not None else "no model is loaded: F2 chooses one"

    def _take(self, events: Sequence[Event]) -> None:
        text: list[str] = []
        for event in events:
            self.session.absorb(event)
            if isinstance(event, Token | Finished):
                text.append(event.text)
            if self._remarks.absorb(event):
                self._say(f" {current_glyphs().dot} ".join(self._remarks.words))
            if isinstance(event, Finished):
                self._finished(event)
            elif isinstance(event, Failed):
                cancelled = isinstance(event.error, CancelledError)
                self._say("stopped" if cancelled else event.error.line(), "info" if cancelled else "error")
        self._generated |= any(text)
        if not self.is_attached:
            return
        self.query_one(CompletionText).append("".join(text), "completion")
        if isinstance(events[-1], Failed) and not self._generated:
            self._take_back()

    def _take_back(self) -> None:
        """What could not be completed at all goes back to the input, before what was typed since."""
        if self.session.undo():
            self._show_text()
            self._give_back(self.session.undone_text)
            self._show_keys()

    def _give_back(self, text: str) -> None:
        if text:
            field = self.query_one(CompletionInput)
            field.value = escaped(text) + field.value
            field.cursor_position = len(field.value)

    def _finished(self, event: Finished) -> None:
        n_ctx = self._host.model.n_ctx if self._host.model else 0
        reason = end_words(event, n_ctx)
        kind = "warning" if event.reason is StopReason.CONTEXT_FULL else "info"
        self._say(f" {current_glyphs().dot} ".join((reason, count_words(event), *self._remarks.words)), kind)

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what makes no sense now."""
        if action == "stop":
            return True if self._work is not None and self._work.busy else None
        if action in ("undo", "edit", "own_editor", "clear"):
            idle = not self.session.busy
            wanted = self.session.can_undo if action == "undo" else action != "clear" or bool(self.session.segments)
            return True if idle and wanted else None
        return True

    def action_stop(self) -> None:
        """Stop what runs; what was written stays."""
        if self._work is not None:
            self._work.stop()

    def action_undo(self) -> None:
        """Take back the last completion; what was typed for it comes back to the input."""
        if not self.session.undo():
            return
        self._show_text()
        if self.session.undone_text:
            self.query_one(CompletionInput).value = ""
            self._give_back(self.session.undone_text)
        self._say("undone")
        self._show_keys()

    def action_clear(self) -> None:
        """Begin with an empty text."""
        self.session.clear()
        self._show_text()
        self._say("cleared: ctrl+z brings the text back")
        self._show_keys()

    def action_edit(self) -> None:
        """Edit the whole text."""
        self.app.push_screen(EditorScreen("Prompt and completion", self.session.text), self._take_edited)

    def _take_edited(self, text: str | None) -> None:
        if text is not None and text != self.session.text:
            self.session.replace(text)
            self._show_text()
            self._say("edited: enter goes on from here")
            self._show_keys()

    def action_own_editor(self) -> None:
        """Edit the whole text in the person's own editor."""
        self.run_worker(self._edit_outside(), group="editor", exclusive=True)

    async def _edit_outside(self) -> None:
        outside = OutsideText()
        try:
            self._take_edited(await outside.edit(self.app, self.session.text))
        except LocalLLMError as error:
            self._say(f"{error.line()}; the text is as it was", "warning")
        if path := outside.settle(self.session.text):
            self._say(f"the text is as it was; what was saved is in {path}", "warning")

    def action_copy(self) -> None:
        """Put the last completion on the terminal's clipboard."""
        last = next((part.text for part in reversed(self.session.segments) if part.kind == "completion"), "")
        if last:
            self.app.copy_to_clipboard(last)
        self._say(f"copied {format_count(len(last))} characters" if last else "there is no completion yet")

    def action_page(self, direction: int) -> None:
        """Scroll by a page."""
        text = self.query_one(CompletionText)
        text.scroll_relative(y=direction * max(1, text.size.height - 2), animate=False)

    def action_line(self, direction: int) -> None:
        """Scroll by a line."""
        self.query_one(CompletionText).scroll_relative(y=direction, animate=False)

    def action_to_end(self) -> None:
        """The newest part of the text."""
        self.query_one(CompletionText).to_end()
