"""What a model file's name says: family, size, variant, quantization, part of a split model.

The convention: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#gguf-naming-convention. People follow it
loosely, so this reads what is really on the Hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.catalogue.name_words import Kind, descriptor, kind_of, traits_of, without_publisher

_EDGE = r"(?:^|(?<=[-._ ]))"
_END = r"(?=$|[-._ ])"
_SHARD = re.compile(r"[-.](\d{5})-of-(\d{5})$")
_QUANTIZATION = re.compile(
    _EDGE + r"((?:UD-)?(?:IQ[1-4]_(?:XXS|XS|S|M|NL|XL)(?:_XL)?|IQ[1-6]_K(?:S|L|SS|T)?(?:_R[48])?"
    r"|Q[1-8]_K(?:_(?:XXS|XS|S|M|L|XL|XXL|P))?|Q[1-8]_[01](?:_\d_\d|_L)?|IQ[1-4](?:XXS|XS|S|M|NL)|Q[2-6]K[SML]?"
    r"|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|I2_S|BF16|FP?16|FP?32|Q[2-8]))" + _END,
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?<=[a-z])(I?Q[1-8]_[K01](?:_[SML])?)$")
"""`devstralQ4_K_M`: no separator, but nothing else either that it could be."""
# No K: "128k" in a name is a context length. 8x7B, 30B-A3B, 3b-a800m, A2.7B, E4B, 17B-16E, 1B-7B.
_NUMBER = r"\d+(?:\.\d+)?"
_SIZE = re.compile(
    _EDGE + rf"((?:\d+x)?E?{_NUMBER}[MBT](?:-A{_NUMBER}[MB]|-\d+E|-{_NUMBER}B)?|A{_NUMBER}B)" + _END, re.IGNORECASE
)
_ACTIVE = re.compile(rf"(?:^|-)A({_NUMBER}[MB])$|^({_NUMBER}B)-{_NUMBER}B$", re.IGNORECASE)
_CONTEXT = re.compile(_EDGE + r"(\d{1,4})k" + _END, re.IGNORECASE)
_MILLION = re.compile(_EDGE + r"([1-9])m" + _END, re.IGNORECASE)
_DATE = r"(?:0[1-9]|1[0-2])-20\d\d|2[3-9](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|20\d{6}"
_VERSION = re.compile(_EDGE + rf"(v\d+(?:\.\d+)*|{_DATE})" + _END, re.IGNORECASE)
_RELEASE = re.compile(_EDGE + rf"(v\d+\.\d+|{_DATE})" + _END)
"""Versions of a model, where `V3` alone is a part of its name."""
_PROJECTOR = re.compile(r"(?:^|[-._ ])mm-?proj(?:$|[-._ ])", re.IGNORECASE)
_PROJECTOR_FIRST = re.compile(r"^mm-?proj[-._ ]", re.IGNORECASE)
_WEIGHTED = re.compile(r"(?:^|[-._ ])(?:i1|imat|imatrix|imx)(?=$|[-._ ])", re.IGNORECASE)
_MATRIX = re.compile(r"(?:^|[-._ ])imatrix(?:$|[-._ ])", re.IGNORECASE)
_SEPARATORS = "-._ "


@dataclass(frozen=True, slots=True)
class NameParts:
    """A file name taken apart; what is not in it is empty.

    Attributes:
        title: the name without quantization, part and ending: `SmolLM2-135M-Instruct`.
        family: before the size, `Qwen3` or `gemma-3`; where no size is named, before what else describes the model.
        size_label: `135M`, `8x7B`, `30B-A3B`, as written.
        variant: after the size: `Instruct-v0.3`, `it`.
        quantization: in llama.cpp's spelling: `Q4_K_M`, `UD-Q4_K_XL`, `BF16`.
        part: (number, count) for a part of a split model.
        is_projector: whether it is the image or sound part of a model (mmproj), which cannot chat alone.
        is_matrix: whether it is an importance matrix, a help to quantize a model.
        publisher: where the quantizer put it first: `google` in `google_gemma-3-4b-it`.
        kind: `instruct`, `reasoning` or `base`, when a word says so.
        active: of a mixture of experts, the size that works on each token: `3B`.
        context: tokens of context that are named (`128k`); None for none.
        version: `v0.3`, `2507`.
        traits: what else is said: `code`, `vision`, `abliterated`, ... (`name_words.traits_of`).
        imatrix: whether it says that an importance matrix guided the quantization.
    """

    title: str
    family: str
    size_label: str = ""
    variant: str = ""
    quantization: str = ""
    part: tuple[int, int] | None = None
    is_projector: bool = False
    is_matrix: bool = False
    publisher: str = ""
    kind: Kind = ""
    active: str = ""
    context: int | None = None
    version: str = ""
    traits: tuple[str, ...] = ()
    imatrix: bool = False


def parse_name(file_name: str) -> NameParts:
    """Take a file name apart. Any text gives an answer."""
    stem = re.sub(r"\.gguf$", "", file_name, flags=re.IGNORECASE)
    shard = _SHARD.search(stem)
    if shard:
        stem = stem[: shard.start()]
    title, quantization, weighted, before = _without_quantization(stem)
    publisher, bare = without_publisher(_PROJECTOR_FIRST.sub("", title))
    if not publisher:
        bare = title
    size = _SIZE.search(bare)
    start = size.start() if size else min(_first_description(bare), before or len(bare))
    versions = _VERSION.findall(bare, size.end()) if size else []
    versions = versions or _VERSION.findall(bare)
    return NameParts(
        title=bare,
        family=bare[:start].strip(_SEPARATORS) or bare,
        size_label=size[1] if size else "",
        variant=bare[size.end() if size else start :].strip(_SEPARATORS),
        quantization=quantization,
        part=(int(shard[1]), int(shard[2])) if shard else None,
        is_projector=bool(_PROJECTOR.search(stem)),
        is_matrix=bool(_MATRIX.search(stem)) and not quantization,
        publisher=publisher,
        kind=kind_of(bare),
        active=_active(size[1]) if size else "",
        context=_context(bare, size),
        version=versions[-1] if versions else "",
        traits=traits_of(bare),
        imatrix=weighted,
    )


def part_name(file_name: str, number: int) -> str:
    """The name of part `number` (from 1) of the split model that `file_name` is a part of."""
    return re.sub(r"([-.])\d{5}-of-(\d{5})(?=\.gguf$)", rf"\g<1>{number:05}-of-\2", file_name, flags=re.IGNORECASE)


def _without_quantization(stem: str) -> tuple[str, str, bool, int]:
    """The rest of a name, its quantization, whether an importance matrix is named beside it, and how many letters
    stood before it; 0 where nothing or everything did."""
    found = list(_QUANTIZATION.finditer(stem)) or list(_GLUED.finditer(stem))
    if not found:
        return stem.strip(_SEPARATORS) or stem, "", False, 0
    last = found[-1]
    sides = stem[: last.start()].rstrip(_SEPARATORS), stem[last.end() :].strip(_SEPARATORS)
    bare = [_WEIGHTED.sub("", side).strip(_SEPARATORS) for side in sides]
    title = "-".join(side for side in bare if side) or stem
    weighted = any(_WEIGHTED.search(side) for side in sides)
    return title, _spelled(last[1]), weighted, len(bare[0]) if bare[1] else 0


def _first_description(title: str) -> int:
    """Where the family ends in a name that tells no size."""
    starts = [found.start() for pattern in (_CONTEXT, _RELEASE) if (found := pattern.search(title))]
    word = descriptor(title)
    return min([start for start in (*starts, word) if start], default=len(title))


def _active(size: str) -> str:
    found = _ACTIVE.search(size)
    return (found[1] or found[2]).upper() if found else ""


def _context(title: str, size: re.Match[str] | None) -> int | None:
    if found := _CONTEXT.search(title):
        return int(found[1]) * 1024
    found = _MILLION.search(title, size.end()) if size else None
    return int(found[1]) * 1024 * 1024 if found else None


def _spelled(quantization: str) -> str:
    upper = quantization.upper()
    if "_" not in upper and (glued := re.fullmatch(r"(I?Q\d)(K?)([XSMNL]*)", upper)):
        upper = "_".join(part for part in glued.groups() if part)
    return {"FP16": "F16", "FP32": "F32", "MXFP4_MOE": "MXFP4"}.get(upper, upper)
