"""A model's vocabulary: text to tokens and back."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import DecodeError, SettingError

_REMEMBERED = 32_768
"""Tokens about which something is remembered; a text has far fewer different ones."""
CUT = "\ufdd0"
"""Stands where the tokenizer begins anew, so that nothing is read across it; it is no character of any text."""


class Vocabulary:
    """Tokens of one loaded model.

    Args:
        model: llama.cpp's model pointer, which must outlive this object.
    """

    def __init__(self, model: Any) -> None:
        self.pointer = lib.llama_model_get_vocab(model)
        self._buffer = ctypes.create_string_buffer(256)
        self._ends: list[int] | None = None
        # Each call into llama.cpp lets other threads have the interpreter, and the engine then waits for it: what is
        # asked for each token is asked once.
        self._pieces: dict[tuple[int, bool], bytes] = {}
        self._ordinary: set[int] = set()
        self.size: int = lib.llama_vocab_n_tokens(self.pointer)
        self.bos: int = lib.llama_vocab_bos(self.pointer)
        self.eos: int = lib.llama_vocab_eos(self.pointer)
        self.bos_text = self._special_text(self.bos)
        self.eos_text = self._special_text(self.eos)

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a whole prompt: special tokens in it are recognised, and the model's first token is added.

        The first token (BOS) is added where the model wants one and the text does not begin with it already.

        Raises:
            DecodeError: llama.cpp refused the text.
        """
        return self._tokenize(text, add_special=not (self.bos_text and text.startswith(self.bos_text)))

    def check(self, tokens: Sequence[int]) -> None:
        """See that numbers from elsewhere are tokens.

        Raises:
            SettingError: one is not; another model's tokenizer may have made them.
        """
        wrong = next((token for token in tokens if not 0 <= token < self.size), None)
        if wrong is not None:
            raise SettingError(f"There is no token {wrong}", why=f"the model has {self.size:,}, from 0 on")

    def tokenize_part(self, text: str) -> list[int]:
        """Tokens of a piece of text, with nothing added.

        Raises:
            DecodeError: llama.cpp refused the text.
        """
        return self._tokenize(text, add_special=False)

    def tokenize_plain(self, text: str, *, whole: bool) -> list[int]:
        """Tokens of a text in which nothing stands for a special token; with the first token where that is wanted."""
        return self._tokenize(text, add_special=whole, special=False)

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """A token's bytes.

        Args:
            token: its number.
            special: whether control tokens have a text too, such as `<|im_end|>`.
        """
        known = self._pieces.get((token, special))
        if known is None:
            if len(self._pieces) >= _REMEMBERED:
                self._pieces.clear()
            known = self._pieces[token, special] = self._piece(token, special)
        return known

    def _piece(self, token: int, special: bool) -> bytes:
        count = lib.llama_token_to_piece(self.pointer, token, self._buffer, len(self._buffer), 0, special)
        if count < 0:
            self._buffer = ctypes.create_string_buffer(-count)
            count = lib.llama_token_to_piece(self.pointer, token, self._buffer, -count, 0, special)
        return self._buffer.raw[:count]

    def starts(self) -> Iterator[tuple[int, int]]:
        """First byte and length in bytes of each token, control tokens with the text they have; 0, 0 without bytes."""
        # Written for speed: a vocabulary may have 262,144 tokens.
        buffer = ctypes.create_string_buffer(256)
        view = memoryview(buffer).cast("B")
        to_piece, pointer, room = lib.llama_token_to_piece, self.pointer, len(buffer)
        for token in range(self.size):
            count = to_piece(pointer, token, buffer, room, 0, True)
            if count < 0:
                yield self.piece(token, special=True)[0], -count
            else:
                yield (view[0], count) if count else (0, 0)

    def is_end(self, token: int) -> bool:
        """Whether the token ends a generation (EOS, EOT and their kin)."""
        if token in self._ordinary:
            return False
        if lib.llama_vocab_is_eog(self.pointer, token):
            return True
        if len(self._ordinary) >= _REMEMBERED:
            self._ordinary.clear()
        self._ordinary.add(token)
        return False

    def is_special(self, token: int) -> bool:
        """Whether the token stands for itself in a text, such as `<|im_start|>`: no other token reaches across it."""
        kinds = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        return bool(lib.llama_vocab_get_attr(self.pointer, token) & kinds)

    def is_control(self, token: int) -> bool:
        """Whether the token steers the model, and stands for no text: the end of a turn, the role that speaks."""
        return bool(lib.llama_vocab_get_attr(self.pointer, token) & lib.LLAMA_TOKEN_ATTR_CONTROL)

    def special_text(self, token: int) -> str:
        """The text that stands for a special token; empty for none."""
        return self._special_text(token)

    def end_tokens(self) -> Sequence[int]:
        """All tokens that end a generation."""
        if self._ends is None:
            self._ends = [token for token in range(self.size) if lib.llama_vocab_is_eog(self.pointer, token)]
        return self._ends

    def suppressed(self) -> list[int]:
        """Tokens that the model's makers never want generated."""
        count = ctypes.c_int32(0)
        tokens = lib.llama_vocab_get_suppress_tokens(self.pointer, ctypes.byref(count))
        return [int(token) for token in tokens[: count.value]] if count.value else []

    def _tokenize(self, text: str, *, add_special: bool, special: bool = True) -> list[int]:
        if CUT in text:
            first, *rest = text.split(CUT)
            parts = [self._tokenize(part, add_special=False, special=special) for part in rest]
            return sum(parts, self._tokenize(first, add_special=add_special, special=special))
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        while True:
            tokens = (lib.llama_token * room)()
            count = lib.llama_tokenize(self.pointer, data, len(data), tokens, room, add_special, special)
            if count >= 0:
                return list(tokens[:count])
            if -count <= room:
                raise DecodeError("The text could not be turned into tokens", why="llama.cpp refused it")
            room = -count

    def _special_text(self, token: int) -> str:
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
