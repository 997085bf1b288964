"""What is known of the downloads of all running programs, from the list on disk."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tui.catalogue.hub.space import disk_error
from tui.catalogue.hub.values import Request
from tui.core.errors import HubError, LocalLLMError
from tui.services.downloads_owner import Owner, alive, remove_dead
from tui.services.downloads_queue import ACTIVE, Entry, Listing, QueueFile
from tui.settings.logs import PROGRAM
from tui.settings.paths import private_dir

_LOG = logging.getLogger(PROGRAM)


class Ledger:
    """The list, this program's part in it, and who of the others still lives. Not safe from several threads at once.

    Args:
        path: the file with the list.
    """

    def __init__(self, path: Path) -> None:
        self._file = QueueFile(path)
        self._owners = path.parent / "downloads"
        self._entries: dict[int, Entry] = {}
        self._unsaved: dict[int, Entry] = {}
        self._dead: set[str] = set()
        self._owner: Owner | None = None

    def entries(self) -> dict[int, Entry]:
        """All downloads by number, as the file has them now; one look at the file's time."""
        if self._file.changed():
            self._entries = {**self._file.read().entries, **self._unsaved}
        return self._entries

    def entry(self, number: int) -> Entry:
        """One of them.

        Raises:
            HubError: there is none (`missing`).
        """
        entry = self.entries().get(number)
        if entry is None:
            raise HubError(f"there is no download {number}", kind="missing")
        return entry

    def same(self, request: Request) -> Entry | None:
        """The entry with the same files for the same place."""
        wanted = replace(request, label="")
        return next((entry for entry in self.entries().values() if replace(entry.request, label="") == wanted), None)

    def take(self, request: Request, entry: Entry | None) -> Entry:
        """Puts a download of this program into the list, in place of `entry` where that still is there.

        Raises:
            HubError: another program took it meanwhile (`busy`), or the list cannot be written (`disk`).
        """
        try:
            if self._owner is None:
                private_dir(self._owners.parent)
                remove_dead(private_dir(self._owners))
                self._owner = Owner(self._owners)
            with self._changing() as listing:
                known = listing.entries.get(entry.number) if entry else None
                if known is not None and self.elsewhere(known):
                    raise busy(known)
                listing.last += known is None
                number = known.number if known else listing.last
                taken = listing.entries[number] = Entry(number, request, owner=self._owner.name)
        except OSError as error:
            raise disk_error(error, self._owners.parent) from error
        return taken

    def save(self, number: int, entry: Entry | None) -> None:
        """Keeps what became of a download, or forgets it; where the list cannot be written, until the program ends."""
        try:
            with self._changing() as listing:
                _put(listing.entries, number, entry)
        except (OSError, LocalLLMError) as error:
            _LOG.warning("the list of downloads was not written: %s", error)
            _put(self._entries, number, entry)
            if entry is not None:
                self._unsaved[number] = entry

    def elsewhere(self, entry: Entry) -> bool:
        """Whether another running program works on it."""
        if entry.state not in ACTIVE or not entry.owner or entry.owner in self._dead:
            return False
        if self._owner is not None and entry.owner == self._owner.name:
            return False
        if alive(self._owners, entry.owner):
            return True
        self._dead.add(entry.owner)
        return False

    def close(self) -> None:
        """This program works on nothing any more."""
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Listing]:
        with self._file.change() as listing:
            listing.entries.update(self._unsaved)
            yield listing
        self._unsaved.clear()
        self._entries = listing.entries


def busy(entry: Entry) -> HubError:
    """The error for what another program is working on."""
    request = entry.request
    return HubError(
        f"another localllm-tui fetches {f'{request.label} of ' if request.label else ''}{request.repo_id}",
        hint="wait for it, or stop it there",
        kind="busy",
    )


def _put(entries: dict[int, Entry], number: int, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(number, None)
    else:
        entries[number] = entry
