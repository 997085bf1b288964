"""Downloads from the Hub: several at once, in a list that outlives the program.

Threads of its own do the work; every front end asks `snapshot` when it draws. `add`, `resume`, `cancel` and the like
look at files and may wait a moment for another program that changes the list: call them in worker threads.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui.catalogue.hub.landing import place_of
from tui.catalogue.hub.place import Place, has_size, in_the_way
from tui.catalogue.hub.space import device_of, require
from tui.catalogue.hub.transfer import Patience
from tui.catalogue.hub.values import Download, Request, State
from tui.core.errors import CancelledError, HubError, LocalLLMError
from tui.services.downloads_job import Job, discard
from tui.services.downloads_ledger import Ledger, busy
from tui.services.downloads_progress import Ending, Live
from tui.services.downloads_queue import ACTIVE, Entry
from tui.settings.logs import PROGRAM
from tui.settings.paths import state_dir

if TYPE_CHECKING:
    from tui.catalogue.hub.client import Hub

_LOG = logging.getLogger(PROGRAM)

_LOOK_AGAIN = 0.2
"""Seconds between two looks at a download of another program."""

_AT_MOST = 0.01
"""Seconds that a picture waits for the list while it is written."""

_INTERRUPTED = "interrupted by the end of the program; resume to fetch the rest"


class Downloads:
    """The list of downloads and those who work on it. Safe to use from any thread.

    A download that the end of its program interrupted is listed as paused, with what is there; `resume`, or adding the
    same again, fetches only the missing bytes.

    Args:
        hub: where the bytes come from.
        state: the file with the list; None for the usual one, which all running programs share.
        at_once: how many downloads run at a time.
        patience: with a bad network.
    """

    def __init__(
        self, hub: Hub, state: Path | None = None, at_once: int = 2, *, patience: Patience | None = None
    ) -> None:
        path = state or state_dir() / "downloads.json"
        self._hub = hub
        self._ledger = Ledger(path)
        self._locks = path.parent / "locks"
        self._at_once = max(1, at_once)
        self._patience = patience or Patience()
        self._news = threading.Condition()  # guards the ledger and everything below
        self._live: dict[int, Live] = {}
        self._shown_last: tuple[Download, ...] = ()
        self._measured: dict[int, tuple[Entry, int]] = {}
        self._closed = False

    def add(self, request: Request) -> int:
        """Begins a download, or goes on with it where the list has the same already.

        Returns:
            Its number.

        Raises:
            HubError: of kind `exists` (its files are in the cache, or a different file is in the way in its folder),
                `space`, `busy` (another program fetches it), `refused` (a name that is not trusted) or `disk`. Files
                of the right size in its folder are compared, which needs no network, and count as downloaded.
        """
        place = place_of(request, self._locks)
        with self._news:
            entry = self._ledger.same(request)
            if entry is not None and entry.number in self._live:
                return entry.number
            if entry is not None and self._ledger.elsewhere(entry):
                raise busy(entry)
        here = self.present(request)
        if here is not None and request.folder is None:
            what = f"{request.label or request.files[0].path} of {request.repo_id} is here already"
            raise HubError(what, why=str(here), kind="exists")
        _check_free(request, place)
        return self._enqueue(request, place, entry)

    def present(self, request: Request) -> Path | None:
        """The file to load where all files of `request` are here already; None otherwise.

        A file in a folder counts by its name and size; in the Hugging Face cache the name is the checksum's.
        """
        place = place_of(request, self._locks)
        if all(has_size(place.target(file), file) for file in request.files):
            return place.target(request.files[0])
        return None

    def pause(self, number: int) -> None:
        """Stops it within a second; what is there is kept.

        Raises:
            HubError: another program fetches it (`busy`), or there is no such download (`missing`).
        """
        self._stop(number, "pause")

    def cancel(self, number: int) -> None:
        """Stops it within a second, deletes what came of it, and takes it out of the list.

        Raises:
            HubError: as for `pause`.
        """
        if self._stop(number, "cancel"):
            return
        with self._news:
            entry = self._ledger.entry(number)
        if entry.state != "finished":
            self._discard(entry.request)
        self._keep(number, None)

    def resume(self, number: int) -> None:
        """Goes on with one that is paused or failed; nothing happens to any other.

        Raises:
            HubError: another program fetches it (`busy`), the disk has no space for the rest (`space`), or there is
                no such download (`missing`).
        """
        with self._news:
            if number in self._live:
                return
            entry = self._ledger.entry(number)
            if entry.state == "finished":
                return
            if self._ledger.elsewhere(entry):
                raise busy(entry)
        self._enqueue(entry.request, place_of(entry.request, self._locks), entry)

    def resume_interrupted(self) -> tuple[int, ...]:
        """Goes on with those that the end of a program interrupted, as far as possible; returns their numbers."""
        with self._news:
            numbers = [number for number, entry in self._ledger.entries().items() if self._is_interrupted(entry)]
        resumed = []
        for number in numbers:
            try:
                self.resume(number)
                resumed.append(number)
            except HubError as error:
                _LOG.info("download %d is not resumed: %s", number, error)
        return tuple(resumed)

    def forget(self, number: int) -> None:
        """Takes one that is over out of the list; its files stay. Nothing happens to one under way.

        Raises:
            HubError: there is no such download (`missing`).
        """
        with self._news:
            entry = self._ledger.entry(number)
            if number not in self._live and not self._ledger.elsewhere(entry):
                self._keep(number, None)

    def snapshot(self) -> tuple[Download, ...]:
        """All downloads, in the order in which they were added. Cheap: it never waits for the disk or the network."""
        if self._news.acquire(timeout=_AT_MOST):
            try:
                numbers = sorted({*self._ledger.entries(), *self._live})
                self._shown_last = tuple(self._shown(number) for number in numbers)
            finally:
                self._news.release()
        return self._shown_last

    def wait(self, number: int, timeout: float | None = None) -> Download:
        """Waits until it is over, or for `timeout` seconds.

        Returns:
            How far it is then.

        Raises:
            HubError: there is no such download, or not any more (`missing`).
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while True:
                shown = self._shown(number)
                rest = _LOOK_AGAIN if end is None else min(_LOOK_AGAIN, end - time.monotonic())
                if shown.over or rest <= 0:
                    return shown
                self._news.wait(rest)

    def close(self, timeout: float = 1.0) -> None:
        """Stops everything; what runs is listed as interrupted from then on."""
        with self._news:
            self._closed = True
            for live in list(self._live.values()):
                live.ending = live.ending or "close"
                live.cancel.set()
                if live.thread is None:
                    self._end(live, "paused", _INTERRUPTED, interrupted=True)
            self._news.wait_for(lambda: not self._live, timeout)
            if not self._live:
                self._ledger.close()

    def _enqueue(self, request: Request, place: Place, entry: Entry | None) -> int:
        held = _held(request, place)
        require(place.folder(), request.size - held, self._promised(place))
        with self._news:
            if self._closed:
                raise HubError("nothing is downloaded while the program ends", kind="busy")
            taken = self._ledger.take(request, entry)
            self._live[taken.number] = Live(taken, done=held)
            self._start()
            self._news.notify_all()
            return taken.number

    def _start(self) -> None:
        """Gives the next ones a thread, as far as there is room."""
        running = sum(live.thread is not None for live in self._live.values())
        for number, live in self._live.items():
            if running >= self._at_once or self._closed:
                return
            if live.thread is None:
                live.thread = threading.Thread(target=self._run, args=(live,), name=f"download-{number}", daemon=True)
                live.thread.start()
                running += 1

    def _run(self, live: Live) -> None:
        number, request = live.entry.number, live.entry.request
        try:
            place = place_of(request, self._locks)
            job = Job(self._hub, request, place, live, self._patience, lambda: self._promised(place, number))
            path = job.run()
        except CancelledError:
            self._stopped(live)
        except LocalLLMError as error:
            self._tidy(request)
            self._end(live, "failed", error.line())
        except Exception as error:  # whatever it is, the person sees that it failed, and the log says why
            _LOG.exception("download %d", number)
            self._end(live, "failed", f"the download failed: {type(error).__name__}. The log says more")
        else:
            self._end(live, "finished", path=path)

    def _stopped(self, live: Live) -> None:
        if live.ending == "cancel":
            self._discard(live.entry.request)
            self._keep(live.entry.number, None)
        elif live.ending == "close":
            self._end(live, "paused", _INTERRUPTED, interrupted=True)
        else:
            self._end(live, "paused")

    def _end(
        self, live: Live, state: State, problem: str = "", *, path: Path | None = None, interrupted: bool = False
    ) -> None:
        number, request = live.entry.number, live.entry.request
        self._keep(number, Entry(number, request, state, problem, path, interrupted=interrupted))

    def _keep(self, number: int, entry: Entry | None) -> None:
        """What became of one that is not under way any more; None to forget it."""
        with self._news:
            self._ledger.save(number, entry)
            self._live.pop(number, None)
            self._measured.pop(number, None)
            self._start()
            self._news.notify_all()

    def _stop(self, number: int, ending: Ending) -> bool:
        """Ends one of this program; says whether its thread does the rest."""
        with self._news:
            live = self._live.get(number)
            if live is None:
                entry = self._ledger.entry(number)
                if self._ledger.elsewhere(entry):
                    raise busy(entry)
                return False
            live.ending = ending
            live.cancel.set()
            if live.thread is None:
                self._end(live, "paused")
            return live.thread is not None

    def _discard(self, request: Request) -> None:
        try:
            discard(request, place_of(request, self._locks))
        except (OSError, LocalLLMError) as error:
            _LOG.warning("a part of a download was not deleted: %s", error)

    def _tidy(self, request: Request) -> None:
        """Leaves no empty folders of one that failed before anything came."""
        with contextlib.suppress(OSError, LocalLLMError):
            place_of(request, self._locks).tidy()

    def _is_interrupted(self, entry: Entry) -> bool:
        if entry.number in self._live:
            return False
        return entry.interrupted or (entry.state in ACTIVE and not self._ledger.elsewhere(entry))

    def _shown(self, number: int) -> Download:
        live = self._live.get(number)
        if live is not None:
            state, done, speed, note = live.look()
            return Download(number, live.entry.request, state, done, speed, note)
        entry = self._ledger.entry(number)
        request = entry.request
        if entry.state == "finished":
            return Download(number, request, "finished", request.size, path=entry.path)
        if self._ledger.elsewhere(entry):
            problem = "another localllm-tui fetches it"
            return Download(number, request, "downloading", self._on_disk(request), problem=problem)
        if self._is_interrupted(entry):
            return Download(number, request, "paused", self._at_rest(entry), problem=_INTERRUPTED)
        return Download(number, request, entry.state, self._at_rest(entry), problem=entry.problem)

    def _at_rest(self, entry: Entry) -> int:
        """Bytes on the disk of one that nobody works on: looked for once, until the list says something new of it."""
        known = self._measured.get(entry.number)
        if known is None or known[0] != entry:
            known = self._measured[entry.number] = entry, self._on_disk(entry.request)
        return known[1]

    def _on_disk(self, request: Request) -> int:
        try:
            return _held(request, place_of(request, self._locks))
        except HubError:
            return 0

    def _promised(self, place: Place, besides: int = 0) -> int:
        """Bytes that the other downloads of this program will still write to the same disk as `place`."""
        with self._news:
            others = [(live.entry.request, live.look()[1]) for n, live in self._live.items() if n != besides]
        device = device_of(place.folder())
        on_it = [(r, done) for r, done in others if device_of(place_of(r, self._locks).folder()) == device]
        return sum(request.size - done for request, done in on_it)


def _held(request: Request, place: Place) -> int:
    return sum(place.held(file) for file in request.files)


def _check_free(request: Request, place: Place) -> None:
    """Refuses at once what would only be refused after the download."""
    for file in request.files:
        if place.occupied(file) and not has_size(place.target(file), file):
            raise in_the_way(place.target(file))
