"""Headers are written by others: no value in one may break what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.catalogue.explain import Sibling, explain
from tui.catalogue.families import _BY_ARCHITECTURE
from tui.catalogue.fit import plan
from tui.catalogue.gguf_header import Header
from tui.catalogue.gguf_reader import LongValue, Value
from tui.catalogue.kv_cache import _OTHERWISE
from tui.catalogue.purpose import no_text
from tui.catalogue.recurrent import HYBRID, RECURRENT
from tui.catalogue.windows import _RULES
from tui.core.parameters import LoadParams
from tui.services.describe import describe_header

ARCHITECTURES = sorted({*_BY_ARCHITECTURE, *_OTHERWISE, *HYBRID, *RECURRENT, *_RULES, "", "llama", "new", "t5", "clip"})
OWN_KEYS = [
    "attention.head_count", "attention.head_count_kv", "attention.indexer.key_length", "attention.key_length",
    "attention.key_length_mla", "attention.key_length_swa", "attention.recurrent_layers", "attention.shared_kv_layers",
    "attention.sliding_window", "attention.sliding_window_pattern", "attention.value_length",
    "attention.value_length_mla", "attention.value_length_swa", "block_count", "context_length", "embedding_length",
    "expert_count", "expert_feed_forward_length", "expert_shared_count", "expert_used_count", "feed_forward_length",
    "full_attention_interval", "kda.head_dim", "leading_dense_block_count", "nextn_predict_layers",
    "rope.scaling.original_context_length", "rope.scaling.type", "shortconv.l_cache", "ssm.conv_kernel",
    "ssm.group_count", "ssm.inner_size", "ssm.state_size", "token_shift_count", "vocab_size", "wkv.head_size",
]  # fmt: skip
GENERAL_KEYS = [
    "general.base_model.0.name", "general.base_model.count", "general.basename", "general.file_type",
    "general.finetune", "general.license", "general.name", "general.size_label", "general.type",
    "quantize.imatrix.file", "tokenizer.chat_template", "tokenizer.ggml.merges", "tokenizer.ggml.model",
    "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
]  # fmt: skip

small = st.integers(0, 70)
scalars = st.one_of(small, small, st.integers(-(2**63), 2**64 - 1), st.booleans(), st.floats(), st.text(max_size=30))
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=12).map(tuple),
    st.builds(LongValue, st.sampled_from(["text", "array"]), st.integers(0, 2**64)),
)
sizes = st.integers(0, 2**62)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    architecture = draw(st.sampled_from(ARCHITECTURES))
    metadata = {f"{architecture}.{key}": value for key, value in draw(metadata_of(OWN_KEYS)).items()}
    metadata |= draw(metadata_of(GENERAL_KEYS)) | {"general.architecture": architecture}
    groups = draw(st.dictionaries(st.sampled_from(["embedding", "output", "experts", "rest"]), st.tuples(sizes, sizes)))
    kinds = draw(st.dictionaries(st.sampled_from(["Q4_K", "F32", "type 99"]), sizes))
    return Header(Path("x.gguf"), 3, metadata, draw(small), draw(sizes), draw(sizes), draw(sizes), 0, kinds, {}, groups)


def metadata_of(keys: list[str]) -> st.SearchStrategy[dict[str, Value]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=len(keys))


@settings(max_examples=400, deadline=None)
@given(headers(), st.text(max_size=60), st.text(max_size=10))
def test_nothing_breaks_a_description(header: Header, name: str, sibling: str) -> None:
    explanation = explain(header, name, file_size=header.file_size, siblings=[Sibling(sibling, 5)])
    assert explanation.summary and all(section.facts for section in explanation.sections)
    assert no_text(header) is not None
    for load in (LoadParams(n_ctx=2048), LoadParams(n_ctx=0, flash_attn="off", cache_type_k="q8_0", swa_full=True)):
        found = plan(header, load)
        assert found.largest_context(1 << 34) >= 0
    described = describe_header(header, name, LoadParams(), available=1 << 34)
    assert json.dumps(described.record(), allow_nan=False)
