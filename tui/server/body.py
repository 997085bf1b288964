"""Reading a request's body: bounded in size and time, and nothing but a JSON object."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request

from tui.core.text import well_formed
from tui.server.errors import ApiError

BODY_SECONDS = 30.0
"""A body has to be there within this time."""
_LARGE = 64 * 1024
"""Bytes that take longer to read than others should wait."""
_DIGITS = 300
"""Digits of a whole number; more are no number that a computer calculates with."""
_DEPTH = 100
"""Objects and arrays within each other that a body may have."""


async def read_json(request: Request, most: int) -> dict[str, Any]:
    """The request's JSON object, its texts well formed.

    Args:
        request: the request.
        most: bytes that the body may have.

    Raises:
        ApiError: it is too large, too slow, or no JSON object.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await _read(request, most)
    except TimeoutError:
        raise ApiError(408, f"The request's body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
    except ClientDisconnect:
        raise ApiError(400, "The client went away before its request was complete.") from None
    if len(data) > _LARGE:
        return await asyncio.to_thread(parse_object, data)
    return parse_object(data)


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object from bytes.

    Raises:
        ApiError: it is none.
    """
    try:
        value = json.loads(data, parse_constant=_refuse_constant, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"The request's body is no JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise ApiError(400, f"The request's body has to be a JSON object, and it is {_kind(value)}.")
    cleaned = _map_texts(value, well_formed, _DEPTH)
    assert isinstance(cleaned, dict)
    return cleaned


async def _read(request: Request, most: int) -> bytes:
    announced = request.headers.get("content-length", "")
    too_large = ApiError(413, f"The request's body is larger than the {most:,} bytes that this server takes.")
    if announced.isdecimal() and int(announced[:18]) > most:
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise too_large
    return bytes(data)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _float(text: str) -> float:
    """A number that JSON can say again."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _int(text: str) -> int:
    """A whole number that can be any other number too."""
    if len(text) > _DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _kind(value: object) -> str:
    names = {list: "an array", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _map_texts(value: object, change: Callable[[str], str], depth: int) -> object:
    """A JSON value with every text changed, keys included.

    Raises:
        ApiError: it is nested too deeply.
    """
    if depth < 0:
        raise ApiError(400, "The request's body is nested too deeply.")
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_texts(one, change, depth - 1) for one in value]
    if isinstance(value, dict):
        return {change(key): _map_texts(one, change, depth - 1) for key, one in value.items()}
    return value
