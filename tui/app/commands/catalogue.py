"""The commands of the application and of the chat."""

from __future__ import annotations

from tui.app.commands.command import Command
from tui.app.commands.serving import SERVE_COMMAND

APP_COMMANDS: tuple[Command, ...] = (
    Command("app.help", "Help", "What can be done on this screen, and with which keys.", "f1", "app.help", "help"),
    Command(
        "app.models", "Models", "Every model on this machine: what it is, whether it fits; load, mark, delete.", "f2",
        "app.models", "models", "Models",
    ),
    Command(
        "app.chats", "Chats", "All chats: search in them, open, rename, pin, archive, delete.", "f3", "app.chats",
        "chats", "Chat",
    ),
    Command(
        "app.get_model", "Get a model", "Search the Hugging Face Hub and download.", "ctrl+g", "app.get_model",
        "get a model", "Models",
    ),
    Command(
        "app.downloads", "Downloads", "What is being downloaded: how far it is, pause, resume, cancel, load.", "ctrl+t",
        "app.downloads", "", "Models",
    ),
    Command(
        "app.settings", "Settings", "How tokens are chosen and how models are loaded.", "f4", "app.settings", "settings"
    ),
    Command(
        "app.completion",
        "Completion view",
        "Raw text in, completion out, without a chat template; and back to the chat.",
        "f5",
        "app.completion",
        "completion",
    ),
    SERVE_COMMAND,
    Command("app.log", "Log", "What llama.cpp reported.", "f8", "app.log"),
    Command(
        "app.reload", "Load the model again", "Load it anew, with the load settings that hold now.", "f9",
        "app.reload", "", "Models",
    ),
    Command(
        "app.bench", "Measure this model", "How fast it reads and writes here, by threads and by depth.", "f12",
        "app.bench", "", "Models",
    ),
    Command(
        "app.unload", "Unload the model", "Give back the memory of the loaded model.", "", "app.unload", "", "Models"
    ),
    Command(
        "app.commands", "All commands", "Search for a command by name.", "ctrl+p", "app.command_palette", "commands"
    ),
    Command(
        "app.redraw", "Redraw the screen", "Send all of it again, where something else has written over it.", "",
        "app.redraw",
    ),
    Command("app.quit", "Quit", "Leave; what runs is stopped.", "ctrl+q", "app.quit", "quit"),
)  # fmt: skip

RUN_COMMANDS: tuple[Command, ...] = (
    Command(
        "run.stop",
        "Stop",
        "Stop what runs: a reply, reading a prompt, loading a model.",
        "escape",
        "app.stop",
        "stop",
        "Chat",
        priority=False,
    ),
)

CHAT_COMMANDS: tuple[Command, ...] = (
    Command(
        "chat.regenerate", "Regenerate", "Write the last reply anew; the one there is stays as another version.",
        "ctrl+r", "screen.regenerate", "again", "Chat",
    ),
    Command(
        "chat.resume", "Go on", "Let the last reply go on from where it stopped.", "ctrl+o", "screen.resume", "",
        "Chat",
    ),
    Command(
        "chat.edit", "Say it another way",
        "Edit what you said last; Enter sends it as another version, Esc leaves it. The first one stays.", "f7",
        "screen.edit", "", "Chat",
    ),
    Command(
        "chat.older", "Older version",
        "Go to the version before, of the last message that has one; what followed it comes with it.", "alt+left",
        "screen.version(-1)", "", "Chat",
    ),
    Command(
        "chat.newer", "Newer version", "Go to the version after, in the same way.", "alt+right", "screen.version(1)",
        "", "Chat",
    ),
    Command(
        "chat.new", "New chat", "Begin a new chat; the one before stays in the list of chats.", "ctrl+n",
        "screen.new_chat", "new", "Chat",
    ),
    Command(
        "chat.copy",
        "Copy the last reply",
        "Put the last reply on the clipboard of the terminal (OSC 52), also over SSH.",
        "ctrl+y",
        "screen.copy_reply",
        "copy",
        "Chat",
    ),
    Command(
        "chat.clear",
        "Clear the chat",
        "Start a new chat; once more brings the old one back.",
        "ctrl+l",
        "screen.clear",
        "",
        "Chat",
    ),
    Command(
        "chat.panes",
        "Side panes",
        "Fold the panes beside the chat away, or bring them back.",
        "f6",
        "screen.panes",
        "panes",
    ),
    Command("chat.up", "Scroll up", "Earlier parts of the conversation.", "pageup", "screen.page_up", "", "Chat"),
    Command("chat.down", "Scroll down", "Later parts of the conversation.", "pagedown", "screen.page_down", "", "Chat"),
    Command(
        "chat.end", "To the newest", "The end of the conversation; in the prompt once its cursor is at the end.", "end",
        "screen.to_end", "", "Chat", priority=False,
    ),
)  # fmt: skip

PROMPT_KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "Send the prompt."),
    ("ctrl+j, alt+enter", "Break the line."),
    ("@", "At the beginning of a word: find files to attach by a few letters, a path, or a pattern."),
    ("up, down", "Earlier and later prompts, from the first and the last line."),
    ("ctrl+x ctrl+e", "Write it in your own editor, $VISUAL or $EDITOR; ctrl+x alone cuts."),
    ("ctrl+w", "Delete the word before the cursor."),
    ("ctrl+u, ctrl+k", "Delete to the start, to the end of the line; ctrl+u twice: all before the cursor."),
    ("ctrl+z, ctrl+y", "Undo, and do it again."),
)
"""Keys of the editor, for the help."""
