"""Bounded reading of a GGUF file's header. The bytes may be damaged, or made to do harm."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 15
"""Bytes read at a time: the keys that matter of most files lie in the first of them, the tensors in the last. What is
jumped over is not read at all, so a larger one costs more than it saves."""
MAX_HEADER = 1 << 29
"""A header beyond this many bytes is damage: a 262k vocabulary with merges takes about 15 MB."""
MAX_KEY = 65_535
"""Bytes of a key, from the GGUF specification."""
MAX_TENSOR_NAME = 63
"""Bytes (ggml.h: GGML_MAX_NAME less the closing zero)."""
MAX_TEXT = 1 << 20
"""Texts beyond this many bytes are skipped; chat templates reach some tens of kilobytes."""
MAX_ARRAY = 1024
"""Arrays beyond this many elements are skipped; arrays with a value for each layer stay far below."""
MAX_TEXTS = 16
"""String arrays of at most this many elements are kept, such as a model's languages and tags."""
MAX_ELEMENT = 1024
"""Bytes of each of those; an array with a longer one is skipped."""
MAX_KEPT = 1 << 23
"""Bytes of texts and arrays kept in all; what comes after is skipped. Real headers keep some tens of kilobytes."""
MAX_STRINGS = 1 << 23
"""Elements of all string arrays together: each costs a step, so this bounds the time."""
_LONG = 2048
"""Texts that a list must have to be worth remembering."""
_START = 512
"""Bytes at the beginning of a list by which it is known again."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_FORMATS = {kind: struct.Struct(f"<{code}") for kind, code in _SCALARS.items()}
_STRING, _ARRAY = 8, 9
_U32, _U64 = _FORMATS[4], _FORMATS[10]

_MOST_DIMENSIONS = 4
_TENSOR = tuple(struct.Struct(f"<{dimensions}QIQ") for dimensions in range(_MOST_DIMENSIONS + 1))
_MOST_TENSOR = 8 + MAX_TENSOR_NAME + 4 + _TENSOR[-1].size

_RUNS = (512, 32)
_USUAL = (5, 4, 6, 3, 7, 8, 2, 9, 10, 11, 1, 12, 13, 14, 15, 16, *range(17, 64), 0)
"""Lengths of tokens, the most frequent ones first."""
_ANY = b"|".join(rb"%s\0{7}.{%d}" % (re.escape(bytes([length])), length) for length in _USUAL)
# The regular expression engine walks over strings several times as fast as a loop in Python does, and as exactly.
_WALKERS = tuple((run, re.compile(rb"(?s:%s){%d}+" % (_ANY, run)).match) for run in _RUNS)
_NAME = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
"""What the names of keys and of tensors look like."""


class DamagedError(Exception):
    """The header cannot be what it claims; the text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class LongValue:
    """A value that was skipped because it is long, such as the vocabulary.

    Attributes:
        kind: "text" or "array".
        length: bytes of a text, elements of an array.
    """

    kind: str
    length: int


Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...] | LongValue


class Vocabularies:
    """How many bytes long lists of texts took in files read before, by how they begin.

    Models of one family carry the same vocabulary, and walking over it is nearly all of the work. With one of these
    passed from file to file, a list that begins like a known one is jumped over. What follows shows whether that was
    right, and the caller reads the file again without it if it was not. Any thread may use it.
    """

    MOST = 256
    _TRIED = 4

    def __init__(self) -> None:
        self._lengths: dict[tuple[int, bytes], tuple[int, ...]] = {}

    def lengths(self, count: int, start: bytes) -> tuple[int, ...]:
        """Bytes of known lists of `count` texts that begin like this, the one seen last first."""
        return self._lengths.get((count, start), ())

    def learn(self, count: int, start: bytes, length: int) -> None:
        """Remember the bytes of a list."""
        if len(self._lengths) >= self.MOST:
            self._lengths = {}
        others = [other for other in self.lengths(count, start) if other != length]
        self._lengths[count, start] = (length, *others[: self._TRIED - 1])


class HeaderReader:
    """Reads GGUF values one after the other.

    Args:
        file: opened for reading bytes, at its start.
        size: bytes in the file; nothing is read or skipped past them.
        known: vocabularies of other files, to jump over; None walks over every one.

    Attributes:
        jumped: whether something was jumped over, so that an error may come of that.
    """

    def __init__(self, file: BinaryIO, size: int, known: Vocabularies | None = None) -> None:
        self.jumped = False
        self._file = file
        self._known = known
        self._limit = min(size, MAX_HEADER)
        self._size = size
        self._base = 0
        self._buffer = b""
        self._at = 0
        self._strings_left = MAX_STRINGS
        self._kept_left = MAX_KEPT

    @property
    def position(self) -> int:
        """Bytes from the start of the file to the next value."""
        return self._base + self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            DamagedError: the file ends before.
        """
        self._need(count)
        taken = self._buffer[self._at : self._at + count]
        self._at += count
        return taken

    def u32(self) -> int:
        """An unsigned number of 4 bytes."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """An unsigned number of 8 bytes."""
        return int(_U64.unpack(self.take(8))[0])

    def key(self, limit: int = MAX_KEY) -> str:
        """A text that must be short and valid UTF-8, such as the name of a key or of a tensor."""
        length = self.u64()
        if length > limit:
            raise DamagedError(f"a name in its header claims {length:,} bytes")
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise DamagedError("a name in its header is not UTF-8") from None

    def tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        """The description of a tensor.

        Returns:
            Its name, at most four dimensions, number format, and place among the weights in bytes.

        Raises:
            DamagedError: the file ends before, or the description is impossible.
        """
        # All at once: there are hundreds, and reading them field by field takes most of the time of a known file.
        if self._at + _MOST_TENSOR > len(self._buffer):
            self._need(min(_MOST_TENSOR, max(self._limit - self.position, 8)))
        buffer, at = self._buffer, self._at + 8
        length = _U64.unpack_from(buffer, self._at)[0]
        if length > MAX_TENSOR_NAME:
            raise DamagedError(f"a name in its header claims {length:,} bytes")
        try:
            name = buffer[at : at + length].decode()
            dimensions = _U32.unpack_from(buffer, at + length)[0]
            if dimensions > _MOST_DIMENSIONS:
                raise DamagedError(f"a tensor claims {dimensions:,} dimensions")
            form = _TENSOR[dimensions]
            values = form.unpack_from(buffer, at + length + 4)
        except struct.error:
            raise DamagedError("the file ends within its header") from None
        except UnicodeDecodeError:
            raise DamagedError("a name in its header is not UTF-8") from None
        self._at = at + length + 4 + form.size
        return name, values[:-2], values[-2], values[-1]

    def value(self) -> Value:
        """A value of any type, its type first."""
        kind = self.u32()
        return self._array() if kind == _ARRAY else self._text() if kind == _STRING else self._scalar(kind)

    def _scalar(self, kind: int) -> Scalar:
        form = self._format(kind)
        value: Scalar = form.unpack(self.take(form.size))[0]
        return value

    def _text(self) -> str | LongValue:
        length = self.u64()
        if not self._keep(length, MAX_TEXT):
            self._skip(length)
            return LongValue("text", length)
        # llama.cpp takes any bytes here, so a wrong one is no reason to refuse the model.
        return self.take(length).decode(errors="replace")

    def _array(self) -> Value:
        kind = self.u32()
        count = self.u64()
        if kind == _STRING:
            return self._strings(count)
        size = self._format(kind).size
        # As Python objects the elements take some 32 bytes each, whatever they take in the file.
        if not self._keep(count * 32, MAX_ARRAY * 32):
            self._skip(count * size)
            return LongValue("array", count)
        return struct.unpack(f"<{count}{_SCALARS[kind]}", self.take(count * size))

    def _strings(self, count: int) -> tuple[str, ...] | LongValue:
        """Keep a short array of strings; of a long one only its length matters here."""
        self._strings_left -= count
        if self._strings_left < 0:
            raise DamagedError(f"a list in its header claims {count:,} texts")
        if count <= MAX_TEXTS:
            return self._few(count)
        if self._known is None or count < _LONG:
            self._walk(count)
            return LongValue("array", count)
        self._need(_START)
        start, begin = self._buffer[self._at : self._at + _START], self.position
        if not self._jump(self._known.lengths(count, start)):
            self._walk(count)
        self._known.learn(count, start, self.position - begin)
        return LongValue("array", count)

    def _few(self, count: int) -> tuple[str, ...] | LongValue:
        texts = []
        for _ in range(count):
            length = self.u64()
            # As a Python object even an empty text takes some 64 bytes.
            if self._keep(length + 64, MAX_ELEMENT + 64):
                texts.append(self.take(length).decode(errors="replace"))
            else:
                self._skip(length)
        return tuple(texts) if len(texts) == count else LongValue("array", count)

    def _jump(self, lengths: tuple[int, ...]) -> bool:
        """Jump to where a name follows."""
        begin = self.position
        for length in lengths:
            if begin + length + 8 <= self._limit:
                self._skip(begin + length - self.position)
                if self._at_name():
                    self.jumped = True
                    return True
                self._base, self._at, self._buffer = begin, 0, b""
        return False

    def _at_name(self) -> bool:
        self._need(8)
        length = _U64.unpack_from(self._buffer, self._at)[0]
        if not 2 < length < 256 or self.position + 8 + length > self._limit:
            return False
        self._need(8 + length)
        return _NAME.fullmatch(self._buffer, self._at + 8, self._at + 8 + length) is not None

    def _walk(self, count: int) -> None:
        left, unpack = count, _U64.unpack_from
        while left:
            self._need(8)
            left = self._run(left)
            # One after the other: what is too long for a run, and the last ones of the buffer.
            buffer, at, last = self._buffer, self._at, len(self._buffer) - 8
            stop = max(left - _RUNS[-1], 0)
            while left > stop and at <= last:
                at += 8 + unpack(buffer, at)[0]
                left -= 1
            self._skip(at - self._at)

    def _run(self, left: int) -> int:
        """Pass over strings in the buffer by the hundred; how many are left."""
        buffer, at = self._buffer, self._at
        for run, match in _WALKERS:
            while left >= run and (found := match(buffer, at)):
                at = found.end()
                left -= run
        self._at = at
        return left

    def _keep(self, size: int, limit: int) -> bool:
        if size > min(limit, self._kept_left):
            return False
        self._kept_left -= size
        return True

    def _format(self, kind: int) -> struct.Struct:
        # An array of arrays is refused as in llama.cpp: no file has one, and a hostile one would nest without end.
        form = _FORMATS.get(kind)
        if form is None:
            raise DamagedError(f"its header has a value of the unknown type {kind}")
        return form

    def _need(self, count: int) -> None:
        """Have `count` bytes in the buffer from the next value on."""
        if self._at + count <= len(self._buffer):
            return
        self._check_end(count)
        rest = self._buffer[self._at :]
        self._base, self._at = self.position, 0
        wanted = min(max(count, CHUNK), self._limit - self._base) - len(rest)
        self._file.seek(self._base + len(rest))
        self._buffer = rest + self._file.read(wanted)
        if len(self._buffer) < count:
            raise DamagedError("the file ends within its header")

    def _skip(self, count: int) -> None:
        self._check_end(count)
        if self._at + count <= len(self._buffer):
            self._at += count
        else:
            self._base, self._at, self._buffer = self.position + count, 0, b""

    def _check_end(self, count: int) -> None:
        if self.position + count <= self._limit:
            return
        if self._limit < self._size:
            raise DamagedError(f"its header claims more than {MAX_HEADER >> 20} MiB")
        raise DamagedError("the file ends within its header")
