"""The commands of the list of chats."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Chats"


def _command(name: str, title: str, words: str, keys: str, action: str, short: str = "") -> Command:
    # As in the model browser: letters are commands in the list and text in the field, so the field comes first.
    return Command(f"chats.{name}", title, words, keys, f"screen.{action}", short, _GROUP, priority=name == "find")


CHATS_COMMANDS: tuple[Command, ...] = (
    _command("open", "Open the marked chat", "Go on with it; at the message, where a search found one.", "enter",
             "open", "open"),
    _command("find", "Search", "In all titles and all that was said: places that have all the words, newest first.",
             "slash,ctrl+f", "find", "search"),
    _command("new", "New chat", "Begin a new chat.", "n", "new_chat", "new"),
    _command("rename", "Rename", "Give the chat another title.", "e", "rename", "rename"),
    _command("pin", "Pin", "Keep the chat at the top of the list, or no longer.", "p", "pin", "pin"),
    _command("archive", "Archive", "Keep the chat out of the list, or take it back; a search still finds it.", "a",
             "archive", "archive"),
    _command("delete", "Delete", "Delete the chat; it can be brought back for a week.", "d,delete", "delete",
             "delete"),
    _command("undo", "Bring back", "Bring back the chat that was deleted last.", "u", "undo", "undo"),
    _command("archived", "Archived chats", "Show those that were archived, or the others again.", "A", "archived"),
    Command("chats.back", "Back", "Out of the search first, then back to the chat.", "escape", "screen.back", "back",
            _GROUP, priority=False),
)  # fmt: skip
