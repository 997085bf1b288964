"""Filling in the middle: `/infill`, and the suffix of a completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_gguf import BOS, FIRST_BYTE, write_tiny_gguf

PRE, SUF, MID, REP, SEP = (FIRST_BYTE + byte for byte in (1, 2, 3, 4, 5))
TOKENS = {
    f"tokenizer.ggml.fim_{name}_token_id": token
    for name, token in (("pre", PRE), ("suf", SUF), ("mid", MID), ("rep", REP), ("sep", SEP))
}
ASKED: dict[str, Any] = {"input_prefix": "ab", "input_suffix": "yz", "n_predict": 4, "temperature": 0}


@pytest.fixture(scope="module")
def filler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a tiny model that knows how to fill in the middle."""
    path = tmp_path_factory.mktemp("filler") / "tiny.gguf"
    with serving(write_tiny_gguf(path, metadata=TOKENS, ascii_only=True), n_ctx=256) as served:
        yield served


def plain(text: str) -> list[int]:
    """Tokens of a text."""
    return [FIRST_BYTE + byte for byte in text.encode()]


def completed(served: Served, prompt: list[int]) -> str:
    """What follows a prompt of tokens."""
    body = {"prompt": prompt, "n_predict": 4, "temperature": 0}
    return str(httpx.post(f"{served.address}/completion", json=body).raise_for_status().json()["content"])


def filled(served: Served, **fields: Any) -> dict[str, Any]:
    """What `/infill` answers."""
    answer = httpx.post(f"{served.address}/infill", json={**ASKED, **fields})
    return dict(answer.raise_for_status().json())


def test_the_prompt_is_as_the_model_learnt_it(filler: Served) -> None:
    answer = filled(filler)
    prompt = [BOS, PRE, *plain("ab"), SUF, *plain("yz"), MID]
    assert answer["content"] == completed(filler, prompt)
    assert answer["tokens_evaluated"] == len(prompt) and answer["tokens_predicted"] == 4
    begun = [BOS, PRE, *plain("abcd"), SUF, *plain("yz"), MID]
    assert filled(filler, prompt="cd")["content"] == completed(filler, begun)
    turned = [BOS, SUF, *plain("yz"), PRE, *plain("ab"), MID]
    assert filled(filler, spm_infill=True)["content"] == completed(filler, turned)


def test_other_files_come_before(filler: Served) -> None:
    answer = filled(filler, input_extra=[{"filename": "a.py", "text": "x=1"}])
    before = [BOS, REP, *plain("repository\n"), SEP, *plain("a.py\nx=1"), SEP, *plain("filename\n")]
    prompt = [*before, PRE, *plain("ab"), SUF, *plain("yz"), MID]
    assert answer["tokens_evaluated"] == len(prompt)
    assert answer["content"] == completed(filler, prompt)


def test_it_streams(filler: Served) -> None:
    with httpx.stream("POST", f"{filler.address}/infill", json={**ASKED, "stream": True}) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert len(lines) >= 2 and '"stop":true' in lines[-1]


def test_the_suffix_of_a_completion(filler: Served) -> None:
    client = openai.OpenAI(base_url=filler.base_url, api_key="none", max_retries=0)
    answer = client.completions.create(model="x", prompt="ab", suffix="yz", max_tokens=4, temperature=0)
    assert answer.choices[0].text == filled(filler)["content"]
    echoed = client.completions.create(model="x", prompt="ab", suffix="yz", max_tokens=4, temperature=0, echo=True)
    assert echoed.choices[0].text == "ab" + answer.choices[0].text


def test_a_model_without_such_tokens_says_so(tiny_server: Served, tiny_client: openai.OpenAI) -> None:
    answer = httpx.post(f"{tiny_server.address}/infill", json=ASKED)
    assert answer.status_code == 501 and "FIM" in answer.json()["error"]["message"]
    with pytest.raises(openai.InternalServerError, match="FIM"):
        tiny_client.completions.create(model="x", prompt="ab", suffix="yz", max_tokens=4)
    assert not tiny_server.state.requests.running


@pytest.mark.parametrize(
    "change",
    [
        {"input_prefix": None}, {"input_suffix": 5}, {"input_extra": 5}, {"input_extra": [5]},
        {"input_extra": [{"filename": "x"}]}, {"prompt": [1]}, {"spm_infill": "yes"}, {"n_probs": -1},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(filler: Served, change: dict[str, Any]) -> None:
    assert httpx.post(f"{filler.address}/infill", json={**ASKED, **change}).status_code == 400
