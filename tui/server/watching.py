"""The requests under way, for somebody who watches from elsewhere: `localllm-tui attach`."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.server.errors import ApiError
from tui.server.state import state_of

LISTED = 50
"""Requests that are over and still listed."""


async def requests(request: Request) -> Response:
    """Those under way and the last ones that are over, as `RequestInfo`; and what all came to."""
    state = state_of(request)
    listed = (*state.requests.running, *state.requests.ended[:LISTED])
    return JSONResponse(
        {
            "object": "localllm.requests",
            "data": [asdict(info) for info in listed],
            "totals": asdict(state.requests.totals),
            "places": state.options.parallel,
            "models": list(state.models.names[:LISTED]),
            "transcripts": state.requests.transcripts,
        }
    )


async def cancel(request: Request) -> Response:
    """End one of them."""
    state, number = state_of(request), _number(request)
    return JSONResponse({"object": "localllm.cancelled", "id": number, "cancelled": state.requests.cancel(number)})


async def transcript(request: Request) -> Response:
    """Prompt and answer of one of them, where the server keeps them."""
    state, number = state_of(request), _number(request)
    if not state.requests.transcripts:
        raise ApiError(403, "This server keeps no prompts and answers; --transcripts lets it.")
    found = state.requests.transcript(number)
    if found is None:
        raise ApiError(404, f"Request {number} is not known any more.")
    return JSONResponse({"object": "localllm.transcript", "id": number, "prompt": found[0], "answer": found[1]})


def _number(request: Request) -> int:
    """Which request is meant.

    Raises:
        ApiError: that is no number.
    """
    text = str(request.path_params["number"])
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise ApiError(404, "There is no such request.")
    return int(text)
