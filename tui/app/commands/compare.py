"""The commands of two replies side by side."""

from __future__ import annotations

from tui.app.commands.command import Command

_GROUP = "Side by side"


def _command(
    name: str, title: str, words: str, keys: str, action: str, short: str = "", first: bool = False
) -> Command:
    # Letters are commands on a side and text in the prompt, so the focused field comes first.
    return Command(f"compare.{name}", title, words, keys, f"screen.{action}", short, _GROUP, priority=first)


COMPARE_CHAT_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.compare", "Side by side",
        "One prompt, two settings or two models: both replies beside each other, with their figures and what differs.",
        "f10", "screen.compare", "", "Chat",
    ),
)  # fmt: skip

COMPARE_COMMANDS: tuple[Command, ...] = (
    _command("side", "To the other side", "From the prompt to the sides and back.", "tab", "side", "side", True),
    _command("keep", "Keep this side", "Go on in the chat with the marked side's reply; the other one stays as another"
             " version.", "enter", "keep", "keep"),
    _command("settings", "Settings of the side", "How the marked side's tokens are chosen; for this comparison alone.",
             "s", "settings", "settings"),
    _command("model", "Model of the side", "With which model the marked side runs.", "m", "model", "model"),
    _command("preset", "Preset of the side", "A named system prompt with settings, for the marked side alone.", "p",
             "preset", "preset"),
    _command("diff", "Differences", "Mark the words that only one of the replies has, or show them as they are.", "d",
             "diff", "diff"),
    _command("start", "Where it begins", "After the messages of the open chat, or with nothing before the prompt.", "n",
             "start", "start"),
    _command("copy", "Copy the reply", "Put the marked side's reply on the clipboard of the terminal (OSC 52).",
             "ctrl+y", "copy", "", True),
    _command("up", "Scroll up", "Earlier lines of the marked side.", "pageup", "page(-1)", "", True),
    _command("down", "Scroll down", "Later lines of the marked side.", "pagedown", "page(1)", "", True),
    _command("back", "Back", "Stops what runs; else goes back to the chat. The replies stay.", "escape", "back",
             "back"),
)  # fmt: skip
