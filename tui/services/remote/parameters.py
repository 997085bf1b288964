"""The settings of a reply in the words of an endpoint: what it does not know is not sent."""

from __future__ import annotations

import json
import re
from typing import Any

from tui.core.errors import RemoteError
from tui.core.parameters import GenerationParams
from tui.services.remote.server import Kind

_LLAMA_CPP = {
    "top_k": "top_k", "min_p": "min_p", "typical": "typical_p", "top_n_sigma": "top_n_sigma",
    "xtc_probability": "xtc_probability", "xtc_threshold": "xtc_threshold", "dynatemp_range": "dynatemp_range",
    "dynatemp_exp": "dynatemp_exponent", "repeat_penalty": "repeat_penalty", "repeat_last_n": "repeat_last_n",
    "dry_multiplier": "dry_multiplier", "dry_base": "dry_base", "dry_allowed_length": "dry_allowed_length",
    "dry_penalty_last_n": "dry_penalty_last_n", "dry_sequence_breakers": "dry_sequence_breakers",
    "mirostat": "mirostat", "mirostat_lr": "mirostat_eta", "mirostat_ent": "mirostat_tau", "ignore_eos": "ignore_eos",
}  # fmt: skip
_EXTRA: dict[Kind, dict[str, str]] = {
    "openai": {},
    "ollama": {},
    "llama.cpp": _LLAMA_CPP,
    "localllm-tui": _LLAMA_CPP,
    "vllm": {
        "top_k": "top_k",
        "min_p": "min_p",
        "repeat_penalty": "repetition_penalty",
        "ignore_eos": "ignore_eos",
    },
    "lm-studio": {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repeat_penalty"},
}
"""Settings besides OpenAI's that a kind of server understands, and its names for them."""
_SAMPLERS = ("llama.cpp", "localllm-tui")
"""Kinds with llama.cpp's whole sampler chain and its grammars."""
_BIAS = re.compile(r"(.+?)([+-](?:inf|\d*\.?\d+))", re.IGNORECASE | re.DOTALL)
_MOST_BIAS = 100.0


def request_fields(params: GenerationParams, kind: Kind, *, chat: bool) -> dict[str, Any]:
    """The fields of a request that say how tokens are chosen.

    Args:
        params: the settings.
        kind: of server.
        chat: whether it is a conversation; a plain completion has fewer fields.

    Returns:
        The arguments of the client's call; what OpenAI has no name for is in `extra_body`.

    Raises:
        RemoteError: a constraint on the text cannot be kept there.
    """
    fields: dict[str, Any] = {
        "temperature": params.temp,
        "top_p": params.top_p,
        "presence_penalty": params.presence_penalty,
        "frequency_penalty": params.frequency_penalty,
    }
    if params.n_predict >= 0:
        fields["max_tokens"] = params.n_predict
    if params.seed >= 0:
        fields["seed"] = params.seed
    if params.stop:
        fields["stop"] = list(params.stop)
    if biases := _biases(params, kind):
        fields["logit_bias"] = biases
    extra = {name: _value(getattr(params, setting)) for setting, name in _EXTRA[kind].items()}
    if kind == "vllm" and not params.top_k:
        extra["top_k"] = -1  # all
    if kind in _SAMPLERS:
        extra["samplers"] = params.samplers.split(";")
    if kind == "llama.cpp":
        extra |= {"cache_prompt": True, "return_progress": True}
    fields |= _constraint(params, kind, extra, chat=chat)
    if chat:
        _reasoning(params, kind, fields, extra)
    return fields | {"extra_body": extra} if extra else fields


def unsent_words(kind: Kind) -> str:
    """What of the settings an endpoint is not told, in a sentence; empty where it is told all."""
    if kind in _SAMPLERS:
        return ""
    more = [name.replace("_", "-") for name in _EXTRA[kind]]
    sent = ", ".join(["temperature", "top-p", "penalties", "seed", "stop strings", "max tokens", *more])
    return f"The server is told {sent}; its other samplers are its own affair"


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _biases(params: GenerationParams, kind: Kind) -> Any:
    """OpenAI's table by token number; llama.cpp's pairs may also name a text."""
    found = [_BIAS.fullmatch(text) for text in params.logit_bias]
    pairs = [(one[1], max(-_MOST_BIAS, min(_MOST_BIAS, float(one[2])))) for one in found if one is not None]
    if all(token.isdecimal() for token, _ in pairs):
        return dict(pairs)
    if kind not in _SAMPLERS:
        raise RemoteError("This endpoint takes a logit bias by token numbers only", hint="F4 changes it")
    return [[int(token) if token.isdecimal() else token, bias] for token, bias in pairs]


def _constraint(params: GenerationParams, kind: Kind, extra: dict[str, Any], *, chat: bool) -> dict[str, Any]:
    if params.grammar:
        if kind not in _SAMPLERS:
            raise RemoteError("This endpoint knows no grammars", hint="a JSON schema may do (F4), or a local model")
        extra["grammar"] = params.grammar
    if not params.json_schema:
        return {}
    try:
        schema = json.loads(params.json_schema)
    except ValueError as error:
        raise RemoteError("The JSON schema is no JSON", why=str(error), hint="F4 changes it") from error
    if kind in _SAMPLERS and not chat:
        extra["json_schema"] = schema
        return {}
    if not chat:
        raise RemoteError("This endpoint keeps a JSON schema in a chat only", hint="F4 changes it")
    if schema == {"type": "object"}:
        return {"response_format": {"type": "json_object"}}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}


def _reasoning(params: GenerationParams, kind: Kind, fields: dict[str, Any], extra: dict[str, Any]) -> None:
    if params.reasoning_effort != "default":
        fields["reasoning_effort"] = params.reasoning_effort
    if kind == "localllm-tui" and params.reasoning_budget >= 0:
        extra["reasoning_budget"] = params.reasoning_budget
    if kind in ("llama.cpp", "localllm-tui", "vllm"):
        variables = _variables(params)
        if params.reasoning != "auto":
            variables["enable_thinking"] = params.reasoning == "on"
        if variables:
            extra["chat_template_kwargs"] = variables


def _variables(params: GenerationParams) -> dict[str, Any]:
    try:
        variables = json.loads(params.chat_template_kwargs or "{}")
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        raise RemoteError("The template variables are no JSON object", hint="F4 changes them")
    return variables
