"""What a GGUF file is for: many are no model that writes text."""

from __future__ import annotations

from tui.catalogue.entry import Kind
from tui.catalogue.gguf_header import Header

_EMBEDDING = frozenset(
    {
        "bert",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "llama-embed",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "t5encoder",
    }
)
"""Architectures that only turn text into vectors (llama.cpp `src/llama-arch.cpp`)."""
_ENCODER_DECODER = frozenset({"t5"})
_DIFFUSION = frozenset({"dream", "llada", "llada-moe", "rnd1"})
"""Architectures that fill in a whole text step by step (llama.cpp `src/llama-arch.cpp`, llm_arch_is_diffusion)."""
_SOUND = frozenset({"pockettts", "qwen3tts", "wavtokenizer-dec"})
_COMPANIONS: dict[str, Kind] = {"mmproj": "mmproj", "adapter": "adapter", "imatrix": "imatrix"}
"""By general.type."""
_WORDS: dict[Kind, str] = {
    "mmproj": "the image or sound part of a model (mmproj)",
    "adapter": "a LoRA adapter",
    "imatrix": "an importance matrix, used to quantize a model",
}


def kind_of(header: Header) -> Kind:
    """What a file is for."""
    found = _COMPANIONS.get(header.text("general.type"))
    if found or header.architecture == "clip":
        return found or "mmproj"
    if header.architecture in _EMBEDDING:
        return "embedding"
    if header.architecture in _SOUND:
        return "sound"
    return "model" if header.tensor_count or not header.architecture else "vocabulary"


def words_for(kind: Kind) -> str:
    """What a file is that only goes with a model, such as "a LoRA adapter"; empty for other kinds."""
    return _WORDS.get(kind, "")


def companion(header: Header) -> str:
    """What a file is that only goes with a model, in words; empty for a model."""
    return words_for(kind_of(header))


def no_text(header: Header) -> str:
    """Why a model cannot write text, in words; empty when nothing is known against it.

    An architecture that is not named here is for llama.cpp to judge: it learns new ones all the time.
    """
    what = companion(header)
    if what:
        return f"it is {what}"
    if header.architecture in _EMBEDDING:
        return f"its architecture {header.architecture} turns text into vectors (embeddings)"
    if header.architecture in _ENCODER_DECODER:
        return f"its architecture {header.architecture} is an encoder-decoder, which turns one whole text into another"
    if header.architecture in _DIFFUSION:
        return f"its architecture {header.architecture} writes by diffusion, not token after token"
    if header.architecture in _SOUND:
        return "it makes sound, not text"
    if not header.architecture:
        return "it does not name its architecture"
    return "" if header.tensor_count else "it holds a vocabulary and no weights"
