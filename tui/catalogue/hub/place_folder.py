"""Files in a folder that the person chose, by their base names; nothing that is there is ever overwritten."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from tui.catalogue.hub.checked import base_name
from tui.catalogue.hub.part import part_name
from tui.catalogue.hub.place import Place, in_the_way, sync
from tui.catalogue.hub.space import disk_error
from tui.catalogue.hub.values import RemoteFile


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
            sync(self._folder)
        except FileExistsError as error:
            raise in_the_way(target) from error
        except OSError as error:
            raise disk_error(error, self._folder) from error
        return target


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
