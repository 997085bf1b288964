"""The tables behind the explanations: quantizations, templates, families, licences, working weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tiny_gguf import CHATML
from tui.catalogue.families import family
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import Value
from tui.catalogue.licences import explain_licence
from tui.catalogue.quantizations import DIVERGENCE, TYPICAL_BITS, divergence, is_relative, method, quality
from tui.catalogue.templates import can_think, detect
from tui.catalogue.tensor_types import FILE_TYPES
from tui.catalogue.weights import active_bytes, active_parameters, active_weights


@pytest.mark.parametrize("quantization", FILE_TYPES.values())
def test_every_type_of_llama_cpp_has_a_method(quantization: str) -> None:
    assert method(quantization)


def test_more_bits_are_better() -> None:
    for better, worse in (("Q8_0", "Q6_K"), ("Q6_K", "Q5_K_M"), ("Q4_K_M", "Q4_K_S"), ("Q3_K_M", "Q2_K")):
        assert DIVERGENCE[better] < DIVERGENCE[worse] and TYPICAL_BITS[better] > TYPICAL_BITS[worse]
    assert quality("BF16") == "as the original"
    assert "practically" in quality("Q8_0")
    assert "heavy" in quality("IQ1_S")
    assert quality("TQ1_0") == ""


def test_relatives_are_marked() -> None:
    assert divergence("UD-Q4_K_XL") == divergence("Q4_K_M")
    assert is_relative("UD-Q4_K_XL") and is_relative("Q6_K_L") and not is_relative("Q4_K_M")
    assert "Unsloth" in method("UD-IQ1_S") and "8 bits" in method("Q6_K_L")


TEMPLATES = {
    CHATML: "ChatML",
    "<|start_header_id|>user<|end_header_id|>": "Llama 3",
    "<start_of_turn>model": "Gemma",
    "[INST] {{ m }} [/INST]": "Llama 2",
    "[SYSTEM_PROMPT] [INST]": "Mistral v7",
    "[AVAILABLE_TOOLS] [INST]": "Mistral v3",
    "<|user|><|end|><|assistant|>": "Phi-3",
    "<|im_start|>user<|im_sep|>": "phi-4",
    "<|start|>assistant<|channel|>analysis": "Harmony (gpt-oss)",
    "<｜User｜>x<｜Assistant｜>": "DeepSeek V3",
    "<|start_of_role|>user<|end_of_role|>": "Granite",
    "### Instruction:": "Alpaca",
    "{{ messages }}": "",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates(template: str) -> None:
    assert detect(template) == TEMPLATES[template]


def test_thinking_templates() -> None:
    assert can_think("{% if enable_thinking %}") and can_think("<think>") and not can_think(CHATML)


def test_families() -> None:
    found = family("llama", "smollm2")
    assert found and found.maker == "Hugging Face"
    assert (found := family("llama", "", "Mistral-7B-Instruct-v0.3.Q4_K_M.gguf")) and found.maker == "Mistral AI"
    assert (found := family("llama", "Meta-Llama-3.1-8B")) and found.name == "Llama 3"
    assert (found := family("gemma3")) and found.maker == "Google"
    assert family("llama", "model.gguf") is None
    assert family("neverheardof", "llama") is None


def test_licences() -> None:
    assert explain_licence("Apache-2.0") == "free for any use"
    assert "not for commercial" in explain_licence("cc-by-nc-4.0")
    assert "Google" in explain_licence("gemma") and "Meta" in explain_licence("llama3.2")
    assert explain_licence("my-own") == ""


def test_all_weights_of_a_dense_model_work(smollm2: Path) -> None:
    header = read_header(smollm2)
    assert active_parameters(header) is None
    assert active_bytes(header) == header.tensor_bytes  # the embeddings are the output
    assert active_weights(header) == header.parameters


def mixture(groups: dict[str, tuple[int, int]]) -> Header:
    keys: dict[str, Value] = {
        "general.architecture": "m",
        "m.block_count": 10,
        "m.embedding_length": 100,
        "m.expert_count": 8,
        "m.expert_used_count": 2,
        "m.expert_feed_forward_length": 200,
    }
    return Header(Path("x"), 3, keys, 1, 5_800_000, 5_800_000, 5_800_000, 0, {}, {}, groups)


def test_a_quarter_of_the_experts_works() -> None:
    experts = 10 * 8 * 3 * 100 * 200
    counted = mixture({"experts": (experts, experts), "rest": (800_000, 800_000), "embedding": (200_000, 200_000)})
    assert active_parameters(counted) == 5_800_000 - experts * 3 // 4
    assert active_bytes(counted) == 800_000 + 200_000 + experts // 4
    untied = mixture({"experts": (experts, experts), "output": (100_000, 100_000), "embedding": (900_000, 900_000)})
    assert active_bytes(untied) == 100_000 + experts // 4
    assert active_parameters(mixture({})) == 5_800_000 - experts * 3 // 4  # computed from the header's numbers
    assert active_bytes(mixture({})) == 5_800_000 - experts * 3 // 4
