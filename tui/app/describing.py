"""Descriptions of the marked model: in threads, first from its header, then with llama.cpp's own figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.timer import Timer

from tui.app.rendering.shown import shown_line
from tui.core.errors import CancelledError, LocalLLMError
from tui.core.parameters import LoadParams

if TYPE_CHECKING:
    from tui.catalogue.explain import Sibling
    from tui.services.describe import Ask, Description

HEADER_DELAY = 0.2
"""Seconds that a person must stay on a row before its header is read: scrolling past and typing on read nothing."""
PLAN_DELAY = 0.3
"""Seconds more before llama.cpp is asked, which takes a process."""

Take = Callable[["Description | None", str], None]
"""Told what was found: a description, or None and why there is none."""


class Describing:
    """Describes one model at a time; answers to anything but the newest question are dropped.

    Args:
        owner: whose event loop, timers and workers are used.
        ask: gives llama.cpp's plan.
        take: called with each answer, in the event loop.
    """

    def __init__(self, owner: DOMNode, ask: Ask, take: Take) -> None:
        self._owner = owner
        self._ask = ask
        self._take = take
        self._timer: Timer | None = None
        self._wanted: object = None

    def ask(self, path: Path, load: LoadParams, siblings: Sequence[Sibling], available: int, exact: bool) -> None:
        """Describe a model, in place of what was asked before.

        Args:
            path: its file.
            load: how it would be loaded.
            siblings: other quantizations of it.
            available: bytes of memory that a load may take.
            exact: whether llama.cpp is asked too.
        """
        question = (path, load, tuple(siblings), exact)
        if self._wanted == question:
            return
        self.forget()
        self._wanted = question
        first = partial(self._describe, question, available, None)
        then = partial(self._later, PLAN_DELAY, partial(self._describe, question, available, self._ask))
        self._later(HEADER_DELAY, partial(first, then if exact else None))

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._wanted = None
        if self._timer is not None:
            self._timer.stop()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        start = partial(self._owner.run_worker, work, thread=True, group="describe", exit_on_error=False)
        self._timer = self._owner.set_timer(seconds, start)

    def _describe(
        self,
        question: tuple[Path, LoadParams, tuple[Sibling, ...], bool],
        available: int,
        ask: Ask | None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """In a thread: describe, unless the person has moved on."""
        from tui.services.describe import describe

        if self._wanted != question:
            return
        path, load, siblings, _ = question
        try:
            description, problem = describe(path, load, ask, siblings=siblings, available=available), ""
        except CancelledError:
            return
        except (LocalLLMError, OSError) as error:
            description, problem = None, error.line() if isinstance(error, LocalLLMError) else str(error)
        self._owner.call_later(self._answer, question, description, shown_line(problem), then)

    def _answer(
        self, question: object, description: Description | None, problem: str, then: Callable[[], None] | None
    ) -> None:
        if self._wanted == question:
            self._take(description, problem)
            if then is not None and description is not None and not description.problem:
                then()
