"""The commands for reading a conversation, taking pieces of it elsewhere, and writing in one's own editor."""

from __future__ import annotations

from textual.binding import Binding

from tui.app.commands.command import Command

_GROUP = "Reading"

EDITOR_COMMAND = Command(
    "chat.editor", "Write in your editor", "Edit the prompt in $VISUAL or $EDITOR; ctrl+x ctrl+e does it too.",
    "alt+e", "screen.own_editor", "", "Chat",
)  # fmt: skip

READING_COMMANDS: tuple[Command, ...] = (
    Command("chat.find", "Search in this chat", "Find a text in all messages of the chat that is open.", "ctrl+f",
            "screen.find", "search", _GROUP),
    Command("chat.view", "Read it full screen", "The last reply, or the whole chat, as plain text: search, copy, wrap, "
            "and p for your pager.", "alt+v", "screen.view", "", _GROUP),
    Command("chat.copy_menu", "Copy…", "Choose what to copy: a code block, the reply, the whole chat.", "alt+c",
            "screen.copy_menu", "", _GROUP),
    Command("chat.save_code", "Save a code block", "Write a code block of the reply to a file.", "alt+s",
            "screen.save_code", "", _GROUP),
    Command("chat.copy_code", "Copy code block 1", "Copy the code block with a 1 on its left; alt+2 to alt+9 copy the "
            "others. The numbers stand in the newest reply that has code, or in the one you mark.", "alt+1",
            "screen.copy_code(1)", "", _GROUP),
)  # fmt: skip
"""What the main screen offers of it."""

CODE_BINDINGS = tuple(
    Binding(
        f"alt+{number}", f"screen.copy_code({number})", f"Copy code block {number}", show=False,
        id=f"chat.copy_code_{number}", priority=True,
    )
    for number in range(2, 10)
)  # fmt: skip
"""The keys of the other blocks: commands of their own would fill the help."""

_READER = "Reading full screen"


def _reader(name: str, title: str, words: str, keys: str, action: str, short: str = "") -> Command:
    # Letters are commands here and text in the field; the key that opens the field comes before what is typed in it.
    return Command(f"reader.{name}", title, words, keys, f"screen.{action}", short, _READER, priority=name == "search")


READER_COMMANDS: tuple[Command, ...] = (
    _reader("search", "Search", "Find a text in what is read.", "slash,ctrl+f", "search", "search"),
    _reader("next", "Next place", "The next place where it is; N goes to the one before.", "n", "walk(1)", "next"),
    _reader("previous", "Place before", "The place before where it is.", "N", "walk(-1)"),
    _reader("wrap", "Wrap", "Wrap long lines, or move sideways in them with left and right.", "w", "wrap", "wrap"),
    _reader("whole", "Whole chat", "From the message to the whole chat, and back.", "a", "other", "all"),
    _reader("copy", "Copy", "Put what is read on the clipboard of the terminal (OSC 52).", "c,ctrl+y", "copy", "copy"),
    _reader("pager", "Pager", "Give what is read to $PAGER, or to less.", "p", "pager", "pager"),
    Command("reader.back", "Back", "Out of the search first, then back to the chat.", "escape", "screen.back", "back",
            _READER, priority=False),
    Command("reader.leave", "Leave", "Back to the chat.", "q,alt+v", "screen.dismiss", "", _READER, priority=False),
)  # fmt: skip
"""What can be done where one reads full screen."""
