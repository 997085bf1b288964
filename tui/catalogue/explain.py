"""What a model is, in plain words: from its header first, and its file name second.

The texts come from files that others wrote: they are made printable here, and they are never markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.catalogue.explain_build import architecture_facts, context_facts, tensor_facts
from tui.catalogue.explain_model import identity_facts, kind_words, maker
from tui.catalogue.explain_quantization import quantization_facts, quantization_of, sibling_facts
from tui.catalogue.explanation import Explanation, Fact, Section, Sibling
from tui.catalogue.gguf_header import Header
from tui.catalogue.purpose import companion
from tui.catalogue.quantizations import quality
from tui.core.text import one_line
from tui.core.units import format_bytes, format_parameters

__all__ = ["Explanation", "Fact", "Section", "Sibling", "explain"]


def explain(header: Header, name: str, *, file_size: int, siblings: Sequence[Sibling] = ()) -> Explanation:
    """Explain a model.

    Args:
        header: of the model, all its parts together.
        name: the file's name.
        file_size: bytes of all its files.
        siblings: other quantizations of the same model, to compare with; this one among them does no harm.
    """
    if what := companion(header):
        facts = (
            Fact("What it is", what, "it goes with a model and cannot write by itself"),
            *identity_facts(header, name),
        )
        return Explanation(f"{one_line(name)} is {what}", (Section("Model", facts),))
    sections = (
        Section("Model", identity_facts(header, name)),
        Section("Quantization", quantization_facts(header, name, file_size)),
        Section("Compared with its siblings", sibling_facts(header, name, file_size, siblings)),
        Section("Context and vocabulary", context_facts(header)),
        Section("Architecture", architecture_facts(header)),
        Section("Tensors", tensor_facts(header)),
    )
    return Explanation(_summary(header, name, file_size), tuple(section for section in sections if section.facts))


def _summary(header: Header, name: str, file_size: int) -> str:
    size = f"of {format_parameters(header.parameters)} parameters " if header.parameters else ""
    made = maker(header, name)
    quantized = quantization_of(header, name)
    loss = quality(quantized)
    loss = f" ({loss})" if loss else ""
    kept = f"{one_line(quantized)}{loss}, {format_bytes(file_size)}" if quantized else format_bytes(file_size)
    return f"{kind_words(header, name)} {size}{f'by {made} ' if made else ''}in {kept}"
