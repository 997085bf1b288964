"""The commands of the presets."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Presets"


def _command(name: str, title: str, words: str, keys: str, action: str, short: str = "") -> Command:
    # As in the other lists: letters are commands in the list and text in a field, so the field comes first.
    return Command(f"presets.{name}", title, words, keys, f"screen.{action}", short, _GROUP, priority=name == "find")


PRESETS_COMMAND = Command(
    "chat.presets", "Presets", "Named system prompts with settings and first turns: choose one for this chat.", "alt+p",
    "screen.presets", "", "Chat",
)  # fmt: skip
"""What the main screen offers of it."""

PRESETS_COMMANDS: tuple[Command, ...] = (
    _command("use", "Use it here", "It holds for this chat from the next reply on. An example becomes a file of yours.",
             "enter", "use", "use"),
    _command("find", "Filter", "Show only presets that have all the words.", "slash,ctrl+f", "find", "filter"),
    _command("new", "New preset", "Save what holds in the chat now, its system prompt included, as a preset.", "n",
             "new", "new"),
    _command("edit", "Edit", "Edit its file in $VISUAL or $EDITOR, or here where there is none.", "e", "edit", "edit"),
    _command("default", "Default for this model", "New chats with the loaded model begin with it, or no longer do.",
             "s", "default", "default"),
    _command("import", "Import flags", "Make a preset of a line such as llama-cli --temp 0.2 -sys \"Be brief.\".", "i",
             "import_flags", "import"),
    _command("delete", "Delete", "Take it out of the list; it can be brought back.", "d,delete", "delete", "delete"),
    _command("undo", "Bring back", "Bring back the preset that was deleted last.", "u", "undo", "undo"),
    _command("rename", "Rename", "Give it another name.", "r", "rename", "rename"),
    _command("examples", "Examples", "Show presets to begin with, or your own again.", "x", "examples", "examples"),
    _command("preview", "To the text", "From the list to what the preset says, to scroll it; and back.", "tab",
             "preview"),
    Command("presets.back", "Back", "Out of the filter first, then back to the chat.", "escape,alt+p", "screen.back",
            "back", _GROUP, priority=False),
)  # fmt: skip
