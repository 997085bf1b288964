"""`serve`: the command line of the server."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace

from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.server.options import ServeOptions
from tui.settings.arguments import ArgumentParser, add_settings

KEY_VARIABLE = "LOCALLLM_API_KEY"


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
    prepared = prepare(parsed)
    app = prepared.settings.app
    if not app.model and not app.hf_repo:
        parser.error("there is no model: give -m FILE or NAME, or -hf OWNER/REPO")
    options = _options(parser, parsed)
    # Imported here: neither the server nor what finds a model is needed to read the arguments.
    from tui.run.command import model_of
    from tui.server.command import makes_vectors
    from tui.server.command import serve as run_server

    model, status = model_of(prepared.settings)
    if model is None:
        return status
    load = replace(
        prepared.settings.load,
        embeddings="embedding" in parsed or makes_vectors(model),
        pooling=getattr(parsed, "pooling", "model"),
    )
    return run_server(prepared.settings, load, model, options, prepared.problems)


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
    parser.add_argument("--no-api-key", action="store_true", help="serve other machines without a key")
    parser.add_argument(
        "--cors-origin", action="append", metavar="ORIGIN", help="origin whose pages may ask; * for all (default none)"
    )
    add_settings(parser)
    return parser


def _options(parser: ArgumentParser, parsed: argparse.Namespace) -> ServeOptions:
    usual = ServeOptions()
    keys = [*getattr(parsed, "api_key", []), *os.environ.pop(KEY_VARIABLE, "").split(",")]
    key_file, cert_file = getattr(parsed, "ssl_key_file", ""), getattr(parsed, "ssl_cert_file", "")
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
        ssl_key_file=key_file,
        ssl_cert_file=cert_file,
    )


def _number(parser: ArgumentParser, parsed: argparse.Namespace, name: str, least: int, most: int) -> int:
    text = getattr(parsed, name, None)
    if text is None:
        return int(getattr(ServeOptions(), name))
    if not text.strip().isdecimal() or not least <= int(text) <= most:
        parser.error(f"--{name.replace('_', '-')} cannot be {text}: it takes a whole number from {least} to {most}")
    return int(text)
