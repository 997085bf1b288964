"""Ending an evaluation inside llama.cpp, and seeing how far it is, without Python's lock.

llama.cpp calls `bool callback(void *data)` after each node of its graph, hundreds of times for each token, from its own
threads. A callback in Python would wait for the interpreter's lock each time. The C library has functions of that
shape already.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import llama_cpp.llama_cpp as lib

_SEMAPHORE_BYTES = 64  # sem_t is 16 to 32 bytes
_SEMAPHORE_MAX = 2**31 - 1


class AbortFlag:
    """A flag that llama.cpp polls.

    `strlen` is the callback: on two bytes, the flag and a zero, it returns 0 or 1.

    Attributes:
        callback: the function that llama.cpp calls.
        data: its argument.
    """

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(2)
        self.data = ctypes.cast(self._bytes, ctypes.c_void_p)
        self.callback: Any = ctypes.cast(_libc().strlen, lib.ggml_abort_callback)

    def raise_(self) -> None:
        """Make the evaluation under way end. Any thread."""
        self._bytes[0] = b"\x01"

    def lower(self) -> None:
        """Let the next evaluation run."""
        self._bytes[0] = b"\x00"

    def nodes(self) -> int | None:
        """Nodes of the graph that were computed since `lower`; None where they are not counted. Any thread."""
        return None


class CountingFlag(AbortFlag):
    """A flag that counts the calls too.

    `sem_post` is the callback: it adds one to a semaphore and returns 0, and -1 once the semaphore is at its maximum.
    """

    def __init__(self) -> None:
        self._libc = _libc()
        self._semaphore = ctypes.create_string_buffer(_SEMAPHORE_BYTES)
        self._value = ctypes.c_int()
        self.data = ctypes.cast(self._semaphore, ctypes.c_void_p)
        self.callback = ctypes.cast(self._libc.sem_post, lib.ggml_abort_callback)
        self.lower()

    def raise_(self) -> None:
        """Make the evaluation under way end. Any thread."""
        self._libc.sem_init(self._semaphore, 0, _SEMAPHORE_MAX)

    def lower(self) -> None:
        """Let the next evaluation run."""
        self._libc.sem_init(self._semaphore, 0, 0)

    def nodes(self) -> int | None:
        """Nodes of the graph that were computed since `lower`. Any thread."""
        self._libc.sem_getvalue(self._semaphore, ctypes.byref(self._value))
        return 0 if self._value.value == _SEMAPHORE_MAX else self._value.value


def abort_flag() -> AbortFlag:
    """The best flag for this system."""
    return CountingFlag() if sys.platform == "linux" else AbortFlag()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL("msvcrt" if os.name == "nt" else None)
