"""All tokens with their logits, as llama.cpp's samplers take them."""

from __future__ import annotations

from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
import numpy.typing as npt

from tui.core.errors import DecodeError

TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama_token_data"""


class Candidates:
    """The candidates for the next token.

    Args:
        count: tokens of the vocabulary.
    """

    def __init__(self, count: int) -> None:
        self._ids = np.arange(count, dtype=np.int32)
        self._data = np.zeros(count, dtype=TOKEN_DATA)
        self.array = lib.llama_token_data_array()

    def fill(self, context: Any, index: int) -> None:
        """Take the logits of a row of the last batch.

        Args:
            context: llama.cpp's context pointer.
            index: the row's place in the batch.

        Raises:
            DecodeError: the row has none.
        """
        logits = lib.llama_get_logits_ith(context, index)
        if not logits:
            raise DecodeError("llama.cpp has no logits for this token")
        # The samplers reorder the data and cut it, so everything is set anew.
        self._data["id"] = self._ids
        self._data["logit"] = np.ctypeslib.as_array(logits, shape=self._ids.shape)
        self.array.data = self._data.ctypes.data_as(lib.llama_token_data_p)
        self.array.size, self.array.selected, self.array.sorted = len(self._ids), -1, False

    def any_left(self) -> bool:
        """Whether any candidate has a chance."""
        return bool((self._data["logit"][: self.array.size] > float("-inf")).any())

    def narrow(self, possible: npt.NDArray[np.bool_], banned: npt.NDArray[np.int32]) -> None:
        """Leave only some tokens; right after `fill`, before the samplers reorder.

        Args:
            possible: which ones, by token.
            banned: tokens that get the logit -inf.
        """
        self._data["logit"][banned] = float("-inf")
        left = self._data[possible]
        self._data[: len(left)] = left
        self.array.size = len(left)

    @property
    def chosen(self) -> int:
        """The token that the last sampler selected."""
        array = self.array
        return int(array.data[array.selected].id)
