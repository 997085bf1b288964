"""The commands of the completion view."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Completion"

COMPLETION_COMMANDS: tuple[Command, ...] = (
    Command(
        "completion.run", "Complete", "Append what was typed and let the model go on; with nothing typed, just go on.",
        "enter", "screen.run", "run", _GROUP, priority=False,
    ),
    Command(
        "completion.stop", "Stop", "Stop the completion; what was written stays.", "escape", "screen.stop", "stop",
        _GROUP, priority=False,
    ),
    Command(
        "completion.undo", "Undo", "Take back the last completion, edit or clearing; what was typed comes back.",
        "ctrl+z", "screen.undo", "undo", _GROUP,
    ),
    Command("completion.edit", "Edit the text", "Edit prompt and completion, and go on from there.", "f7",
            "screen.edit", "edit", _GROUP),
    Command("completion.editor", "Write in your editor", "Edit the text in $VISUAL or $EDITOR, and go on from there.",
            "alt+e", "screen.own_editor", "", _GROUP),
    Command("completion.clear", "Clear the text", "Begin with an empty text; undo brings it back.", "ctrl+l",
            "screen.clear", "clear", _GROUP),
    Command(
        "completion.copy", "Copy the completion",
        "Put the last completion on the clipboard of the terminal (OSC 52), also over SSH.",
        "ctrl+y", "screen.copy", "copy", _GROUP,
    ),
    Command("completion.up", "Scroll up", "Earlier parts of the text.", "pageup", "screen.page(-1)", "", _GROUP),
    Command("completion.down", "Scroll down", "Later parts of the text.", "pagedown", "screen.page(1)", "", _GROUP),
    Command("completion.end", "To the newest", "The end of the text; in the input once its cursor is at the end.",
            "end", "screen.to_end", "", _GROUP, priority=False),
)  # fmt: skip
