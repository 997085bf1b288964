"""The commands of serving, and of watching a server."""

from __future__ import annotations

from tui.app.commands.command import Command

_SERVE, _WATCH = "Serve", "Requests"

SERVE_COMMAND = Command(
    "app.serve", "Serve", "Let programs and other machines ask the loaded model, over HTTP; and see every request.",
    "f11", "app.serve", "", "Program",
)  # fmt: skip


def _serve(name: str, title: str, words: str, keys: str, short: str = "") -> Command:
    return Command(f"serve.{name}", title, words, keys, f"screen.{name}", short, _SERVE, priority=False)


def _watch(name: str, title: str, words: str, keys: str, action: str, short: str = "") -> Command:
    return Command(f"watch.{name}", title, words, keys, f"screen.{action}", short, _WATCH, priority=False)


_REQUESTS = (
    _watch("transcript", "Read", "Prompt and answer of the marked request, where they are kept.", "enter", "transcript",
           "read"),
    _watch("cancel", "End a request", "End the marked request; its client is told.", "x,delete", "cancel", "end it"),
)  # fmt: skip

SERVING_COMMANDS = (
    _serve("switch", "Start or stop", "Serve the loaded model, or end it: requests under way have 10 seconds, and once"
           " more ends them at once.", "s", "start"),
    *_REQUESTS,
    _serve("copy_address", "Copy the address", "What clients are given as base_url, on the clipboard (OSC 52).", "a",
           "copy address"),
    _serve("copy_key", "Copy the key", "Put the key on the clipboard of the terminal (OSC 52).", "c", "copy key"),
    _serve("new_key", "New key", "Want the kept key, or make another one; before the server starts.", "g", "new key"),
    _serve("no_key", "No key", "Want no key, where only this machine can ask; before the server starts.", "n"),
    _serve("show_key", "Show the key", "Show the key on the screen, or hide it.", "v", "show key"),
    _serve("transcripts", "Keep transcripts", "Keep prompts and answers in memory, to read them here; once more forgets"
           " them.", "t", "transcripts"),
    Command("serve.back", "Back", "Back; the server goes on.", "escape,f11", "screen.back", "back", _SERVE,
            priority=False),
)  # fmt: skip

ATTACHED_COMMANDS = (
    *_REQUESTS,
    _watch("retry", "Ask now", "Ask the server again at once.", "r", "retry", "retry"),
    Command("app.help", "Help", "What can be done on this screen, and with which keys.", "f1", "app.help", "help"),
    Command("attach.quit", "Quit", "Leave; the server goes on.", "q,escape,ctrl+q", "app.quit", "quit", _WATCH,
            priority=False),
)  # fmt: skip
