"""From the form for an endpoint back to the lists of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.screens.endpoint import EndpointScreen
from tui.core.endpoints import Endpoint

if TYPE_CHECKING:
    from tui.app.navigation import Navigation


def add_endpoint(app: Navigation) -> None:
    """Open the form; what is kept is in the lists at once, and marked there."""
    from tui.app.screens.models import ModelsScreen

    if isinstance(app.screen, EndpointScreen):
        return

    def take(endpoint: Endpoint | None) -> None:
        if endpoint is None:
            return
        if isinstance(app.screen, ModelsScreen):
            app.screen.table.mark(str(endpoint.path))
        app.search_models()
        app.say(f"{endpoint.name} is in the list of models, as remote: Enter there takes it for the chat")

    app.push_screen(EndpointScreen(), take)
