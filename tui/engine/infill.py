"""Prompts for models that fill in the middle of a text."""

from __future__ import annotations

from collections.abc import Sequence

import llama_cpp.llama_cpp as lib

from tui.engine.vocabulary import Vocabulary

_REPOSITORY = "repository\n"
_FILE = "filename\n"
_SNIPPET = "\n\n--- snippet ---\n\n"


def infill_tokens(
    vocabulary: Vocabulary,
    prefix: str,
    suffix: str,
    *,
    begun: str = "",
    extra: Sequence[tuple[str, str]] = (),
    suffix_first: bool = False,
) -> list[int] | None:
    """The prompt after which a model writes what lies between two texts, as llama-server makes it (`format_infill`).

    Args:
        vocabulary: the model's tokens.
        prefix: what lies before.
        suffix: what lies behind.
        begun: what the middle has already.
        extra: other files that help: name and text of each.
        suffix_first: whether the model wants what lies behind first.

    Returns:
        Tokens; None where the model has no tokens for this.
    """
    pointer = vocabulary.pointer
    before, behind, middle = (
        int(find(pointer)) for find in (lib.llama_vocab_fim_pre, lib.llama_vocab_fim_suf, lib.llama_vocab_fim_mid)
    )
    if min(before, behind, middle) < 0:
        return None
    head = [before, *vocabulary.tokenize_plain(prefix, whole=False), *vocabulary.tokenize_plain(begun, whole=False)]
    tail = [behind, *vocabulary.tokenize_plain(suffix, whole=False)]
    both = [*tail, *head] if suffix_first else [*head, *tail]
    first = [vocabulary.bos] if lib.llama_vocab_get_add_bos(pointer) and vocabulary.bos >= 0 else []
    return [*first, *_others(vocabulary, extra), *both, middle]


def _others(vocabulary: Vocabulary, extra: Sequence[tuple[str, str]]) -> list[int]:
    """Other files, in the words that the model learnt for them."""
    repository = int(lib.llama_vocab_fim_rep(vocabulary.pointer))
    separator = int(lib.llama_vocab_fim_sep(vocabulary.pointer))

    def plain(text: str) -> list[int]:
        return vocabulary.tokenize_plain(text, whole=False)

    tokens = [repository, *plain(_REPOSITORY)] if extra and repository >= 0 else []
    for name, text in extra:
        tokens += [separator, *plain(f"{name}\n")] if separator >= 0 else plain(_SNIPPET)
        tokens += plain(text)
    return [*tokens, separator, *plain(_FILE)] if extra and separator >= 0 else tokens
