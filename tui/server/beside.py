"""A server beside the application, on the model that the person has loaded."""

from __future__ import annotations

from tui.server.options import ServeOptions
from tui.server.running import Running
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.services.model_pool import HeldModel
from tui.services.served import ServeWish

STOP_SECONDS = 10.0
"""How long requests under way may go on when the person ends the server."""


def serve_beside(host: ModelHost, wish: ServeWish) -> Running:
    """Serve what a host has loaded, in a thread.

    Args:
        host: where the person's model is.
        wish: how to serve.

    Raises:
        LocalLLMError: the address cannot be listened at, or others would be served without a key.
    """
    options = ServeOptions(
        host=wish.host,
        port=wish.port,
        parallel=wish.parallel,
        api_keys=(wish.key,) if wish.key else (),
        cors_origins=wish.cors_origins,
        stop_seconds=STOP_SECONDS,
    )
    running = Running(State(HeldModel(host), options, wish.generation, wish.requests))
    running.start()
    return running
