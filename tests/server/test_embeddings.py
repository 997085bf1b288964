"""`/v1/embeddings` with the `openai` package."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_shapes import write_embedding


@pytest.fixture(scope="module")
def vectors_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a tiny BERT."""
    model = write_embedding(tmp_path_factory.mktemp("models") / "tiny-bert-F32.gguf")
    with serving(model, n_ctx=0, embeddings=True) as served:
        yield served


@pytest.fixture
def client(vectors_server: Served) -> openai.OpenAI:
    """The client that people use."""
    return openai.OpenAI(base_url=vectors_server.base_url, api_key="no-required", max_retries=0)


def test_a_vector_for_each_text(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="x", input=["hello", "a longer text"])
    assert [one.index for one in answer.data] == [0, 1]
    assert len(answer.data[0].embedding) == len(answer.data[1].embedding) > 1
    assert answer.usage.prompt_tokens > 2


def test_numbers_and_base64_are_the_same(client: openai.OpenAI) -> None:
    # The package asks for base64 by itself, and reads it.
    packed = client.embeddings.create(model="x", input="hello").data[0].embedding
    plain = client.embeddings.create(model="x", input="hello", encoding_format="float").data[0].embedding
    assert all(abs(one - other) < 1e-6 for one, other in zip(packed, plain, strict=True))


def test_fewer_dimensions(client: openai.OpenAI) -> None:
    short = client.embeddings.create(model="x", input="hello", dimensions=4, encoding_format="float").data[0].embedding
    assert len(short) == 4 and abs(sum(one * one for one in short) - 1) < 1e-4


@pytest.mark.parametrize("value", ["", [], [[]], [1.5], 7, None, ["a", 3]])
def test_what_is_no_text_is_refused(vectors_server: Served, value: object) -> None:
    answer = httpx.post(f"{vectors_server.base_url}/embeddings", json={"input": value})
    assert answer.status_code == 400, answer.text


def test_it_writes_no_text(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": "hello"}])
    assert "vectors" in raised.value.message


def test_a_model_that_writes_says_how_to_get_vectors(tiny_client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        tiny_client.embeddings.create(model="x", input="hello")
    assert raised.value.status_code == 501 and "--embeddings" in raised.value.message
