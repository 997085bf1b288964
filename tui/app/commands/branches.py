"""The commands of what a conversation is made of: marking a message, its versions, and the tree of all branches."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Messages and branches"

BRANCH_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.mark_before", "Mark the message before",
        "F7, ctrl+r, ctrl+o, alt+left, alt+right and alt+d are about the marked message then; Esc takes the mark away.",
        "alt+up", "screen.mark(-1)", "", _GROUP,
    ),
    Command(
        "chat.mark_after", "Mark the message after", "The one below the marked message.", "alt+down", "screen.mark(1)",
        "", _GROUP,
    ),
    Command(
        "chat.tree", "Tree of the chat", "All branches of this chat at once: go to any message of any of them.",
        "alt+t", "screen.tree", "", _GROUP,
    ),
    Command(
        "chat.delete_branch", "Delete messages",
        "Delete the marked message, or else the last one, with all that follows it on any branch.", "alt+d",
        "screen.delete_branch", "", _GROUP,
    ),
    Command(
        "chat.undo_delete", "Bring deleted messages back", "Those that were deleted last; once more those before.",
        "alt+u", "screen.undo_delete", "", _GROUP,
    ),
)  # fmt: skip

SESSION_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.previous_open", "Previous open chat",
        "Of the chats that you went to lately; what you typed stays with its chat.", "ctrl+pageup",
        "screen.open_chat(-1)", "", "Chat",
    ),
    Command(
        "chat.next_open", "Next open chat", "The other way round.", "ctrl+pagedown", "screen.open_chat(1)", "", "Chat"
    ),
)  # fmt: skip

_TREE = "Tree of the chat"


def _command(name: str, title: str, words: str, keys: str, action: str, short: str) -> Command:
    # Letters are commands in the rows and text in the field, so the field comes first.
    return Command(f"tree.{name}", title, words, keys, f"screen.{action}", short, _TREE, priority=name == "find")


TREE_COMMANDS: tuple[Command, ...] = (
    _command("open", "Go there", "Go to the marked message, on its branch.", "enter", "open", "go there"),
    _command("find", "Filter", "Only the messages that have all the words.", "slash,ctrl+f", "find", "filter"),
    _command("older", "Older version", "The version before, of this message or of the nearest one above that has one.",
             "left", "sibling(-1)", "older"),
    _command("newer", "Newer version", "The version after, in the same way.", "right", "sibling(1)", "newer"),
    _command("before", "Message before", "The message that this one answers.", "p", "parent", ""),
    _command("after", "Message after", "What follows this message in the same column.", "n", "child", ""),
    _command("delete", "Delete", "Delete the message with all that follows it.", "d,delete", "delete", "delete"),
    _command("undo", "Bring back", "Bring back what was deleted last.", "u", "undo", "undo"),
    Command("tree.back", "Back", "Out of the filter first, then back to the chat.", "escape", "screen.back", "back",
            _TREE, priority=False),
)  # fmt: skip
