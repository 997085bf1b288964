"""Which file a model's name means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tui.catalogue.entry import ModelEntry
from tui.catalogue.scan import scan
from tui.core.errors import ModelFileError

_SHOWN = 4


def find_model(text: str, folders: Sequence[Path]) -> Path:
    """The file that `text` means: a path, or a name that only one of the models on this machine has.

    A path is not looked at; loading it tells what is wrong with it.

    Args:
        text: as typed after `-m`.
        folders: where to search for a name, besides the Hugging Face cache and installed packages.

    Raises:
        ModelFileError: no model has this name, or several do.
    """
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if "/" in text or path.suffix.lower() == ".gguf" or path.exists():
        return path
    return choose_model(text, scan(folders))


def choose_model(name: str, entries: Iterable[ModelEntry]) -> Path:
    """The file of the one model called `name`; the case of letters does not count, and a part of a name is enough.

    Raises:
        ModelFileError: no model has this name, or several do.
    """
    wanted = name.casefold()
    known = list(entries)
    exact = [entry for entry in known if wanted in _names(entry)]
    found = exact or [entry for entry in known if any(wanted in full for full in _names(entry))]
    found = [entry for entry in found if not entry.problem] or found
    files = list(dict.fromkeys(entry.path for entry in found))
    if not files:
        raise ModelFileError(f"no model here is called {name}", hint="see localllm-tui models list, or give a file")
    if len(files) > 1:
        shown = ", ".join(file.stem for file in files[:_SHOWN]) + (", …" if len(files) > _SHOWN else "")
        raise ModelFileError(
            f"{len(files)} models are called {name}", why=shown, hint="give more of the name, or the file"
        )
    return files[0]


def _names(entry: ModelEntry) -> tuple[str, ...]:
    return entry.name.casefold(), entry.path.stem.casefold(), entry.path.name.casefold()
