"""The texts that will go with the prompt: read in threads, one thing after the other, until the person stops it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from tui.core.errors import LocalLLMError
from tui.core.text import one_line
from tui.core.units import format_bytes, format_count
from tui.settings.logs import PROGRAM

if TYPE_CHECKING:
    from tui.services.attachments import Attached
    from tui.store.records import Attachment

_NAMED = 2
"""Files that are named where several could not be attached."""


class Reading:
    """Something that is being read.

    Attributes:
        text: what the person asked for.
        progress: how far it is, in words; may be empty.
        stop: set when it is wanted no more.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.progress = ""
        self.stop = Event()


class Attaching:
    """What is attached, and what is still read.

    Args:
        owner: whose event loop and workers are used.
        limit: bytes of the largest text.
        changed: called when `items` or `readings` changed.
        say: tells the person one line, of something that could not be attached.
    """

    def __init__(
        self, owner: DOMNode, limit: Callable[[], int], changed: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._owner = owner
        self._limit = limit
        self._changed = changed
        self._say = say
        self.items: tuple[Attached, ...] = ()
        """What goes with the prompt, in order."""
        self.readings: tuple[Reading, ...] = ()
        """What is still read, in order."""

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What goes with the prompt, as it is stored."""
        return tuple(item.attachment for item in self.items)

    def add(self, text: str) -> None:
        """Attach a file, a folder or what a pattern matches."""

        def read(reading: Reading) -> list[Attached]:
            return self._read_all(text, reading)

        self._begin(text, read)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Attach what was read already, such as standard input."""

        def read(reading: Reading) -> list[Attached]:
            from tui.services.attachments import from_bytes

            return [from_bytes(data, name, self._limit(), reading.stop.is_set, partial(self._page, reading))]

        self._begin(name, read)

    def put_back(self, attachments: Sequence[Attachment]) -> None:
        """Attach what was attached before, ahead of everything else."""
        if attachments:
            from tui.services.attachments import Attached

            items = (Attached(one, len(one.text.encode("utf-8", "replace"))) for one in attachments)
            self._set((*items, *self.items))

    def restore(self, items: Sequence[Attached]) -> None:
        """Attach these again, in the place of everything."""
        self._set(tuple(items))

    def remove(self, item: Attached) -> None:
        """Take one off."""
        self._set(tuple(one for one in self.items if one is not item))

    def taken(self, items: Sequence[Attached]) -> None:
        """These were sent; what was attached since then stays."""
        gone = {id(item) for item in items}
        self._set(tuple(one for one in self.items if id(one) not in gone))

    def stop(self) -> bool:
        """Read nothing more; False when nothing is read."""
        stopped, self.readings = self.readings, ()
        for reading in stopped:
            reading.stop.set()
        if stopped:
            self._changed()
        return bool(stopped)

    def _set(self, items: tuple[Attached, ...]) -> None:
        self.items = items
        self._changed()

    def _begin(self, text: str, read: Callable[[Reading], list[Attached]]) -> None:
        reading = Reading(text)
        self.readings = (*self.readings, reading)
        self._owner.run_worker(partial(self._work, reading, read), thread=True, group="attach", exit_on_error=False)
        self._changed()

    # In a thread

    def _work(self, reading: Reading, read: Callable[[Reading], list[Attached]]) -> None:
        found: list[Attached] = []
        problem = f"{one_line(reading.text)} is not attached: reading it failed; the log has the details"
        try:
            found, problem = read(reading), ""
        except LocalLLMError as error:
            problem = error.line()
        except Exception:  # nobody is above a thread to tell it to
            logging.getLogger(PROGRAM).exception("%s could not be read", one_line(reading.text))
        finally:
            self._owner.call_later(self._over, reading, found, problem)

    def _read_all(self, text: str, reading: Reading) -> list[Attached]:
        from tui.services.attachments import AttachmentError, read
        from tui.services.attachments_paths import sources

        files = sources(text, here(), reading.stop.is_set)
        limit = self._limit()
        found: list[Attached] = []
        refused: list[str] = []
        for number, source in enumerate(files, 1):
            if len(files) > 1:
                self._tell(reading, f"{format_count(number)} of {format_count(len(files))}")
            on_page = partial(self._page, reading)
            try:
                found.append(read(source.path, source.name, limit, reading.stop.is_set, on_page))
            except AttachmentError as error:
                if len(files) == 1 or reading.stop.is_set():
                    raise
                refused.append(error.line())
            if sum(item.size for item in found) > limit and len(files) > 1:
                what, most = one_line(text), format_bytes(limit)
                raise AttachmentError(
                    f"{what} has more than {most} of text", hint="name fewer files, or --attach-limit"
                )
        if refused:
            rest = f"; and {format_count(len(refused) - _NAMED)} more" if len(refused) > _NAMED else ""
            self._owner.call_later(self._say, "; ".join(refused[:_NAMED]) + rest)
        return found

    def _page(self, reading: Reading, page: int, count: int) -> None:
        self._tell(reading, f"page {format_count(page)} of {format_count(count)}")

    def _tell(self, reading: Reading, progress: str) -> None:
        self._owner.call_later(self._progressed, reading, progress)

    # In the event loop

    def _progressed(self, reading: Reading, progress: str) -> None:
        if reading in self.readings:
            reading.progress = progress
            self._changed()

    def _over(self, reading: Reading, found: list[Attached], problem: str) -> None:
        if reading not in self.readings:
            return  # it was stopped, and that was told
        self.readings = tuple(one for one in self.readings if one is not reading)
        # A file that is read once more takes the place of what was read of it before.
        newer = {item.path: item.attachment for item in found if item.path}
        old = [item for item in self.items if newer.get(item.path, item.attachment) != item.attachment]
        self.items = tuple(item for item in self.items if item not in old)
        known = set(self.attachments)
        again = [item for item in found if item.attachment in known]
        self._set((*self.items, *(item for item in found if item.attachment not in known)))
        if again and not problem:
            problem = f"{one_line(again[0].attachment.name)} is attached already"
        if problem:
            self._say(problem)


def here() -> Path:
    """The folder where the person is."""
    try:
        return Path.cwd()
    except OSError:  # the folder was deleted
        return Path.home()
