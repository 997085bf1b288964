"""`serve`: the command line of the server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.core.addresses import is_loopback
from tui.core.errors import ModelFileError
from tui.server.options import ServeOptions
from tui.settings.arguments import ArgumentParser, add_settings
from tui.settings.settings import COMMAND_LINE, Settings

if TYPE_CHECKING:
    from tui.services.model_host import ModelHost
    from tui.services.served import Served, ServeWish

KEY_VARIABLE = "LOCALLLM_API_KEY"


def make_server(host: ModelHost, wish: ServeWish) -> Served:
    """Serve what the application has loaded; the server is imported when the person asks for it.

    Raises:
        LocalLLMError: it cannot be served.
    """
    from tui.server.beside import serve_beside

    return serve_beside(host, wish)


def serve(arguments: Sequence[str]) -> int:
    """Serve a model.

    Args:
        arguments: what follows `serve`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it cannot be served; the line says why.
    """
    parser = _parser()
    parsed = parser.parse(arguments)
    if "systemd" in parsed:
        from tui.cli_unit import unit_text

        print(unit_text(parser, parsed, arguments, _options(parser, parsed, several=False)), end="")
        return 0
    prepared = prepare(parsed)
    # Imported here: neither the server nor what finds a model is needed to read the arguments.
    from tui.server.command import serve as run_server

    models, status = _models(parser, parsed, prepared.settings)
    if not models:
        return status
    options, notes = _with_key(parser, parsed, _options(parser, parsed, several=len(models) > 1))
    load = replace(
        prepared.settings.load, embeddings="embedding" in parsed, pooling=getattr(parsed, "pooling", "model")
    )
    if options.alias and len(models) == 1:
        models = {options.alias: next(iter(models.values()))}
    return run_server(models, load, prepared.settings.generation, options, prepared.problems, notes)


def _with_key(
    parser: ArgumentParser, parsed: argparse.Namespace, options: ServeOptions
) -> tuple[ServeOptions, tuple[str, ...]]:
    """The options with the person's kept key where one is needed and none was given; and what is said of it.

    A key that is made now is shown once, to a person at a terminal: elsewhere what is said ends up in a log.

    Raises:
        SettingError: there is no key, and none can be kept.
    """
    from tui.services.kept_key import key_for_servers, renew_key
    from tui.settings.paths import serve_key_file

    another, given = "new_api_key" in parsed, bool(options.api_keys or options.api_key_file)
    if another and (given or options.no_api_key):
        parser.error(f"--new-api-key goes without other keys (--api-key, --api-key-file, {KEY_VARIABLE}, --no-api-key)")
    if not another and (given or options.no_api_key or is_loopback(options.host)):
        return options, ()
    key, made = (renew_key(), True) if another else key_for_servers()
    file = serve_key_file()
    if not made:
        notes: tuple[str, ...] = (f"the key is the one in {file}; --new-api-key makes another",)
    elif sys.stderr.isatty():
        notes = (f"the key, shown only now: {key}", f"it is kept in {file}")
    else:
        notes = (f"a new key was made; it is in {file}",)
    return replace(options, api_key_file=str(file)), notes


def _models(parser: ArgumentParser, parsed: argparse.Namespace, settings: Settings) -> tuple[dict[str, Path], int]:
    """The files to serve, by name; none, with the exit status, where the one could not be fetched.

    Raises:
        LocalLLMError: there are none.
    """
    from tui.run.command import model_of
    from tui.services.find_model import local_file
    from tui.services.model_pool import model_name

    app = settings.app
    named = COMMAND_LINE in (settings.origin("model"), settings.origin("hf_repo"))
    if settings.origin("model_dirs") == COMMAND_LINE and not named:
        return models_in(Path(app.model_dirs[0]).expanduser(), *map(Path, app.model_dirs[1:])), 0
    if not app.model and not app.hf_repo:
        parser.error("there is no model: give -m FILE or NAME, -hf OWNER/REPO, or --models-dir FOLDER")
    path, status = model_of(settings)
    return ({model_name(path): local_file(path, "serve")} if path else {}), status


def models_in(*folders: Path) -> dict[str, Path]:
    """The models of folders and those in them, by the names that clients use.

    Raises:
        ModelFileError: there is none.
    """
    from tui.catalogue.folders import gguf_files
    from tui.catalogue.scan import entry_of
    from tui.services.model_pool import model_name

    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ModelFileError(f"{folder} is no folder")
        for path in sorted(gguf_files(folder)):
            entry = entry_of(path, "folder", str(folder))
            if entry.loadable or entry.kind == "embedding":
                found.setdefault(model_name(entry.path), entry.path)
    if not found:
        raise ModelFileError(f"there is no model in {folders[0]}", hint="name a folder with GGUF files")
    return found


def _parser() -> ArgumentParser:
    parser = make_parser(
        f"{PROGRAM} serve",
        "(-m FILE|NAME | -hf OWNER/REPO)",
        "Serve a model to OpenAI's clients and to llama-server's.",
    )
    for flag, name, meaning in (
        ("--host", "ADDRESS", "address to listen at (default 127.0.0.1: this machine alone)"),
        ("--port", "N", "port to listen at (default 8080; 0 takes a free one)"),
        ("--api-key-file", "FILE", "file with one key a line; SIGHUP reads it again"),
        ("--alias", "NAME", "what clients know the model as (default: the file's name)"),
        ("--timeout", "SECONDS", "how long a client may take to read what it is sent (default 600)"),
        ("--max-waiting", "N", "requests that may wait; more get status 429 (default 64)"),
        ("--sleep-idle", "SECONDS", "give a model's memory back when nobody used it for so long (default: never)"),
        ("--stop-seconds", "SECONDS", "how long requests under way may go on after a first signal (default 10)"),
        ("--ssl-key-file", "FILE", "private key, for https"),
        ("--ssl-cert-file", "FILE", "certificate, for https"),
    ):
        parser.add_argument(flag, metavar=name, help=meaning)
    parser.add_argument("-np", "--parallel", metavar="N", help="requests that are answered side by side (default 4)")
    parser.add_argument(
        "--api-key", action="append", metavar="KEY", help=f"key that clients need; {KEY_VARIABLE} hides it from others"
    )
    parser.add_argument(
        "--embedding", "--embeddings", action="store_true", help="turn texts into vectors, instead of writing any"
    )
    parser.add_argument(
        "--pooling", choices=("mean", "cls", "last"), help="how the vectors of tokens become one (default: the model's)"
    )
    parser.add_argument(
        "--new-api-key",
        action="store_true",
        help="make another key in place of the kept one, show it, and serve with it",
    )
    parser.add_argument("--no-api-key", action="store_true", help="serve other machines without a key")
    parser.add_argument(
        "--cors-origin", action="append", metavar="ORIGIN", help="origin whose pages may ask; * for all (default none)"
    )
    parser.add_argument(
        "--transcripts", action="store_true", help="keep prompts and answers in memory, for localllm-tui attach to show"
    )
    parser.add_argument(
        "--systemd", action="store_true", help="print a systemd unit that serves with these options, and end"
    )
    add_settings(parser)
    return parser


def _options(parser: ArgumentParser, parsed: argparse.Namespace, *, several: bool) -> ServeOptions:
    usual = ServeOptions()
    keys = [*getattr(parsed, "api_key", []), *os.environ.pop(KEY_VARIABLE, "").split(",")]
    key_file, cert_file = getattr(parsed, "ssl_key_file", ""), getattr(parsed, "ssl_cert_file", "")
    if not all(key.strip() for key in getattr(parsed, "api_key", [])):
        parser.error("--api-key is empty; --no-api-key says that none is wanted")
    if bool(key_file) != bool(cert_file):
        parser.error("--ssl-key-file and --ssl-cert-file belong together")
    return ServeOptions(
        host=getattr(parsed, "host", usual.host),
        port=_number(parser, parsed, "port", 0, 65535),
        parallel=_number(parser, parsed, "parallel", 1, 64),
        api_keys=tuple(key.strip() for key in keys if key.strip()),
        api_key_file=getattr(parsed, "api_key_file", ""),
        no_api_key="no_api_key" in parsed,
        cors_origins=tuple(getattr(parsed, "cors_origin", [])),
        alias=getattr(parsed, "alias", ""),
        timeout=_number(parser, parsed, "timeout", 1, 86_400),
        max_waiting=_number(parser, parsed, "max_waiting", 0, 10_000),
        loads_on_request=several or "sleep_idle" in parsed,
        sleep_idle=_number(parser, parsed, "sleep_idle", 1, 10_000_000),
        ssl_key_file=key_file,
        ssl_cert_file=cert_file,
        transcripts="transcripts" in parsed,
        stop_seconds=_number(parser, parsed, "stop_seconds", 0, 3600),
    )


def _number(parser: ArgumentParser, parsed: argparse.Namespace, name: str, least: int, most: int) -> int:
    text = getattr(parsed, name, None)
    if text is None:
        return int(getattr(ServeOptions(), name))
    if not text.strip().isdecimal() or not least <= int(text) <= most:
        parser.error(f"--{name.replace('_', '-')} cannot be {text}: it takes a whole number from {least} to {most}")
    return int(text)
