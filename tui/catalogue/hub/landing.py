"""Where a downloaded file ends up: in the Hugging Face cache, as huggingface_hub itself puts it, or in a folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from abc import ABC, abstractmethod
from pathlib import Path

from tui.catalogue.hub.checked import base_name, check_request
from tui.catalogue.hub.part import held_bytes, part_name
from tui.catalogue.hub.space import disk_error
from tui.catalogue.hub.values import RemoteFile, Request
from tui.catalogue.hub_cache import hub_cache_dir
from tui.core.errors import HubError

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by localllm-tui.
# For information about cache directory tags see https://bford.info/cachedir/
"""


class Place(ABC):
    """Where the files of one request grow, lock, and land."""

    @abstractmethod
    def folder(self) -> Path:
        """Where the bytes are written; for the free space."""

    @abstractmethod
    def part(self, file: RemoteFile) -> Path:
        """The file that `file` grows in."""

    @abstractmethod
    def lock(self, file: RemoteFile) -> Path:
        """The lock file of whoever writes it."""

    @abstractmethod
    def target(self, file: RemoteFile) -> Path:
        """Where it is found afterwards."""

    @abstractmethod
    def trusted(self, file: RemoteFile) -> bool:
        """Whether it is there and its content needs no look: only what was verified has this name."""

    @abstractmethod
    def occupied(self, file: RemoteFile) -> bool:
        """Whether something is there whose content is not known to be the same."""

    @abstractmethod
    def land(self, file: RemoteFile) -> Path:
        """Gives a verified part its name, atomically; also makes what leads to content that was there.

        Raises:
            HubError: it cannot, or something else has the name; nothing is overwritten.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Makes the folders that the bytes are written in.

        Raises:
            HubError: it cannot.
        """

    @abstractmethod
    def finish(self) -> None:
        """Called when all files have landed.

        Raises:
            HubError: something could not be written.
        """

    @abstractmethod
    def tidy(self) -> None:
        """Removes the folders that `prepare` made, where nothing is in them."""

    def held(self, file: RemoteFile) -> int:
        """Bytes of `file` that are on the disk, landed or not."""
        if self.trusted(file):
            return file.size
        return held_bytes(self.part(file), file) or (file.size if _size(self.target(file)) == file.size else 0)


def place_of(request: Request, locks: Path) -> Place:
    """Where `request` goes.

    Args:
        request: its names are checked.
        locks: a folder of the program's own for lock files; the cache has one itself.

    Raises:
        HubError: of kind `refused`: a name that cannot be trusted.
    """
    check_request(request)
    return Cache(request, hub_cache_dir()) if request.folder is None else Folder(request.folder, locks)


class Cache(Place):
    """The Hugging Face cache: `blobs/<checksum>`, and links to them in `snapshots/<commit>`.

    The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
    """

    def __init__(self, request: Request, cache: Path) -> None:
        self._request = request
        self._cache = cache
        self._name = "models--" + request.repo_id.replace("/", "--")
        self._home = cache / self._name

    def folder(self) -> Path:
        return self._home / "blobs"

    def part(self, file: RemoteFile) -> Path:
        return self.folder() / part_name(file)

    def lock(self, file: RemoteFile) -> Path:
        return self._cache / ".locks" / self._name / f"{file.oid}.lock"

    def target(self, file: RemoteFile) -> Path:
        return self._home / "snapshots" / self._request.commit / file.path

    def trusted(self, file: RemoteFile) -> bool:
        return _size(self.target(file)) == file.size or _size(self._blob(file)) == file.size

    def occupied(self, file: RemoteFile) -> bool:
        return False  # a blob of another size is a broken one, and is replaced

    def land(self, file: RemoteFile) -> Path:
        target = self.target(file)
        try:
            if _size(self.part(file)) == file.size and _size(self._blob(file)) != file.size:
                os.replace(self.part(file), self._blob(file))
                _sync(self.folder())
            self.part(file).unlink(missing_ok=True)
            if _size(target) != file.size:
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(self._blob(file), target)
        except OSError as error:
            raise disk_error(error, self._home) from error
        return target

    def prepare(self) -> None:
        try:
            self.folder().mkdir(parents=True, exist_ok=True)
            (self._home / "snapshots").mkdir(exist_ok=True)  # without it a scan calls the repository damaged
        except OSError as error:
            raise disk_error(error, self._home) from error

    def tidy(self) -> None:
        for folder in (self.folder(), self._home / "snapshots", self._home):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def finish(self) -> None:
        """Writes which commit the branch was at, so that other programs find the files without asking the Hub."""
        reference = self._home / "refs" / self._request.revision
        try:
            _tag(self._cache)
            if self._request.revision != self._request.commit:
                _replace_text(reference, self._request.commit)
        except OSError as error:
            raise disk_error(error, self._home) from error

    def _blob(self, file: RemoteFile) -> Path:
        return self.folder() / file.oid


class Folder(Place):
    """A folder of the person's: files by their base names; nothing that is there is ever overwritten."""

    def __init__(self, folder: Path, locks: Path) -> None:
        self._folder = folder.expanduser().absolute()
        self._locks = locks

    def folder(self) -> Path:
        return self._folder

    def part(self, file: RemoteFile) -> Path:
        return self._folder / f".{part_name(file)}"

    def lock(self, file: RemoteFile) -> Path:
        place = hashlib.sha256(os.fsencode(os.path.realpath(self._folder))).hexdigest()[:16]
        return self._locks / f"{place}-{file.oid}.lock"

    def target(self, file: RemoteFile) -> Path:
        return self._folder / base_name(file.path)

    def trusted(self, file: RemoteFile) -> bool:
        return False

    def occupied(self, file: RemoteFile) -> bool:
        return os.path.lexists(self.target(file))

    def prepare(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(error, self._folder) from error

    def tidy(self) -> None:
        """The folder is the person's, and stays."""

    def finish(self) -> None:
        """Nothing leads to a file in a folder but its name."""

    def land(self, file: RemoteFile) -> Path:
        target, part = self.target(file), self.part(file)
        try:
            if self.occupied(file) and not part.exists():
                return target
            _rename_without_replacing(part, target)
            _sync(self._folder)
        except FileExistsError as error:
            raise in_the_way(target) from error
        except OSError as error:
            raise disk_error(error, self._folder) from error
        return target


def has_size(path: Path, file: RemoteFile) -> bool:
    """Whether a file of the right size is at `path`."""
    return path.is_file() and _size(path) == file.size


def in_the_way(target: Path) -> HubError:
    """The error for a different file that has the name already."""
    return HubError(
        f"a different {target.name} is in {target.parent} already",
        why="it was left as it is",
        hint="move it away, or choose another folder with --download-dir",
        kind="exists",
    )


def _rename_without_replacing(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; the lock keeps our own programs apart
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        os.rename(source, target)
    else:
        source.unlink()


def _link(blob: Path, target: Path) -> None:
    """Makes `target` a relative link to `blob`, or moves the blob there where the file system has no links."""
    temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        os.symlink(os.path.relpath(blob, target.parent), temporary)
    except OSError:
        os.replace(blob, target)
        return
    try:
        os.replace(temporary, target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _replace_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_text(text, encoding="ascii")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _tag(cache: Path) -> None:
    with contextlib.suppress(FileExistsError), open(cache / "CACHEDIR.TAG", "x", encoding="ascii") as stream:
        stream.write(_TAG)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
