"""A remote model is described by less than 1 MB of requests, whatever its size and its vocabulary."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.hub_repos import Blank, Content
from tests.support.local_hub import LocalHub
from tui.catalogue.fit import plan
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import LongValue
from tui.catalogue.hub import client
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.client import Hub
from tui.core.errors import CancelledError, HubError
from tui.core.parameters import LoadParams

REPO = "owner/model-GGUF"
FILE = "m-Q4_K_M.gguf"
MEGABYTE = 1_000_000
KNOWN = {"total": 7_000_000_000, "architecture": "llama", "context_length": 4096, "chat_template": "{{ x }}"}
ARRAY, STRING, U32 = 9, 8, 4


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def number(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", U32, value)


def words(key: str, values: Sequence[str]) -> bytes:
    return text(key) + struct.pack("<IIQ", ARRAY, STRING, len(values)) + b"".join(text(value) for value in values)


def numbers(key: str, count: int) -> bytes:
    return text(key) + struct.pack("<IIQ", ARRAY, U32, count) + bytes(4 * count)


SHAPE = [
    text("general.architecture") + struct.pack("<I", STRING) + text("llama"),
    number("general.file_type", 15),
    number("llama.block_count", 32),
    number("llama.context_length", 4096),
    number("llama.embedding_length", 4096),
    number("llama.attention.head_count", 32),
    number("llama.attention.head_count_kv", 8),
]
"""The keys that tell the KV cache: 7 of them."""


def start(keys: Sequence[bytes], tensors: int = 291) -> bytes:
    """A GGUF header with the keys, and tensors of 4,096 × 4,096 weights at Q4_K."""
    size = 4096 * 4096 * 144 // 256
    described = [
        text(f"blk.{at}.weight") + struct.pack("<IQQIQ", 2, 4096, 4096, 12, at * size) for at in range(tensors)
    ]
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, len(keys)) + b"".join([*keys, *described])


def vocabulary(count: int) -> list[bytes]:
    """What llama.cpp writes after the shape: tokens, types, merges, and the template at last."""
    return [
        words("tokenizer.ggml.tokens", [f"token{at:06}" for at in range(count)]),
        numbers("tokenizer.ggml.token_type", count),
        words("tokenizer.ggml.merges", [f"to ken{at:06}" for at in range(count)]),
        text("tokenizer.chat_template") + struct.pack("<I", STRING) + text("{{ messages }}"),
    ]


def header_of(local: LocalHub, content: Content, name: str = FILE, **about: object) -> Header:
    local.add(REPO, {name: content}, **({"gguf": KNOWN} | about))
    hub = Hub(local.url)
    repository = hub.repository(REPO)
    local.requests.clear()
    return hub.header(repository, repository.variants[0])


def test_a_small_vocabulary_is_read_to_the_end(local: LocalHub, tmp_path: Path) -> None:
    data = start(SHAPE + vocabulary(1000))
    header = header_of(local, Blank(data, 4_000_000_000))
    (tmp_path / FILE).write_bytes(data)
    alone = read_header(tmp_path / FILE)
    assert header.metadata == alone.metadata
    assert (header.parameters, header.tensor_bytes) == (alone.parameters, alone.tensor_bytes)
    assert (header.tensor_kinds, header.tensor_count) == (alone.tensor_kinds, 291)
    assert header.file_size == 4_000_000_000
    assert header.path.name == FILE
    assert local.sent() <= MEGABYTE


def test_a_vocabulary_of_32k_is_read_to_the_end(local: LocalHub) -> None:
    tokens = [*vocabulary(32_000)[:2], *vocabulary(10)[3:]]
    header = header_of(local, Blank(start(SHAPE + tokens), 4_000_000_000))
    assert header.parameters == 291 * 4096 * 4096
    assert header.has_template
    assert local.sent() <= MEGABYTE


@pytest.mark.parametrize("size", [4_700_000_000, 900_000_000_000])
@pytest.mark.parametrize("count", [60_000, 128_000, 262_144])
def test_a_large_vocabulary_is_out_of_reach_and_nothing_that_matters_is(local: LocalHub, size: int, count: int) -> None:
    header = header_of(local, Blank(start(SHAPE + vocabulary(count)), size))
    assert local.sent() <= MEGABYTE
    assert (header.architecture, header.n_ctx_train, header.quantization) == ("llama", 4096, "Q4_K_M")
    assert (header.number("block_count"), header.number("attention.head_count_kv")) == (32, 8)
    assert header.n_vocab == count
    assert header.tensor_count == 291
    assert (header.parameters, header.tensor_bytes, header.file_size) == (7_000_000_000, size, size)
    assert header.has_template
    assert plan(header, LoadParams(n_ctx=4096)).kv_cache == 2 * 32 * 4096 * 8 * 128 * 2


def test_what_cannot_be_afforded_is_not_begun(local: LocalHub) -> None:
    header_of(local, Blank(start(SHAPE + vocabulary(262_144)), 10**10))
    assert local.sent() <= 200_000
    assert len(local.requests) <= 4


def test_without_the_hubs_own_knowledge_parameters_are_unknown(local: LocalHub) -> None:
    header = header_of(local, Blank(start(SHAPE + vocabulary(262_144)), 10**10), gguf=None)
    assert (header.parameters, header.has_template, header.bits_per_weight) == (0, False, 0)


def test_a_long_text_before_the_shape_is_passed_over(local: LocalHub) -> None:
    long = text("general.description") + struct.pack("<I", STRING) + text("x" * 3_000_000)
    header = header_of(local, Blank(start([long, *SHAPE]), 10**10))
    assert header.metadata["general.description"] == LongValue("text", 3_000_000)
    assert header.parameters == 291 * 4096 * 4096
    assert local.sent() <= MEGABYTE


def test_the_first_part_tells_for_all(local: LocalHub) -> None:
    keys = [*SHAPE, number("split.count", 2), number("split.tensors.count", 500)]
    names = [f"m-Q4_K_M-{at:05}-of-00002.gguf" for at in (1, 2)]
    local.add(REPO, {names[0]: Blank(start(keys, 100), 10**9), names[1]: Blank(b"GGUF", 10**9)}, gguf=KNOWN)
    hub = Hub(local.url)
    repository = hub.repository(REPO)
    header = hub.header(repository, repository.variants[0])
    assert (header.tensor_count, header.file_size, header.split_count) == (500, 2 * 10**9, 2)
    assert (header.parameters, header.tensor_bytes) == (7_000_000_000, 2 * 10**9)


def test_the_plan_of_a_real_model_is_that_of_the_file(local: LocalHub, gemma3: Path, smollm2: Path) -> None:
    for path in (gemma3, smollm2):
        with path.open("rb") as file:
            head = file.read(1 << 24)
        remote = header_of(local, Blank(head, path.stat().st_size), path.name)
        assert local.sent() <= MEGABYTE
        for load in (LoadParams(n_ctx=2048), LoadParams(n_ctx=8192)):
            assert plan(remote, load).kv_cache == plan(read_header(path), load).kv_cache


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><html></html>" * 100,
        b"version https://git-lfs.github.com/spec/v1\n",
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 60),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + text("x") + struct.pack("<IIQ", ARRAY, STRING, 1 << 60),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1 << 50),
        start(SHAPE)[:200],
        b"GG",
    ],
)
def test_what_is_no_model_is_refused_in_one_sentence(local: LocalHub, data: bytes) -> None:
    with pytest.raises(HubError) as caught:
        header_of(local, data)
    assert caught.value.kind == "refused"
    assert FILE in caught.value.line()


def test_a_server_that_ignores_ranges(local: LocalHub) -> None:
    local.fault(path="/cdn/", no_range=True)
    header = header_of(local, start(SHAPE + vocabulary(20_000)))
    assert (header.architecture, header.number("block_count"), header.parameters) == ("llama", 32, 7_000_000_000)


def test_a_broken_connection_is_told(local: LocalHub) -> None:
    local.fault(path="/cdn/", cut_after=1000, reset=True)
    with pytest.raises(HubError) as caught:
        header_of(local, Blank(start(SHAPE), 10**9))
    assert caught.value.kind == "unreachable"


def test_bytes_that_drip_are_not_waited_for_without_end(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WITHIN", 0.3)
    local.fault(path="/cdn/", bps=50)
    with pytest.raises(HubError) as caught:
        header_of(local, Blank(start(SHAPE), 10**9))
    assert caught.value.kind == "unreachable"


def test_it_can_be_cancelled(local: LocalHub) -> None:
    local.add(REPO, {FILE: Blank(start(SHAPE), 10**9)})
    hub, cancel = Hub(local.url), Cancel()
    repository = hub.repository(REPO)
    cancel.set()
    with pytest.raises(CancelledError):
        hub.header(repository, repository.variants[0], cancel)
