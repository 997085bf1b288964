"""A stored reply does not choose the machines that it is generated on again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from tests.support.scripted import model_info
from tui.core.parameters import GenerationParams, LoadParams
from tui.services.recorded_chat_facts import facts_of
from tui.services.recorded_params import recorded_params


def test_an_imported_chat_cannot_name_workers() -> None:
    load = LoadParams(n_ctx=777, rpc=("attacker.example:50052",), tensor_split=("1",))
    facts = facts_of(replace(model_info(), params=load), GenerationParams(seed=7))

    read = recorded_params(facts)

    assert "attacker.example" not in json.dumps(asdict(read))
    assert read.load == LoadParams(n_ctx=777)
