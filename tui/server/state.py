"""What the handlers of requests share."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TypeVar, cast

from starlette.requests import Request

from tui.core.errors import LocalLLMError, ModelFileError, OutOfMemoryError
from tui.core.events import Answered, Failed
from tui.core.parameters import GenerationParams
from tui.engine.questions import Questions
from tui.server.errors import ApiError, api_error
from tui.server.following import last_event
from tui.server.keys import Keys
from tui.server.options import ServeOptions
from tui.services.model_pool import Lease, Models
from tui.services.requests import Requests

T = TypeVar("T")
_LENDERS = 32
"""Clients that may wait for models to be loaded, each in a thread; more come after them."""


class State:
    """The models, the options, the keys, and the requests under way.

    Args:
        models: where models come from.
        options: how to serve.
        generation: how tokens are chosen where a request does not say.
        requests: where requests are kept.
    """

    def __init__(
        self, models: Models, options: ServeOptions, generation: GenerationParams, requests: Requests | None = None
    ) -> None:
        self.models = models
        self.options = options
        self.generation = generation
        self.requests = requests or Requests(transcripts=options.transcripts)
        self.keys = Keys(options)
        # Whoever waits for a model must not hold up what is short.
        self._lenders = ThreadPoolExecutor(_LENDERS, "lending")
        self.started = time.time()

    def check_room(self, more: int = 1) -> None:
        """Whether a request may wait; one that nobody else is waiting beside may have as many answers as it likes.

        Args:
            more: answers that it asks for.

        Raises:
            ApiError: enough of them wait already.
        """
        count, room = self.requests.count, self.options.parallel + self.options.max_waiting
        if count >= room or (count and count + more > room):
            self.requests.refused()
            waiting = self.options.max_waiting
            raise ApiError(
                429, f"{waiting} requests wait already. Try again in a few seconds.", headers={"Retry-After": "2"}
            )

    async def use(self, asked: str) -> Lease:
        """The model that a client means, to be closed when it is not needed any more; loads it where that is wanted.

        Raises:
            ApiError: there is none, or it cannot be loaded.
        """
        gave_up = threading.Event()
        try:
            if lease := self.models.lend_loaded(asked):
                return lease
            return await self._lend(asked, gave_up)
        except LocalLLMError as error:
            raise no_model(error) from None
        finally:
            gave_up.set()

    @contextlib.asynccontextmanager
    async def using(self, asked: str) -> AsyncIterator[Lease]:
        """The model that a client means, for a while.

        Raises:
            ApiError: there is none, or it cannot be loaded.
        """
        lease = await self.use(asked)
        try:
            yield lease
        finally:
            lease.close()

    async def ask(self, lease: Lease, question: Callable[[Questions], T]) -> T:
        """Ask a loaded model something that needs no evaluation.

        Raises:
            ApiError: it has no answer.
        """
        event = await last_event(lease.host.engine.ask(question))
        if isinstance(event, Failed):
            raise api_error(event.error)
        assert isinstance(event, Answered)
        return cast(T, event.value)

    async def _lend(self, asked: str, gave_up: threading.Event) -> Lease:
        lending = asyncio.get_running_loop().run_in_executor(self._lenders, self.models.lend, asked, gave_up.is_set)
        try:
            return await asyncio.shield(lending)
        except asyncio.CancelledError:
            lending.add_done_callback(_close_lent)
            raise

    def begin(self, request: Request, lease: Lease, cancel: Callable[[], None]) -> int:
        """Note that a request starts to run."""
        return self.requests.begin(request_id(request), client_of(request), request.url.path, lease.name, cancel)


def state_of(request: Request) -> State:
    """The state behind a request."""
    return cast(State, request.app.state.serving)


def request_id(request: Request) -> str:
    """The id that the answer's headers and the log have for this request."""
    known = request.scope.setdefault("state", {})
    if "request_id" not in known:
        known["request_id"] = f"req_{uuid.uuid4().hex}"
    return str(known["request_id"])


def client_of(request: Request) -> str:
    """Who asks, for the log and for taking turns: the address it comes from; never nothing, which is the person."""
    try:
        return str(ip_address(request.client.host)) if request.client else "local"
    except ValueError:  # what a proxy tells may be anything
        return "unknown"


def _close_lent(lending: asyncio.Future[Lease]) -> None:
    if not lending.cancelled() and lending.exception() is None:
        lending.result().close()


def no_model(error: LocalLLMError) -> ApiError:
    """What a client is told where there is no model for it."""
    if isinstance(error, ModelFileError):
        return ApiError(404, error.line(), param="model", code="model_not_found")
    if isinstance(error, OutOfMemoryError):
        return ApiError(503, error.line(), headers={"Retry-After": "30"})
    return api_error(error)
