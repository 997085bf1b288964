"""What a person can ask for. Each command is declared once and feeds keys, palette, help and the bottom line."""

from tui.app.commands.command import Command, bindings

__all__ = ["Command", "bindings"]
