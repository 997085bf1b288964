"""What the chat does about thinking: opens and folds thoughts, switches them on and off, ends them."""

from __future__ import annotations

from tui.app.screens.talking import Talking
from tui.app.widgets.entries import ReplyEntry
from tui.core.events import Event, Failed
from tui.core.parameters import GenerationParams
from tui.core.reasoning import Reasoning
from tui.settings.settings import Settings

_EFFORTS = ("default", "low", "medium", "high")
"""What the key goes through where a template asks for an effort; the settings form has all words."""


class Thoughts(Talking):
    """The part of the main screen that is about reasoning."""

    def on_mount(self) -> None:
        """Follow the setting."""
        self.watch(self.app, "settings", self._show_thinking)

    def _show_thinking(self, settings: Settings) -> None:
        self.chat.show_thinking = settings.app.show_thinking

    def action_fold_thought(self) -> None:
        """Show all that was thought, or one line of it."""
        if (entry := self._thoughtful()) is None:
            self._hint("the model did not think before this reply" if self.chat.view.marked else "no thought here yet")
            return
        entry.toggle_thought()
        if entry.running:
            self._transcript.changed(entry)
        else:
            self._transcript.redraw_in_place(entry)

    def _thoughtful(self) -> ReplyEntry | None:
        """The marked reply, or else the last one in view that has a thought, or else the last one of all."""
        entries = self._transcript.entries
        thoughtful = [entry for entry in entries if isinstance(entry, ReplyEntry) and entry.thought.exists]
        if (marked := self.chat.view.marked) is not None:
            return next((entry for entry in thoughtful if self.chat.view.message_of(entry) == marked), None)
        seen = self._transcript.last_in_view(thoughtful)
        return next((entry for entry in reversed(thoughtful) if seen in (None, entry)), None)

    def action_switch_thinking(self) -> None:
        """Let the model think before it answers, or no longer; from the next reply on."""
        model = self._host.model
        if model is None:
            self._hint("no model is loaded: F2 chooses one")
            return
        params = self.settings_here.generation
        change = next_switch(model.reasoning, params)
        if change is None:
            self._hint("this model's chat template has no switch for thinking")
            return
        words, changed = change
        wanted = self.settings_here.replace(**changed)
        if self.settings_here == self.program.settings:
            self.program.settings = wanted  # a reply under way has its prompt already
        else:
            self.take_settings(wanted)
        self._hint(f"{words}, from the next reply on" if self.chat.busy else words)

    def action_answer_now(self) -> None:
        """Let the model answer with what it has thought so far."""
        if not self.chat.busy:
            self._hint("no reply is being generated")
            return
        self.program.work.end_thinking(self._told)

    def _told(self, event: Event) -> None:
        self._hint(event.error.line() if isinstance(event, Failed) else "thinking is ended: the answer follows")


def next_switch(reasoning: Reasoning, params: GenerationParams) -> tuple[str, dict[str, str]] | None:
    """What the key changes: words for it, and settings by name; None where a template has nothing to switch."""
    if reasoning.switch:
        on = params.reasoning == "on" or (params.reasoning == "auto" and reasoning.default_on)
        return f"thinking is {'off' if on else 'on'}", {"reasoning": "off" if on else "on"}
    if reasoning.effort:
        now = params.reasoning_effort
        effort = _EFFORTS[(_EFFORTS.index(now) + 1) % len(_EFFORTS)] if now in _EFFORTS else _EFFORTS[0]
        word = "the model's own" if effort == "default" else effort
        return f"reasoning effort: {word}", {"reasoning_effort": effort}
    return None
