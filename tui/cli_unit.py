"""`serve --systemd`: the person's options as a unit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.core.addresses import is_loopback
from tui.core.errors import SettingError
from tui.server.options import ServeOptions
from tui.server.unit import Unit, absolute
from tui.settings.arguments import ArgumentParser, given_settings

_LEFT_OUT = ("--systemd", "--api-key", "--new-api-key")
_PATHS = (
    "--model", "--models-dir", "--api-key-file", "--ssl-key-file", "--ssl-cert-file", "--log-file", "--grammar-file",
    "--json-schema-file", "--chat-template-file", "--download-dir",
)  # fmt: skip


def unit_text(
    parser: ArgumentParser, parsed: argparse.Namespace, arguments: Sequence[str], options: ServeOptions
) -> str:
    """The unit that serves with these arguments. Keys on the command line are left out: they belong in a file.

    Args:
        parser: the parser of `serve`.
        parsed: the arguments as it read them.
        arguments: the arguments as they were typed.
        options: what they come to.

    Raises:
        SettingError: no model is named.
    """
    given = given_settings(parsed)
    if not any(given.get(name) for name in ("model", "hf_repo", "model_dirs")):
        raise SettingError(
            "there is no model for the service", hint="give -m FILE, -hf OWNER/REPO, or --models-dir FOLDER"
        )
    words = [word for group, _ in parser.grouped(arguments) for word in _group(group)]
    guarded = bool(options.api_key_file) or options.no_api_key or is_loopback(options.host)
    return Unit(
        [*_program(), "serve", *words],
        needs_key=not guarded or bool(options.api_keys),
        stop_seconds=options.stop_seconds,
        low_port=0 < options.port < 1024,
        gpu=bool(given.get("n_gpu_layers")),
        locks_memory=bool(given.get("mlock")),
    ).text()


def _group(group: list[str]) -> list[str]:
    """A flag with its values, as the unit has them."""
    flag, tied, value = group[0].partition("=")
    long = {"-m": "--model"}.get(flag, flag)
    if flag in _LEFT_OUT:
        return []
    if long not in _PATHS:
        return group
    if tied:
        return [f"{flag}={_path(long, value)}"]
    return [flag, *(_path(long, word) for word in group[1:])]


def _path(flag: str, word: str) -> str:
    found = absolute(word)
    if found != word or flag != "--model" or Path(word).is_absolute():
        return found
    from tui.services.find_model import find_model
    from tui.settings.app_params import AppParams

    return str(find_model(word, AppParams().folders()).absolute())  # the service's user has other folders


def _program() -> list[str]:
    """How this program is started, whoever starts it."""
    script = Path(sys.argv[0])
    if script.name == "localllm-tui" and script.exists():
        return [str(script.absolute())]
    return [sys.executable, "-m", "tui"]
