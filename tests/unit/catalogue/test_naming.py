"""File names as they are on the Hub."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.catalogue.naming import NameParts, parse_name, part_name

NAMES = {
    "SmolLM2-135M-Instruct.Q4_1.gguf": ("SmolLM2", "135M", "Instruct", "Q4_1"),
    "gemma-3-270m-q4_k_m.gguf": ("gemma-3", "270m", "", "Q4_K_M"),
    "gemma-2-2b-it-Q4_K_M.gguf": ("gemma-2", "2b", "it", "Q4_K_M"),
    "gemma-3n-E4B-it-UD-Q4_K_XL.gguf": ("gemma-3n", "E4B", "it", "UD-Q4_K_XL"),
    "Meta-Llama-3.1-8B-Instruct-IQ2_XS.gguf": ("Meta-Llama-3.1", "8B", "Instruct", "IQ2_XS"),
    "tinyllama-1.1b-chat-v1.0.Q4_K_S.gguf": ("tinyllama", "1.1b", "chat-v1.0", "Q4_K_S"),
    "Mistral-7B-Instruct-v0.3.IQ3_XXS.gguf": ("Mistral", "7B", "Instruct-v0.3", "IQ3_XXS"),
    "mixtral-8x7b-instruct-v0.1.Q3_K_L.gguf": ("mixtral", "8x7b", "instruct-v0.1", "Q3_K_L"),
    "Qwen3-30B-A3B-Instruct-2507-Q6_K.gguf": ("Qwen3", "30B-A3B", "Instruct-2507", "Q6_K"),
    "Qwen3-0.6B-BF16.gguf": ("Qwen3", "0.6B", "", "BF16"),
    "qwen2.5-14b-instruct-1m-q8_0.gguf": ("qwen2.5", "14b", "instruct-1m", "Q8_0"),
    "DeepSeek-R1-Distill-Qwen-1.5B-UD-IQ1_S.gguf": ("DeepSeek-R1-Distill-Qwen", "1.5B", "", "UD-IQ1_S"),
    "Llama-4-Scout-17B-16E-Instruct-Q2_K_L.gguf": ("Llama-4-Scout", "17B-16E", "Instruct", "Q2_K_L"),
    "Llama-3.2-1B-Instruct-Q6_K_L.gguf": ("Llama-3.2", "1B", "Instruct", "Q6_K_L"),
    "gpt-oss-20b-mxfp4.gguf": ("gpt-oss", "20b", "", "MXFP4"),
    "gpt-oss-120b-MXFP4_MOE.gguf": ("gpt-oss", "120b", "", "MXFP4"),
    "Phi-3-mini-4k-instruct-q4.gguf": ("Phi-3-mini-4k-instruct", "", "", "Q4"),
    "Phi-3-mini-128k-instruct-fp16.gguf": ("Phi-3-mini-128k-instruct", "", "", "F16"),
    "phi-2.Q4_0.gguf": ("phi-2", "", "", "Q4_0"),
    "Hermes-3-Llama-3.1-70B.i1-Q4_K_M.gguf": ("Hermes-3-Llama-3.1", "70B", "", "Q4_K_M"),
    "LFM2-1.2B-IQ4_NL.gguf": ("LFM2", "1.2B", "", "IQ4_NL"),
    "TriLM_3.9B_Unpacked_quant_TQ2_0.gguf": ("TriLM", "3.9B", "Unpacked_quant", "TQ2_0"),
    "Falcon3-7B-Q4_0_4_8.gguf": ("Falcon3", "7B", "", "Q4_0_4_8"),
    "stories15M-q4_0.gguf": ("stories15M", "", "", "Q4_0"),
    "ggml-model-f16.gguf": ("ggml-model", "", "", "F16"),
    "Q4_K_M.gguf": ("Q4_K_M", "", "", "Q4_K_M"),
    "model.GGUF": ("model", "", "", ""),
}


@pytest.mark.parametrize("file_name", NAMES)
def test_real_names(file_name: str) -> None:
    parts = parse_name(file_name)
    assert (parts.family, parts.size_label, parts.variant, parts.quantization) == NAMES[file_name]
    assert parts.part is None
    assert not parts.is_projector


def test_part_of_a_split_model() -> None:
    name = "Meta-Llama-3.1-405B-Instruct-Q4_K_M-00002-of-00009.gguf"
    parts = parse_name(name)
    assert parts == NameParts("Meta-Llama-3.1-405B-Instruct", "Meta-Llama-3.1", "405B", "Instruct", "Q4_K_M", (2, 9))
    assert part_name(name, 9) == "Meta-Llama-3.1-405B-Instruct-Q4_K_M-00009-of-00009.gguf"


@pytest.mark.parametrize(
    "file_name",
    ["mmproj-model-f16.gguf", "mmproj-F16.gguf", "gemma-3-4b-it-mmproj-f16.gguf", "llava.mmproj-Q8_0.gguf"],
)
def test_projectors(file_name: str) -> None:
    assert parse_name(file_name).is_projector


def test_title_leaves_the_quantization_out() -> None:
    assert parse_name("SmolLM2-135M-Instruct.Q4_1.gguf").title == "SmolLM2-135M-Instruct"
    assert parse_name("model-Q4_K_M-imat.gguf").title == "model-imat"


@given(st.text(max_size=80))
def test_any_text_has_an_answer(file_name: str) -> None:
    parts = parse_name(file_name)
    assert parts.family in parts.title
    assert parts.quantization == parts.quantization.upper()
