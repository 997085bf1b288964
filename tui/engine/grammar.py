"""Grammars in the choice of tokens: what may come next, whatever the model thinks."""

from __future__ import annotations

import llama_cpp.llama_cpp as lib
import numpy as np
import numpy.typing as npt

from tui.core.errors import SettingError
from tui.core.parameters import GenerationParams
from tui.core.text import well_formed
from tui.engine import llama_log
from tui.engine.candidates import Candidates
from tui.engine.gbnf import check_grammar
from tui.engine.json_schema import grammar_of_schema
from tui.engine.openers import openers_of
from tui.engine.vocabulary import Vocabulary


def grammar_text(params: GenerationParams) -> str:
    """The grammar (GBNF) that `params` ask for, one made from the JSON schema included; empty for none.

    Raises:
        SettingError: llama.cpp could not use it; the line says why.
    """
    if params.grammar.strip() and params.json_schema.strip():
        raise SettingError("A grammar and a JSON schema cannot both hold", hint="leave one of them empty")
    if params.json_schema.strip():
        text = grammar_of_schema(params.json_schema)
        try:
            check_grammar(text)
        except SettingError as error:
            raise SettingError(
                "The JSON schema cannot be made a grammar", why=error.why, hint="simplify it, or write a grammar"
            ) from error
        return text
    text = well_formed(params.grammar)
    if text.strip():
        check_grammar(text)
        return text
    return ""


class Grammar:
    """A grammar and how far the text has come in it.

    Args:
        text: GBNF that `check_grammar` takes.
        vocabulary: the model's tokens.

    Raises:
        SettingError: llama.cpp refuses it all the same.
    """

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        llama_log.log.begin()
        self._sampler = lib.llama_sampler_init_grammar(vocabulary.pointer, text.encode(), b"root")
        if not self._sampler:
            raise SettingError("llama.cpp refuses the grammar", why=llama_log.log.reason() or "it gave no reason")

    def allows(self, token: int) -> bool:
        """Whether the token may come next."""
        single = (lib.llama_token_data * 1)(lib.llama_token_data(token, 1.0, 0.0))
        lib.llama_sampler_apply(self._sampler, lib.llama_token_data_array(single, 1, -1, False))
        return bool(single[0].logit > float("-inf"))

    def ending(self) -> int | None:
        """An end token, when the text may end here."""
        return next((token for token in self._vocabulary.end_tokens() if self.allows(token)), None)

    def possible(self) -> npt.NDArray[np.bool_]:
        """Which tokens may come next as far as their first byte tells; by token.

        Where the grammar forbids a character it forbids every token that begins with it. So one token for each ASCII
        character is held against the grammar, and most of the vocabulary is ruled out without looking at it.
        """
        openers = openers_of(self._vocabulary)
        data = openers.single.copy()
        array = lib.llama_token_data_array(data.ctypes.data_as(lib.llama_token_data_p), len(data), -1, False)
        lib.llama_sampler_apply(self._sampler, array)
        allowed = np.ones(256, dtype=np.bool_)
        allowed[openers.bytes] = data["logit"] > float("-inf")
        mask: npt.NDArray[np.bool_] = allowed[openers.first]
        return mask

    def exclude(self, candidates: Candidates) -> None:
        """Give the candidates that may not come next the logit -inf."""
        lib.llama_sampler_apply(self._sampler, candidates.array)

    def accept(self, token: int) -> None:
        """Go on by a token, one that it allows. An end token changes nothing."""
        if not self._vocabulary.is_end(token):
            lib.llama_sampler_accept(self._sampler, token)

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if self._sampler is not None:
            lib.llama_sampler_free(self._sampler)
            self._sampler = None
