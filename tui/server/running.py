"""The server as it runs: in the main thread of `serve`, or in a thread beside the application."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable

import uvicorn

from tui.core.addresses import is_loopback
from tui.core.errors import LocalLLMError
from tui.server.application import make_application
from tui.server.protocol import TimedProtocol
from tui.server.state import State

_CONNECTIONS = 512
_HEAD_BYTES = 32 * 1024
_LOOK = 0.1
"""Seconds between two looks whether it is to end."""
_TELL = 1.0
"""Seconds in which clients are told that their requests were ended."""


class Running:
    """Serves a state until it is told to stop.

    The port is taken at once, so that a taken one fails here.

    Args:
        state: what is served.
        say: gets a line for each request; None for the log alone.

    Raises:
        LocalLLMError: the address cannot be listened at, or the certificate cannot be used.
    """

    def __init__(self, state: State, say: Callable[[str], None] | None = None) -> None:
        self._state = state
        options = state.options
        self._socket = _listen(options.host, options.port)
        config = uvicorn.Config(
            make_application(state, say),
            http=TimedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),  # else anybody here could claim any address
            limit_concurrency=_CONNECTIONS,
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=round(options.stop_seconds + 2 * _TELL),
            ssl_keyfile=options.ssl_key_file or None,
            ssl_certfile=options.ssl_cert_file or None,
        )
        logging.getLogger("uvicorn").propagate = False
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        try:
            config.load()
        except (OSError, ValueError) as error:
            self._socket.close()
            raise LocalLLMError("the certificate cannot be used", why=str(error)) from None
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self._address = f"http{'s' * bool(options.ssl_cert_file)}://{shown}:{port}"
        self._server = _Quiet(config)
        self._killed = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where clients find it, such as `http://127.0.0.1:8080`."""
        return self._address

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        return not is_loopback(self._state.options.host)

    def run(self) -> None:
        """Serve until `stop`; in the calling thread."""
        asyncio.run(self._serve())

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, and end as soon as those under way are done, or their time is up. Any thread."""
        self._server.should_exit = True

    def kill(self) -> None:
        """End those under way too; their clients are told."""
        self._killed.set()
        self._server.should_exit = True

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it came in time."""
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    async def _serve(self) -> None:
        ending = asyncio.ensure_future(self._end_in_time())
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            ending.cancel()
            self._socket.close()

    async def _end_in_time(self) -> None:
        """Once it is to end: wait for the requests under way, then end them, then those who do not listen."""
        while not self._server.should_exit:
            await asyncio.sleep(_LOOK)
        end = time.monotonic() + self._state.options.stop_seconds
        while time.monotonic() < end and not self._killed.is_set():
            await asyncio.sleep(_LOOK)
        for info in self._state.requests.running:
            self._state.requests.cancel(info.id)
        await asyncio.sleep(_TELL)
        self._server.force_exit = True


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    def capture_signals(self):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        return nullcontext()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        LocalLLMError: the address is taken, or no address of this machine.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, number)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise LocalLLMError(f"cannot listen at {host}:{port}", why=why, hint="give another --port or --host") from None
    return listening
