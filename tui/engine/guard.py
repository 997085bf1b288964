"""What a person types or attaches is text, even where it spells a token that steers the model.

A chat template puts `<|im_end|>` and the like between messages, and the tokenizer reads such spellings as the tokens
they stand for, wherever they come from. A file that spells them could otherwise end the person's turn and speak as
somebody else. So each one in what a person says is cut in two, where the tokenizer cannot put it together again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from tui.core.messages import Message
from tui.engine.vocabulary import CUT, Vocabulary

_KEPT = 64
"""Texts whose guarded form is remembered: a conversation is read again with every turn."""
_TRUSTED = frozenset({"system", "assistant"})
"""Whose words are the owner's or the model's own; a model's may hold tokens that it really said."""


class Guard:
    """Guards the messages of one loaded model.

    Args:
        vocabulary: the model's tokens.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._control: dict[int, bool] = {}
        self._known: OrderedDict[str, str] = OrderedDict()

    def messages(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Messages in which nobody but the template steers."""
        return tuple(
            message if message.role in _TRUSTED else replace(message, content=self.text(message.content))
            for message in messages
        )

    def text(self, text: str) -> str:
        """A text with every spelling of a control token cut in two."""
        known = self._known.get(text)
        if known is None:
            known = self._cut(text)
            self._known[text] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(text)
        return known

    def _cut(self, text: str) -> str:
        text = text.replace(CUT, "\N{REPLACEMENT CHARACTER}")
        while spellings := self._spellings(text):
            for spelling in spellings:
                text = text.replace(spelling, spelling[0] + CUT + spelling[1:])
        return text

    def _spellings(self, text: str) -> set[str]:
        """Control tokens that the tokenizer reads in a text, each of at least two characters."""
        found = {self._vocabulary.special_text(token) for token in self._tokens(text) if self._is_control(token)}
        return {spelling for spelling in found if len(spelling) > 1 and spelling in text}

    def _tokens(self, text: str) -> set[int]:
        return set(self._vocabulary.tokenize_part(text)) if text else set()

    def _is_control(self, token: int) -> bool:
        if token not in self._control:
            self._control[token] = self._vocabulary.is_control(token)
        return self._control[token]
