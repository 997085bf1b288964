"""The prompt in the person's own editor."""

from __future__ import annotations

import asyncio
import os

from textual import on

from tui.app.outside import ended_badly, run_outside
from tui.app.screens.talking import Talking
from tui.app.widgets.prompt import Prompt
from tui.core.errors import LocalLLMError
from tui.services.editing import EditedFile, left_behind
from tui.services.programs import editor_command


class OwnEditor(Talking):
    """Lends the prompt to $VISUAL or $EDITOR, and offers what was in there when the program went down."""

    _left_behind: EditedFile | None = None
    _editing = False

    def on_mount(self) -> None:
        """Look for what was left behind once the first frame is on the screen."""
        self.call_after_refresh(lambda: self.run_worker(self._offer_left_behind()))

    async def _offer_left_behind(self) -> None:
        """Say so when a text never came back from an editor."""
        self._left_behind = await asyncio.to_thread(left_behind)
        if self._left_behind is not None:
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
        before = self._prompt.text
        self._hint("")
        try:
            argv = editor_command(os.environ)
            edited = await asyncio.to_thread(_file_of, self._left_behind, before)
            self._left_behind = edited  # until its text is in the prompt
            status = await run_outside(self.app, [*argv, str(edited.path)])
            if problem := ended_badly(argv, status):
                raise LocalLLMError(problem)
            text = edited.text()
            self._prompt.put(text)
            if text == before:
                self._hint("nothing was changed in the editor")
        except LocalLLMError as error:
            self._hint(f"{error.line()}; the prompt is as it was")
        finally:
            self._settle()
            self._editing = False
            self.to_prompt()

    def _settle(self) -> None:
        """Take the file away once the prompt has its text; until then alt+e opens it again."""
        edited = self._left_behind
        if edited is None:
            return
        try:
            kept = edited.text() != self._prompt.text
        except LocalLLMError:
            kept = True
        if kept:
            self._hint(f"{self._hinted}, and alt+e opens what was saved: {edited.path}")
        else:
            edited.remove()
            self._left_behind = None


def _file_of(found: EditedFile | None, text: str) -> EditedFile:
    """The file to edit: the one that was left behind, with the prompt below what is in it, or else a new one."""
    if found is None:
        return EditedFile.begin(text)
    old = found.text()
    if not old.endswith(text):
        found.write("\n\n".join(filter(None, (old, text))))
    return found
