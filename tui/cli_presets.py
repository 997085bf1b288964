"""`presets …`, and `--preset` of the application and of `run`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from tui.cli_arguments import PROGRAM, make_parser, prepare, run_action
from tui.core.text import well_formed
from tui.settings.arguments import ArgumentParser

_NAME = f"{PROGRAM} presets"
_HELP = f"""usage: {_NAME} ACTION [options]

Named system prompts with settings and first turns, a TOML file each.

actions, each with its own --help:
  {_NAME} list              what there is; files that cannot be used have their reason
  {_NAME} show NAME         the text of its file
  {_NAME} import NAME LINE  make one of a line such as llama-cli --temp 0.2 -sys "Be brief.\""""


def presets(arguments: Sequence[str]) -> int:
    """Run one of the actions.

    Args:
        arguments: what follows `presets`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it failed; the line says why.
    """
    return run_action(_NAME, _HELP, _ACTIONS, arguments)


def add_preset(parser: ArgumentParser, *, asks: bool) -> None:
    """Add the flags that name a preset.

    Args:
        parser: where to.
        asks: whether what the preset asks for can be asked later; otherwise it is said here.
    """
    parser.add_argument("--preset", metavar="NAME", help="begin with this preset; what else is said here wins over it")
    if not asks:
        parser.add_argument("--var", metavar="NAME=TEXT", action="append", help="what the preset asks for (repeatable)")


def checked_preset(parsed: argparse.Namespace) -> str:
    """The preset that was named for the application; empty for none.

    Raises:
        PresetError: there is none of this name, or it cannot be used.
    """
    name = well_formed(getattr(parsed, "preset", ""))
    if name:
        from tui.services.presets import Presets

        Presets().read(name)
    return name


def answers_of(parser: ArgumentParser, parsed: argparse.Namespace) -> dict[str, str]:
    """What the preset asks for, as far as it is said on the command line."""
    answers = {}
    for text in getattr(parsed, "var", []):
        name, is_given, answer = str(text).partition("=")
        if not is_given or not name:
            parser.error(f"--var cannot be {text}: it takes NAME=TEXT")
        answers[well_formed(name)] = well_formed(answer)
    if answers and "preset" not in parsed:
        parser.error("--var goes with --preset")
    return answers


def _list(arguments: Sequence[str]) -> int:
    parser = make_parser(f"{_NAME} list", "", "The presets by name.")
    parser.add_argument("--json", action="store_true", help="as an array in JSON")
    parsed = parser.parse(arguments)
    prepare(parsed)
    from tui.run.presets import list_presets

    return list_presets(as_json="json" in parsed)


def _show(arguments: Sequence[str]) -> int:
    parser = make_parser(f"{_NAME} show", "NAME", "What a preset is: the text of its file, to be shared.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which, by its name in `presets list`")
    parser.add_argument("--json", action="store_true", help="as an object in JSON")
    parsed = parser.parse(arguments)
    names = getattr(parsed, "names", [])
    if len(names) != 1:
        parser.error("give one NAME")
    prepare(parsed)
    from tui.run.presets import show_preset

    return show_preset(well_formed(names[0]), as_json="json" in parsed)


def _import(arguments: Sequence[str]) -> int:
    parser = make_parser(
        f"{_NAME} import",
        "NAME LINE|-",
        "Make a preset of the flags of a line; those that it cannot have are named and left out.",
    )
    parser.add_argument("words", nargs="*", metavar="NAME LINE", help="the line in quotes, or - for standard input")
    parser.add_argument("--json", action="store_true", help="what became of it, as an object in JSON")
    parsed = parser.parse(arguments)
    words = [well_formed(word) for word in getattr(parsed, "words", [])]
    if len(words) != 2:
        parser.error("give a NAME and a LINE in quotes")
    prepare(parsed)
    from tui.run.presets import import_preset

    return import_preset(words[0], words[1], as_json="json" in parsed)


_ACTIONS: dict[str, Callable[[Sequence[str]], int]] = {"list": _list, "show": _show, "import": _import}
