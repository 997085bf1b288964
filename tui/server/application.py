"""The ASGI application: which path is answered by what."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tui.core.errors import LocalLLMError
from tui.server import (
    about,
    anthropic,
    chat,
    completions,
    embeddings,
    infill,
    native,
    openapi,
    props,
    responses,
    texts,
    watching,
)
from tui.server.errors import ApiError, api_error
from tui.server.security import Guard, Log
from tui.server.state import State


def make_application(state: State, say: Callable[[str], None] | None = None) -> Starlette:
    """The server, ready for any ASGI runner.

    Args:
        state: the model and the options.
        say: gets a line for each request; None for the log alone.
    """
    middleware = [Middleware(Log, say=say), Middleware(Guard, state=state)]
    if origins := state.options.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(origins),
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=["X-Request-Id"],
            )
        )
    app = Starlette(
        routes=_routes(),
        middleware=middleware,
        exception_handlers={ApiError: _api_error, LocalLLMError: _known_error, HTTPException: _http_error},
    )
    app.state.serving = state
    return app


def _routes() -> list[Route]:
    get, post = ["GET"], ["POST"]
    return [
        Route("/health", about.health, methods=get),
        Route("/v1/health", about.health, methods=get),
        Route("/v1/models", about.models, methods=get),
        Route("/models", about.models, methods=get),
        Route("/v1/models/{name:path}", about.one_model, methods=get),
        Route("/openapi.json", openapi.openapi, methods=get),
        Route("/props", props.props, methods=get),
        Route("/slots", about.slots, methods=get),
        Route("/metrics", about.metrics, methods=get),
        Route("/v1/localllm/requests", watching.requests, methods=get),
        Route("/v1/localllm/requests/{number}/cancel", watching.cancel, methods=post),
        Route("/v1/localllm/requests/{number}/transcript", watching.transcript, methods=get),
        Route("/v1/chat/completions", chat.chat_completions, methods=post),
        Route("/chat/completions", chat.chat_completions, methods=post),
        Route("/v1/responses", responses.responses, methods=post),
        Route("/v1/messages", anthropic.messages, methods=post),
        Route("/v1/messages/count_tokens", anthropic.count_tokens, methods=post),
        Route("/v1/completions", completions.completions, methods=post),
        Route("/completion", native.completion, methods=post),
        Route("/completions", native.completion, methods=post),
        Route("/v1/embeddings", embeddings.embeddings, methods=post),
        Route("/embedding", embeddings.embedding, methods=post),
        Route("/embeddings", embeddings.embedding, methods=post),
        Route("/infill", infill.infill, methods=post),
        Route("/tokenize", texts.tokenize, methods=post),
        Route("/detokenize", texts.detokenize, methods=post),
        Route("/apply-template", texts.apply_template, methods=post),
    ]


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response(request.url.path)


async def _known_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LocalLLMError)
    return api_error(error).response(request.url.path)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    messages = {
        404: f"There is no {request.url.path[:100]} here.",
        405: f"{request.url.path[:100]} is not asked with {request.method[:10]}.",
    }
    headers = dict(error.headers or {})
    known = ApiError(error.status_code, messages.get(error.status_code, error.detail), headers=headers)
    return known.response(request.url.path)
