"""What a quantization's name means: its method, and what it costs in quality by llama.cpp's published measurements."""

from __future__ import annotations

import re
from types import MappingProxyType

SOURCE = "llama.cpp's measurements with Llama 3 8B (tools/perplexity/README.md)"
"""Where the divergences are from."""
ORIGINAL_BITS = 16.0
"""Bits of a weight in the files that models are published in (BF16 or F16)."""

DIVERGENCE = MappingProxyType(
    {
        "F32": 0.0, "F16": 0.0, "BF16": 0.0, "Q8_0": 0.0014, "Q6_K": 0.0055, "Q5_K_M": 0.011, "Q5_K_S": 0.017,
        "Q5_1": 0.018, "Q5_0": 0.022, "Q4_K_M": 0.031, "IQ4_NL": 0.036, "IQ4_XS": 0.036, "Q4_K_S": 0.043,
        "Q4_1": 0.072, "Q4_0": 0.072, "Q3_K_L": 0.087, "Q3_K_M": 0.10, "IQ3_M": 0.10, "IQ3_S": 0.11, "IQ3_XS": 0.14,
        "IQ3_XXS": 0.18, "Q3_K_S": 0.23, "IQ2_M": 0.33, "IQ2_S": 0.44, "Q2_K": 0.45, "Q2_K_S": 0.40, "IQ2_XS": 0.55,
        "IQ2_XXS": 0.81, "IQ1_M": 1.4, "IQ1_S": 2.2,
    }
)  # fmt: skip
"""How far the next-token probabilities move from the F16 model's: mean Kullback-Leibler divergence of Llama 3 8B on
Wikitext, the lower the better. The IQ types and Q2_K_S with an importance matrix, the others without one."""

TYPICAL_BITS = MappingProxyType(
    {
        "IQ1_S": 2.00, "IQ1_M": 2.15, "IQ2_XXS": 2.38, "IQ2_XS": 2.59, "IQ2_S": 2.74, "IQ2_M": 2.93, "IQ3_XXS": 3.25,
        "IQ3_XS": 3.50, "IQ3_S": 3.66, "IQ3_M": 3.76, "IQ4_XS": 4.46, "IQ4_NL": 4.68, "Q2_K_S": 2.97, "Q2_K": 3.16,
        "Q3_K_S": 3.64, "Q3_K_M": 4.00, "Q3_K_L": 4.30, "Q4_0": 4.65, "Q4_1": 5.13, "Q4_K_S": 4.67, "Q4_K_M": 4.89,
        "Q5_0": 5.57, "Q5_1": 6.04, "Q5_K_S": 5.57, "Q5_K_M": 5.70, "Q6_K": 6.56, "Q8_0": 8.50,
    }
)  # fmt: skip
"""Bits for each weight of Llama 3.1 8B (llama.cpp `tools/quantize/README.md`; some by file size)."""

_GRADES = (
    (0.0005, "original", "as the original"),
    (0.003, "excellent", "practically the original"),
    (0.012, "very good", "very close to the original"),
    (0.035, "good", "a small loss, seldom noticed"),
    (0.08, "fair", "a moderate loss"),
    (0.15, "weaker", "a noticeable loss"),
    (0.3, "weak", "a clear loss"),
    (0.6, "poor", "a heavy loss"),
)
_WORST = ("very poor", "a very heavy loss: often wrong or confused")
_LIKE = {
    "Q2_K_L": "Q2_K", "Q3_K_XL": "Q3_K_L", "Q4_K_L": "Q4_K_M", "Q5_K_L": "Q5_K_M", "Q6_K_L": "Q6_K", "Q8_0_L": "Q8_0",
    "Q2_K_XL": "Q2_K", "Q4_K_XL": "Q4_K_M", "Q5_K_XL": "Q5_K_M", "Q6_K_XL": "Q6_K", "Q8_K_XL": "Q8_0",
    "Q2_K_M": "Q2_K", "Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M", "Q8": "Q8_0", "Q6": "Q6_K", "Q5": "Q5_0",
    "Q4": "Q4_0", "Q3": "Q3_K_M", "Q2": "Q2_K", "Q4_0_4_4": "Q4_0", "Q4_0_4_8": "Q4_0", "Q4_0_8_8": "Q4_0",
    "IQ4_K": "Q4_K_M", "IQ3_K": "IQ3_M", "IQ2_K": "IQ2_M", "IQ5_K": "Q5_K_M", "IQ6_K": "Q6_K",
}  # fmt: skip
"""Close relatives that were measured."""
_METHODS = (
    (r"F32$", "full 32-bit numbers: not quantized, twice the size of the original for nothing"),
    (r"F16$|BF16$", "16-bit numbers: not quantized, the model as it was published"),
    (r"Q1_0$", "one bit for each weight and a scale for each block: for models trained for it"),
    (r"TQ\d", "ternary: every weight is -1, 0 or 1 times its block's scale; meant for models trained that way"),
    (r"I2_S$", "ternary weights in BitNet's own packing, which llama.cpp itself does not read"),
    (r"MXFP4$", "4-bit floating point with a shared exponent for each 32 weights; gpt-oss was trained in it"),
    (r"NVFP4$", "4-bit floating point with finer scales, made for NVIDIA's newest GPUs"),
    (r"IQ\d_K", "a type of the ik_llama.cpp fork, which llama.cpp itself does not read"),
    (r"IQ4_NL$", "4-bit with an uneven scale of values, blocks of 32"),
    (r"IQ\d", "an i-quant: groups of weights looked up in a codebook, made with an importance matrix; the best quality"
              " at its size, slower to unpack on a processor"),
    (r"Q\d_K", "a k-quant: blocks within super-blocks of 256 weights, scales quantized too"),
    (r"Q8_0$", "8-bit in blocks of 32 with one scale: simple and fast"),
    (r"Q\d_0", "an old, simple kind: blocks of 32 weights with one scale; fast, less exact than a k-quant of its size"),
    (r"Q\d_1$", "an old, simple kind: blocks of 32 weights with a scale and an offset"),
    (r"Q\d$", "named by its bits alone"),
)  # fmt: skip
_MIXES = {
    "S": "S: nearly all tensors in this type",
    "M": "M: the tensors that matter most get more bits",
    "L": "L: a larger mix",
    "XL": "XL: embeddings, output and more get 8 bits",
    "XS": "XS: a smaller mix", "XXS": "XXS: the smallest mix",
}  # fmt: skip


def base_type(quantization: str) -> str:
    """The quantization without Unsloth's `UD-`: `UD-Q4_K_XL` is `Q4_K_XL`."""
    return quantization.upper().removeprefix("UD-")


def method(quantization: str) -> str:
    """How a quantization works, in words; empty when it is not known here."""
    base = base_type(quantization)
    words = next((words for pattern, words in _METHODS if re.match(pattern, base)), "")
    if not words:
        return ""
    # bartowski's names: llama.cpp itself has an L of Q3_K alone.
    if re.match(r"Q[2456]_K_L$", base):
        return f"{words}; L: embeddings and output get 8 bits"
    mix = _MIXES.get(base.rsplit("_", 1)[-1], "") if "_" in base and base.startswith("Q") else ""
    dynamic = "Unsloth Dynamic: each tensor gets the bits it needs" if base != quantization.upper() else ""
    return "; ".join(part for part in (words, mix, dynamic) if part)


def divergence(quantization: str) -> float | None:
    """The published divergence of this quantization or its closest relative (see `DIVERGENCE`); None when unknown."""
    base = base_type(quantization)
    return DIVERGENCE.get(_LIKE.get(base, base))


def quality(quantization: str) -> str:
    """What a quantization costs in quality, in words; empty when it is not known here."""
    return _graded(quantization)[1]


def grade(quantization: str) -> str:
    """The same in one or two words for a column of nine cells, such as `good`; empty when it is not known here."""
    return _graded(quantization)[0]


def _graded(quantization: str) -> tuple[str, str]:
    moved = divergence(quantization)
    if moved is None:
        return "", ""
    return next(((word, words) for limit, word, words in _GRADES if moved < limit), _WORST)


def is_relative(quantization: str) -> bool:
    """Whether a close relative was measured and not this very quantization."""
    base = base_type(quantization)
    return base in _LIKE or base != quantization.upper()


def typical_bits(quantization: str) -> float | None:
    """Bits for each weight that this quantization gives a model of 8B; None when that is not known here."""
    base = base_type(quantization)
    return TYPICAL_BITS.get(_LIKE.get(base, base))


def bits_in_name(quantization: str) -> str:
    """The bits that a quantization is named by: `4` for `UD-Q4_K_XL` and MXFP4, `16` for BF16; empty for none."""
    found = re.search(r"\d+", base_type(quantization).removeprefix("MXFP").removeprefix("NVFP"))
    return found[0] if found else ""
