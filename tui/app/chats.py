"""The store of conversations as the application uses it: opened after the first frame, asked in its own thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimedOutError
from typing import TYPE_CHECKING, TypeVar

from tui.services.model_host import ModelHost
from tui.settings.logs import PROGRAM

if TYPE_CHECKING:
    from tui.services.recorded_chat import RecordedChat
    from tui.store.store import Store

T = TypeVar("T")


class Chats:
    """One thread does everything that may wait for the disk, one thing after the other; the screen never waits.

    Args:
        host: where the model is.
    """

    def __init__(self, host: ModelHost) -> None:
        self._host = host
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chats")
        self._store: Store | None = None
        self._session: RecordedChat | None = None
        self._problems: tuple[str, ...] = ()
        self._told: set[str] = set()
        self._closed = False
        self.last_words: Callable[[Store], None] | None = None
        """What is to be done with the store, if it was opened, before it is closed; called in the thread."""

    @property
    def session(self) -> RecordedChat:
        """The conversation that is open; to be read only while nothing is asked of it.

        Raises:
            RuntimeError: nothing was asked yet.
        """
        if self._session is None:
            raise RuntimeError("the store is not open yet")
        return self._session

    @property
    def is_open(self) -> bool:
        """Whether there is a session already."""
        return self._session is not None

    async def ask(self, work: Callable[[RecordedChat], T]) -> T:
        """Let the thread do something with the conversation; opens the store the first time.

        Raises:
            LocalLLMError: what `work` raises.
        """
        return await self._do(lambda: work(self._opened()[1]))

    async def look(self, work: Callable[[Store], T]) -> T:
        """Let the thread do something with the store.

        Raises:
            LocalLLMError: what `work` raises.
        """
        return await self._do(lambda: work(self._opened()[0]))

    def news(self) -> list[str]:
        """What the person should know of the store, each line once."""
        new = [line for line in self._problems if line not in self._told]
        self._told.update(new)
        return new

    def close(self, timeout: float = 5.0) -> None:
        """Bring what is known to disk and close the store.

        Args:
            timeout: most seconds to wait for the disk.
        """
        self._closed = True
        closed: Future[None] = self._thread.submit(self._close)
        self._thread.shutdown(wait=False)
        try:
            closed.result(timeout)
        except TimedOutError:
            logging.getLogger(PROGRAM).warning("the chats could not be closed in time")
        except Exception:
            logging.getLogger(PROGRAM).exception("the chats could not be closed")

    async def _do(self, work: Callable[[], T]) -> T:
        def job() -> T:
            try:
                return work()
            finally:
                if self._session is not None:
                    self._problems = self._session.problems

        if self._closed:
            raise asyncio.CancelledError  # the program ends: whoever waits for an answer needs none
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)

    def _opened(self) -> tuple[Store, RecordedChat]:
        if self._store is None or self._session is None:
            # Imported here: neither SQLite nor what stands on it is needed for the first frame.
            from tui.services.recorded_chat import RecordedChat
            from tui.store.store import Store

            self._store = self._store or Store()
            self._session = RecordedChat(self._host, self._store)
        return self._store, self._session

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
        if self._store is not None:
            try:
                if self.last_words is not None:
                    self.last_words(self._store)
            finally:
                self._store.close()
