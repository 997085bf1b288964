"""The commands of a replay."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Replay"

REPLAY_CHAT_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.replay", "Replay a reply",
        "Generate the marked reply, or else the last one, again from its recorded settings and seed, and say whether"
        " it comes out the same, or where it first differs. The chat stays as it is.",
        "alt+y", "screen.replay", "", "Chat",
    ),
)  # fmt: skip

REPLAY_COMMANDS: tuple[Command, ...] = (
    Command("replay.again", "Replay again", "Generate the reply once more.", "enter", "screen.again", "again", _GROUP),
    Command("replay.diff", "Differences", "Mark the words that differ between the stored reply and the new one.", "d",
            "screen.diff", "diff", _GROUP),
    Command("replay.keep", "Keep as a version", "Store what was generated now as another version of the reply, and go"
            " there.", "k", "screen.keep", "keep", _GROUP),
    Command("replay.up", "Scroll up", "Earlier lines.", "pageup,up", "screen.page(-1)", "", _GROUP),
    Command("replay.down", "Scroll down", "Later lines.", "pagedown,down", "screen.page(1)", "", _GROUP),
    Command("replay.back", "Back", "Stops the replay; when it is over, goes back to the chat.", "escape",
            "screen.back", "back", _GROUP),
)  # fmt: skip
