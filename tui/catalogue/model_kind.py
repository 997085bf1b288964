"""Whether a model only continues text, follows instructions, or thinks first; and how one can tell."""

from __future__ import annotations

from dataclasses import dataclass

from tui.catalogue.gguf_header import Header
from tui.catalogue.name_words import Kind, kind_of
from tui.catalogue.templates import can_think

TEMPLATE = "tokenizer.chat_template"
_THINKERS = frozenset({"gpt-oss"})
"""Architectures whose models all think first."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """What a model was trained for.

    Attributes:
        kind: `base`, `instruct`, `reasoning`, or empty when nothing tells.
        thinks: whether it can think before it answers.
        why: how one can tell, in words.
    """

    kind: Kind
    thinks: bool
    why: str


def model_kind(header: Header, name: str) -> ModelKind:
    """Tell the kind from the chat template first, and from the names second.

    Args:
        header: of the model.
        name: the file's name.
    """
    said, where = _said(header, name)
    template = header.metadata.get(TEMPLATE)
    text = template if isinstance(template, str) else ""
    thinks = can_think(text) or said == "reasoning" or header.architecture in _THINKERS
    if header.architecture in _THINKERS:
        return ModelKind("reasoning", True, f"all {header.architecture} models think before they answer")
    if said == "reasoning":
        return ModelKind("reasoning", True, f"{where} says so")
    if said == "base":
        also = ", though the file carries a chat template" if header.has_template else " and there is no chat template"
        return ModelKind("base", thinks, f"{where} says so{also}")
    if header.has_template:
        words = "the file carries a chat template" + (f" and {where} says so" if said else "")
        return ModelKind("instruct", thinks, words + (", with a place for thinking" if thinks else ""))
    if is_cut(header):
        return ModelKind(said, thinks, f"{where} says so" if said else "its chat template was not read, only the start")
    if said:
        return ModelKind("instruct", thinks, f"{where} says so, but the file carries no chat template")
    return ModelKind("base", thinks, "the file carries no chat template, and no name says that it follows instructions")


def is_cut(header: Header) -> bool:
    """Whether only the start of the header was read, as of a model on the Hub with a large vocabulary."""
    return bool(header.tensor_count and not header.tensor_kinds)


def _said(header: Header, name: str) -> tuple[Kind, str]:
    """What the names say, and which of them."""
    sources = (("general.finetune", "its header"), ("general.name", "its header's name"))
    for key, where in sources:
        if kind := kind_of(header.text(key).replace(" ", "-")):
            return kind, where
    return kind_of(name), "its file name"
