"""The editor and the pager that the person uses elsewhere, as commands."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence

from tui.core.errors import LocalLLMError

_EDITORS = (("editor",), ("nano",), ("vim",), ("vi",))
"""What is tried where the person has chosen none: `editor` is what Debian's alternatives choose."""

_PAGERS = (("less",), ("more",))


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """The editor with its options: $VISUAL, $EDITOR, or the first usual one that is here; the file comes after it.

    Raises:
        LocalLLMError: the chosen one cannot be run, or none was chosen and no usual one is here.
    """
    return _command(environ, ("VISUAL", "EDITOR"), _EDITORS, "editor")


def pager_command(environ: Mapping[str, str]) -> list[str]:
    """The pager with its options: $PAGER, or the first usual one that is here; it reads its standard input.

    Raises:
        LocalLLMError: the chosen one cannot be run, or none was chosen and no usual one is here.
    """
    return _command(environ, ("PAGER",), _PAGERS, "pager")


def _command(
    environ: Mapping[str, str], names: Sequence[str], usual: Sequence[tuple[str, ...]], what: str
) -> list[str]:
    path = environ.get("PATH")
    for name in names:
        if wanted := environ.get(name, "").strip():
            return _chosen(name, wanted, path)
    for command in usual:
        if shutil.which(command[0], path=path):
            return list(command)
    tried = ", ".join(command[0] for command in usual)
    raise LocalLLMError(f"There is no {what} here", why=f"none of {tried}", hint=f"set {names[-1]} to the one you use")


def _chosen(name: str, wanted: str, path: str | None) -> list[str]:
    try:
        argv = shlex.split(wanted)
    except ValueError as error:
        raise LocalLLMError(f"{name} cannot be read", why=f"{wanted}: {error}".lower()) from None
    if not argv or not shutil.which(argv[0], path=path):
        program = argv[0] if argv else wanted
        raise LocalLLMError(f"{program} is not here", why=f"{name} names it", hint=f"set {name} to one that is")
    return argv
