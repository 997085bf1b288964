"""What a load would take, asked of llama.cpp while the person chooses: in a thread, and only for the newest choice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.dom import DOMNode
from textual.timer import Timer

from tui.app.rendering.shown import shown_line
from tui.core.errors import CancelledError, LocalLLMError
from tui.core.parameters import LoadParams
from tui.core.units import format_bytes, format_count
from tui.engine.planner import NoPlanError, Plan
from tui.settings.logs import PROGRAM

DELAY = 0.25
"""Seconds that a choice must hold before it is asked about."""

Ask = Callable[[Path, LoadParams], Plan]
"""Gives a load's plan; called in a thread."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a load takes.

    Attributes:
        path: the model.
        load: how it would be loaded.
        plan: what llama.cpp says; None when it could not say.
        error: why the load would fail, as one line; empty when it would not, or nothing is known.
    """

    path: Path
    load: LoadParams
    plan: Plan | None = None
    error: str = ""

    def words(self, available: int) -> tuple[str, str]:
        """One line and its role, `label`, `warning` or `error`.

        Args:
            available: bytes of memory that a load may take.
        """
        if self.plan is None:
            return self.error, "error"
        size, plan = format_count(self.plan.n_ctx), self.plan
        text = f"this load needs {format_bytes(plan.total)} of {format_bytes(available)} free"
        if plan.total > available:
            return f"{text}: too much at {size} tokens of context", "warning"
        return f"{text}, with {size} tokens of context", "label"


class Pricing:
    """Asks for prices; answers to anything but the newest question are dropped.

    Args:
        owner: whose event loop, timers and workers are used.
        ask: gives a plan.
        take: called with the answer, in the event loop.
    """

    def __init__(self, owner: DOMNode, ask: Ask, take: Callable[[Price], None]) -> None:
        self._owner = owner
        self._ask = ask
        self._take = take
        self._timer: Timer | None = None
        self._wanted: tuple[Path, LoadParams] | None = None

    def ask(self, path: Path, load: LoadParams) -> None:
        """Ask about a load, in place of what was asked before."""
        if self._wanted == (path, load):
            return
        self.forget()
        self._wanted = (path, load)
        self._timer = self._owner.set_timer(DELAY, partial(self._start, path, load))

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._wanted = None
        if self._timer is not None:
            self._timer.stop()

    def _start(self, path: Path, load: LoadParams) -> None:
        work = partial(self._price, path, load)
        self._owner.run_worker(work, thread=True, group="price", exit_on_error=False)

    def _price(self, path: Path, load: LoadParams) -> None:
        """In a thread: ask, unless the person has moved on."""
        if self._wanted != (path, load):
            return
        try:
            price = Price(path, load, self._ask(path, load))
        except CancelledError:
            return
        except NoPlanError as error:
            logging.getLogger(PROGRAM).warning("%s", error.line())
            return
        except LocalLLMError as error:
            price = Price(path, load, error=shown_line(error.line()))
        self._owner.call_later(self._answer, price)

    def _answer(self, price: Price) -> None:
        if self._wanted == (price.path, price.load):
            self._take(price)
