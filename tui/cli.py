"""The door: reads the command line, then imports exactly one front end."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from tui import __version__
from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.cli_attach import attach
from tui.cli_chats import chats
from tui.cli_doctor import doctor
from tui.cli_models import models
from tui.cli_presets import add_preset, answers_of, checked_preset, presets
from tui.cli_serve import KEY_VARIABLE, make_server, serve
from tui.cli_streams import fill_closed, make_legible
from tui.cli_worker import worker
from tui.core.errors import LocalLLMError, SettingError
from tui.core.escapes import process_escapes
from tui.core.text import one_line, well_formed
from tui.services.option_files import add_option_files
from tui.services.prompt_source import STANDARD_INPUT, read_prompt
from tui.services.standard_input import take_piped
from tui.settings.arguments import ArgumentParser, add_settings
from tui.settings.settings import COMMAND_LINE, Settings

DONE, FAILED, BAD_ARGUMENTS, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: the arguments after the program's name; the process's own when None.

    Returns:
        The exit status: 0 done, 1 failed (one line on standard error), 2 bad arguments, 130 interrupted.
    """
    fill_closed()
    make_legible()
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
    parser = make_parser(PROGRAM, "", "Run a local LLM from any terminal, and see what it does.", _COMMANDS_HELP)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="print the version")
    _add_prompt(parser, "text to complete: opens the completion view with it running")
    add_preset(parser, asks=True)
    add_option_files(parser)
    add_settings(parser)
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    prompt = _prompt(parser, parsed)
    model, hub_model, problem = _model_to_open(prepared.settings)
    preset = checked_preset(parsed)
    piped = take_piped()
    if getattr(parsed, "file", None) == STANDARD_INPUT:
        piped = None  # it was the prompt
    from tui.app.app import run_app
    from tui.services.launch import Launch

    problems = (*prepared.problems, *problem)
    launch = Launch(prepared.settings, problems, model, prompt, prepared.log, prepared.log_path, hub_model)
    key = os.environ.pop(KEY_VARIABLE, "").partition(",")[0].strip()
    return run_app(replace(launch, stdin=piped, preset=preset, make_server=make_server, serve_key=key))


def _run(arguments: Sequence[str]) -> int:
    parser = make_parser(
        f"{PROGRAM} run",
        "(-m FILE|NAME | -hf OWNER/REPO) (-p TEXT | -f FILE | -)",
        "Complete one prompt. Only the completion goes to standard output.",
    )
    parser.add_argument("source", nargs="?", metavar="-", help="read the prompt from standard input")
    _add_prompt(parser, "text to complete, as it is: no chat template")
    parser.add_argument(
        "--chat", action="store_true", help="make a chat message of the prompt; -sys sets the system prompt"
    )
    add_preset(parser, asks=False)
    parser.add_argument("--perf", action="store_const", const=True, help="timings on standard error (default)")
    parser.add_argument("--no-perf", dest="perf", action="store_const", const=False, help="no timings")
    add_option_files(parser)
    add_settings(parser)
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    app = prepared.settings.app
    if not app.model and not app.hf_repo:
        parser.error("there is no model: give -m FILE or NAME, or -hf OWNER/REPO")
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
        preset=getattr(parsed, "preset", ""),
        answers=answers_of(parser, parsed),
    )


def _bench(arguments: Sequence[str]) -> int:
    description = "How fast a model reads and writes on this machine."
    parser = make_parser(f"{PROGRAM} bench", "(-m FILE|NAME | -hf OWNER/REPO)", description)
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
    prepared = prepare(parsed)
    app = prepared.settings.app
    if not app.model and not app.hf_repo:
        parser.error("there is no model: give -m FILE or NAME, or -hf OWNER/REPO")
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


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": _run,
    "serve": serve,
    "attach": attach,
    "models": models,
    "chats": chats,
    "presets": presets,
    "worker": worker,
    "bench": _bench,
    "doctor": doctor,
}
_BENCH_SETTINGS = [
    "model", "model_dirs", "hf_repo", "offline", "download_dir", "n_batch", "n_ubatch", "n_gpu_layers", "flash_attn",
    "rpc", "tensor_split",
    "cache_type_k", "cache_type_v", "mmap", "mlock",
]  # fmt: skip
_COMMANDS_HELP = f"""commands, each with its own --help:
  {PROGRAM} run           one completion for a script: only the completion on standard output
  {PROGRAM} serve         a model for OpenAI's clients, over HTTP
  {PROGRAM} attach        the requests of a server elsewhere, as they run
  {PROGRAM} models        list, show, search, pull, rm: models here and on the Hugging Face Hub
  {PROGRAM} chats         list, search, export, import, replay: the conversations that are kept
  {PROGRAM} presets       list, show, import: named system prompts with settings and first turns
  {PROGRAM} worker        hold layers of a model that another machine runs
  {PROGRAM} bench         how fast a model is here
  {PROGRAM} doctor        what works here, what does not, and what to do about it"""


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


def _model_to_open(settings: Settings) -> tuple[str, str, tuple[str, ...]]:
    """The path of the model to open with, or the Hub's name of one to fetch, each empty for none; and a line on a name
    in the settings that no model has."""
    if not settings.app.model and not settings.app.hf_repo:
        return "", "", ()
    from tui.services.find_model import find_model, wants_hub

    try:
        if wants_hub(settings):
            return *_hub_model(settings), ()
        model = settings.app.model
        return str(find_model(model, settings.app.folders())) if model else "", "", ()
    except LocalLLMError as error:
        if COMMAND_LINE in (settings.origin("model"), settings.origin("hf_repo")):
            raise
        return "", "", (error.line(),)


def _hub_model(settings: Settings) -> tuple[str, str]:
    from tui.services.hub_models import download_folder, find_cached, offline_line

    text = settings.app.hf_repo
    if (path := find_cached(text, download_folder(settings))) is not None:
        return str(path), ""
    if settings.app.offline:
        raise offline_line(one_line(text))
    return "", text


def _fail(error: LocalLLMError, status: int) -> int:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"error: {one_line(error.line())}", file=sys.stderr)
    return status
