"""A line such as `llama-cli -m x.gguf --temp 0.2 -sys "You are…"` as the settings of a preset."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from tui.core.errors import PresetError, SettingError
from tui.core.escapes import process_escapes
from tui.core.options import Scalar
from tui.core.text import one_line, well_formed
from tui.services.option_files import add_option_files
from tui.settings.arguments import ArgumentParser, add_settings, given_settings
from tui.settings.settings import section_of

_ESCAPED = ("stop", "system_prompt", "dry_sequence_breakers")
"""Settings in which llama.cpp processes escape sequences when they come from the command line."""

_ENDS = {"|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1"}


@dataclass(frozen=True, slots=True)
class Flags:
    """What a line says.

    Attributes:
        values: the settings of a generation, by name; the system prompt is one of them.
        left_out: what was not taken, a line for each reason.
    """

    values: dict[str, Scalar]
    left_out: tuple[str, ...] = ()


def read_flags(line: str) -> Flags:
    """The settings that a line sets; what cannot be taken is named and left out.

    Args:
        line: as it is typed in a shell, the program's name included or not; it may go on over several lines.

    Raises:
        PresetError: its quotes do not match, or nothing in it belongs into a preset.
    """
    words = _words(line)
    parser = _parser()
    values: dict[str, Scalar] = {}
    unknown: list[str] = []
    others: list[str] = []
    refused: list[str] = []
    escape = "--no-escape" not in words
    for group, known in parser.grouped(words):
        if not known:
            unknown.append(" ".join(group))
            continue
        if group[-1].rpartition("=")[2] == "--":  # argparse drops it, as the end of all flags
            refused.append(f"left out: {group[0].partition('=')[0]} cannot be --")
            continue
        try:
            given = given_settings(parser.parse(group))
        except SettingError as error:
            refused.append(f"left out: {error.what}")
            continue
        own = {name: value for name, value in given.items() if section_of(name) == "generation"}
        if not own and group[0] not in ("-e", "--escape", "--no-escape"):
            others.append(group[0].partition("=")[0])
        _merge(values, own, escape)
    left_out = [*_line("not known here", unknown), *_line("not part of a preset", others), *refused]
    if not values:
        why = "; ".join(left_out) or "a line looks like llama-cli --temp 0.2 --top-k 20"
        raise PresetError("the line sets nothing that a preset has", why=one_line(why))
    _check_either(values)
    return Flags(values, tuple(map(one_line, left_out)))


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(well_formed(line).replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as error:
        raise PresetError("the line cannot be read", why=str(error).lower()) from None
    flags = dropwhile(lambda word: not word.startswith("-"), words)
    return list(takewhile(lambda word: word not in _ENDS, flags))


def _parser() -> ArgumentParser:
    parser = ArgumentParser("llama-cli", "", add_help=False)
    add_settings(parser)
    add_option_files(parser)
    for flags in (("-p", "--prompt"), ("-f", "--file"), ("-sysf", "--system-prompt-file"), ("--log-file",)):
        parser.add_argument(*flags)
    parser.add_argument("-e", "--escape", dest="escape", action="store_const", const=True)
    parser.add_argument("--no-escape", dest="escape", action="store_const", const=False)
    return parser


def _merge(values: dict[str, Scalar], given: dict[str, Scalar], escape: bool) -> None:
    for name, value in given.items():
        if escape and name in _ESCAPED:
            value = tuple(map(process_escapes, value)) if isinstance(value, tuple) else process_escapes(str(value))
        before = values.get(name)
        # A flag that may be repeated adds to what it said before.
        values[name] = (*before, *value) if isinstance(before, tuple) and isinstance(value, tuple) else value


def _check_either(values: dict[str, Scalar]) -> None:
    if values.get("grammar") and values.get("json_schema"):
        raise PresetError("a grammar and a JSON schema cannot both hold", hint="leave one of them out")


def _line(why: str, what: Sequence[str]) -> list[str]:
    return [f"left out, {why}: {', '.join(what)}"] if what else []
