"""What the handlers of requests share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from starlette.requests import Request

from tui.core.events import Answered, Failed, ModelInfo
from tui.core.parameters import GenerationParams
from tui.engine.questions import Questions
from tui.server.errors import ApiError, api_error
from tui.server.following import last_event
from tui.server.keys import Keys
from tui.server.options import ServeOptions
from tui.services.model_host import ModelHost
from tui.services.requests import Requests

T = TypeVar("T")


class State:
    """The model, the options, the keys, and the requests under way.

    Args:
        host: where the model is.
        options: how to serve.
        generation: how tokens are chosen where a request does not say.
        requests: where requests are kept.
    """

    def __init__(
        self, host: ModelHost, options: ServeOptions, generation: GenerationParams, requests: Requests | None = None
    ) -> None:
        self.host = host
        self.options = options
        self.generation = generation
        self.requests = requests or Requests(transcripts=options.transcripts)
        self.keys = Keys(options)
        self.started = time.time()

    @property
    def model(self) -> ModelInfo:
        """The loaded model.

        Raises:
            ApiError: there is none.
        """
        model = self.host.model
        if model is None:
            raise ApiError(503, "The model is not loaded yet.", headers={"Retry-After": "2"})
        return model

    @property
    def model_name(self) -> str:
        """What clients know the model as."""
        return self.options.alias or Path(self.model.path).name.removesuffix(".gguf")

    def check_room(self) -> None:
        """Whether one more request may wait.

        Raises:
            ApiError: enough of them wait already.
        """
        if len(self.requests.running) >= self.options.parallel + self.options.max_waiting:
            self.requests.refused()
            waiting = self.options.max_waiting
            raise ApiError(
                429, f"{waiting} requests wait already. Try again in a few seconds.", headers={"Retry-After": "2"}
            )

    async def ask(self, question: Callable[[Questions], T]) -> T:
        """Ask the loaded model something that needs no evaluation.

        Raises:
            ApiError: it has no answer.
        """
        event = await last_event(self.host.engine.ask(question))
        if isinstance(event, Failed):
            raise api_error(event.error)
        assert isinstance(event, Answered)
        return cast(T, event.value)

    def begin(self, request: Request, cancel: Callable[[], None]) -> int:
        """Note that a request starts to run."""
        return self.requests.begin(request_id(request), client_of(request), request.url.path, self.model_name, cancel)


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
    """Who asks, for the log and for taking turns: the address it comes from."""
    return request.client.host if request.client else "local"
