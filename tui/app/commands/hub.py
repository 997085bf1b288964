"""The commands of the Hub's screens and of the downloads."""

from __future__ import annotations

from tui.app.commands.command import Command

_HUB, _REPOSITORY, _DOWNLOADS = "Hub", "Repository", "Downloads"

TOKEN = Command(
    "hub.token", "Access token", "Sign in to the Hub: for models whose terms have to be accepted, and private ones.",
    "ctrl+k", "screen.token", "token", _HUB,
)  # fmt: skip

HUB_COMMANDS: tuple[Command, ...] = (
    Command(
        "hub.open", "Open", "The repository's quantizations, and what each needs here.", "enter", "screen.open", "open",
        _HUB, priority=False,
    ),
    Command("hub.sort", "Sort", "By downloads, likes, trending, or the newest first.", "ctrl+s", "screen.sort", "sort",
            _HUB),
    Command("hub.size", "Size", "Only models of some number of parameters.", "ctrl+b", "screen.size", "size", _HUB),
    Command("hub.author", "Author", "Only what one owner published; and back to the words.", "tab", "screen.author",
            "author", _HUB),
    Command("hub.retry", "Try again", "Ask the Hub once more.", "ctrl+r", "screen.retry", "retry", _HUB),
    TOKEN,
    Command("hub.back", "Back", "Stops a search; then empties the field; then goes back.", "escape", "screen.back",
            "back", _HUB, priority=False),
)  # fmt: skip

REPOSITORY_COMMANDS: tuple[Command, ...] = (
    Command("repository.download", "Download", "Download the marked quantization; loads it when it is here already.",
            "enter", "screen.download", "download", _REPOSITORY, priority=False),
    Command("repository.readme", "README", "To the text, to scroll it; and back to the files.", "tab", "screen.readme",
            "readme", _REPOSITORY),
    Command("repository.up", "Scroll up", "Earlier parts of the README.", "pageup", "screen.page(-1)", "",
            _REPOSITORY),
    Command("repository.down", "Scroll down", "Later parts of the README.", "pagedown", "screen.page(1)", "",
            _REPOSITORY),
    Command("repository.retry", "Try again", "Ask the Hub once more.", "ctrl+r", "screen.retry", "retry", _REPOSITORY),
    TOKEN,
    Command("repository.back", "Back", "Stops what is asked; then goes back.", "escape", "screen.back", "back",
            _REPOSITORY, priority=False),
)  # fmt: skip

DOWNLOADS_COMMANDS: tuple[Command, ...] = (
    Command("downloads.load", "Load", "Load the marked model, once it is here; a paused or failed one goes on.",
            "enter", "screen.load", "load", _DOWNLOADS, priority=False),
    Command("downloads.pause", "Pause or resume", "What is here stays, and the rest is fetched later.", "space",
            "screen.pause", "pause", _DOWNLOADS, priority=False),
    Command("downloads.cancel", "Cancel", "Stop it and delete what has come so far, after asking.", "delete,x",
            "screen.cancel", "cancel", _DOWNLOADS, priority=False),
    Command("downloads.retry", "Try again", "Go on with one that failed.", "r", "screen.retry", "retry", _DOWNLOADS,
            priority=False),
    Command("downloads.forget", "Forget", "Take one that has ended out of the list; a finished file stays.", "f",
            "screen.forget", "forget", _DOWNLOADS, priority=False),
    Command("downloads.back", "Back", "Downloads go on.", "escape", "screen.back", "back", _DOWNLOADS,
            priority=False),
)  # fmt: skip
