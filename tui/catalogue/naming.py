"""What a model file's name says: family, size, variant, quantization, part of a split model.

The convention: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#gguf-naming-convention. People follow it
loosely, so this reads what is really on the Hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EDGE = r"(?:^|(?<=[-._ ]))"
_END = r"(?=$|[-._ ])"
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")
_QUANTIZATION = re.compile(
    _EDGE
    + r"((?:UD-)?(?:IQ[1-4]_(?:XXS|XS|S|M|NL|XL)(?:_XL)?|Q[1-8]_K(?:_(?:XXS|XS|S|M|L|XL|XXL|P))?|Q[1-8]_[01](?:_\d_\d)?"
    r"|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32|Q[2-8]))" + _END,
    re.IGNORECASE,
)
# No K: "128k" in a name is a context length. 8x7B, 30B-A3B, E4B, 17B-16E.
_SIZE = re.compile(_EDGE + r"((?:\d+x)?E?\d+(?:\.\d+)?[MBT](?:-A\d+(?:\.\d+)?B|-\d+E)?)" + _END, re.IGNORECASE)
_PROJECTOR = re.compile(r"(?:^|[-._ ])mm-?proj(?:$|[-._ ])", re.IGNORECASE)
_SEPARATORS = "-._ "


@dataclass(frozen=True, slots=True)
class NameParts:
    """A file name taken apart; what is not in it is empty.

    Attributes:
        title: the name without quantization, part and ending: `SmolLM2-135M-Instruct`.
        family: before the size, `Qwen3` or `gemma-3`; the whole title when no size is named.
        size_label: `135M`, `8x7B`, `30B-A3B`, as written.
        variant: between size and quantization: `Instruct-v0.3`, `it`.
        quantization: in llama.cpp's spelling: `Q4_K_M`, `UD-Q4_K_XL`, `BF16`.
        part: (number, count) for a part of a split model.
        is_projector: whether it is the image or sound part of a model (mmproj), which cannot chat alone.
    """

    title: str
    family: str
    size_label: str = ""
    variant: str = ""
    quantization: str = ""
    part: tuple[int, int] | None = None
    is_projector: bool = False


def parse_name(file_name: str) -> NameParts:
    """Take a file name apart. Any text gives an answer."""
    stem = re.sub(r"\.gguf$", "", file_name, flags=re.IGNORECASE)
    shard = _SHARD.search(stem)
    if shard:
        stem = stem[: shard.start()]
    found = list(_QUANTIZATION.finditer(stem))
    title, quantization = stem, ""
    if found:
        last = found[-1]
        quantization = _spelled(last[1])
        title = _joined(re.sub(r"[-._]i1$", "", stem[: last.start()].rstrip(_SEPARATORS)), stem[last.end() :])
    title = title.strip(_SEPARATORS) or stem
    size = _SIZE.search(title)
    return NameParts(
        title=title,
        family=title[: size.start()].strip(_SEPARATORS) if size else title,
        size_label=size[1] if size else "",
        variant=title[size.end() :].strip(_SEPARATORS) if size else "",
        quantization=quantization,
        part=(int(shard[1]), int(shard[2])) if shard else None,
        is_projector=bool(_PROJECTOR.search(stem)),
    )


def part_name(file_name: str, number: int) -> str:
    """The name of part `number` (from 1) of the split model that `file_name` is a part of."""
    return re.sub(r"-\d{5}-of-(\d{5})(?=\.gguf$)", rf"-{number:05}-of-\1", file_name, flags=re.IGNORECASE)


def _joined(before: str, after: str) -> str:
    after = after.strip(_SEPARATORS)
    return f"{before}-{after}" if before and after else before or after


def _spelled(quantization: str) -> str:
    upper = quantization.upper()
    return {"FP16": "F16", "FP32": "F32", "MXFP4_MOE": "MXFP4"}.get(upper, upper)
