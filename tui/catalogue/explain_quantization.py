"""What a quantization is, what it costs and gains, and how it compares with its siblings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.catalogue.explanation import Fact, Sibling
from tui.catalogue.gguf_header import Header
from tui.catalogue.naming import parse_name
from tui.catalogue.quantizations import (
    ORIGINAL_BITS,
    SOURCE,
    bits_in_name,
    divergence,
    is_relative,
    method,
    quality,
    typical_bits,
)
from tui.core.text import one_line
from tui.core.units import format_bytes

_RULE = "rule of thumb"
_MORE = 1.15
"""From so many times the usual bits on it is worth a word."""
_UNQUANTIZED = 15.5
"""Bits from which on a model is not quantized."""


def quantization_of(header: Header, name: str) -> str:
    """The quantization by the header, or by the file name where that is the same in finer words.

    `UD-Q4_K_XL` is `Q4_K_M` in a header; but a name that says another number of bits than general.file_type is wrong.
    """
    named, inside = parse_name(name).quantization, header.quantization
    if not named or not inside:
        return named or inside
    if "general.file_type" not in header.metadata:
        return named
    refined = len(named) > 2 and bits_in_name(named) == bits_in_name(inside)
    return named if refined else inside


def quantization_facts(header: Header, name: str, file_size: int) -> tuple[Fact, ...]:
    """Method, bits, quality, size, and where to make another one."""
    quantization = quantization_of(header, name)
    return (
        _method(header, quantization, parse_name(name).quantization),
        *_bits(header, quantization),
        *_quality(quantization),
        *_gain(header, file_size),
        *_matrix(header, said=parse_name(name).imatrix),
        Fact("Other quantizations", "made elsewhere", "this program neither converts nor quantizes: llama.cpp's"
             " llama-quantize makes one from the F16 or BF16 file, and most models are on the Hub in many"),
    )  # fmt: skip


def sibling_facts(header: Header, name: str, file_size: int, siblings: Sequence[Sibling]) -> tuple[Fact, ...]:
    """One fact for each other quantization of the model, the smallest first."""
    own = quantization_of(header, name)
    itself = own, parse_name(name).quantization
    others = [sibling for sibling in siblings if sibling.file_size != file_size or sibling.quantization not in itself]
    return tuple(
        _compared(sibling, own, file_size)
        for sibling in sorted(others, key=lambda sibling: sibling.file_size)
        if sibling.file_size and file_size
    )


def _method(header: Header, quantization: str, named: str) -> Fact:
    if not quantization:
        return Fact("Method", "unknown", "neither the header nor the file name says it")
    words = method(quantization) or "not a method that is known here"
    if named and named != quantization:
        words = f"{words}; its file name says {one_line(named)}, its header {one_line(header.quantization)}"
    return Fact("Method", one_line(quantization), words)


def _bits(header: Header, quantization: str) -> Iterator[Fact]:
    if not header.bits_per_weight:
        return
    usual = typical_bits(quantization)
    more = ""
    if usual and header.bits_per_weight > _MORE * usual:
        more = f"; {usual:.1f} is usual for this type: a large vocabulary or odd layers kept more, and lose less"
    about = "" if header.tensor_kinds else "about "
    how = f"{format_bytes(header.tensor_bytes)} of weights divided by {header.parameters:,} of them"
    yield Fact("Bits per weight", f"{about}{header.bits_per_weight:.2f}", f"computed: {how}; the original has 16{more}")


def _quality(quantization: str) -> Iterator[Fact]:
    words, moved = quality(quantization), divergence(quantization)
    if moved is None:
        yield Fact("Quality", "not known", "there is no published measurement of this quantization here")
    elif not moved:
        yield Fact("Quality", words, "nothing was rounded away")
    else:
        relative = ", by its closest measured relative" if is_relative(quantization) else ""
        note = f"its predictions move by {moved:g} (mean KL divergence) from the original's{relative}: {SOURCE}"
        yield Fact("Quality", words, f"{_RULE}: {note}; small models lose more, large ones less")


def _gain(header: Header, file_size: int) -> Iterator[Fact]:
    bits = header.bits_per_weight
    if not bits or bits >= _UNQUANTIZED:
        return
    original = header.parameters * ORIGINAL_BITS / 8
    value = f"{file_size / original:.0%} of the 16-bit original"
    faster = (
        f"writing is about {ORIGINAL_BITS / bits:.1f} × as fast, where reading the weights from memory is the limit"
    )
    yield Fact("Size", f"{format_bytes(file_size)}, {value}", f"{_RULE}: {faster}")


def _matrix(header: Header, *, said: bool) -> Iterator[Fact]:
    dataset = one_line(header.text("quantize.imatrix.dataset"))
    if header.text("quantize.imatrix.file"):
        words = f"made with {dataset}" if dataset else ""
        yield Fact("Importance matrix", "yes", "; ".join(filter(None, (
            "the weights that matter most for real text were rounded with more care", words))))  # fmt: skip
    elif said:
        yield Fact("Importance matrix", "yes, by its file name", "the header does not name one")


def _compared(sibling: Sibling, own: str, file_size: int) -> Fact:
    ratio = sibling.file_size / file_size
    size = f"{ratio:.1f} × the size" if ratio >= 1 else f"{ratio:.0%} of the size"
    speed = f"writes about {1 / ratio:.1f} × as fast"
    words = quality(sibling.quantization)
    here, there = divergence(own), divergence(sibling.quantization)
    if here is not None and there is not None:
        words = ("as good as this one" if here == there else "better" if there < here else "worse") + f" ({words})"
    label = one_line(sibling.quantization or sibling.name) or "unknown"
    return Fact(
        label, f"{format_bytes(sibling.file_size)}, {size}", "; ".join(filter(None, (words, f"{_RULE}: {speed}")))
    )
