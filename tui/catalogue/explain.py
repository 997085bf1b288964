"""What a model is, in plain words: from its header first, and its file name second.

The texts come from files that others wrote: they are made printable here, and they are never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.catalogue.gguf_header import Header
from tui.core.text import one_line
from tui.core.units import format_bytes, format_parameters


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a model.

    Attributes:
        label: what it is about, such as `Trained context`.
        value: the fact, short: `8,192 tokens`.
        note: what it means, or how it is known, in a sentence; may be empty.
    """

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts that belong together.

    Attributes:
        title: such as `Quantization`.
        facts: in the order of reading; never empty.
    """

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is said of a model.

    Attributes:
        summary: one sentence that says the most.
        sections: in the order of reading.
    """

    summary: str
    sections: tuple[Section, ...]

    def section(self, title: str) -> Section | None:
        """The section of that title; None when there is nothing to say."""
        return next((section for section in self.sections if section.title == title), None)


@dataclass(frozen=True, slots=True)
class Sibling:
    """The same model in another quantization.

    Attributes:
        quantization: such as `Q8_0`.
        file_size: bytes of all its files.
        name: the file's name, or the label in a repository.
    """

    quantization: str
    file_size: int
    name: str = ""


def explain(header: Header, name: str, *, file_size: int, siblings: Sequence[Sibling] = ()) -> Explanation:
    """Explain a model.

    Args:
        header: of the model, all its parts together.
        name: the file's name.
        file_size: bytes of all its files.
        siblings: other quantizations of the same model, to compare with; this one among them does no harm.
    """
    facts = (
        Fact("Architecture", one_line(header.architecture) or "unknown"),
        Fact("Parameters", format_parameters(header.parameters)),
        Fact("File size", format_bytes(file_size)),
    )
    return Explanation(one_line(name), (Section("Model", facts),))
