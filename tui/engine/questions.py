"""What can be asked of a loaded model without generating: its tokens, its chat template."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.engine.infill import infill_tokens
from tui.engine.prompting import PromptReader
from tui.engine.vocabulary import CUT, Vocabulary


class Questions:
    """Answers in the engine's thread, between two steps.

    Args:
        vocabulary: the model's tokens.
        reader: reads its prompts.
    """

    def __init__(self, vocabulary: Vocabulary, reader: PromptReader) -> None:
        self._vocabulary = vocabulary
        self._reader = reader

    def tokenize(self, text: str, *, whole: bool, special: bool = True) -> list[int]:
        """Tokens of a text.

        Args:
            text: any text.
            whole: whether the model's first token (BOS) is added, as to a whole prompt.
            special: whether special tokens in it are recognised.
        """
        if not special:
            return self._vocabulary.tokenize_plain(text, whole=whole)
        return self._vocabulary.tokenize(text) if whole else self._vocabulary.tokenize_part(text)

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token, control tokens with the text they have.

        Raises:
            SettingError: a number is no token.
        """
        self._vocabulary.check(tokens)
        return [self._vocabulary.piece(token, special=True) for token in tokens]

    @property
    def template(self) -> str:
        """The chat template's text; empty for the plain dialogue of a model that carries none."""
        return self._reader.template_source

    def prompt_tokens(self, prompt: ChatPrompt, params: GenerationParams) -> list[int]:
        """The tokens that the model gets for a conversation.

        Raises:
            TemplateError: the template refuses it.
        """
        return self._reader.tokens(prompt, params)

    def infill(
        self, prefix: str, suffix: str, *, begun: str, extra: Sequence[tuple[str, str]], suffix_first: bool
    ) -> list[int] | None:
        """The prompt after which the model writes what lies between two texts; None where it cannot.

        Args:
            prefix: what lies before.
            suffix: what lies behind.
            begun: what the middle has already.
            extra: name and text of other files that help.
            suffix_first: whether the model wants what lies behind first.
        """
        return infill_tokens(self._vocabulary, prefix, suffix, begun=begun, extra=extra, suffix_first=suffix_first)

    def render(self, prompt: ChatPrompt, params: GenerationParams, *, reply: bool = True) -> str:
        """A conversation in the chat template.

        Args:
            prompt: the conversation.
            params: what the template is told besides, such as whether to think.
            reply: whether the beginning of the model's next message stands at its end.

        Raises:
            TemplateError: the template refuses it.
        """
        return self._reader.text(prompt, params, reply=reply).replace(CUT, "")
