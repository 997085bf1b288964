"""What a model on the Hub says of itself, from the first bytes of its file.

The keys that tell how much memory a model takes come first; then the vocabulary, which alone can have more bytes than
may be spent; then the tensors. What is out of reach is filled in from what the Hub itself knows.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from tui.catalogue.gguf_header import MAGIC, Header, HeaderDraft
from tui.catalogue.gguf_reader import MAX_STRINGS, DamagedError, HeaderReader, LongValue, Value
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.values import Repository, Variant
from tui.core.errors import HubError, ModelFileError
from tui.core.text import printable

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 1_000_000
"""Bytes asked for, of a model of any size."""
FIRST_STEP, LAST_STEP = 1 << 16, 1 << 18
"""Bytes of a request: the keys that matter come with the first one; each further one is twice as long."""
_LEAST_TEXT = 10
"""Bytes that a token of a vocabulary takes at least on average: 8 for its length, and itself."""
_SAMPLE = 2000
"""Texts from whose lengths those of a whole list are judged."""


class Open(Protocol):
    """`Hub.open`."""

    def __call__(
        self, repo_id: str, commit: str, path: str, *, start: int, stop: int, cancel: Cancel
    ) -> AbstractContextManager[httpx2.Response]: ...


class _OutOfReachError(Exception):
    """The next value lies beyond what may be spent."""


def read(open_: Open, repository: Repository, variant: Variant, cancel: Cancel) -> Header:
    """Read a model's header by a few Range requests.

    Args:
        open_: gets a part of a file.
        repository: where the model is.
        variant: which one; of a split model the first part is read, which carries the keys.
        cancel: ends it.

    Returns:
        The header; where the tensors are out of reach, with the number of parameters that the Hub knows (0 if it
        does not), and the file's size for the tensors'.

    Raises:
        HubError: the file is no GGUF file, or cannot be read.
    """
    first = variant.files[0]
    shown = Path(PurePosixPath(first.path).name)
    draft = HeaderDraft(shown)
    ranges = _Ranges(open_, repository, first.path, first.size, cancel)
    reader = _Reader(ranges, first.size)
    try:
        if ranges.read(len(MAGIC)) != MAGIC:
            raise DamagedError("it does not begin like one")
        draft.read(reader)
    except _OutOfReachError:
        reader.announce(draft)
    except (DamagedError, ModelFileError) as error:
        if not (isinstance(error, DamagedError) and ranges.spent):
            raise _damaged(first.path, error) from None
        reader.announce(draft)
    header = draft.header(variant.size)
    whole = draft.tensor_count and draft.described == draft.tensor_count and len(variant.files) == 1
    return header if whole else _completed(header, repository, variant)


def _completed(header: Header, repository: Repository, variant: Variant) -> Header:
    metadata = dict(header.metadata)
    if repository.template_size:
        metadata.setdefault("tokenizer.chat_template", LongValue("text", repository.template_size))
    count = metadata.get("split.tensors.count")
    return replace(
        header,
        metadata=MappingProxyType(metadata),
        tensor_count=count if isinstance(count, int) and count > 0 else header.tensor_count,
        parameters=repository.parameters or 0,
        tensor_bytes=variant.size,
        data_end=0,
        tensor_kinds={},
        tensor_counts={},
        groups={},
    )


def _damaged(path: str, error: Exception) -> HubError:
    why = error.why if isinstance(error, ModelFileError) else str(error)
    return HubError(
        f"{printable(path)} is not a GGUF file that can be used",
        why=why,
        hint="choose another file or another repository",
        kind="refused",
    )


class _Ranges:
    """A remote file that is read like a local one, up to `MAX_BYTES` in all.

    Attributes:
        left: bytes that may still be asked for.
        spent: whether something was not read that is there.
    """

    def __init__(self, open_: Open, repository: Repository, path: str, size: int, cancel: Cancel) -> None:
        self._open = open_
        self._place = repository.repo_id, repository.commit, path
        self._size = size
        self._cancel = cancel
        self._at = 0
        self._base = 0
        self._window = b""
        self._step = FIRST_STEP
        self.left = MAX_BYTES
        self.spent = False

    def seek(self, place: int) -> int:
        """Where the next `read` begins."""
        self._at = place
        return place

    def read(self, count: int) -> bytes:
        """As many bytes as there are and as may be spent; at least one as long as there is one."""
        if not self._base <= self._at < self._base + len(self._window):
            self._base, self._window = self._at, self._fetch(self._at)
        start = self._at - self._base
        data = self._window[start : start + count]
        self._at += len(data)
        return data + self.read(count - len(data)) if data and len(data) < count else data

    def _fetch(self, start: int) -> bytes:
        wanted = min(self._step, self._size - start)
        affordable = min(wanted, self.left)
        self.spent |= 0 < wanted > affordable
        if affordable <= 0:
            return b""
        self.left -= affordable
        self._step = min(self._step * 2, LAST_STEP)
        with self._open(*self._place, start=start, stop=start + affordable, cancel=self._cancel) as answer:
            if start and answer.status_code != 206:
                self.spent = True  # the server does not know ranges: nothing but the start can be had
                return b""
            data = bytearray()
            for chunk in answer.iter_raw():
                data += chunk
                if len(data) >= affordable:
                    break
        return bytes(data[:affordable])


class _Reader(HeaderReader):
    """Gives up before a list that cannot be afforded, and tells what it was."""

    def __init__(self, ranges: _Ranges, size: int) -> None:
        super().__init__(cast(BinaryIO, ranges), size)
        self._ranges = ranges
        self._key = ""
        self._announced: LongValue | None = None
        self._has_merges = False

    def key(self, limit: int = 65_535) -> str:
        self._key = super().key(limit)
        return self._key

    def announce(self, draft: HeaderDraft) -> None:
        """Enter the length of the list that the reading broke off at."""
        if self._announced:
            draft.metadata[self._key] = self._announced

    def value(self) -> Value:
        value = super().value()
        if self._key == "tokenizer.ggml.model":
            self._has_merges = value == "gpt2"
        return value

    def _strings(self, count: int) -> tuple[str, ...] | LongValue:
        self._announced = LongValue("array", count)
        have = self._ranges.left + len(self._buffer) - self._at
        if have < self._cost(count) and count <= MAX_STRINGS:
            raise _OutOfReachError
        value = super()._strings(count)
        self._announced = None
        return value

    def _cost(self, count: int) -> float:
        """Bytes to read before the tensors come within reach, by the first texts of the list; rather too few."""
        at, texts, start = self._at, 0, self._at
        while at + 8 <= len(self._buffer) and texts < min(count, _SAMPLE):
            at += 8 + int.from_bytes(self._buffer[at : at + 8], "little")
            texts += 1
        each = max((at - start) / texts if texts else 0, _LEAST_TEXT)
        # A token's number takes 4 bytes more; the merges of a byte-pair vocabulary are longer than its tokens.
        further = each + 6 if self._has_merges else 4
        return count * (each + further if self._key == "tokenizer.ggml.tokens" else each)
