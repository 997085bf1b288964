"""What is said of a model: from its header first, its name second, and never more than is known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.tiny_gguf import Value, write_tiny_gguf
from tests.support.tiny_shapes import write_hybrid, write_recurrent, write_sliding
from tui.catalogue.explain import Explanation, Fact, Sibling, explain
from tui.catalogue.explain_quantization import quantization_of
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import LongValue
from tui.catalogue.gguf_reader import Value as HeaderValue

SIBLINGS = [Sibling("Q8_0", 145_000_000), Sibling("Q2_K", 88_000_000), Sibling("IQ4_XS", 90_000_000)]


def facts(explanation: Explanation) -> dict[str, Fact]:
    """All facts by their labels; the first of each."""
    found: dict[str, Fact] = {}
    for section in explanation.sections:
        for fact in section.facts:
            found.setdefault(fact.label, fact)
    return found


def told(path: Path, name: str = "") -> dict[str, Fact]:
    header = read_header(path)
    return facts(explain(header, name or path.name, file_size=header.file_size))


def header_of(metadata: dict[str, HeaderValue], **fields: object) -> Header:
    """A header with these keys."""
    values = {"parameters": 0, "tensor_bytes": 0, "tensor_count": 0, "tensor_kinds": {}, "file_size": 0} | fields
    return Header(path=Path("x.gguf"), version=3, metadata=metadata, data_end=0, **values)  # type: ignore[arg-type]


def test_an_instruct_model(smollm2: Path) -> None:
    header = read_header(smollm2)
    explanation = explain(header, smollm2.name, file_size=header.file_size, siblings=SIBLINGS)
    said = facts(explanation)
    assert "SmolLM2" in explanation.summary and "135M" in explanation.summary and "Hugging Face" in explanation.summary
    assert said["Family"].value == "SmolLM2, by Hugging Face"
    assert said["Size"].value == "135M parameters" and "134,515,008" in said["Size"].note
    assert said["Kind"].value == "Instruct" and "chat template" in said["Kind"].note
    assert said["Licence"].value == "apache-2.0" and "free" in said["Licence"].note
    assert said["Method"].value == "Q4_1"
    assert said["Bits per weight"].value == "5.74"
    assert said["Trained context"].value == "8,192 tokens"
    assert said["Vocabulary"].value == "49,152 tokens" and "BPE" in said["Vocabulary"].note
    assert said["Chat template"].value == "ChatML"
    assert said["Attention"].value == "9 heads, 3 key heads" and "GQA" in said["Attention"].note
    assert said["KV cache"].value == "22.5 KiB for each token"


def test_a_base_model_with_windows(gemma3: Path) -> None:
    said = told(gemma3)
    assert said["Family"].value == "Gemma 3, by Google"
    assert said["Kind"].value == "Base"
    assert said["Chat template"].value == "none"
    assert said["Sliding window"].value == "512 tokens in 15 of 18 layers"
    assert said["Bits per weight"].value == "7.36" and "4.9 is usual" in said["Bits per weight"].note
    assert said["Q8_0"].value.startswith("10 tensors, ")
    assert sum(float(said[kind].note.rstrip("%")) for kind in ("Q8_0", "Q5_0", "Q4_K", "Q6_K", "F32")) > 99


def test_quality_is_marked_as_a_rule_of_thumb(smollm2: Path) -> None:
    said = told(smollm2)
    assert said["Quality"].note.startswith("rule of thumb") and "llama.cpp" in said["Quality"].note
    assert "llama-quantize" in said["Other quantizations"].note


def test_siblings_are_compared(smollm2: Path) -> None:
    header = read_header(smollm2)
    siblings = [*SIBLINGS, Sibling("Q4_1", header.file_size)]
    section = explain(header, smollm2.name, file_size=header.file_size, siblings=siblings).section(
        "Compared with its siblings"
    )
    assert section is not None
    assert [fact.label for fact in section.facts] == ["Q2_K", "IQ4_XS", "Q8_0"]
    assert section.facts[0].note.startswith("worse") and section.facts[2].note.startswith("better")
    assert "1.5 × the size" in section.facts[2].value and "0.7 × as fast" in section.facts[2].note
    assert explain(header, smollm2.name, file_size=1).section("Compared with its siblings") is None


def test_other_memories(tmp_path: Path) -> None:
    recurrent = told(write_recurrent(tmp_path / "r.gguf"))
    assert recurrent["Memory"].value == "one running state" and "KV cache" not in recurrent
    hybrid = told(write_hybrid(tmp_path / "h.gguf"))
    assert hybrid["Memory"].value == "1 of 2 layers with a running state, 1 with a KV cache"
    assert told(write_sliding(tmp_path / "s.gguf"))["Sliding window"].value == "32 tokens in 1 of 2 layers"


def test_the_number_of_working_experts() -> None:
    keys: dict[str, HeaderValue] = {
        "general.architecture": "qwen3moe",
        "qwen3moe.expert_count": 128,
        "qwen3moe.expert_used_count": 8,
    }
    header = header_of(
        keys,
        parameters=30_500_000_000,
        tensor_bytes=18_000_000_000,
        tensor_count=1,
        tensor_kinds={"Q4_K": 18_000_000_000},
        groups={"experts": (29_000_000_000, 17_000_000_000), "rest": (1_500_000_000, 1_000_000_000)},
    )
    said = facts(explain(header, "Qwen3-30B-A3B-Q4_K_M.gguf", file_size=18_000_000_000))
    assert said["Size"].value == "30B parameters, 3.3B active"
    assert said["Experts"].value == "8 of 128 for each token"
    assert said["Family"].value == "Qwen 3, by Alibaba"


@pytest.mark.parametrize(
    ("name", "template", "kind"),
    [
        ("Foo-7B-Q4_0.gguf", True, "Instruct"),
        ("Foo-7B-Q4_0.gguf", False, "Base"),
        ("Foo-7B-base-Q4_0.gguf", True, "Base"),
        ("Foo-7B-it-Q4_0.gguf", False, "Instruct"),
        ("Foo-7B-Thinking-Q4_0.gguf", True, "Reasoning"),
    ],
)
def test_the_kind(tmp_path: Path, name: str, template: bool, kind: str) -> None:
    path = write_tiny_gguf(tmp_path / name, template=template)
    assert told(path)["Kind"].value == kind


def test_a_template_that_can_think(tmp_path: Path) -> None:
    keys: dict[str, Value] = {"tokenizer.chat_template": "<|im_start|>{% if enable_thinking %}<think>{% endif %} tools"}
    said = told(write_tiny_gguf(tmp_path / "a.gguf", template=False, metadata=keys))
    assert said["Kind"].value == "Instruct, can think"
    assert said["Chat template"].note == "has a place for tools and thinking"


def test_origin(tmp_path: Path) -> None:
    keys: dict[str, Value] = {
        "general.finetune": "Instruct",
        "general.base_model.count": 1,
        "general.base_model.0.name": "Llama 3.1 8B",
        "general.base_model.0.organization": "Meta Llama",
        "general.base_model.0.repo_url": "https://example.org/meta-llama/Llama-3.1-8B",
        "general.license": "llama3.1",
        "general.quantized_by": "somebody",
        "quantize.imatrix.file": "m.imatrix",
        "quantize.imatrix.dataset": "calibration_datav3.txt",
    }
    said = told(write_tiny_gguf(tmp_path / "Foo-8B-abliterated-Q4_K_M.gguf", metadata=keys))
    assert said["Made from"].value == "Meta Llama / Llama 3.1 8B"
    assert said["Fine-tune"].value == "Instruct"
    assert "Meta's terms" in said["Licence"].note
    assert said["Special"].value == "abliterated" and "refusals" in said["Special"].note
    assert "calibration_datav3.txt" in said["Importance matrix"].note


def test_a_header_that_was_read_in_part() -> None:
    keys: dict[str, HeaderValue] = {
        "general.architecture": "llama",
        "llama.block_count": 32,
        "tokenizer.ggml.tokens": LongValue("array", 128_256),
    }
    header = header_of(keys, parameters=8_030_000_000, tensor_bytes=4_920_000_000, tensor_count=292)
    said = facts(explain(header, "Llama-3.1-8B-Instruct-Q4_K_M.gguf", file_size=4_920_000_000))
    assert said["Chat template"].value == "not read"
    assert said["Kind"].value == "Instruct"
    assert said["Bits per weight"].value == "about 4.90"
    assert said["Vocabulary"].value == "128,256 tokens"


def test_a_page_is_one() -> None:
    keys: dict[str, HeaderValue] = {"general.architecture": "llama", "llama.context_length": 512}
    said = facts(explain(header_of(keys), "model.gguf", file_size=0))
    assert said["Trained context"].note.startswith("about 1 page of English;")


def test_nothing_known_is_said_so() -> None:
    said = facts(explain(header_of({"general.architecture": "newthing"}), "model.gguf", file_size=0))
    assert "not a family that is known here" in said["Family"].note
    assert said["Trained context"].value == "unknown"
    assert said["Licence"].value == "not said"
    assert said["Method"].value == "unknown"
    assert said["Quality"].value == "not known"


def test_a_companion_is_called_what_it_is(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "a.gguf", kind="adapter")
    header = read_header(path)
    explanation = explain(header, path.name, file_size=1)
    assert explanation.summary == "a.gguf is a LoRA adapter"
    assert [section.title for section in explanation.sections] == ["Model"]


def test_texts_of_others_are_harmless(tmp_path: Path) -> None:
    evil = "\x1b]0;x\x07[bold]\u202e\nsecond line"
    keys: dict[str, Value] = {
        f"general.{key}": evil for key in ("license", "finetune", "organization", "basename", "quantized_by", "url")
    }
    path = write_tiny_gguf(tmp_path / "a.gguf", name=evil, metadata=keys)
    header = read_header(path)
    explanation = explain(header, f"{evil}.gguf", file_size=1, siblings=[Sibling(evil, 5)])
    texts = [explanation.summary]
    for section in explanation.sections:
        texts += [text for fact in section.facts for text in (fact.label, fact.value, fact.note)]
    assert not [text for text in texts if re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", text)]


@pytest.mark.parametrize(
    ("named", "file_type", "found"),
    [
        ("a-UD-Q4_K_XL.gguf", 15, "UD-Q4_K_XL"),
        ("a-Q4_K_L.gguf", 15, "Q4_K_L"),
        ("a-Q8_0.gguf", 15, "Q4_K_M"),
        ("a-q4.gguf", 2, "Q4_0"),
        ("a-BF16.gguf", 32, "BF16"),
        ("a-MXFP4.gguf", 38, "MXFP4"),
        ("a.gguf", 7, "Q8_0"),
        ("a-Q6_K.gguf", None, "Q6_K"),
    ],
)
def test_the_header_says_the_quantization_and_the_name_refines_it(
    named: str, file_type: int | None, found: str
) -> None:
    keys: dict[str, HeaderValue] = {} if file_type is None else {"general.file_type": file_type}
    assert quantization_of(header_of(keys), named) == found
