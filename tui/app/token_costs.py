"""How many tokens attached texts take: asked of the loaded model, once for each text, and estimated until it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from tui.app.activity import Activity
from tui.app.rendering.attachment_rows import estimate
from tui.core.events import Counted, Event
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.services.model_host import ModelHost

if TYPE_CHECKING:
    from tui.store.records import Attachment

_MOST = 256
"""Counts that are kept, each with its text, besides those of what is attached now."""

_PAUSE = 0.05
"""Seconds in which counts are gathered."""


class TokenCosts:
    """What the loaded model was asked about; another model is asked anew.

    Args:
        owner: whose timers are used.
        host: where the model is.
        changed: called when more is known.
    """

    def __init__(self, owner: DOMNode, host: ModelHost, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._host = host
        self._changed = changed
        self._model = ""
        self._known: dict[Attachment | None, int] = {}
        self._asked: set[Attachment | None] = set()
        self._wanted: tuple[Attachment, ...] = ()
        self._telling = False

    def of(self, attachment: Attachment) -> tuple[int, bool]:
        """Its tokens as part of a prompt, and whether that is exact; never waits."""
        self._follow_model()
        count, begin = self._known.get(attachment), self._known.get(None)
        if count is None or begin is None:
            return estimate(attachment), False
        return max(count - begin, 0), True

    def want(self, attachments: Sequence[Attachment]) -> None:
        """Ask the model about those that are not known yet; `changed` is called when it has said."""
        self._follow_model()
        self._wanted = tuple(attachments)
        if self._model:
            # What each prompt begins with is counted with each; asked with nothing it is known.
            for attachment in (None, *attachments) if attachments else ():
                if attachment not in self._asked:
                    self._ask(attachment)

    def _follow_model(self) -> None:
        model = self._host.model
        if (path := str(model.path) if model else "") != self._model:
            self._model, self._known, self._asked = path, {}, set()

    def _ask(self, attachment: Attachment | None) -> None:
        # Imported here: what it stands on is not needed for the first frame.
        from tui.store.formats.spoken import fenced

        self._asked.add(attachment)
        text = f"{fenced(attachment)}\n\n" if attachment else ""
        ticket = self._host.engine.count(RawPrompt(text), GenerationParams())
        Activity(self._owner, ticket, partial(self._take, self._model, attachment), lambda: None)

    def _take(self, model: str, attachment: Attachment | None, events: list[Event], _speed: float) -> None:
        if model != self._model:
            return
        for event in events:
            if isinstance(event, Counted):
                self._known[attachment] = event.tokens
        kept = {None, *self._wanted}
        for oldest in [key for key in self._known if key not in kept][:-_MOST]:
            del self._known[oldest]
            self._asked.discard(oldest)
        if not self._telling:  # of many texts several come at a time
            self._telling = True
            self._owner.set_timer(_PAUSE, self._tell)

    def _tell(self) -> None:
        self._telling = False
        self._changed()
