"""Writing a text to a file that the person names: nothing is overwritten unasked, and no link is followed."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from tui.core.errors import LocalLLMError
from tui.core.text import one_line, well_formed

_EXTENSIONS = {
    "bash": "sh", "sh": "sh", "shell": "sh", "zsh": "sh", "console": "sh", "fish": "fish", "powershell": "ps1",
    "c": "c", "h": "h", "c++": "cpp", "cpp": "cpp", "cs": "cs", "csharp": "cs", "css": "css", "csv": "csv",
    "dart": "dart", "diff": "diff", "patch": "diff", "dockerfile": "dockerfile", "elixir": "ex", "erlang": "erl",
    "go": "go", "golang": "go", "haskell": "hs", "html": "html", "ini": "ini", "java": "java", "javascript": "js",
    "js": "js", "jsx": "jsx", "json": "json", "jsonl": "jsonl", "julia": "jl", "kotlin": "kt", "latex": "tex",
    "tex": "tex", "lua": "lua", "makefile": "mk", "markdown": "md", "md": "md", "nix": "nix", "objective-c": "m",
    "ocaml": "ml", "perl": "pl", "php": "php", "py": "py", "python": "py", "python3": "py", "r": "r", "ruby": "rb",
    "rb": "rb", "rs": "rs", "rust": "rs", "scala": "scala", "sql": "sql", "swift": "swift", "toml": "toml",
    "ts": "ts", "tsx": "tsx", "typescript": "ts", "vim": "vim", "xml": "xml", "yaml": "yaml", "yml": "yaml",
    "zig": "zig",
}  # fmt: skip
"""How files in a language end. Only these are suggested, whatever a model writes behind its fence."""


class FileTakenError(LocalLLMError):
    """There is a file of this name already."""


def suggested_name(language: str, folder: Path) -> str:
    """A name that no file in a folder has: `code-1.py` for the first one in Python.

    Args:
        language: as the model wrote it; one that is not known makes a text file.
        folder: where the file will lie.
    """
    extension = _EXTENSIONS.get(language.strip().lower(), "txt")
    names = (f"code-{number}.{extension}" for number in range(1, 1000))
    return next((name for name in names if not os.path.lexists(folder / name)), f"code.{extension}")


def target(name: str, folder: Path) -> Path:
    """The file that the person means.

    Args:
        name: a path as typed; `~` is the home directory.
        folder: what a relative path begins at.

    Raises:
        LocalLLMError: no file can have this name, or there is no folder for it.
    """
    if not name.strip():
        raise LocalLLMError("The file has no name yet")
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise LocalLLMError("This name has control characters in it")
    try:
        path = folder / Path(name.strip()).expanduser()
        if name.strip().endswith(("/", "/.", "/..")) or path.is_dir():
            raise LocalLLMError(f"{_shown(path)} is a folder", hint="add a file name")
        parent = path.parent.resolve(strict=True)
        if not parent.is_dir():
            raise LocalLLMError(f"{_shown(parent)} is not a folder")
    except FileNotFoundError:
        raise LocalLLMError(f"There is no folder {_shown(path.parent)}", hint="make it first") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise LocalLLMError("This name cannot be used", why=_why(error)) from None
    return parent / path.name


def save_text(text: str, path: Path, *, overwrite: bool = False) -> None:
    """Write a text to a file, all of it or nothing, with a line break at its end.

    Args:
        text: what to write.
        path: where, as `target` gave it.
        overwrite: whether a file that is there may be replaced.

    Raises:
        FileTakenError: there is a file already.
        LocalLLMError: there is a link or something else that is no file, or the file cannot be written.
    """
    _check(path, overwrite)
    raw = well_formed(text if text.endswith("\n") else f"{text}\n").encode()
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".save-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), _mode(path))
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            _move(name, path, overwrite)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise LocalLLMError(f"{_shown(path)} cannot be written", why=_why(error)) from None


def _check(path: Path, overwrite: bool) -> None:
    try:
        kind = path.lstat().st_mode
    except OSError:
        return  # nothing there, or nothing that can be known: writing will tell
    if stat.S_ISLNK(kind):
        raise LocalLLMError(
            f"{_shown(path)} is a link", why=f"to {one_line(os.readlink(path))}", hint="name a file itself"
        )
    if not stat.S_ISREG(kind):
        raise LocalLLMError(f"{_shown(path)} is not a file")
    if not overwrite:
        raise _taken(path)


def _move(name: str, path: Path, overwrite: bool) -> None:
    """Give the finished file its name; a file that took the name meanwhile stays, unless it may go."""
    if overwrite:
        os.replace(name, path)
        return
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.replace(name, path)


def _mode(path: Path) -> int:
    """Permissions of the file there is, or those of a new one."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except OSError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask


def _taken(path: Path) -> FileTakenError:
    return FileTakenError(f"{_shown(path)} is there already")


def _shown(path: Path) -> str:
    return one_line(str(path))


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
