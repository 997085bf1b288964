"""The downloads as the application follows them: looked at while something moves, and left alone otherwise."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.timer import Timer

from tui.core.errors import LocalLLMError
from tui.core.text import one_line
from tui.settings.logs import PROGRAM

if TYPE_CHECKING:
    from tui.catalogue.hub.values import Download, Request
    from tui.services.downloads import Downloads

INTERVAL = 0.25
"""Seconds between two looks while something moves."""


def label_of(request: Request) -> str:
    """What is downloaded, in a few words: `gemma-2-2b-it-gguf Q4_K_M`. Untrusted text, as one safe line."""
    name = request.repo_id.rpartition("/")[2]
    return one_line(f"{name} {request.label}")


class Transfers:
    """Follows the downloads and does what the person asks for, in threads.

    Args:
        owner: whose event loop, timers and workers are used.
        make: makes the service, in a thread.
        may_resume: whether the network may be used without being asked to.
        changed: called with all downloads whenever one of them changed.
        finished: called once with each download that ends well while it is followed.
        say: shows one line to the person; the second argument is `info`, `warning` or `error`.
    """

    def __init__(
        self,
        owner: DOMNode,
        make: Callable[[], Downloads],
        may_resume: Callable[[], bool],
        changed: Callable[[tuple[Download, ...]], None],
        finished: Callable[[Download], None],
        say: Callable[[str, str], None],
    ) -> None:
        self._owner, self._make, self._may_resume = owner, make, may_resume
        self._changed, self._finished, self._say = changed, finished, say
        self._service: Downloads | None = None
        self._making = threading.Lock()
        self._timer: Timer | None = None
        self._shown: tuple[Download, ...] = ()
        self._to_load: set[int] = set()
        self._unheard: set[int] = set()  # had ended when first seen

    @property
    def shown(self) -> tuple[Download, ...]:
        """All downloads, as they were at the last look."""
        return self._shown

    def open(self, then: Callable[[], None] = lambda: None) -> None:
        """Go on with what the end of the last run interrupted; `then` is called in the event loop."""

        def work() -> None:
            resumed = self._downloads().resume_interrupted() if self._may_resume() else ()
            self._owner.call_later(self._opened, resumed, then)

        self._run(work)

    def look(self) -> None:
        """See what another running program has done with the list."""
        self._run(lambda: None)

    def start(
        self,
        request: Request,
        *,
        load: bool = False,
        then: Callable[[], None] = lambda: None,
        failed: Callable[[LocalLLMError], None] | None = None,
    ) -> None:
        """Begin a download.

        Args:
            request: what to download.
            load: load it as soon as it is here.
            then: called in the event loop once it is in the list, unless it has failed by then, which was said.
            failed: called in the event loop when it cannot begin; None: it is said as one line.
        """

        def work() -> None:
            try:
                number = self._downloads().add(request)
            except LocalLLMError as error:
                if failed is None:
                    raise
                self._owner.call_later(failed, error)
            else:
                self._owner.call_later(self._started, number, load, then)

        self._run(work)

    def pause(self, number: int) -> None:
        """Stop for now; what has come stays."""
        self._run(lambda: self._downloads().pause(number))

    def resume(self, number: int) -> None:
        """Go on, also after a failure."""
        self._run(lambda: self._downloads().resume(number))

    def cancel(self, number: int) -> None:
        """Stop for good and delete what has come."""
        self._run(lambda: self._downloads().cancel(number))

    def forget(self, number: int) -> None:
        """Take one that has ended out of the list."""
        self._run(lambda: self._downloads().forget(number))

    def close(self) -> int:
        """End everything; what was under way goes on in the next run.

        Returns:
            How many downloads were under way.
        """
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._service is None:
            return 0
        moving = sum(not download.over for download in self._service.snapshot())
        self._service.close(1.0)
        return moving

    def _downloads(self) -> Downloads:
        """In a thread: the service, made at the first call."""
        with self._making:
            if self._service is None:
                self._service = self._make()
            return self._service

    def _run(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except LocalLLMError as error:
                self._owner.call_later(self._say, error.line(), "error")
            except Exception:
                logging.getLogger(PROGRAM).exception("a download failed")
                self._owner.call_later(self._say, "the program failed at a download; the log (F8) says more", "error")
            self._owner.call_later(self._look)

        self._owner.run_worker(guarded, thread=True, group="downloads", exit_on_error=False)

    def _opened(self, resumed: tuple[int, ...], then: Callable[[], None]) -> None:
        self._look()
        going = [download for download in self._shown if download.number in resumed]
        waiting = [download for download in self._shown if download.state == "paused"]
        for words, downloads in (("the download goes on", going), ("paused", waiting)):
            if downloads:
                names = ", ".join(label_of(download.request) for download in downloads[:2])
                more = f" and {len(downloads) - 2} more" if len(downloads) > 2 else ""
                self._say(f"{words}: {names}{more}. ctrl+t shows the downloads", "info")
        then()

    def _started(self, number: int, load: bool, then: Callable[[], None]) -> None:
        if load:
            self._to_load.add(number)
        self._look()
        download = next((download for download in self._shown if download.number == number), None)
        if download is not None and number in self._unheard:
            self._tell(download)
        if download is None or download.state != "failed":
            then()

    def wants_load(self, download: Download) -> bool:
        """Whether it was to be loaded when it is here; asked once."""
        wanted = download.number in self._to_load
        self._to_load.discard(download.number)
        return wanted

    def _look(self) -> None:
        if self._service is None:
            return
        before = {download.number: download.state for download in self._shown}
        now = self._service.snapshot()
        if now != self._shown:
            self._shown = now
            self._changed(now)
        for download in now:
            if download.number not in before and download.over:
                self._unheard.add(download.number)
            elif download.state != before.get(download.number):
                self._tell(download)
        self._keep_looking(any(not download.over for download in now))

    def _tell(self, download: Download) -> None:
        """Of one that has just ended."""
        self._unheard.discard(download.number)
        if download.state == "finished":
            self._finished(download)
        elif download.state == "failed":
            self._say(f"{label_of(download.request)}: {download.problem}", "error")

    def _keep_looking(self, moving: bool) -> None:
        if moving and self._timer is None:
            self._timer = self._owner.set_interval(INTERVAL, self._look)
        elif not moving and self._timer is not None:
            self._timer.stop()
            self._timer = None
