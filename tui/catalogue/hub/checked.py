"""Which requests may become files here. Whoever uploads a file chooses its name, so none is trusted."""

from __future__ import annotations

import re
import unicodedata

from tui.catalogue.hub.names import check_repo_id, is_commit, is_safe_path
from tui.catalogue.hub.values import RemoteFile, Request
from tui.core.errors import HubError
from tui.core.text import one_line

_SHA256 = re.compile(r"[0-9a-f]{64}")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories of characters that a terminal would obey or hide."""

_LONGEST = 60
"""Characters of a bad name that are shown."""


def check_request(request: Request) -> None:
    """Refuses a request whose names could lead out of where it is to go.

    Raises:
        HubError: of kind `refused`, naming what is wrong.
    """
    check_repo_id(request.repo_id)
    if not is_commit(request.commit):
        raise _refused(request.commit, "it is not the name of a commit")
    if not request.files:
        raise HubError(f"there is nothing to download from {request.repo_id}", kind="refused")
    check_path(request.revision)
    for file in request.files:
        _check_file(file)
    if request.folder is not None:
        _check_apart(request.files)


def check_path(path: str) -> None:
    """Refuses a path that is not plainly below where it starts, or that other systems read in another way.

    Raises:
        HubError: of kind `refused`.
    """
    if any(unicodedata.category(character) in _UNSEEN for character in path):
        raise _refused(path, "it contains control characters")
    if not is_safe_path(path):
        raise _refused(path, "it could lead out of its folder")
    for part in path.split("/"):
        if _DEVICES.fullmatch(part) or part.endswith((".", " ")):
            raise _refused(path, "the name is reserved")


def base_name(path: str) -> str:
    """The last name of a path in a repository, to be put into a folder.

    Raises:
        HubError: of kind `refused`: it cannot be a file's name, or would be hidden.
    """
    check_path(path)
    name = path.rpartition("/")[2]
    if name.startswith((".", "-", "~")):
        raise _refused(path, "it would be hidden, or taken for something else")
    return name


def _check_file(file: RemoteFile) -> None:
    check_path(file.path)
    if not _OID.fullmatch(file.oid) or not (_SHA256.fullmatch(file.sha256) or not file.sha256) or file.size < 0:
        raise HubError(
            f"{one_line(file.path)[:_LONGEST]} is not downloaded",
            why="the Hub gives no checksum or no size to verify it with",
            kind="refused",
        )


def _check_apart(files: tuple[RemoteFile, ...]) -> None:
    names = [base_name(file.path).casefold() for file in files]
    for file, name in zip(files, names, strict=True):
        if names.count(name) > 1:
            raise _refused(base_name(file.path), "two files of the download have this name")


def _refused(name: str, why: str) -> HubError:
    shown = one_line(name) if one_line(name).isprintable() else ascii(name).strip("'")
    return HubError(f"the name “{shown[:_LONGEST]}” is refused", why=why, kind="refused")
