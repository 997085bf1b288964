"""The prompt in the person's own editor."""

from __future__ import annotations

import asyncio

from textual import on

from tui.app.outside_text import OutsideText
from tui.app.screens.talking import Talking
from tui.app.widgets.prompt import Prompt
from tui.core.errors import LocalLLMError
from tui.services.editing import left_behind
from tui.services.model_host import ModelHost


class OwnEditor(Talking):
    """Lends the prompt to $VISUAL or $EDITOR, and offers what was in there when the program went down."""

    def __init__(self, host: ModelHost) -> None:
        super().__init__(host)
        self._outside = OutsideText()
        self._editing = False

    def on_mount(self) -> None:
        """Look for what was left behind once the first frame is on the screen."""
        self.call_after_refresh(lambda: self.run_worker(self._offer_left_behind()))

    async def _offer_left_behind(self) -> None:
        """Say so when a text never came back from an editor."""
        self._outside.kept = await asyncio.to_thread(left_behind)
        if self._outside.kept is not None:
            self.note("a text was still in your editor when the program ended: alt+e opens it there again", "warning")

    @on(Prompt.ChordBegun)
    def _chord_begun(self) -> None:
        self._hint("ctrl+x: cut; ctrl+e opens your editor instead")

    @on(Prompt.EditorWanted)
    def action_own_editor(self) -> None:
        """Edit the prompt in the person's own editor."""
        if not self._editing:
            self._editing = True
            self.run_worker(self._edit_prompt())

    async def _edit_prompt(self) -> None:
        before, problem = self._prompt.text, ""
        try:
            text = await self._outside.edit(self.app, before)
            self._prompt.put(text)
            self._hint("nothing was changed in the editor" if text == before else "")
        except LocalLLMError as error:
            problem = error.line()
        finally:
            self._editing = False
        if path := self._outside.settle(self._prompt.text):
            problem = f"{problem}; alt+e opens what was saved, {path}"
        if problem:
            self._hint("the prompt is as it was")
            self.note(problem, "error")
        self.to_prompt()
