"""Probabilities of tokens in the shapes that clients know."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any

from tui.core.events import Token
from tui.core.probabilities import Candidate, Scored
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
        "top_logprobs": [_likeliest(token.candidates) for token in told],
        "text_offset": offsets,
    }


def with_echo(scored: Sequence[Scored], text: str, generated: dict[str, Any] | None = None) -> dict[str, Any]:
    """Of the prompt's own tokens and of those after them, in the shape of a completion's answer.

    Args:
        scored: the prompt's; the first one has no probability, since nothing comes before it.
        text: the prompt as it is echoed. A first token that is no part of it, such as the model's BOS, is left out.
        generated: of the others, as `completion_logprobs` gives it.
    """
    first = scored[0].piece.decode("utf-8", "replace") if scored else ""
    told = scored[1:] if first and not text.startswith(first.lstrip(" ") or first) else scored
    ahead = int(bool(told) and told[0].piece.startswith(b" ") and not text.startswith(" "))
    decoder, offset, offsets = codecs.getincrementaldecoder("utf-8")("replace"), -ahead, []
    for one in told:
        offsets.append(max(0, offset))
        offset += len(decoder.decode(one.piece))
    rest = generated or {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    return {
        "tokens": [one.piece.decode("utf-8", "replace") for one in told] + rest["tokens"],
        "token_logprobs": [_number(one.candidates[0]) if one.candidates else None for one in told]
        + rest["token_logprobs"],
        "top_logprobs": [_likeliest(one.candidates) if one.candidates else None for one in told] + rest["top_logprobs"],
        "text_offset": offsets + rest["text_offset"],
    }


def native_probabilities(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    """Of some tokens, in the shape of llama-server's `/completion`."""
    return [
        {"id": token.id, **_named(token.candidates[0]), "top_logprobs": [
            {"id": one.id, **_named(one)} for one in token.candidates[1:]
        ]}
        for token in tokens if token.candidates
    ]  # fmt: skip


def _likeliest(candidates: Sequence[Candidate]) -> dict[str, float]:
    return {_text(one): _number(one) for one in candidates[1:]}


def _entry(token: Token) -> dict[str, Any]:
    chosen, *likeliest = token.candidates
    return {**_named(chosen), "top_logprobs": [_named(one) for one in likeliest]}


def _named(one: Candidate) -> dict[str, Any]:
    return {"token": _text(one), "logprob": _number(one), "bytes": list(one.piece)}


def _text(one: Candidate) -> str:
    return one.piece.decode("utf-8", "replace")


def _number(one: Candidate) -> float:
    return max(one.logprob, _FLOOR)
