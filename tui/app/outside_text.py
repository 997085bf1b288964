"""A text of a screen in the person's own editor, kept in its file until the screen has it."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from textual.app import App

from tui.app.outside import ended_badly, run_outside
from tui.core.errors import LocalLLMError
from tui.services.editing import EditedFile
from tui.services.programs import editor_command


class OutsideText:
    """Lends a text to $VISUAL or $EDITOR.

    Attributes:
        kept: a file whose text did not come back; the next time it is edited first, with the screen's text below.
    """

    def __init__(self) -> None:
        self.kept: EditedFile | None = None

    async def edit(self, app: App[Any], text: str) -> str:
        """Edit a text; `settle` is to be called once the screen has what came back, or keeps what it had.

        Args:
            app: whose terminal it is.
            text: what the screen has now.

        Raises:
            LocalLLMError: there is no editor, or it failed.
        """
        argv = editor_command(os.environ)
        self.kept = edited = await asyncio.to_thread(_file_of, self.kept, text)
        status = await run_outside(app, [*argv, str(edited.path)])
        if problem := ended_badly(argv, status):
            raise LocalLLMError(problem)
        return edited.text()

    def settle(self, text: str) -> str:
        """Take the file away if the screen has its text.

        Args:
            text: what the screen has now.

        Returns:
            Where the file stays because its text is another one; empty when it is gone.
        """
        if (edited := self.kept) is None:
            return ""
        try:
            same = edited.text() == text
        except LocalLLMError:
            same = not edited.path.exists()
        if not same:
            return str(edited.path)
        edited.remove()
        self.kept = None
        return ""


def _file_of(kept: EditedFile | None, text: str) -> EditedFile:
    if kept is None:
        return EditedFile.begin(text)
    try:
        kept.add(text)
    except FileNotFoundError:
        kept.remove()
        return EditedFile.begin(text)
    return kept
