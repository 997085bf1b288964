"""Who may ask: keys, origins, hosts; and one line in the log for each request."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.core.addresses import is_loopback
from tui.core.text import one_line
from tui.server.errors import ApiError
from tui.server.state import State, client_of, request_id

LOGGER = logging.getLogger("localllm.server")
WATCH_PATH = "/v1/localllm/requests"
"""The list of requests, for who watches a server from elsewhere."""
_CLOSE = {"Connection": "close"}
_OPEN = frozenset({"/health", "/v1/health"})
"""Paths that need no key: whoever balances loads has none."""


class Guard:
    """Lets requests through that show a key, where one is wanted, and that no other page sent in a person's name.

    Args:
        app: what is guarded.
        state: keys and options.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            self._check(request.method, request.url.path, request.headers)
        except ApiError as error:
            self._state.requests.refused()
            await error.response(scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, method: str, path: str, headers: Headers) -> None:
        if "transfer-encoding" in headers and "content-length" in headers:
            # A proxy before this server may go by the other one, and take the rest for somebody else's request.
            raise ApiError(400, "A request says either how long it is or that it is chunked.", headers=_CLOSE)
        self._check_host(headers)
        origin = headers.get("origin", "")
        allowed = self._state.options.cors_origins
        if origin and "*" not in allowed and origin not in allowed:
            raise ApiError(403, "Pages of this origin may not ask this server. --cors-origin allows one.")
        if method == "OPTIONS" and origin:
            return  # a browser asks beforehand, without a key
        if not self._state.keys.wanted or path in _OPEN:
            return
        key = _key(headers)
        if not key:
            raise _unauthorized("There is no API key: send it as Authorization: Bearer KEY.")
        if not self._state.keys.accept(key):
            raise _unauthorized("The API key is not one of this server's.")

    def _check_host(self, headers: Headers) -> None:
        """A page elsewhere may give its own name this machine's address; what it then sends names it as the host."""
        options = self._state.options
        if self._state.keys.wanted or not is_loopback(options.host):
            return
        try:
            name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        except ValueError:
            name = "?"
        if name and not is_loopback(name):
            raise ApiError(403, "This server answers under the name of this machine only, such as localhost.")


class Log:
    """Gives each answer its request id, and writes a line about it: no key, no prompt, no answer.

    Args:
        app: what is logged.
        say: gets each line too; None for the log alone.
    """

    def __init__(self, app: ASGIApp, say: Callable[[str], None] | None = None) -> None:
        self._app = app
        self._say = say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        name, started, status = request_id(request), time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = name
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._answer(scope, receive, noted)
        finally:
            client = client_of(request)
            what = one_line(f"{request.method[:10]} {request.url.path[:100]}")
            watching = request.method == "GET" and request.url.path == WATCH_PATH and status == 200
            line = f"{client} {what} {status or 'gone'} {time.monotonic() - started:.3f} s {name}"
            if not watching:  # somebody looks at a list twice a second
                self._note(line)

    def _note(self, line: str) -> None:
        LOGGER.info(line)
        if self._say is not None:
            self._say(line)

    async def _answer(self, scope: Scope, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # Where it failed, and not what is said of it, which may have a part of a prompt in it.
            where = "".join(traceback.format_tb(error.__traceback__))
            LOGGER.error("a request failed: %s\n%s", type(error).__name__, where)
            if not begun:
                error = ApiError(500, "The server failed. Its log says more.")
                await error.response(scope["path"])(scope, receive, watched)


def _key(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        key = headers.get("x-api-key", "")
    # The bytes of a header are read as Latin-1, and those of a key are UTF-8, as the command line and the file have it.
    return key.strip().encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, message, code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
