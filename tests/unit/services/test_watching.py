"""What a server elsewhere tells, whatever it tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import SettingError
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt, RawPrompt, TokenPrompt
from tui.services.requests import LONGEST_PROMPT, Requests, Totals
from tui.services.watching import Here, words_of
from tui.services.watching_elsewhere import address_of
from tui.services.watching_parts import Slot, models_of, places_of, slots_of, snapshot_of, totals_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=20,
)
ENTRY = st.fixed_dictionaries(
    {"state": st.sampled_from(["waiting", "decode", "done", "nonsense"])},
    optional={
        name: JSON
        for name in ("id", "client", "endpoint", "model", "error", "prompt_tokens", "speed", "first_token_seconds")
    },
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("host:8080", "http://host:8080"),
        (" http://host:8080/v1/ ", "http://host:8080"),
        ("https://host/llm/v1", "https://host/llm"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "ftp://x", "http://", "http://h:0", "http://h:99999", "http://k@h", "[::1"])
def test_no_addresses(text: str) -> None:
    with pytest.raises(SettingError, match="is no address of a server"):
        address_of(text)


@given(st.fixed_dictionaries({"data": st.lists(ENTRY | JSON, max_size=4)}, optional={"totals": JSON, "models": JSON}))
def test_anything_is_read(told: dict[str, Any]) -> None:
    snapshot = snapshot_of(told)
    assert snapshot is not None
    for info in snapshot.requests:
        assert isinstance(info.id, int) and isinstance(info.client, str) and info.speed >= 0
    assert snapshot.totals.requests >= 0


@given(JSON)
def test_anything_else_is_none_or_slots(told: object) -> None:
    assert all(slot.prompt >= 0 and slot.decoded >= 0 for slot in slots_of(told) or ())
    assert places_of(told) >= 0 and len(models_of(told)) <= 200
    snapshot_of(told)


def test_what_llama_server_tells() -> None:
    told = json.loads(
        """[{"id": 0, "id_task": 135, "n_ctx": 65536, "speculative": false, "is_processing": true, "params": {},
            "n_prompt_tokens": 42, "n_prompt_tokens_processed": 12, "n_prompt_tokens_cache": 30,
            "next_token": [{"has_next_token": true, "has_new_line": false, "n_remain": -1, "n_decoded": 7}]},
           {"id": 1, "id_task": 9, "is_processing": true, "next_token": {"n_decoded": 0}},
           {"id": 2, "is_processing": false}]"""
    )
    assert slots_of(told) == [Slot(135, 42, 30, 42, 7), Slot(9)]
    assert places_of(told) == 3
    assert slots_of({"error": {}}) is None
    metrics = "# HELP x\nllamacpp:prompt_tokens_total 12\nllamacpp:tokens_predicted_total 1.5e+3\nllamacpp:n 1e999\n"
    assert totals_of(metrics) == Totals(prompt_tokens=12, generated_tokens=1500)


@pytest.mark.parametrize(
    ("tokens", "processed", "cached", "decoded", "prompt", "done"),
    [
        # As llama-server tells of a prompt of 1,001 tokens: while it is read, and then with the answer in it.
        (1100, 0, 0, 0, 0, 0),  # of the prompt before
        (64, 0, 0, 0, 0, 0),
        (960, 896, 0, 0, 960, 896),
        (1007, 1001, 0, 6, 1001, 1001),
        (1099, 1001, 0, 98, 1001, 1001),
        (1060, 1, 1000, 59, 1001, 1001),
        (1001, 1, 1000, 59, 1001, 1001),  # where the prompt's own are told
        (128, 0, 0, 127, 1, 1),  # where nothing else is told
        (9, 0, 0, 50, 0, 0),
    ],
)
def test_a_slots_prompt(tokens: int, processed: int, cached: int, decoded: int, prompt: int, done: int) -> None:
    told = {
        "id_task": 1, "is_processing": True, "n_prompt_tokens": tokens, "n_prompt_tokens_processed": processed,
        "n_prompt_tokens_cache": cached, "next_token": [{"n_decoded": decoded}],
    }  # fmt: skip
    assert slots_of([told]) == [Slot(1, prompt, cached, done, decoded)]


def test_the_models_of_a_llama_server() -> None:
    told = {"data": [{"id": "/home/me/models/a.Q4_1.gguf"}, {"id": "owner/repo:Q4_K_M"}, {"id": 5}, "x"]}
    assert models_of(told) == ("a.Q4_1.gguf", "owner/repo:Q4_K_M")
    assert models_of({"data": {}}) == models_of([]) == ()


def test_prompts_as_transcripts_show_them() -> None:
    assert words_of(ChatPrompt((Message("system", "s"), Message("user", "u")))) == "system: s\n\nuser: u"
    assert words_of(RawPrompt("raw")) == "raw"
    assert words_of(TokenPrompt((1, 2))) == "2 tokens"


def test_transcripts_are_bounded_and_forgotten() -> None:
    requests = Requests(transcripts=True)
    number = requests.begin("req_1", "127.0.0.1", "/v1/completions", "m", lambda: None)
    requests.prompt(number, "x" * (LONGEST_PROMPT + 5))
    kept = Here(requests).transcript(number)
    assert kept is not None and len(kept[0]) < LONGEST_PROMPT + 30 and kept[0].startswith("[5 characters]")
    requests.keep_transcripts(False)
    assert requests.transcript(number) is None
    requests.keep_transcripts(True)
    assert requests.transcript(number) == ("", "")
