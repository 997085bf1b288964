"""The door: reads the command line, then imports exactly one front end."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tui.core.errors import LocalLLMError, SettingError
from tui.core.escapes import process_escapes
from tui.core.options import Scalar
from tui.core.text import one_line, well_formed
from tui.services.option_files import add_option_files, with_option_files
from tui.services.prompt_source import STANDARD_INPUT, read_prompt
from tui.settings import paths
from tui.settings.arguments import ArgumentParser, add_settings, given_settings
from tui.settings.logs import RingHandler, configure_logging, report_crashes
from tui.settings.resolve import resolve
from tui.settings.settings import COMMAND_LINE, Settings

PROGRAM = "localllm-tui"
DONE, FAILED, BAD_ARGUMENTS, INTERRUPTED = 0, 1, 2, 130
_ESCAPED = ("stop", "system_prompt", "dry_sequence_breakers")
"""Settings in which llama.cpp, too, processes escape sequences when they come from the command line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: the arguments after the program's name; the process's own when None.

    Returns:
        The exit status: 0 done, 1 failed (one line on standard error), 2 bad arguments, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    command, *rest = arguments or [""]
    try:
        if command in _COMMANDS:
            return _COMMANDS[command](rest)
        if command and not command.startswith("-"):
            known = ", ".join(_COMMANDS)
            raise SettingError(f"there is no command {command}", hint=f"the commands are {known}; -m names a model")
        return _application(arguments)
    except SettingError as error:
        return _fail(error, BAD_ARGUMENTS)
    except LocalLLMError as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _application(arguments: Sequence[str]) -> int:
    parser = _parser(PROGRAM, "", "Run a local LLM from any terminal, and see what it does.", _COMMANDS_HELP)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {_version()}", help="print the version")
    _add_prompt(parser, "text to complete: opens the completion view with it running")
    add_option_files(parser)
    add_settings(parser)
    parsed = parser.parse(arguments)
    prepared = _prepare(parsed)
    prompt = _prompt(parser, parsed)
    model, problem = _model_to_open(prepared.settings)
    if not (sys.stdin and sys.stdin.isatty()):
        raise LocalLLMError("the application needs a terminal", hint=f"in scripts, use {PROGRAM} run")
    from tui.app.app import run_app
    from tui.services.launch import Launch

    problems = (*prepared.problems, *problem)
    return run_app(Launch(prepared.settings, problems, model, prompt, prepared.log, prepared.log_path))


def _run(arguments: Sequence[str]) -> int:
    parser = _parser(
        f"{PROGRAM} run",
        "-m FILE|NAME (-p TEXT | -f FILE | -)",
        "Complete one prompt. Only the completion goes to standard output.",
    )
    parser.add_argument("source", nargs="?", metavar="-", help="read the prompt from standard input")
    _add_prompt(parser, "text to complete, as it is: no chat template")
    parser.add_argument(
        "--chat", action="store_true", help="make a chat message of the prompt; -sys sets the system prompt"
    )
    parser.add_argument("--perf", action="store_const", const=True, help="timings on standard error (default)")
    parser.add_argument("--no-perf", dest="perf", action="store_const", const=False, help="no timings")
    add_option_files(parser)
    add_settings(parser)
    parsed = parser.parse(arguments)
    prepared = _prepare(parsed)
    if not prepared.settings.app.model:
        parser.error("there is no model: give -m FILE or NAME")
    prompt = _prompt(parser, parsed)
    if prompt is None:
        parser.error("there is no prompt: give -p TEXT, -f FILE, or - for standard input")
    from tui.run.command import complete

    return complete(
        prepared.settings,
        prepared.problems,
        prompt,
        chat="chat" in parsed,
        timings=getattr(parsed, "perf", True),
    )


def _models(arguments: Sequence[str]) -> int:
    parser = _parser(f"{PROGRAM} models", "list", "The models on this machine: folders, Hugging Face cache, packages.")
    parser.add_argument("action", choices=["list"], metavar="list", help="print them")
    parser.add_argument("--json", action="store_true", help="as a JSON array")
    add_settings(parser, only=["model_dirs"])
    parsed = parser.parse(arguments)
    prepared = _prepare(parsed)
    from tui.run.command import models

    return models(prepared.settings, prepared.problems, as_json="json" in parsed)


def _bench(arguments: Sequence[str]) -> int:
    parser = _parser(f"{PROGRAM} bench", "-m FILE|NAME", "How fast a model reads and writes on this machine.")
    for flags, default, meaning in (
        (("-p", "--n-prompt"), "512", "prompt tokens of the prefill test; 0 leaves it out"),
        (("-n", "--n-gen"), "128", "tokens of the decode test; 0 leaves it out"),
        (("-d", "--n-depth"), "0,1024", "tokens in the context before a test, separated by commas"),
        (("-t", "--threads"), "", "thread counts, separated by commas (default: up to the usable cores)"),
        (("-r", "--repetitions"), "3", "of each test"),
    ):
        parser.add_argument(
            *flags, metavar="N", default=default, help=meaning + (f" (default {default})" if default else "")
        )
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    add_settings(parser, only=_BENCH_SETTINGS)
    parsed = parser.parse(arguments)
    prepared = _prepare(parsed)
    if not prepared.settings.app.model:
        parser.error("there is no model: give -m FILE or NAME")
    from tui.run.command import measure

    return measure(prepared.settings, prepared.problems, _bench_plan(parser, parsed), as_json="json" in parsed)


def _bench_plan(parser: ArgumentParser, parsed: argparse.Namespace) -> dict[str, tuple[int, ...]]:
    """The numbers of a bench by name; every one a tuple."""
    numbers: dict[str, tuple[int, ...]] = {}
    for name in ("n_prompt", "n_gen", "n_depth", "threads", "repetitions"):
        text = str(getattr(parsed, name))
        parts = [part.strip() for part in text.split(",") if part.strip()]
        least = 1 if name in ("threads", "repetitions") else 0
        if not all(part.isdecimal() and int(part) >= least for part in parts):
            parser.error(f"--{name.replace('_', '-')} cannot be {text}: it takes whole numbers from {least}")
        numbers[name] = tuple(int(part) for part in parts)
    return numbers


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"run": _run, "models": _models, "bench": _bench}
_BENCH_SETTINGS = [
    "model", "model_dirs", "n_batch", "n_ubatch", "n_gpu_layers", "flash_attn", "cache_type_k", "cache_type_v", "mmap",
    "mlock",
]  # fmt: skip
_COMMANDS_HELP = f"""commands, each with its own --help:
  {PROGRAM} run           one completion for a script: only the completion on standard output
  {PROGRAM} models list   the models on this machine
  {PROGRAM} bench         how fast a model is here"""


@dataclass(frozen=True, slots=True)
class _Prepared:
    settings: Settings
    problems: tuple[str, ...]
    log: RingHandler
    log_path: Path


def _parser(prog: str, needed: str, description: str, epilog: str = "") -> ArgumentParser:
    usage = " ".join(f"%(prog)s {needed} [options]".split())
    parser = ArgumentParser(prog, description, usage=usage, epilog=epilog)
    parser.add_argument("--log-file", metavar="FILE", help="where the log goes, llama.cpp's included")
    return parser


def _add_prompt(parser: ArgumentParser, help_text: str) -> None:
    parser.add_argument("-p", "--prompt", metavar="TEXT", help=help_text)
    parser.add_argument("-f", "--file", metavar="FILE", help="read the prompt from a file, backslashes as they are")
    parser.add_argument(
        "-e",
        "--escape",
        action="store_const",
        const=True,
        help=r"read \n, \t, \xHH and the like in -p, -sys, -r (default)",
    )
    parser.add_argument("--no-escape", dest="escape", action="store_const", const=False, help="leave them as they are")


def _prepare(parsed: argparse.Namespace) -> _Prepared:
    """Everything that a front end needs before it is imported: settings and the log."""
    log_path = Path(parsed.log_file) if "log_file" in parsed else paths.log_file()
    log = configure_logging(log_path)
    report_crashes(log_path)
    given = {name: _unescaped(name, value, parsed) for name, value in given_settings(parsed).items()}
    settings, problems = resolve(with_option_files(parsed, given))
    return _Prepared(settings, tuple(problems), log, log_path)


def _unescaped(name: str, value: Scalar, parsed: argparse.Namespace) -> Scalar:
    if name not in _ESCAPED or not getattr(parsed, "escape", True):
        return value
    return tuple(map(process_escapes, value)) if isinstance(value, tuple) else process_escapes(str(value))


def _prompt(parser: ArgumentParser, parsed: argparse.Namespace) -> str | None:
    """The prompt; None when none was given."""
    source = getattr(parsed, "source", None)
    if source not in (None, STANDARD_INPUT):
        parser.error(f"there is a word too many: {source}. The prompt goes after -p")
    given = [
        text for text in (getattr(parsed, "prompt", None), getattr(parsed, "file", None), source) if text is not None
    ]
    if len(given) > 1:
        parser.error("there is more than one prompt: give one of -p, -f and -")
    if not given:
        return None
    if "prompt" in parsed:
        prompt = process_escapes(parsed.prompt) if getattr(parsed, "escape", True) else well_formed(parsed.prompt)
    else:
        prompt = read_prompt(given[0])
    if not prompt:
        parser.error("the prompt is empty")
    return prompt


def _model_to_open(settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The path of the model to open with, empty for none, and a line on a name in the settings that no model has."""
    if not settings.app.model:
        return "", ()
    from tui.services.find_model import find_model

    try:
        return str(find_model(settings.app.model, settings.app.folders())), ()
    except LocalLLMError as error:
        if settings.origin("model") == COMMAND_LINE:
            raise
        return "", (error.line(),)


def _version() -> str:
    try:
        return version(PROGRAM)
    except PackageNotFoundError:
        return "(not installed)"


def _fail(error: LocalLLMError, status: int) -> int:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"error: {one_line(error.line())}", file=sys.stderr)
    return status
