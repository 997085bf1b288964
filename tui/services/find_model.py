"""Which file a model's name means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tui.catalogue.entry import ModelEntry
from tui.catalogue.found import find_files, ollama_files
from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.scan import entry_of, scan
from tui.catalogue.split import parts_of
from tui.core.endpoints import address_of, endpoint_path, is_address, parse_address
from tui.core.errors import ModelFileError, SettingError
from tui.core.text import one_line
from tui.settings.endpoints import read_endpoints
from tui.settings.settings import CHANGED, COMMAND_LINE, DEFAULT, ENVIRONMENT, SETTINGS_FILE, Settings

_SHOWN = 4
_WEIGHT = (DEFAULT, SETTINGS_FILE, ENVIRONMENT, COMMAND_LINE, CHANGED)
"""Origins of a setting, the weakest first."""


def wants_hub(settings: Settings) -> bool:
    """Whether the model to load is the one named by -hf: it is, unless -m was said with more weight.

    Raises:
        SettingError: the command line names both.
    """
    if not settings.app.hf_repo:
        return False
    if settings.origin("hf_repo") == settings.origin("model") == COMMAND_LINE and settings.app.model:
        raise SettingError("there are two models: give one of -m and -hf")
    hub, file = (_WEIGHT.index(settings.origin(name)) for name in ("hf_repo", "model"))
    return not settings.app.model or hub >= file


def find_model(text: str, folders: Sequence[Path]) -> Path:
    """The file that `text` means: a path, or a name that only one of the models on this machine has.

    A path is not looked at; loading it tells what is wrong with it. An address (`http://host:port/v1#model`) or the
    name of an endpoint gives what stands for the endpoint.

    Args:
        text: as typed after `-m`.
        folders: where to search for a name, besides the Hugging Face cache and installed packages.

    Raises:
        ModelFileError: no model has this name, or several do.
    """
    if (endpoint := endpoint_named(text)) is not None:
        return endpoint
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if path.suffix.lower() == ".gguf" or path.exists():
        return path
    if "/" in text:
        # Ollama's names of models that are not its own: owner/model:tag.
        return next((found.path for found in ollama_files() if found.name == text and found.kind == "model"), path)
    return choose_model(text, scan(folders, HeaderCache()))


def endpoint_named(text: str) -> Path | None:
    """What stands for the endpoint that `text` means, an address or the name of a kept one; None where it is none.

    Raises:
        SettingError: it is an address of no server.
    """
    if is_address(text):
        return endpoint_path(*parse_address(text))
    if Path(text).expanduser().exists():
        return None
    wanted = text.strip().casefold()
    return next((one.path for one in read_endpoints().all if one.name.casefold() == wanted), None)


def local_file(path: Path, what: str) -> Path:
    """`path` itself, where it is a file's.

    Raises:
        ModelFileError: it stands for an endpoint; the line says that `what` needs a model that runs here.
    """
    if address_of(path) is not None:
        raise ModelFileError(f"{what} needs a model that runs here", why="an endpoint runs on another server")
    return path


def choose_model(name: str, entries: Iterable[ModelEntry]) -> Path:
    """The file of the one model called `name`; the case of letters does not count, and a part of a name is enough.

    Raises:
        ModelFileError: no model has this name, or several do.
    """
    return choose_entry(name, entries).path


def choose_entry(name: str, entries: Iterable[ModelEntry]) -> ModelEntry:
    """The one model called `name`, or the one whose file that is.

    Raises:
        ModelFileError: no model has this name, or several do.
    """
    wanted, path = name.casefold(), Path(os.path.expanduser(name)).absolute()
    known = list({entry.path: entry for entry in entries}.values())
    for entry in known:
        if entry.path.absolute() == path:
            return entry
    for entry in known:
        if str(path) in entry.also_at:
            return entry
    exact = [entry for entry in known if wanted in _names(entry)]
    found = exact or [entry for entry in known if any(wanted in full for full in _names(entry))]
    found = [entry for entry in found if not entry.problem] or found
    files = list(dict.fromkeys(entry.path for entry in found))
    if not files:
        raise ModelFileError(f"no model here is called {name}", hint="see localllm-tui models list, or give a file")
    if len(files) > 1:
        called = list(dict.fromkeys(entry.name if entry.source == "ollama" else entry.path.stem for entry in found))
        shown = ", ".join(called[:_SHOWN]) + (", …" if len(called) > _SHOWN else "")
        raise ModelFileError(
            f"{len(files)} models are called {name}", why=shown, hint="give more of the name, or the file"
        )
    return found[0]


def entry_at(entry: ModelEntry, name: str, folders: Sequence[Path]) -> ModelEntry:
    """The model as it lies at the file called `name`; `entry` where that is no other place of it.

    What is deleted by its file must be that file, and not another link to the same bytes that was found first.

    Args:
        entry: what `choose_entry` gave for `name`.
        name: a file, or the model's name.
        folders: those that were searched.
    """
    path = Path(os.path.expanduser(name)).absolute()
    if entry.path.absolute() == path or str(path) not in entry.also_at:
        return entry
    others = (str(entry.path), *(other for other in entry.also_at if other != str(path)))
    for found in find_files(folders):
        first = parts_of(found.path)[0]
        if str(first) == str(path):
            return replace(entry_of(first, found.source, found.origin), also_at=others)
    raise ModelFileError(f"{one_line(name)} is not there any more", hint="search again")


def _names(entry: ModelEntry) -> tuple[str, ...]:
    others = [other for other in entry.also_at if not other.startswith("/")]
    names = [entry.name, *others, *(name.removesuffix(":latest") for name in (entry.name, *others))]
    if entry.source != "ollama":
        names += [entry.path.stem, entry.path.name]
    return tuple(name.casefold() for name in names)
