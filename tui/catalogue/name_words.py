"""The words in model names that say how a model was made: for chat or not, for what, from which publisher."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["base", "instruct", "reasoning", ""]

_WORDS = re.compile(r"[^-._ ]+")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("thinking", "think", "reasoning", "reasoner", "r1", "r1t", "r1t2", "qwq", "magistral", "cot"), "reasoning"
    ),
    **dict.fromkeys(
        ("instruct", "instruction", "inst", "it", "chat", "sft", "dpo", "orpo", "rlhf", "assistant"), "instruct"
    ),
    **dict.fromkeys(("base", "pt", "pretrain", "pretrained", "foundation"), "base"),
}
_RANK: tuple[Kind, ...] = ("reasoning", "instruct", "base")
_TRAITS = {
    **dict.fromkeys(
        ("abliterated", "ablit", "ablated", "heretic", "hrtic", "derestricted", "lorablated"), "abliterated"
    ),
    **dict.fromkeys(("uncensored", "uncen", "unfiltered", "unaligned"), "uncensored"),
    **dict.fromkeys(
        ("coder", "code", "codellama", "coding", "starcoder", "starcoder2", "codestral", "devstral"), "code"
    ),
    **dict.fromkeys(("codegemma", "codeqwen1", "sqlcoder", "wizardcoder"), "code"),
    **dict.fromkeys(("vl", "vision", "omni", "ocr", "llava", "smolvlm", "smolvlm2", "pixtral", "moondream2"), "vision"),
    **dict.fromkeys(("math", "mathstral", "wizardmath", "metamath"), "math"),
    **dict.fromkeys(("japanese", "jpn", "jp", "ja", "calm2", "elyza", "swallow", "plamo"), "Japanese"),
    **dict.fromkeys(("distill", "distilled", "distil"), "distilled"),
    **dict.fromkeys(("embedding", "embed", "embeddings", "embeddinggemma", "bge"), "embeddings"),
    **dict.fromkeys(("reranker", "rerank"), "reranker"),
    **dict.fromkeys(("guard", "guardian", "shieldgemma"), "safety"),
    **dict.fromkeys(("merge", "merged", "slerp", "dare", "ties", "blend"), "merge"),
    **dict.fromkeys(("function", "functionary", "tool", "toolace", "functiongemma", "xlam"), "tools"),
    "medgemma": "medicine",
    "qat": "qat",
    "mtp": "mtp",
}
_PUBLISHERS = (
    "01-ai agentica-org ai-sage ai21labs alibaba-nlp allenai aquif-ai arcee-ai baidu bytedance-seed "
    "cohereforai coherelabs deepseek-ai dphn eurollm facebook fireworks google hf huggingfacetb huihui-ai "
    "ibm-granite inclusionai internlm kwaipilot lgai-exaone liquidai llm-jp meta-llama microsoft minimaxai "
    "mistral-community mistralai mlabonne moonshotai nousresearch nvidia open-thoughts openai openbmb "
    "openchat opengvlab perplexity-ai pocketdoc primeintellect qwen rombodawg sao10k sentientagi "
    "servicenow-ai skt skywork soob3123 stabilityai stepfun-ai swiss-ai tencent thedrummer thudm tiiuae tngtech "
    "upstage utter-project watt-ai xai xiaomimimo zai-org zerofata "
)
_PUBLISHER = re.compile(rf"^(?:{'|'.join(map(re.escape, _PUBLISHERS.split()))})_(?=.)", re.IGNORECASE)


def words(title: str) -> list[str]:
    """The words of a name, in small letters."""
    return [found[0].lower() for found in _WORDS.finditer(title)]


def kind_of(title: str) -> Kind:
    """Whether the name says that the model only continues text, follows instructions, or thinks first."""
    found = {_KINDS[word] for word in words(title) if word in _KINDS}
    if "ernie" in words(title) and "pt" in words(title):  # Baidu's PT is "post-trained"
        found = (found - {"base"}) | {"instruct"}
    return next((kind for kind in _RANK if kind in found), "")


def traits_of(title: str) -> tuple[str, ...]:
    """What else the name says: `code`, `vision`, `math`, `Japanese`, `abliterated`, `uncensored`, `distilled`, `qat`
    (trained for its quantization), `mtp` (with layers that predict further tokens), `merge` and so on."""
    return tuple(dict.fromkeys(_TRAITS[word] for word in words(title) if word in _TRAITS))


def without_publisher(title: str) -> tuple[str, str]:
    """The publisher that some quantizers put first (`google_gemma-3-4b-it`), and the rest."""
    found = _PUBLISHER.match(title)
    return (found[0][:-1], title[found.end() :]) if found else ("", title)


def descriptor(title: str) -> int | None:
    """Where the first word that says how the model was made begins, after the first word; None when there is none."""
    starts = (found.start() for found in _WORDS.finditer(title) if found[0].lower() in _KINDS.keys() - {"r1"})
    return next((start for start in starts if start), None)
