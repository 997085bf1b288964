"""How a model is built: context, vocabulary, template, layers, number formats."""

from __future__ import annotations

from collections.abc import Iterator

from tui.catalogue.explanation import Fact
from tui.catalogue.gguf_header import Header
from tui.catalogue.kv_cache import Layers, kv_cache_bytes, layers_of
from tui.catalogue.model_kind import TEMPLATE, is_cut
from tui.catalogue.recurrent import HYBRID, RECURRENT
from tui.catalogue.templates import can_call_tools, can_think, detect, has_system
from tui.core.parameters import LoadParams
from tui.core.text import one_line
from tui.core.units import format_bytes

_VOCABULARIES = {
    "llama": "SentencePiece",
    "gpt2": "byte-pair encoding (BPE)",
    "bert": "WordPiece",
    "t5": "Unigram",
    "rwkv": "RWKV's greedy trie",
    "plamo2": "PLaMo 2's own",
    "none": "none",
}
_WORDS_PER_TOKEN, _WORDS_PER_PAGE = 0.75, 300
"""Of English prose, as a rule of thumb."""
_STEP = 256


def context_facts(header: Header) -> tuple[Fact, ...]:
    """Trained context, vocabulary and chat template."""
    return (*_context(header), *_vocabulary(header), _template(header))


def architecture_facts(header: Header) -> tuple[Fact, ...]:
    """Layers, attention, experts, and what a token of context costs."""
    layers = layers_of(header)
    return (
        Fact("Architecture", one_line(header.architecture) or "unknown", "llama.cpp's name for how it is built"),
        *_shape(header),
        *(_attention(header, layers) if layers else ()),
        *_experts(header),
        *_cache(header, layers),
    )


def tensor_facts(header: Header) -> tuple[Fact, ...]:
    """How many tensors, and how many bytes, there are in each number format; the most bytes first."""
    whole = max(sum(header.tensor_kinds.values()), 1)
    kinds = sorted(header.tensor_kinds.items(), key=lambda kind: -kind[1])
    return tuple(
        Fact(
            one_line(kind),
            f"{_tensors(header.tensor_counts.get(kind, 0))}{format_bytes(size)}",
            f"{size / whole:.1%}",
        )
        for kind, size in kinds
    )


def _tensors(count: int) -> str:
    return f"{count:,} tensor{'s' if count > 1 else ''}, " if count else ""


def _context(header: Header) -> Iterator[Fact]:
    trained = header.n_ctx_train
    if not trained:
        yield Fact("Trained context", "unknown", "the header does not say it")
        return
    pages = round(trained * _WORDS_PER_TOKEN / _WORDS_PER_PAGE)
    about = f"about {pages:,} page{'s' if pages > 1 else ''} of English" if pages else "less than a page of English"
    yield Fact("Trained context", f"{trained:,} tokens", f"{about}; beyond it the model writes nonsense")
    scaling, original = (
        header.text(f"{header.architecture}.rope.scaling.type"),
        header.number("rope.scaling.original_context_length"),
    )
    if scaling and scaling != "none" and original and original != trained:
        yield Fact("Stretched from", f"{original:,} tokens", f"by {one_line(scaling)} scaling of the positions")


def _vocabulary(header: Header) -> Iterator[Fact]:
    count, kind = header.n_vocab, header.text("tokenizer.ggml.model")
    if not count and not kind:
        return
    words = _VOCABULARIES.get(kind, one_line(kind))
    split = one_line(header.text("tokenizer.ggml.pre"))
    note = "; ".join(filter(None, (words, f"split like {split}" if split and split != "default" else "")))
    yield Fact("Vocabulary", f"{count:,} tokens" if count else "unknown size", note)


def _template(header: Header) -> Fact:
    template = header.metadata.get(TEMPLATE)
    if not header.has_template:
        if is_cut(header):
            return Fact("Chat template", "not read", "only the start of the file was read")
        return Fact("Chat template", "none", "made for continuing text, or an old file: see the completion view")
    if not isinstance(template, str):
        return Fact("Chat template", "yes", "too long to look at")
    able = [
        words
        for words, has in (
            ("system prompts", has_system(template)),
            ("tools", can_call_tools(template)),
            ("thinking", can_think(template)),
        )
        if has
    ]
    note = f"has a place for {_listed(able)}" if able else ""
    return Fact("Chat template", detect(template) or "its own format", note)


def _shape(header: Header) -> Iterator[Fact]:
    layers, width = header.number("block_count"), header.number("embedding_length")
    if layers and width:
        further = header.number("nextn_predict_layers")
        note = f"{further} of them only predict further tokens" if further else ""
        yield Fact("Shape", f"{layers:,} layers, {width:,} wide", note)


def _attention(header: Header, layers: Layers) -> Iterator[Fact]:
    count = len(layers.heads)
    states = sum(layers.recurrent)
    if header.architecture in RECURRENT:
        yield Fact("Memory", "one running state", "recurrent: it takes the same memory however long the text is")
        return
    if header.architecture in HYBRID:
        caches = sum(1 for heads in layers.heads if heads)
        yield Fact("Memory", f"{states} of {count} layers with a running state, {caches} with a KV cache",
                   "hybrid: long contexts take little memory")  # fmt: skip
    queries, keys = header.per_layer("attention.head_count", count), max(layers.heads, default=0)
    if queries and keys:
        heads = max(queries)
        if layers.latent:
            words = "keys and values are kept compressed together (MLA)"
        elif keys == 1 and heads > 1:
            words = "all heads share one key (MQA): a small KV cache"
        elif keys < heads:
            words = f"{heads // keys} heads share each key (GQA): a smaller KV cache"
        else:
            words = "each head has its own key: a large KV cache"
        yield Fact("Attention", f"{heads} heads, {keys} key head{'s' if keys > 1 else ''}", words)
    if layers.window and any(layers.windowed):
        narrow = sum(layers.windowed)
        yield Fact("Sliding window", f"{layers.window:,} tokens in {narrow} of {count} layers",
                   "these layers keep the window alone, unless the full window cache is on")  # fmt: skip


def _experts(header: Header) -> Iterator[Fact]:
    experts, used = header.number("expert_count"), header.mean("expert_used_count")
    if experts and used:
        shared = header.number("expert_shared_count")
        note = f"and {shared} that work on every token" if shared else ""
        yield Fact("Experts", f"{used:g} of {experts} for each token", note)


def _cache(header: Header, layers: Layers | None) -> Iterator[Fact]:
    if layers is None or not any(layers.heads):
        return
    # The growth far beyond every window: what each further token takes.
    far = 1 << 20
    small, large = (kv_cache_bytes(header, LoadParams(), far + step) for step in (0, _STEP))
    if small is not None and large is not None:
        yield Fact("KV cache", f"{format_bytes((large - small) / _STEP)} for each token", "in f16; q8_0 takes half")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
