"""The parameters of a stored reply, read back from what was kept beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from tui.core.errors import LocalLLMError, SettingError
from tui.core.options import Scalar, options_of
from tui.core.parameters import GenerationParams, LoadParams
from tui.store.records import ReplyFacts

T = TypeVar("T", GenerationParams, LoadParams)


@dataclass(frozen=True, slots=True)
class RecordedParams:
    """With which settings a reply was made.

    Attributes:
        generation: how its tokens were chosen, with the seed that was used and the system prompt.
        load: how its model was loaded.
        unknown: names of settings that this version does not know, or whose value it does not take.
    """

    generation: GenerationParams
    load: LoadParams
    unknown: tuple[str, ...] = ()


def recorded_params(facts: ReplyFacts) -> RecordedParams:
    """What `facts_of` wrote, as parameters again.

    Raises:
        LocalLLMError: the settings were not kept, as with a reply that another program wrote.
    """
    try:
        given = json.loads(facts.params)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("generation"), dict):
        raise LocalLLMError(
            "With which settings this reply was made is not known", why="another program wrote it, or an older version"
        )
    generation, odd = _read(GenerationParams, given["generation"])
    load, odder = _read(LoadParams, given.get("load") or {})
    # Where layers lay is no part of a reply, and an imported chat must not choose whom weights and prompts are sent to.
    load = replace(load, rpc=(), tensor_split=())
    generation = replace(generation, seed=facts.seed, system_prompt=facts.system_prompt)
    return RecordedParams(generation, load, (*odd, *odder))


def _read(cls: type[T], given: dict[str, Any]) -> tuple[T, tuple[str, ...]]:
    specs = {spec.name: spec for spec in options_of(cls)}
    plain: dict[str, Any] = {field.name: field.default for field in fields(cls) if field.name not in specs}
    values: dict[str, Scalar] = {}
    unknown: list[str] = []
    for name, value in given.items():
        if name in plain and type(value) is type(plain[name]):
            values[name] = value
            continue
        try:
            values[name] = specs[name].check(value)
        except (KeyError, SettingError):
            unknown.append(name)
    return cls(**values), tuple(unknown)  # type: ignore[arg-type]
