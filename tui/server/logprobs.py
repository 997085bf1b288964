"""Probabilities of tokens in the shapes that clients know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.core.events import Candidate, Token
from tui.server.errors import ApiError
from tui.server.fields import Fields

MOST_CHAT = 20
MOST_COMPLETION = 20
_FLOOR = -9999.0
"""In place of minus infinity, which JSON does not have; OpenAI's own number."""


def wanted_by_chat(fields: Fields) -> int | None:
    """How many likeliest tokens a chat request wants with each token; None for no probabilities.

    Raises:
        ApiError: it is too many, or asked without asking for probabilities.
    """
    count = fields.whole("top_logprobs", 0, least=0, most=MOST_CHAT)
    if not fields.flag("logprobs"):
        if count:
            raise ApiError(400, "top_logprobs needs logprobs to be true.", param="top_logprobs")
        return None
    return count


def wanted_by_completion(fields: Fields) -> int | None:
    """The same of a completion request, whose `logprobs` is a number.

    Raises:
        ApiError: it is too many.
    """
    if "logprobs" not in fields or fields.body["logprobs"] is False:
        return None
    if fields.body["logprobs"] is True:
        return 1
    return fields.whole("logprobs", 0, least=0, most=MOST_COMPLETION)


def chat_logprobs(tokens: Sequence[Token]) -> dict[str, Any] | None:
    """Of some tokens, in the shape of a chat's answer; None where there are none."""
    content = [_entry(token) for token in tokens if token.candidates]
    return {"content": content, "refusal": None} if content else None


def completion_logprobs(tokens: Sequence[Token], offset: int = 0) -> dict[str, Any] | None:
    """Of some tokens, in the shape of a completion's answer; None where there are none.

    Args:
        tokens: the tokens.
        offset: characters of the text before the first of them.
    """
    told = [token for token in tokens if token.candidates]
    if not told:
        return None
    offsets = []
    for token in told:
        offsets.append(offset)
        offset += len(token.text)
    return {
        "tokens": [_text(token.candidates[0]) for token in told],
        "token_logprobs": [_number(token.candidates[0]) for token in told],
        "top_logprobs": [{_text(one): _number(one) for one in token.candidates[1:]} for token in told],
        "text_offset": offsets,
    }


def native_probabilities(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    """Of some tokens, in the shape of llama-server's `/completion`."""
    return [
        {"id": token.id, **_named(token.candidates[0]), "top_logprobs": [
            {"id": one.id, **_named(one)} for one in token.candidates[1:]
        ]}
        for token in tokens if token.candidates
    ]  # fmt: skip


def _entry(token: Token) -> dict[str, Any]:
    chosen, *likeliest = token.candidates
    return {**_named(chosen), "top_logprobs": [_named(one) for one in likeliest]}


def _named(one: Candidate) -> dict[str, Any]:
    return {"token": _text(one), "logprob": _number(one), "bytes": list(one.piece)}


def _text(one: Candidate) -> str:
    return one.piece.decode("utf-8", "replace")


def _number(one: Candidate) -> float:
    return max(one.logprob, _FLOOR)
