"""Questions to the network, asked in a thread: the newest one counts, the one before is ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from textual.dom import DOMNode

from tui.catalogue.hub.cancel import Cancel
from tui.core.errors import LocalLLMError
from tui.settings.logs import PROGRAM

Answer = TypeVar("Answer")


class Asking:
    """Asks one question at a time.

    Args:
        owner: whose event loop the answers come to, and whose workers ask.
        name: tells the workers of several of these apart.
    """

    def __init__(self, owner: DOMNode, name: str) -> None:
        self._owner = owner
        self._name = name
        self._cancel: Cancel | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._cancel is not None

    def ask(
        self,
        question: Callable[[Cancel], Answer],
        answered: Callable[[Answer], None],
        failed: Callable[[LocalLLMError], None],
    ) -> None:
        """Ask; a question that was asked before is ended and not answered any more.

        Args:
            question: called in a thread; returns soon after its `Cancel` was set.
            answered: called with the answer, in the event loop.
            failed: called with what went wrong, in the event loop.
        """
        self.drop()
        cancel = self._cancel = Cancel()

        def work() -> None:
            try:
                answer = question(cancel)
            except LocalLLMError as error:
                self._owner.call_later(self._end, cancel, failed, error)
            except Exception:
                logging.getLogger(PROGRAM).exception("a question to the Hub failed")
                fault = LocalLLMError("the program failed while it asked the Hub", hint="the log (F8) says more")
                self._owner.call_later(self._end, cancel, failed, fault)
            else:
                self._owner.call_later(self._end, cancel, answered, answer)

        self._owner.run_worker(work, thread=True, group=self._name, exit_on_error=False)

    def drop(self) -> bool:
        """End the question under way; False when there is none."""
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel.set()
        return cancel is not None

    def _end(self, cancel: Cancel, tell: Callable[[Answer], None], what: Answer) -> None:
        if cancel is self._cancel and self._owner.is_attached:
            self._cancel = None
            tell(what)
