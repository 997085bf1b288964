"""One file of the Hub into its part file, through whatever the network does meanwhile.

Only bytes that are not there yet are asked for. Every attempt begins at the Hub's own address again, so an address of
its storage that has expired is replaced by a new one. Two answers are never glued together: the Hub's checksum of the
file has to be the one expected in each of them, and the whole is verified by it in the end.

A server that ignores the range is read from its beginning: the bytes that are here already are compared and skipped,
so that what is on the disk is not lost if this breaks as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.part import Part, checksum, digest_of
from tui.core.errors import HubError
from tui.core.units import format_bytes, format_wait

WINDOW = 20 * 1024**3
"""Bytes asked for at a time: storage networks refuse to send files above some 50 GB in one answer."""

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Answer(Protocol):
    """An answer of the Hub or of its storage, as of httpx2."""

    @property
    def status_code(self) -> int:
        """200, or 206 for a range."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the last answer."""

    @property
    def history(self) -> Sequence[Answer]:
        """The redirects that led here."""

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it comes."""


Open = Callable[[int, int | None], AbstractContextManager[Answer]]
"""Asks for the file's bytes from an offset up to before another one; None for the end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much of a bad network is put up with.

    Attributes:
        stall: seconds without a byte after which a connection counts as broken.
        tries: failures in a row, without a byte between them, after which a download fails.
        first_tries: the same while the Hub could not be reached even once: it is probably not there.
        wait: seconds before the second try; doubled for each further one.
        longest_wait: seconds before a try at most, unless the Hub itself asks for more.
        asked_wait: seconds that the Hub may ask to wait; more than that is a failure.
    """

    stall: float = 20.0
    tries: int = 8
    first_tries: int = 3
    wait: float = 1.0
    longest_wait: float = 60.0
    asked_wait: float = 900.0


class Transfer:
    """Fills one part.

    Args:
        part: what is here; open.
        ask: asks the Hub.
        cancel: ends every wait.
        progress: told the part's length whenever it grows; what was waited for has come then.
        note: told in words what is waited for.
        patience: how often to try again.
        window: bytes to ask for at a time.
    """

    def __init__(
        self,
        part: Part,
        ask: Open,
        cancel: Cancel,
        *,
        progress: Callable[[int], None],
        note: Callable[[str], None],
        patience: Patience,
        window: int = WINDOW,
    ) -> None:
        self._part = part
        self._ask = ask
        self._cancel = cancel
        self._progress = progress
        self._note = note
        self._patience = patience
        self._window = window
        self._reached = False
        self._etag = ""

    def run(self) -> None:
        """Returns when all bytes are there; they are not verified yet.

        Raises:
            HubError: it cannot be had, or not now; what came so far stays in the part.
            CancelledError: it was cancelled.
        """
        failures = 0
        while not self._part.complete:
            before = self._part.length
            try:
                self._attempt()
            except HubError as error:
                if error.status == 416:
                    raise self._changed("it ends before what is here") from error
                failures = 1 if self._part.length > before else failures + 1
                if not self._passing(error, failures):
                    raise
                self._pause(error, failures)

    def _attempt(self) -> None:
        start = self._part.length
        stop = start + self._window if self._part.file.size - start > self._window else None
        self._cancel.check()
        with self._ask(start, stop) as answer:
            self._reached = True
            body = answer.iter_raw()
            if self._check(answer, start):
                body = self._skip(body, start)
            for data in body:
                self._cancel.check()
                self._take(data)
        if self._part.length < (stop or self._part.file.size):
            raise _broken(f"{format_bytes(self._part.file.size - self._part.length)} are missing")

    def _take(self, data: bytes) -> None:
        if not data:
            return
        if len(data) > self._part.file.size - self._part.length:
            self._part.restart()
            raise _strange(f"it sends more than the {format_bytes(self._part.file.size)} of the file")
        self._part.write(data)
        self._progress(self._part.length)

    def _check(self, answer: Answer, start: int) -> bool:
        """Makes sure that an answer has the bytes asked for.

        Returns:
            Whether it begins at byte 0 although `start` is behind that.
        """
        self._check_identity(answer)
        if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise HubError(
                "a web page came in place of the file",
                why="a network that asks for a login does that",
                hint="log in with a browser, then resume",
                kind="refused",
            )
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _strange("the bytes are packed")
        size = self._part.file.size
        if answer.status_code == 206:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
            if not found or int(found[1]) != start:
                raise _strange(f"it sends another range than byte {start} on")
            if found[3] not in (str(size), "*"):
                raise self._changed(f"it has {found[3]} bytes there and {size} in the list")
            return False
        if answer.status_code != 200:
            raise _strange(f"HTTP {answer.status_code}")
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) != size:
            raise self._changed(f"it has {length} bytes there and {size} in the list")
        return start > 0

    def _check_identity(self, answer: Answer) -> None:
        for hop in answer.history:
            linked = _bare(hop.headers.get("X-Linked-Etag", ""))
            if linked and linked != checksum(self._part.file):
                raise self._changed("it has another checksum there than in the list")
        if answer.history:
            return  # the storage names the file in its own way, which the Hub's checksum makes needless
        etag = _bare(answer.headers.get("ETag", ""))
        if self._etag and etag and etag != self._etag:
            self._etag = ""
            self._part.restart()
            raise _broken("the file changed while it was fetched")
        self._etag = etag

    def _skip(self, body: Iterator[bytes], held: int) -> Iterator[bytes]:
        """What comes after the bytes that are here.

        Raises:
            HubError: what comes first is not what is here; nothing of it is kept.
        """
        self._note("the server cannot go on in the middle: it sends what is here once more")
        digest, skipped = digest_of(self._part.file), 0
        for data in body:
            self._cancel.check()
            rest = held - skipped
            digest.update(data[:rest])
            skipped += min(len(data), rest)
            if skipped == held:
                if not self._part.begins_like(digest):
                    self._part.restart()
                    raise _broken("the file is not the one that was begun")
                yield data[rest:]
                yield from body
        # An end before that is noticed by the length.

    def _passing(self, error: HubError, failures: int) -> bool:
        """Whether it is worth another try."""
        if error.kind not in ("unreachable", "rate", "server"):
            return False
        if error.kind == "rate" and error.retry_after > self._patience.asked_wait:
            return False
        hopeless = error.kind == "unreachable" and not self._reached
        return failures < (self._patience.first_tries if hopeless else self._patience.tries)

    def _pause(self, error: HubError, failures: int) -> None:
        seconds = min(self._patience.wait * 2 ** (failures - 1), self._patience.longest_wait)
        seconds = max(seconds, error.retry_after)
        reason = f"{error.what}: {error.why}" if error.why else error.what
        self._note(f"{reason}; trying again in {format_wait(seconds)}")
        self._cancel.wait(seconds)
        self._cancel.check()

    def _changed(self, why: str) -> HubError:
        return HubError(
            f"{self._part.file.path} is not what the Hub listed",
            why=why,
            hint="open the repository again, then download anew",
            kind="refused",
        )


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _broken(why: str) -> HubError:
    return HubError("the connection broke", why=why, hint="resume to go on where it ended", kind="unreachable")


def _strange(why: str) -> HubError:
    return HubError("the server does not send what it was asked for", why=why, hint="try again later", kind="server")
