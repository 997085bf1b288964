"""A conversation that lasts, driven to the end of each reply."""

from __future__ import annotations

from tests.support.engines import events_of
from tui.core.events import Failed, Finished
from tui.engine.ticket import Ticket
from tui.services.recorded_chat import RecordedChat


def finish(chat: RecordedChat, ticket: Ticket | None) -> Finished | Failed:
    """Hand all events to the chat, and wait until the store has the reply; the last event."""
    assert ticket is not None
    last = None
    for event in events_of(ticket):
        chat.absorb(event)
        last = event
    assert isinstance(last, Finished | Failed)
    chat.close()
    return last
