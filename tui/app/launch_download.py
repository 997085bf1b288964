"""What -hf asked for and is not here: downloaded in front of the person, and then loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.core.errors import LocalLLMError

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.catalogue.hub.cancel import Cancel
    from tui.catalogue.hub.values import Request


def fetch_launched(app: LocalLLMApp) -> None:
    """Download what the program was started with, if it names a model of the Hub."""
    if not (text := app.launch.hub_model):
        return
    from tui.app.asking import Asking
    from tui.services.hub_models import look_up

    hub, folder = app.store.hub, app.store.folder

    def question(cancel: Cancel) -> Request:
        return look_up(hub, text, folder, cancel)

    def found(request: Request) -> None:
        app.transfers.start(request, load=True)

    def failed(error: LocalLLMError) -> None:
        if getattr(app.screen, "tells_of_downloads", False):
            app.to_chat()
        app.say(error.line(), "error")

    app.action_downloads()
    app.say(f"looking for {text} on the Hub")
    Asking(app, "hub-launch").ask(question, found, failed)
