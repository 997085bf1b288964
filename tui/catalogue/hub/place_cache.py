"""Files in the Hugging Face cache, laid out as huggingface_hub itself does it, so that other programs find them."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from tui.catalogue.hub.part import part_name
from tui.catalogue.hub.place import Place, size_of, sync
from tui.catalogue.hub.space import disk_error
from tui.catalogue.hub.values import RemoteFile, Request

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by localllm-tui.
# For information about cache directory tags see https://bford.info/cachedir/
"""


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
        return size_of(self.target(file)) == file.size or size_of(self._blob(file)) == file.size

    def occupied(self, file: RemoteFile) -> bool:
        return False  # a blob of another size is a broken one, and is replaced

    def land(self, file: RemoteFile) -> Path:
        target = self.target(file)
        try:
            if size_of(self.part(file)) == file.size and size_of(self._blob(file)) != file.size:
                os.replace(self.part(file), self._blob(file))
                sync(self.folder())
            self.part(file).unlink(missing_ok=True)
            if size_of(target) != file.size:
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
        # Where blobs stay, `snapshots` does as well: huggingface_hub calls a repository without it damaged.
        with contextlib.suppress(OSError):
            for folder in (self.folder(), self._home / "snapshots", self._home):
                with contextlib.suppress(FileNotFoundError):
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
