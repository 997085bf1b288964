"""`/v1/embeddings`, and llama-server's `/embedding`."""

from __future__ import annotations

import base64
import struct
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Embedded, Failed
from tui.server.body import read_json
from tui.server.errors import ApiError, api_error
from tui.server.fields import Fields, wrong
from tui.server.following import last_event, unless_gone
from tui.server.state import State, state_of

_MOST_TEXTS = 2048
_DIMENSIONS_FROM = 1


async def embeddings(request: Request) -> Response:
    """A vector for each text, in OpenAI's shape."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    encoding = fields.text("encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise wrong("encoding_format", "float or base64", encoding)
    texts = _texts(fields, "input")
    size = fields.whole("dimensions", 0, least=_DIMENSIONS_FROM) if "dimensions" in fields else 0
    answer = await unless_gone(request, _embed(state, request, fields.text("model"), texts))
    if answer is None:
        return Response(status_code=499)
    found, name = answer
    data = [
        {"object": "embedding", "index": number, "embedding": _encoded(_shortened(vector, size), encoding)}
        for number, vector in enumerate(found.vectors)
    ]
    usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    return JSONResponse({"object": "list", "data": data, "model": name, "usage": usage})


async def embedding(request: Request) -> Response:
    """A vector for each text, in llama-server's shape."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    texts = _texts(fields, "content" if "content" in fields else "input")
    answer = await unless_gone(request, _embed(state, request, fields.text("model"), texts))
    if answer is None:
        return Response(status_code=499)
    return JSONResponse([{"index": at, "embedding": [list(vector)]} for at, vector in enumerate(answer[0].vectors)])


async def _embed(state: State, request: Request, model: str, texts: list[str | list[int]]) -> tuple[Embedded, str]:
    state.check_room()
    async with state.using(model) as lease:
        if not lease.model.params.embeddings:
            raise ApiError(501, "This model writes text. Serve it, or another model, with --embeddings.")
        ticket = lease.host.engine.embed(texts)
        number = state.begin(request, lease, ticket.cancel)
        try:
            last = await last_event(ticket)
        finally:
            state.requests.end(number)
    if isinstance(last, Failed):
        raise api_error(last.error)
    assert isinstance(last, Embedded)
    return last, lease.name


def _texts(fields: Fields, name: str) -> list[str | list[int]]:
    """One text, an array of texts, one array of tokens, or an array of those.

    Raises:
        ApiError: it is something else, or too many.
    """
    value = fields.body.get(name)
    if isinstance(value, str) or (isinstance(value, list) and value and all(_is_token(one) for one in value)):
        value = [value]
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_TEXTS:
        raise wrong(name, f"a text, an array of tokens, or an array of up to {_MOST_TEXTS:,} of these", value)
    for one in value:
        if not isinstance(one, str) and not (isinstance(one, list) and one and all(_is_token(item) for item in one)):
            raise wrong(name, "texts or arrays of tokens", one)
    return value


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shortened(vector: tuple[float, ...], size: int) -> tuple[float, ...]:
    """The first `size` numbers, of length 1 again; models made for that keep their meaning."""
    if not size or size >= len(vector):
        return vector
    part = vector[:size]
    length = sum(value * value for value in part) ** 0.5
    return tuple(value / length for value in part) if length else part


def _encoded(vector: tuple[float, ...], encoding: str) -> list[float] | str:
    if encoding == "float":
        return list(vector)
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
