"""The commands that are about what a model thinks before it answers."""

from __future__ import annotations

from tui.app.commands.command import Command
from tui.app.widgets.thought import END_KEY, KEY

REASONING_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.thought", "Open or fold the thought",
        "Show all that the model thought before the last answer in view, or one line of it.", KEY,
        "screen.fold_thought", "", "Chat",
    ),
    Command(
        "chat.thinking", "Thinking on or off",
        "Whether the model thinks before it answers, or how hard; for models whose chat template has a switch.",
        "alt+i", "screen.switch_thinking", "", "Chat",
    ),
    Command(
        "chat.answer", "End thinking now", "Let the model stop thinking and answer with what it has.", END_KEY,
        "screen.answer_now", "", "Chat",
    ),
)  # fmt: skip
