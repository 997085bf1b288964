"""The file of endpoints: names, addresses and where their keys are. A key itself is never in it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.core.endpoints import Endpoint, clean_url
from tui.core.errors import LocalLLMError, SettingError
from tui.core.text import one_line
from tui.settings.file import reason_of, write_atomically
from tui.settings.paths import config_dir

_NEW_FILE = """# Models that other servers run, for localllm-tui. F2 and + in the program add to it.
# key says where the key is, env:NAME or keyring:SERVICE. The key itself does not belong here.
"""
KEY_PLACES = ("env:", "keyring:")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the file says.

    Attributes:
        all: the endpoints, in its order.
        problems: one line for each that was left out.
    """

    all: tuple[Endpoint, ...] = ()
    problems: tuple[str, ...] = ()


def endpoints_file() -> Path:
    """Where the endpoints are kept."""
    return config_dir() / "endpoints.toml"


def read_endpoints(path: Path | None = None) -> Endpoints:
    """What the file says; nothing where there is none. Never raises for what is in it."""
    path = path or endpoints_file()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Endpoints()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return Endpoints(problems=(f"endpoints file {path}: {reason_of(error)}",))
    tables = document.get("endpoint", [])
    found: dict[str, Endpoint] = {}
    problems: list[str] = []
    for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
        try:
            endpoint = _endpoint(table)
            found.setdefault(endpoint.name.casefold(), endpoint)
        except LocalLLMError as error:
            problems.append(f"endpoints file {path}: endpoint {number}: {error.line()}")
    return Endpoints(tuple(found.values()), tuple(problems))


def save_endpoint(endpoint: Endpoint, path: Path | None = None) -> None:
    """Keep an endpoint, in place of one with the same name or the same model at the same address.

    Raises:
        SettingError: it is not complete, or the file cannot be written.
    """
    endpoint = check_endpoint(endpoint)
    table = {"name": endpoint.name, "base_url": endpoint.base_url, "model": endpoint.model, "key": endpoint.key}
    wanted = {key: value for key, value in table.items() if value}

    def change(tables: Any) -> None:
        import tomlkit

        _drop(tables, lambda other: other.name.casefold() == endpoint.name.casefold() or other.path == endpoint.path)
        one = tomlkit.table()
        one.update(wanted)
        one.trivia.indent = "\n"
        tables.append(one)

    _change(path or endpoints_file(), change)


def remove_endpoint(endpoint: Path, path: Path | None = None) -> None:
    """Forget the endpoint that `Endpoint.path` stands for.

    Raises:
        SettingError: the file cannot be written.
    """
    _change(path or endpoints_file(), lambda tables: _drop(tables, lambda other: other.path == endpoint))


def check_endpoint(endpoint: Endpoint) -> Endpoint:
    """An endpoint as it is kept.

    Raises:
        SettingError: its name is missing, its address is none, or its key is no place.
    """
    name, key = endpoint.name.strip(), endpoint.key.strip()
    if not name:
        raise SettingError("An endpoint needs a name")
    if key and not (key.startswith(KEY_PLACES) and key.partition(":")[2].strip()):
        # The text is not repeated: it may be the key itself.
        raise SettingError("The key is not kept here", hint="say where it is: env:NAME or keyring:SERVICE")
    return Endpoint(one_line(name), clean_url(endpoint.base_url), endpoint.model.strip(), key)


def _endpoint(table: Any) -> Endpoint:
    if not isinstance(table, dict):
        raise SettingError("it must be a table, written [[endpoint]]")
    texts = {key: table.get(key, "") for key in ("name", "base_url", "model", "key")}
    if wrong := [key for key, value in texts.items() if not isinstance(value, str)]:
        raise SettingError(f"{wrong[0]} must be a text")
    return check_endpoint(Endpoint(**texts))


def _drop(tables: Any, unwanted: Callable[[Endpoint], bool]) -> None:
    for at in reversed(range(len(tables))):
        try:
            endpoint = _endpoint(dict(tables[at].unwrap()))
        except LocalLLMError:
            continue  # what is not understood stays as the person wrote it
        if unwanted(endpoint):
            del tables[at]


def _change(path: Path, change: Callable[[Any], None]) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    target = Path(os.path.realpath(path))
    try:
        document = tomlkit.parse(target.read_text(encoding="utf-8-sig") if target.exists() else _NEW_FILE)
        if "endpoint" not in document:
            document["endpoint"] = tomlkit.aot()
        change(document["endpoint"])
        text = document.as_string()
        tomllib.loads(text)
        write_atomically(target, text)
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, TOMLKitError, RecursionError) as error:
        raise SettingError(
            f"the endpoints were not saved to {path}", why=reason_of(error), hint="correct or remove the file"
        ) from error
