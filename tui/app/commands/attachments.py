"""The commands that are about attachments."""

from __future__ import annotations

from tui.app.commands.command import Command

ATTACH_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.attach", "Attach files", "Files, folders and patterns that go with what you say next; @ in the prompt "
        "finds files by a few letters.", "alt+a", "screen.attach", "attach", "Chat",
    ),
)  # fmt: skip
