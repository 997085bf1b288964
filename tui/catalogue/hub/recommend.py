"""Which quantization to take on this machine, and why."""

from __future__ import annotations

from collections.abc import Sequence

from tui.catalogue.fit import COMFORT, Fit, quick_fit
from tui.catalogue.hub.values import Repository, Variant
from tui.core.units import format_bytes

SMALL = 1_700_000_000
"""Bytes of a model at 8 bits up to which its quality matters more than its size: some 1.5 billion parameters."""
BALANCED = ("Q4_K_M", "UD-Q4_K_XL", "Q4_K_L", "Q4_K_S", "IQ4_XS", "IQ4_NL", "MXFP4", "Q4_0", "Q4_1", "Q5_K_M", "Q5_K_S")
"""About 4.5 bits per weight: hardly any loss, a third of the size. llama.cpp's own choice is the first."""
SMALLER = ("UD-Q3_K_XL", "Q3_K_L", "Q3_K_M", "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS", "UD-Q2_K_XL", "Q2_K")
FINER = ("Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S")


def recommend(repository: Repository, available: int) -> tuple[Variant, str] | None:
    """The model to take, and the reason in words.

    Args:
        repository: with its models.
        available: bytes of memory to be had.

    Returns:
        None when nothing in it can run here.
    """
    whole = [variant for variant in repository.variants if not variant.missing]
    fitting = [variant for variant in whole if quick_fit(variant.size, available) is Fit.FITS]
    tight = [variant for variant in whole if quick_fit(variant.size, available) is Fit.TIGHT]
    room = f"and with {format_bytes(available)} of memory there is room for the context"
    if _is_small(whole) and (found := _best(fitting, FINER)):
        return found, f"a small model loses more by quantization, so take it fine: {found.label} fits, {room}"
    if found := _best(fitting, BALANCED):
        return found, f"the usual balance of quality, size and speed, {room}"
    if found := _best(fitting, SMALLER):
        return found, f"the finest that leaves room for the context in {format_bytes(available)}; expect some loss"
    if fitting:
        found = fitting[-1]
        alone = "the only one here" if len(whole) == 1 else "the finest one that fits"
        return found, f"{alone}, {room}"
    if tight:
        found = _best(tight, (*BALANCED, *SMALLER)) or tight[0]
        need = format_bytes(found.size * COMFORT)
        return (
            found,
            f"the best that can be loaded here, but tight: keep the context short ({need} would be comfortable)",
        )
    return None


def _best(variants: Sequence[Variant], order: Sequence[str]) -> Variant | None:
    for quantization in order:
        for variant in variants:
            if variant.quantization == quantization:
                return variant
    return None


def _is_small(variants: Sequence[Variant]) -> bool:
    return any(variant.quantization == "Q8_0" and variant.size <= SMALL for variant in variants)
