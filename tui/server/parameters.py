"""How a request wants its tokens chosen: OpenAI's names and llama-server's, on top of the server's own settings."""

from __future__ import annotations

import json
from collections.abc import Sized
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from tui.core.errors import SettingError
from tui.core.options import options_of
from tui.core.parameters import GenerationParams
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong
from tui.server.time_limit import timed

_OPTIONS = MappingProxyType({option.name: option for option in options_of(GenerationParams)})
_NAMES = {
    "temperature": "temp", "max_tokens": "n_predict", "max_completion_tokens": "n_predict", "n_predict": "n_predict",
    "typical_p": "typical", "dynatemp_exponent": "dynatemp_exp", "mirostat_tau": "mirostat_ent",
    "mirostat_eta": "mirostat_lr", "n_keep": "keep", "samplers": "samplers",
}  # fmt: skip
"""Names of a request that are not the setting's own."""
_SAME = (
    "top_k", "top_p", "min_p", "top_n_sigma", "xtc_probability", "xtc_threshold", "dynatemp_range", "repeat_last_n",
    "repeat_penalty", "presence_penalty", "frequency_penalty", "dry_multiplier", "dry_base", "dry_allowed_length",
    "dry_penalty_last_n", "dry_sequence_breakers", "mirostat", "ignore_eos", "grammar",
    "reasoning_budget",
)  # fmt: skip
NAMES_OF_SETTINGS = MappingProxyType({**_NAMES, **{name: name for name in _SAME}})
"""The setting that each name of a request stands for."""
_PROBABILITIES = ("n_probs", "logprobs", "top_logprobs")
_SEEDS = 2**32 - 1
MOST_STOPS = 64
"""Stop strings of a request; each is looked for at every token."""
_MOST_SAMPLERS, _MOST_BIASES = 32, 5_000
_LONGEST_SCHEMA = 200_000
"""Characters of a JSON schema or a grammar; longer ones take minutes."""
S = TypeVar("S", bound=Sized)


def parameters_of(fields: Fields, base: GenerationParams) -> GenerationParams:
    """The parameters of a request.

    Args:
        fields: the request.
        base: what holds where it says nothing.

    Raises:
        ApiError: a value is not allowed.
    """
    changes: dict[str, Any] = {}
    for name, setting in NAMES_OF_SETTINGS.items():
        if name in fields:
            changes[setting] = _checked(name, setting, fields.body[name])
    if "seed" in fields:
        seed = fields.whole("seed", -1)
        changes["seed"] = -1 if seed == -1 else seed % _SEEDS
    if "stop" in fields:
        changes["stop"] = _few("stop", tuple(text for text in fields.texts("stop") if text), MOST_STOPS)
    if "logit_bias" in fields:
        changes["logit_bias"] = _biases(fields.body["logit_bias"])
    if fields.flag("post_sampling_probs") and any(fields.body.get(name) for name in _PROBABILITIES):
        words = "post_sampling_probs cannot be true: probabilities are told as they are before any sampler."
        raise ApiError(400, words, param="post_sampling_probs")
    changes |= _reasoning(fields, base)
    changes |= _constraint(fields, bool(changes.get("grammar")))
    # A request that does not fit is refused with both numbers; nothing is left out behind a client's back.
    params = replace(base, **changes, context_policy="stop", system_prompt="")
    for name, text in (("grammar", params.grammar), ("json_schema", params.json_schema)):
        if len(text) > _LONGEST_SCHEMA:
            words = f"{name} has {len(text):,} characters, and {_LONGEST_SCHEMA:,} are the most."
            raise ApiError(400, words, param=name)
    return timed(params, fields.whole("t_max_predict_ms", 0, least=-1))


def splits_reasoning(fields: Fields) -> bool:
    """Whether the reasoning is to be told apart from the answer: not where llama-server's `reasoning_format` is none.

    Raises:
        ApiError: it is no text.
    """
    return fields.text("reasoning_format", "auto") != "none"


def _reasoning(fields: Fields, base: GenerationParams) -> dict[str, str]:
    """Whether and how much to think, and what else the chat template is told."""
    changes: dict[str, str] = {}
    effort = fields.text("reasoning_effort")
    if effort == "none":
        changes["reasoning"] = "off"
    elif effort:
        changes["reasoning_effort"] = _checked("reasoning_effort", "reasoning_effort", effort)
    told = fields.table("chat_template_kwargs")
    if told:
        known = json.loads(base.chat_template_kwargs) if base.chat_template_kwargs.strip() else {}
        changes["chat_template_kwargs"] = json.dumps({**known, **told}, ensure_ascii=False)
    return changes


def _checked(name: str, setting: str, value: Any) -> Any:
    if setting == "samplers" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ";".join(_few(name, value, _MOST_SAMPLERS))
    if isinstance(value, list):
        _few(name, value, MOST_STOPS)
    if _OPTIONS[setting].kind == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if setting == "top_k" and type(value) is int and value < 0:
        value = 0  # off, as llama-server and its clients have it
    try:
        return _OPTIONS[setting].check(value)
    except SettingError as error:
        raise ApiError(400, f"{name} cannot be {value!r:.80}. {error.hint.capitalize()}.", param=name) from None


def _few(name: str, items: S, most: int) -> S:
    """Some items, if there are not so many that the model's other clients would wait for them.

    Raises:
        ApiError: there are.
    """
    if len(items) > most:
        raise ApiError(400, f"{name} has {len(items):,} entries, and {most:,} are the most.", param=name)
    return items


def _biases(value: Any) -> tuple[str, ...]:
    """OpenAI's object of numbers by token, and llama-server's array of pairs whose first may be a text."""
    pairs = list(value.items()) if isinstance(value, dict) else value
    if isinstance(pairs, list):
        _few("logit_bias", pairs, _MOST_BIASES)
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise wrong("logit_bias", "an object of token numbers, or an array of pairs", value)
    return tuple(_bias(token, bias) for token, bias in pairs)


def _bias(token: Any, bias: Any) -> str:
    if bias is False:
        return f"{token}-inf"
    if isinstance(bias, bool) or not isinstance(bias, int | float):
        raise wrong("logit_bias", "numbers, or false to forbid a token", bias)
    if isinstance(token, bool) or not isinstance(token, int | str):
        raise wrong("logit_bias", "token numbers or texts", token)
    return f"{token}{float(bias):+.6f}"


def _constraint(fields: Fields, has_grammar: bool) -> dict[str, str]:
    """The grammar or schema that the answer has to fit."""
    schema = fields.table("json_schema") if "json_schema" in fields else None
    wanted = Fields(fields.table("response_format"))
    kind = wanted.text("type", "text")
    if kind == "json_object":
        schema = wanted.table("schema") or {"type": "object"}
    elif kind == "json_schema":
        held = next((one for one in (Fields(wanted.table("json_schema")), wanted) if "schema" in one), None)
        schema = held.table("schema") if held else None
        if schema is None:  # an empty one is a schema, of any JSON
            raise ApiError(400, "response_format has no json_schema.schema.", param="response_format")
    elif kind != "text":
        raise wrong("response_format.type", "text, json_object or json_schema", kind)
    if schema is None:
        return {}
    if has_grammar:
        raise ApiError(400, "A request can have a grammar or a JSON schema, not both.", param="grammar")
    return {"json_schema": json.dumps(schema, ensure_ascii=False), "grammar": ""}
