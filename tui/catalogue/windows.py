"""Which layers of a model see a sliding window only, as llama.cpp decides it (`src/models/*.cpp`, load_arch_hparams).

A header says how wide the window is; that llama.cpp uses one, and in which layers, depends on the architecture. Where
none is listed here llama.cpp keeps the whole context in every layer, whatever the header says (Phi-3, Mistral).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from tui.catalogue.gguf_header import Header


@dataclass(frozen=True, slots=True)
class _Rule:
    """How an architecture places its windows.

    Attributes:
        period: one layer of so many sees everything; 0: the header has to say it for each layer.
        full_first: whether that is the first one of each period, in place of the last one.
        default: tokens of the window where the header names none; 0: then there is no window.
        fixed: tokens of the window, whatever the header says.
        layers: the only number of layers that has windows; 0: any.
    """

    period: int
    full_first: bool = False
    default: int = 0
    fixed: int = 0
    layers: int = 0


_RULES = MappingProxyType(
    {
        "afmoe": _Rule(4),
        "cohere2": _Rule(4),
        "cohere2moe": _Rule(4, full_first=True),
        "exaone-moe": _Rule(4),
        "exaone4": _Rule(4, default=4096, layers=64),
        "gemma2": _Rule(2, default=4096),
        "gemma3": _Rule(6),
        "gemma3n": _Rule(5),
        "gemma4": _Rule(0),
        "gpt-oss": _Rule(2),
        "granite_swa": _Rule(0),
        "laguna": _Rule(4, full_first=True),
        "lfm2": _Rule(0),
        "llama4": _Rule(4, default=8192, fixed=8192),
        "maple": _Rule(0),
        "mellum": _Rule(4),
        "mimo2": _Rule(0),
        "muse-glimmer": _Rule(4),
        "olmo2": _Rule(4),
        "plamo3": _Rule(8),
        "smallthinker": _Rule(4, full_first=True, fixed=4096),
        "spark2_5": _Rule(0),
        "step35": _Rule(0),
    }
)


def window(header: Header) -> int:
    """Tokens of the sliding window that llama.cpp uses for this model; 0 for none."""
    rule = _RULES.get(header.architecture)
    if rule is None or (rule.layers and header.number("block_count") != rule.layers):
        return 0
    said = header.number("attention.sliding_window")
    width = rule.default if said is None else said
    return rule.fixed or width if width else 0


def windowed_layers(header: Header, layers: int) -> tuple[bool, ...]:
    """For each layer, whether it sees the window only.

    Args:
        header: of the model.
        layers: how many there are, without those that only predict further tokens.
    """
    rule = _RULES.get(header.architecture)
    if rule is None or not window(header):
        return (False,) * layers
    if header.architecture == "lfm2":  # all that have attention at all
        return (True,) * layers
    pattern = header.value("attention.sliding_window_pattern")
    if isinstance(pattern, tuple) and len(pattern) >= layers:
        return tuple(bool(value) for value in pattern[:layers])
    period = pattern if isinstance(pattern, int) and not isinstance(pattern, bool) else rule.period
    if not period:
        return (False,) * layers
    full = 0 if rule.full_first else period - 1
    return tuple(layer % period != full for layer in range(layers))
