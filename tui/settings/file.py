"""The settings file: TOML that people edit by hand, so comments, order and unknown keys survive a save."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.core.errors import SettingError
from tui.core.options import Option, Scalar
from tui.settings.paths import private_dir
from tui.settings.settings import SECTIONS, option_named, option_names, section_of, suggestion

if TYPE_CHECKING:
    import tomlkit

_NEW_FILE = "# Settings of localllm-tui. Every setting, its range and its default: README.md, or F4 in the program.\n"


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a settings file says.

    Attributes:
        values: the settings it sets, checked.
        problems: one line for each thing in it that was not understood.
    """

    values: Mapping[str, Scalar] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read(path: Path) -> FileContent:
    """What the file at `path` sets; nothing when there is no file. Never raises for what is in it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return FileContent()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return FileContent(problems=(f"settings file {path}: {reason_of(error)}. Defaults are used",))
    values: dict[str, Scalar] = {}
    problems: list[str] = []
    for key, content in document.items():
        _read_table(key, content, values, problems)
    return FileContent(values, tuple(f"settings file {path}: {problem}" for problem in problems))


def save(path: Path, changes: Mapping[str, Scalar]) -> None:
    """Writes `changes` into the file at `path`, atomically, and leaves everything else in it as it is.

    A symbolic link is followed, so that a file kept elsewhere stays there. The file is readable by its owner only.

    Raises:
        SettingError: a value is not allowed, the file is not valid TOML (it is left alone), or it cannot be written.
    """
    import tomlkit  # slow to import, and only needed here
    from tomlkit.exceptions import TOMLKitError

    checked = {name: option_named(name).check(value) for name, value in changes.items()}
    target = Path(os.path.realpath(path))
    try:
        old = target.read_text(encoding="utf-8-sig") if target.exists() else _NEW_FILE
        tomllib.loads(old)
        document = tomlkit.parse(old)
        for name, value in checked.items():
            _set(document, section_of(name), name, to_toml(option_named(name), value))
        text = document.as_string()
        tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TOMLKitError, RecursionError) as error:
        raise SettingError(
            f"settings were not saved to {path}",
            why=reason_of(error),
            hint="correct or remove the file, then save again",
        ) from error
    try:
        write_atomically(target, text)
    except (OSError, UnicodeEncodeError) as error:
        raise SettingError(f"settings were not saved to {path}", why=reason_of(error)) from error


def _read_table(key: str, content: object, values: dict[str, Scalar], problems: list[str]) -> None:
    if key not in {section.key for section in SECTIONS}:
        problems.append(_unknown(key, "the file"))
        return
    if not isinstance(content, dict):
        problems.append(f"{key} must be a table, written [{key}]")
        return
    for name, value in content.items():
        if name not in option_names() or section_of(name) != key:
            problems.append(_unknown(name, f"[{key}]"))
            continue
        try:
            values[name] = from_toml(option_named(name), value)
        except SettingError as error:
            problems.append(error.line())


def _unknown(name: str, place: str) -> str:
    near = name if name in option_names() else suggestion(name)
    hint = f". Did you mean {near} in [{section_of(near)}]?" if near else ""
    return f"{name} is not a setting of {place}{hint}"


def from_toml(spec: Option, value: object) -> Scalar:
    """The value of a setting as TOML says it.

    Raises:
        SettingError: the setting cannot have it.
    """
    if isinstance(value, str) and value.lower() in {word for _, word in spec.words}:
        return spec.parse(value)
    return spec.check(value)


def to_toml(spec: Option, value: Scalar) -> object:
    """A setting's value as TOML takes it; named values by their names."""
    if any(value == named for named, _ in spec.words):
        return spec.format(value)
    return list(value) if isinstance(value, tuple) else value


def _set(document: tomlkit.TOMLDocument, section: str, name: str, value: Any) -> None:
    import tomlkit

    if section not in document:
        document[section] = tomlkit.table()
    table: Any = document[section]
    if not hasattr(table, "keys"):
        raise SettingError(f"settings were not saved: {section} must be a table, written [{section}]")
    table[name] = value


def write_atomically(target: Path, text: str) -> None:
    """Puts a file with `text` in the place of the one at `target`, for its owner alone; the folder is made.

    Raises:
        OSError: it cannot be written; what was there is as it was.
        UnicodeEncodeError: the text has half a surrogate pair.
    """
    private_dir(target.parent)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason_of(error: Exception) -> str:
    """Why a file could not be read or written, in a few words."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return f"not valid TOML: {error}".rstrip(".")
