"""What a grammar lets through, asked of llama.cpp byte by byte."""

from __future__ import annotations

import random
from pathlib import Path

import llama_cpp.llama_cpp as lib

from tui.engine.gbnf import check_grammar
from tui.engine.grammar import Grammar
from tui.engine.vocabulary import Vocabulary

_FIRST_BYTE = 3  # of the tiny model's tokens, after <unk>, <s> and </s>
_LONGEST = 1500
_LIKELY = {ord(character): 12 for character in '"}]'} | {ord(character): 4 for character in ",:{[-.0123456789"}


class Grammars:
    """Holds texts against grammars.

    Args:
        tiny: the tiny model, whose tokens are bytes.
    """

    def __init__(self, tiny: Path) -> None:
        params = lib.llama_model_default_params()
        params.vocab_only = True
        self._model = lib.llama_model_load_from_file(str(tiny).encode(), params)
        assert self._model
        self._vocabulary = Vocabulary(self._model)

    def close(self) -> None:
        """Free the model."""
        lib.llama_model_free(self._model)

    def accepts(self, grammar: str, text: str) -> bool:
        """Whether a grammar lets a whole text through."""
        check_grammar(grammar)
        held = Grammar(grammar, self._vocabulary)
        try:
            for byte in text.encode():
                if not held.allows(_FIRST_BYTE + byte):
                    return False
                held.accept(_FIRST_BYTE + byte)
            return held.ending() is not None
        finally:
            held.free()

    def invent(self, grammar: str, seed: int) -> str | None:
        """Some text that a grammar lets through; None where it did not come to an end in time."""
        check_grammar(grammar)
        chance = random.Random(seed)
        held = Grammar(grammar, self._vocabulary)
        found = bytearray()
        try:
            while len(found) < _LONGEST:
                ascii_ = [byte for byte in range(1, 128) if held.allows(_FIRST_BYTE + byte)]
                allowed = ascii_ or [byte for byte in range(128, 256) if held.allows(_FIRST_BYTE + byte)]
                if held.ending() is not None and (not allowed or chance.random() < 0.4):
                    return found.decode()
                assert allowed, f"a dead end after {found!r}"
                byte = chance.choices(allowed, [_LIKELY.get(one, 1) for one in allowed])[0]
                held.accept(_FIRST_BYTE + byte)
                found.append(byte)
            return None
        finally:
            held.free()
