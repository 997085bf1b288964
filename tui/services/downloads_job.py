"""The work on one download: its files one after the other, each locked, fetched, verified and landed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.catalogue.hub.lock import locked, locked_if_free
from tui.catalogue.hub.part import Part, same_content
from tui.catalogue.hub.place import Place, in_the_way
from tui.catalogue.hub.space import disk_error, require
from tui.catalogue.hub.transfer import Answer, Patience, Transfer
from tui.catalogue.hub.values import RemoteFile, Request
from tui.services.downloads_progress import Live

if TYPE_CHECKING:
    from tui.catalogue.hub.client import Hub


class Job:
    """One request on its way; `run` is for a thread of its own.

    Args:
        hub: where the bytes come from.
        request: what is wanted.
        place: where it goes.
        live: told how far it is, and asked whether to stop.
        patience: with the network.
        promised: bytes that the other downloads will still write to the same disk.
    """

    def __init__(
        self, hub: Hub, request: Request, place: Place, live: Live, patience: Patience, promised: Callable[[], int]
    ) -> None:
        self._hub = hub
        self._request = request
        self._place = place
        self._live = live
        self._patience = patience
        self._promised = promised
        self._before = 0
        """Bytes of the files that are finished."""

    def run(self) -> Path:
        """Returns the path of the first file when all are there.

        Raises:
            HubError: one sentence on what is in the way; what came so far is kept, unless it was damaged.
            CancelledError: it was told to stop.
        """
        self._place.prepare()
        for file in self._request.files:
            self._live.tell("downloading", self._before + self._place.held(file))
            with locked(self._place.lock(file), self._live.cancel, partial(self._wait_for_other, file)):
                self._fetch(file)
            self._before += file.size
        self._place.finish()
        return self._place.target(self._request.files[0])

    def _fetch(self, file: RemoteFile) -> None:
        if self._place.trusted(file):
            self._place.land(file)
        elif self._place.occupied(file):
            self._compare(file)
        else:
            self._grow(file)
            self._place.land(file)

    def _compare(self, file: RemoteFile) -> None:
        target = self._place.target(file)

        def progress(read: int) -> None:
            self._live.tell("verifying", self._before + file.size, _share("comparing it with what is here", read, file))

        try:
            same = same_content(target, file, self._live.cancel.check, progress)
        except OSError as error:
            raise disk_error(error, target.parent) from error
        if not same:
            raise in_the_way(target)
        self._place.part(file).unlink(missing_ok=True)  # the other name of a file that landed just before an end

    def _grow(self, file: RemoteFile) -> None:
        self._place.prepare()  # another download of the repository that failed meanwhile took empty folders away
        with Part(self._place.part(file), file) as part:
            held = self._before + self._place.held(file)
            part.take_up(
                self._live.cancel.check,
                lambda read: self._live.tell("verifying", held, _share("checking what is here", read, file)),
            )
            if not part.complete:
                require(self._place.folder(), file.size - part.length, self._promised())
                self._transfer(file, part)
            self._live.tell("verifying", self._before + part.length)
            part.verify()

    def _transfer(self, file: RemoteFile, part: Part) -> None:
        def tell(note: str = "") -> None:
            self._live.tell("downloading", self._before + part.length, note)

        def ask(start: int, stop: int | None) -> AbstractContextManager[Answer]:
            return self._hub.open(
                self._request.repo_id,
                self._request.commit,
                file.path,
                start=start,
                stop=stop,
                cancel=self._live.cancel,
                stall=self._patience.stall,
            )

        tell()
        Transfer(part, ask, self._live.cancel, progress=lambda _: tell(), note=tell, patience=self._patience).run()

    def _wait_for_other(self, file: RemoteFile) -> None:
        note = "another program fetches this file; waiting until it is done"
        self._live.tell("downloading", self._before + self._place.held(file), note)


def discard(request: Request, place: Place) -> None:
    """Deletes what came of a download that is not wanted; not what another program is writing."""
    for file in request.files:
        if not place.part(file).exists():
            continue
        with locked_if_free(place.lock(file)) as free:
            if free:
                place.part(file).unlink(missing_ok=True)
    place.tidy()


def _share(words: str, read: int, file: RemoteFile) -> str:
    return f"{words}: {100 * read // max(file.size, 1)} %"
