"""The command of the ledger of the context."""

from __future__ import annotations

from tui.app.commands.command import Command

LEDGER_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.ledger", "What the prompt takes",
        "Tokens of what you typed and of the chat before it: cached, new, left, and how long reading them takes.",
        "alt+m", "screen.ledger", "", "Chat",
    ),
)  # fmt: skip
