"""The folder of presets: what is in it, and what a person does with it."""

from __future__ import annotations

import os
import stat
import time
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from tui.core.errors import PresetError
from tui.core.text import one_line
from tui.services.presets_default import default_of, mark, names_of, unmark
from tui.settings.file import reason_of, write_atomically
from tui.settings.paths import presets_dir
from tui.settings.preset_file import Preset, parse, render

LONGEST_NAME = 64
"""Characters of a name."""

_ENDING = ".toml"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the folder.

    Attributes:
        name: its name without the ending. Untrusted text.
        preset: what it means; None where it cannot be used.
        problem: why not, one line.
    """

    name: str
    preset: Preset | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A preset that was deleted.

    Attributes:
        name: what it was called.
        path: where its file lies now.
    """

    name: str
    path: Path


class Presets:
    """Lists, reads, writes, renames, deletes and brings back. Every method may wait for the disk.

    Args:
        folder: where they lie; None for the person's own. It is made with the first preset.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = presets_dir() if folder is None else folder

    def entries(self) -> list[Entry]:
        """All of them by name; a file that cannot be used has its reason.

        Raises:
            PresetError: the folder cannot be read.
        """
        try:
            found = sorted(self.folder.iterdir(), key=lambda path: path.name.casefold())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PresetError(f"the presets cannot be read from {self.folder}", why=reason_of(error)) from None
        return [self._entry(path) for path in found if path.suffix == _ENDING and not path.name.startswith(".")]

    def read(self, name: str) -> Preset:
        """One of them.

        Raises:
            PresetError: there is none of this name, or it cannot be used.
        """
        return parse(name, self.text(name))

    def text(self, name: str) -> str:
        """The text of its file.

        Raises:
            PresetError: there is none of this name, or it cannot be read.
        """
        return _text_of(name, self.path(name))

    def path(self, name: str) -> Path:
        """Where its file lies, whether it is there or not.

        Raises:
            PresetError: this cannot be a name.
        """
        return self.folder / f"{checked_name(name)}{_ENDING}"

    def create(self, preset: Preset) -> None:
        """Write a new one.

        Raises:
            PresetError: there is one of this name already, or it cannot be written.
        """
        path = self._free(preset.name)
        _write(preset.name, path, render(preset))

    def write(self, name: str, text: str) -> None:
        """Put a text in the place of its file's, whatever it means: nothing that was typed is lost.

        Raises:
            PresetError: it cannot be written.
        """
        _write(name, self.path(name), text)

    def rename(self, name: str, new: str) -> None:
        """Give it another name.

        Raises:
            PresetError: there is one of this name already, or the file cannot be moved.
        """
        path = self.path(name)
        if new != name:
            same_file = unicodedata.normalize("NFC", new).casefold() == name.casefold()
            _move(name, path, self.path(new) if same_file else self._free(new))

    def delete(self, name: str) -> Deleted:
        """Take it out of the folder; `restore` brings it back, and its file stays below `.deleted`.

        Raises:
            PresetError: there is none of this name, or the file cannot be moved.
        """
        path = self.path(name)
        target = self.folder / ".deleted" / f"{name}.{time.time_ns()}{_ENDING}"
        _move(name, path, target)
        return Deleted(name, target)

    def restore(self, deleted: Deleted) -> None:
        """Bring back what was deleted.

        Raises:
            PresetError: there is another one of its name by now, or the file cannot be moved.
        """
        _move(deleted.name, deleted.path, self._free(deleted.name))

    def default_for(self, path: str, name: str) -> Preset | None:
        """The preset that is the default for a model; None where none is.

        Args:
            path: the model's file.
            name: its `general.name`.
        """
        return default_of([entry.preset for entry in self.entries() if entry.preset], names_of(path, name))

    def make_default(self, name: str, path: str, general: str) -> bool:
        """Make it the default for a model, in the place of any other; once more takes that back.

        Args:
            name: the preset.
            path: the model's file.
            general: its `general.name`.

        Returns:
            Whether it is the default from now on.

        Raises:
            PresetError: a preset cannot be read or written.
        """
        names = names_of(path, general)
        preset = self.read(name)
        took = unmark(preset, names)
        for other in [entry.preset for entry in self.entries() if entry.preset is not None and entry.name != name]:
            if took is None and (without := unmark(other, names)) is not None:
                self._save(without)
        self._save(took if took is not None else mark(preset, names))
        return took is None

    def _save(self, preset: Preset) -> None:
        _write(preset.name, self.path(preset.name), render(preset, self.text(preset.name)))

    def _free(self, name: str) -> Path:
        path = self.path(name)
        if os.path.lexists(path):
            raise PresetError(f"there is a preset {name} already", hint="take another name")
        return path

    def _entry(self, path: Path) -> Entry:
        name = path.name.removesuffix(_ENDING)
        try:
            return Entry(name, parse(checked_name(name), _text_of(name, path)))
        except PresetError as error:
            return Entry(name, None, one_line(error.why or error.what))


def checked_name(name: str) -> str:
    """A name that can be a file's, in Unicode's composed form.

    Raises:
        PresetError: it cannot: it would lead elsewhere, or could not be typed or shown.
    """
    plain = unicodedata.normalize("NFC", name)
    shown = one_line(name)[:LONGEST_NAME]
    if not plain or plain != plain.strip():
        raise PresetError(f"{shown!r} cannot be the name of a preset", why="a name begins and ends with a letter")
    if len(plain) > LONGEST_NAME or len(plain.encode("utf-8", "replace")) > 200:
        raise PresetError(f"{shown}… cannot be the name of a preset", why=f"{LONGEST_NAME} characters are the most")
    if plain[0] in ".-" or "/" in plain or "\\" in plain or not plain.isprintable():
        why = "slashes, a dot or a dash at its beginning and control characters are not possible"
        raise PresetError(f"{shown} cannot be the name of a preset", why=why)
    return plain


def _text_of(name: str, path: Path) -> str:
    shown = one_line(name)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise PresetError(f"the preset {shown} cannot be used", why="it is not a file")
        if facts.st_size > _MOST_BYTES:
            raise PresetError(f"the preset {shown} cannot be used", why="it is larger than 1 MB")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        hint = "localllm-tui presets list tells which there are"
        raise PresetError(f"there is no preset {shown}", hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PresetError(f"the preset {shown} cannot be used", why=reason_of(error)) from None


def _write(name: str, path: Path, text: str) -> None:
    try:
        # A link is followed, so that a file that is kept elsewhere stays there.
        write_atomically(Path(os.path.realpath(path)), text)
    except (OSError, UnicodeEncodeError) as error:
        raise PresetError(f"the preset {one_line(name)} was not saved", why=reason_of(error)) from None


def _move(name: str, path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.rename(path, target)
    except OSError as error:
        raise PresetError(f"the file of the preset {one_line(name)} was not moved", why=reason_of(error)) from None


def with_name(preset: Preset, name: str) -> Preset:
    """The same under another name."""
    return replace(preset, name=checked_name(name))
