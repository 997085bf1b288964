"""What a GGUF file is for: many are no model that writes text."""

from __future__ import annotations

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
_COMPANIONS = {
    "mmproj": "the image or sound part of a model (mmproj)",
    "adapter": "a LoRA adapter",
    "imatrix": "an importance matrix, used to quantize a model",
}


def companion(header: Header) -> str:
    """What a file is that only goes with a model, in words; empty for a model."""
    kind = header.text("general.type")
    if header.architecture == "clip":
        kind = "mmproj"
    return _COMPANIONS.get(kind, "")


def no_text(header: Header) -> str:
    """Why a model cannot write text, in words; empty when nothing is known against it.

    An architecture that is not named here is for llama.cpp to judge: it learns new ones all the time.
    """
    what = companion(header)
    if what:
        return f"it is {what}"
    if header.architecture in _EMBEDDING:
        return f"its architecture {header.architecture} turns text into vectors (embeddings)"
    if header.architecture == "wavtokenizer-dec":
        return "it decodes sound"
    if not header.architecture:
        return "it does not name its architecture"
    return "" if header.tensor_count else "it holds a vocabulary and no weights"
