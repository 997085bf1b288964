"""A reply on its way into the store, in a thread of its own: no key press waits for the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tui.core.errors import LocalLLMError, StoreError
from tui.core.events import StopReason, Timings
from tui.store.records import MessageRecord
from tui.store.store import Store

_LOGGER = logging.getLogger("localllm.chat")
_GROW_SECONDS = 0.5
"""Between two writes. A second of a reply may be lost when the program is killed, and the disk takes a part of that."""


class ReplyWriter:
    """Lets a stored reply grow twice a second while its tokens come, and finishes it.

    Args:
        store: where the reply is.
        reply: its number, as `Store.begin_reply` or `Store.continue_reply` gave it.
        failed: called from the thread when the store does not take it; the reply goes on without being kept.
    """

    def __init__(self, store: Store, reply: int, failed: Callable[[LocalLLMError], None]) -> None:
        self._store = store
        self._reply = reply
        self._failed = failed
        self._text: list[str] = []
        self._tokens: list[int] = []
        self._end: tuple[StopReason | None, Timings | None, str, int | None] | None = None
        self._before: MessageRecord | None = None
        self._changed = threading.Condition()
        # Whoever forgets to wait loses a second of text, and not the end of the program.
        self._thread = threading.Thread(target=self._run, name="reply-writer", daemon=True)
        self._thread.start()

    def add(self, text: str, tokens: tuple[int, ...] = ()) -> None:
        """Take what came; returns at once."""
        with self._changed:
            if text:
                self._text.append(text)
            self._tokens += tokens

    def finish(
        self, stop_reason: StopReason | None, timings: Timings | None = None, *, stop: str = "", seed: int | None = None
    ) -> None:
        """The reply is over: see `Store.finish_reply`. Returns at once; only the first call counts."""
        with self._changed:
            self._end = self._end or (stop_reason, timings, stop, seed)
            self._changed.notify()

    def give_up(self, before: MessageRecord) -> None:
        """A reply that was to go on did not: see `Store.leave_reply`. Returns at once."""
        with self._changed:
            self._before = before
            self._end = self._end or (None, None, "", None)
            self._changed.notify()

    def wait(self) -> None:
        """Wait until a finished reply is in the store."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._step():
                pass
        except LocalLLMError as error:
            self._failed(error)
        except Exception as error:  # nobody is above a thread to tell it to
            _LOGGER.exception("A reply could not be stored")
            self._failed(StoreError("The reply could not be stored", why=str(error) or type(error).__name__))

    def _step(self) -> bool:
        """Wait and write once; whether that was the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._end is not None, _GROW_SECONDS)
            text, tokens, end = "".join(self._text), tuple(self._tokens), self._end
            self._text, self._tokens = [], []
        if end is None:
            self._store.grow_reply(self._reply, text, tokens)
            return False
        if self._before is not None:
            self._store.leave_reply(self._before)
            return True
        reason, timings, stop, seed = end
        self._store.finish_reply(self._reply, text, tokens, reason, timings, stop=stop, seed=seed)
        return True
