"""What a server elsewhere tells of its requests, read with care: nothing of it is known to be true or small."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast, get_args

from tui.services.requests import RequestInfo, State, Totals
from tui.services.watching import Snapshot

_MOST = 200
"""Requests, and names of models, that are taken."""
_LONGEST = 200
_LARGEST = 2**53
_STATES = frozenset(get_args(State))


def snapshot_of(told: object) -> Snapshot | None:
    """What `/v1/localllm/requests` tells; None where it is something else."""
    if not isinstance(told, Mapping) or not isinstance(told.get("data"), list):
        return None
    requests = [info for entry in told["data"][:_MOST] if isinstance(entry, Mapping) and (info := _info(entry))]
    totals = told.get("totals")
    models = told.get("models")
    return Snapshot(
        tuple(requests),
        Totals(**_numbers(totals, Totals)) if isinstance(totals, Mapping) else Totals(),
        places=_whole(told.get("places")),
        models=tuple(_text(name) for name in models[:_MOST]) if isinstance(models, list) else (),
        transcripts=told.get("transcripts") is True,
        server="localllm-tui",
    )


def _info(entry: Mapping[str, Any]) -> RequestInfo | None:
    state = entry.get("state")
    if state not in _STATES:
        return None
    texts = {name: _text(entry.get(name)) for name in ("name", "client", "endpoint", "model", "error")}
    first = entry.get("first_token_seconds")
    numbers = {name: value for name, value in _numbers(entry, RequestInfo).items() if name != "first_token_seconds"}
    return RequestInfo(
        **{"id": 0, **numbers, **texts},
        state=cast(State, state),
        first_token_seconds=None if first is None else _number(first),
    )


def _numbers(entry: Mapping[str, Any], kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in entry and field.type in ("int", "float"):
            found[field.name] = (_whole if field.type == "int" else _number)(entry[field.name])
    return found


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a llama-server at work.

    Attributes:
        number: of its task.
        prompt: tokens of the prompt, as far as the server knows them; while it is read, some tell the read part only.
        cached: of these, tokens from the cache.
        done: of these, tokens that are read.
        decoded: tokens generated.
        model: its name; empty where it is not told.
    """

    number: int
    prompt: int = 0
    cached: int = 0
    done: int = 0
    decoded: int = 0
    model: str = ""


def slots_of(told: object) -> list[Slot] | None:
    """What llama-server's `/slots` tells of those at work; None where it is something else."""
    if not isinstance(told, list):
        return None
    working = [one for one in told[:_MOST] if isinstance(one, Mapping) and one.get("is_processing") is True]
    return [_slot(one) for one in working]


def _slot(entry: Mapping[str, Any]) -> Slot:
    following = entry.get("next_token")
    token = following[0] if isinstance(following, Sequence) and following else following
    decoded = _whole(token.get("n_decoded")) if isinstance(token, Mapping) else 0
    told, cached = _whole(entry.get("n_prompt_tokens")), _whole(entry.get("n_prompt_tokens_cache"))
    done = cached + _whole(entry.get("n_prompt_tokens_processed"))
    # What is called the prompt's tokens is, by version, the prompt's or all that the place holds: the answer included,
    # and before anything is read, what is left of the one before.
    prompt = (max(told, done) if done else 0) if not decoded else done or max(0, told - decoded)
    number = _whole(entry.get("id_task")) or _whole(entry.get("id"))
    return Slot(number, prompt, cached, prompt if decoded else done, decoded, _file(_text(entry.get("model"))))


def places_of(told: object) -> int:
    """How many places llama-server's `/slots` tells of."""
    return min(len(told), _MOST) if isinstance(told, list) else 0


def models_of(told: object) -> tuple[str, ...]:
    """The names in what `/v1/models` tells; none where it is something else."""
    entries = told.get("data") if isinstance(told, Mapping) else None
    if not isinstance(entries, list):
        return ()
    names = (_file(_text(entry.get("id"))) for entry in entries[:_MOST] if isinstance(entry, Mapping))
    return tuple(name for name in names if name)


def _file(name: str) -> str:
    """A model's name; of a whole path, which llama-server gives where it knows no other, the file's."""
    return re.split(r"[/\\]", name)[-1] if name.lower().endswith(".gguf") else name


def totals_of(metrics: str) -> Totals:
    """What llama-server's `/metrics` tells, as far as it is there."""
    values = {name: float(value) for name, value in re.findall(r"^llamacpp:(\w+) ([\d.eE+-]{1,30})$", metrics, re.M)}
    return Totals(
        prompt_tokens=_whole(values.get("prompt_tokens_total")),
        generated_tokens=_whole(values.get("tokens_predicted_total")),
        prompt_seconds=_number(values.get("prompt_seconds_total")),
        decode_seconds=_number(values.get("tokens_predicted_seconds_total")),
    )


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return float(max(0.0, min(value, _LARGEST)))


def _whole(value: object) -> int:
    return int(_number(value))
