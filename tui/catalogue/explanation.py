"""What is said of a model, as plain values. All texts are printable; none of them is markup."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a model.

    Attributes:
        label: what it is about, such as `Trained context`.
        value: the fact, short: `8,192 tokens`.
        note: what it means, or how it is known, in a sentence without a full stop; may be empty.
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
