"""What the commands have in common: their parsers, and what is prepared before a front end is imported."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.core.errors import SettingError
from tui.core.escapes import process_escapes
from tui.core.options import Scalar
from tui.run.output import warn
from tui.services.option_files import with_option_files
from tui.settings import paths
from tui.settings.arguments import ArgumentParser, given_settings
from tui.settings.logs import RingHandler, configure_logging, report_crashes
from tui.settings.resolve import resolve
from tui.settings.settings import Settings

PROGRAM = "localllm-tui"
_ESCAPED = ("stop", "system_prompt", "dry_sequence_breakers")
"""Settings in which llama.cpp, too, processes escape sequences when they come from the command line."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a front end needs before it is imported.

    Attributes:
        settings: the settings that hold.
        problems: lines about settings that were left out.
        log: the kept lines of the log.
        log_path: the log file.
    """

    settings: Settings
    problems: tuple[str, ...]
    log: RingHandler
    log_path: Path


def make_parser(prog: str, needed: str, description: str, epilog: str = "") -> ArgumentParser:
    """A command's parser.

    Args:
        prog: the command as it is typed.
        needed: its arguments that are no options, for the usage line.
        description: what it does.
        epilog: what its help ends with.
    """
    usage = " ".join(f"%(prog)s {needed} [options]".split())
    parser = ArgumentParser(prog, description, usage=usage, epilog=epilog)
    parser.add_argument("--log-file", metavar="FILE", help="where the log goes, llama.cpp's included")
    return parser


def prepare(parsed: argparse.Namespace) -> Prepared:
    """Set up the log and resolve the settings.

    Raises:
        SettingError: a setting on the command line is not allowed.
    """
    log_path = Path(parsed.log_file) if "log_file" in parsed else paths.log_file()
    log = configure_logging(log_path)
    if log.problem and "log_file" in parsed:
        warn(log.problem)
    report_crashes(log_path)
    given = {name: _unescaped(name, value, parsed) for name, value in given_settings(parsed).items()}
    settings, problems = resolve(with_option_files(parsed, given))
    return Prepared(settings, tuple(problems), log, log_path)


def _unescaped(name: str, value: Scalar, parsed: argparse.Namespace) -> Scalar:
    if name not in _ESCAPED or not getattr(parsed, "escape", True):
        return value
    return tuple(map(process_escapes, value)) if isinstance(value, tuple) else process_escapes(str(value))


def run_action(
    command: str, help_text: str, actions: Mapping[str, Callable[[Sequence[str]], int]], arguments: Sequence[str]
) -> int:
    """Run one of the actions of a command such as `models`.

    Args:
        command: the program's name and the command, as typed.
        help_text: printed for `--help`.
        actions: by name, each with what takes its arguments and gives the exit status.
        arguments: what follows the command.

    Raises:
        SettingError: there is no such action.
    """
    action, *rest = arguments or [""]
    if action in ("-h", "--help"):
        print(help_text)
        return 0
    if action not in actions:
        what = f"there is no action {action}" if action else "there is no action"
        raise SettingError(what, hint=f"the actions are {', '.join(actions)}; see {command} --help")
    return actions[action](rest)
