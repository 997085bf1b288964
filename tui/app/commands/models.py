"""The commands of the model browser."""

from __future__ import annotations

from tui.app.commands.command import Command
from tui.app.commands.endpoints import ENDPOINT_COMMANDS

_GROUP = "Models"


def _command(name: str, title: str, words: str, keys: str, action: str, short: str = "") -> Command:
    # Letters are commands here and text in the filter, so the focused field comes first. The key that opens the
    # filter comes before all, or else letters that are typed at once behind it are taken for commands.
    return Command(f"models.{name}", title, words, keys, f"screen.{action}", short, _GROUP, priority=name == "filter")


MODEL_COMMANDS: tuple[Command, ...] = (
    _command("load", "Load the marked model", "Load it in place of the loaded one, and go back to the chat.",
             "enter", "load", "load"),
    _command("detail", "What the model is", "From the list to the description and back; where there is little room it "
             "is a page of its own.", "space", "detail", "detail"),
    _command("filter", "Filter", "Show only models that have all the words: of name, quantization, family, source or "
             "path.", "slash,ctrl+f", "filter", "filter"),
    _command("sort", "Sort by something else", "By name, size, last use, fit, parameters, one after the other.",
             "s", "sort", "sort"),
    _command("favourite", "Favourite", "Mark the model as a favourite, or take the mark away.",
             "f", "favourite", "favourite"),
    _command("delete", "Delete from disk", "Says first what is removed, how much it frees and what else uses it.",
             "d,delete", "delete", "delete"),
    *ENDPOINT_COMMANDS,
    _command("metadata", "All metadata", "Every key of the file's header, with a filter of its own.",
             "m", "metadata", "metadata"),
    _command("copy", "Copy the path", "Put the file's path on the clipboard of the terminal (OSC 52), also over SSH.",
             "y", "copy_path", "copy path"),
    _command("reverse", "Sort the other way round", "Turns the order about.", "S", "reverse"),
    _command("favourites", "Favourites first", "Favourites above all others, or among them.", "F", "favourites_first"),
    _command("rescan", "Search again", "Look into all folders again; what comes and goes is seen without it.",
             "r", "rescan", "search again"),
)  # fmt: skip

BACK_COMMAND = Command(
    "models.back", "Back", "Out of the filter or the description first, then back to where one was.", "escape",
    "screen.back", "back", _GROUP, priority=False,
)  # fmt: skip
