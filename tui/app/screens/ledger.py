"""What the draft takes of the context, told while one types, and asked about before what does not fit is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from tui.app.rendering.ledger_words import fill, ledger_lines
from tui.app.screens.summing_up import SummingUp
from tui.app.status import Status
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.prompt_row import PromptRow
from tui.app.widgets.status_line import StatusLine
from tui.core.endpoints import remote_name
from tui.core.errors import LocalLLMError, SettingError
from tui.core.events import Counted, ModelInfo
from tui.core.parameters import GenerationParams
from tui.core.units import format_count
from tui.services.ledger import Ledger

_PAUSE = 0.15
"""Seconds without a key press after which the draft is counted."""
_LOOK = 0.01
"""Seconds between two looks at a count under way, which takes milliseconds."""
_OVERHEAD = 256
"""Tokens that no template adds to one message."""


class ContextLedger(SummingUp):
    """Counts the draft when the person pauses, and holds back what does not fit until it is known what to do."""

    _ledger: Ledger | None = None
    _ledger_params: GenerationParams | None = None
    _pause: Timer | None = None
    _followed: tuple[bool, ModelInfo | None] = (False, None)
    _asking_room = False
    _send_now: GenerationParams | None = None

    def on_mount(self) -> None:
        """Follow whatever changes what is sent next."""
        self.chat.changed = self.recount
        self.watch(self.app, "status", self._follow_status, init=False)
        self.watch(self.app, "settings", self.recount, init=False)

    def _follow_status(self, status: Status) -> None:
        """Many times a second while a reply grows: then there is nothing to do."""
        now = (self.program.work.busy, status.model)
        if now != self._followed:
            self._followed = now
            self.recount()

    @on(TextArea.Changed, "#prompt")
    def _draft_changed(self) -> None:
        self.recount()

    def recount(self) -> None:
        """Count again, when the person pauses; nothing is counted while the engine works."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self.program.work.busy or self._host.model is None:
            self._show_ledger(None)
        elif self.is_attached:
            self._pause = self.set_timer(_PAUSE, self._count_now)

    def _count_now(self) -> None:
        self._pause = None
        self.run_worker(self._count(), group="ledger", exclusive=True)

    async def _count(self) -> None:
        text = self._prompt.text
        ledger = await self.measured(text.strip())
        if text == self._prompt.text and not self.program.work.busy:
            self._show_ledger(ledger, typed=bool(text.strip() or self.attachments))

    async def measured(self, text: str, params: GenerationParams | None = None) -> Ledger | None:
        """What a text would take as the next thing said; None where that cannot be known now."""
        model, params = self._host.model, params or self.settings_here.generation
        if model is None or self.program.work.busy or not self.chat.chats.is_open:
            return None
        attached, edited = self.attachments, self._edited
        try:
            asked = await self.chat.chats.ask(lambda session: session.preview(text, params, attached, edited))
        except LocalLLMError:
            return None  # whatever is wrong is said where it is sent
        ticket = self._host.engine.count(asked[0], params, asked[1])
        try:
            while not ticket.over:
                await asyncio.sleep(_LOOK)
        except asyncio.CancelledError:
            ticket.cancel()
            raise
        counted = ticket.drain()[-1]
        if not isinstance(counted, Counted) or self._host.model is not model:
            return None
        before = asked[1].messages
        ledger = replace(
            Ledger.of(counted, params),
            edits=edited is not None,
            joined=bool(before) and before[-1].role == "user",
        )
        return replace(ledger, speed=await asyncio.to_thread(self.program.work.speeds.of, model, ledger.new))

    def _show_ledger(self, ledger: Ledger | None, *, typed: bool = False) -> None:
        self._ledger, self._ledger_params = ledger, self.settings_here.generation
        for line in self.query(StatusLine):  # none any more when the program ends meanwhile
            line.show_fill(self._fill(ledger, typed))
        words = ledger_lines(ledger, current_glyphs()) if ledger is not None and typed else []
        for row in self.query(PromptRow):
            row.say(words, warning=ledger is not None and not ledger.fits)

    def _fill(self, ledger: Ledger | None, typed: bool) -> tuple[int, int] | None:
        """With nothing typed the status knows better how much the context holds, if it knows anything."""
        if ledger is None or (not typed and self.program.status.used):
            return None
        return fill(ledger, typed)

    # Before it is sent

    def _let_through(self, event: Prompt.Sent) -> GenerationParams | None:
        if self.is_summing_up:
            self._hint("a summary is being written: Esc stops it")
            return None
        if (chosen := self._send_now) is not None:
            self._send_now = None
            return chosen
        params = super()._let_through(event)
        if params is None or params.context_policy != "stop" or self._surely_fits(event.text):
            return params
        if not self._asking_room:
            self._asking_room = True
            self.run_worker(self._send_if_it_fits(event, params))
        return None

    def _surely_fits(self, text: str) -> bool:
        """Whether it fits even if every byte of it is a token of its own."""
        ledger = self._ledger
        changed = self._ledger_params != self.settings_here.generation
        if ledger is None or changed or self.attachments or self._edited is not None:
            return False
        return ledger.counted.history + len(text.encode("utf-8", "replace")) + _OVERHEAD < ledger.n_ctx

    async def _send_if_it_fits(self, event: Prompt.Sent, params: GenerationParams) -> None:
        try:
            ledger = await self.measured(event.text.strip(), params)
        finally:
            self._asking_room = False
        if ledger is not None and not ledger.fits:
            self._ask_what_to_do(event, ledger, params)
        elif self._prompt.text.startswith(event.text):  # else the person took it back meanwhile
            self._send_with(event, params)

    def _send_with(self, event: Prompt.Sent, params: GenerationParams) -> None:
        self._send_now = params
        self.send(event)
        self._send_now = None

    def _ask_what_to_do(self, event: Prompt.Sent, ledger: Ledger, params: GenerationParams) -> None:
        from tui.app.screens.full_context import Choice, FullContextScreen

        if not ledger.ways_out:
            self._hint(f"{format_count(ledger.over)} tokens too many: shorten it, or load with more (-c)")
            return

        def take(choice: Choice | None) -> None:
            if choice is None or choice.way == "stop":
                self._hint("it was not sent: shorten it, or load the model with a larger context (-c)")
            elif choice.way == "anew":
                self.run_worker(self._go_on_from_summary(event, ledger.draft))
            else:
                if choice.remember:
                    self._remember(choice.way)
                self._send_with(event, replace(params, context_policy=choice.way))

        self.app.push_screen(FullContextScreen(ledger), take)

    def _remember(self, policy: str) -> None:
        """Let it hold from now on, as if it had been set in the form."""
        from tui.settings import file
        from tui.settings.paths import settings_file

        try:
            file.save(settings_file(), {"context_policy": policy})
        except SettingError as error:
            self.note(f"{error.line()}. It holds until you quit", "warning")
        self.program.take_settings(self.program.settings.replace(context_policy=policy))

    async def _go_on_from_summary(self, event: Prompt.Sent, draft: int) -> None:
        """Begin anew with a summary, and send what was typed there."""
        if not await self.sum_up(draft):
            return
        if self._prompt.text.startswith(event.text):
            self.send(event)
        else:
            self._hint("you changed it meanwhile: Enter sends it")

    def action_ledger(self) -> None:
        """Every number of what the next prompt takes."""
        self.run_worker(self._show_table())

    async def _show_table(self) -> None:
        from tui.app.screens.ledger_table import LedgerScreen

        if self._host.model is None:
            self._hint("no model is loaded: F2 chooses one")
        elif remote_name(self._host.model.path) is not None:
            self._hint("tokens of a remote model are not counted: its server says after a reply how many it took")
        elif (ledger := await self.measured(self._prompt.text.strip())) is None:
            self._hint("it is counted when nothing runs: Esc stops what does" if self.program.work.busy else
                       "it cannot be counted now")  # fmt: skip
        else:
            self.app.push_screen(LedgerScreen(ledger))
