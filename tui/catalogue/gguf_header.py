"""What a GGUF file says of itself, read from its first bytes; the weights are never touched.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from tui.catalogue.gguf_reader import DamagedError, HeaderReader, LongValue, Value, Vocabularies
from tui.catalogue.gguf_tensors import Tensors
from tui.catalogue.recognise import what_else
from tui.catalogue.tensor_types import file_type_name
from tui.core.errors import ModelFileError
from tui.core.text import printable
from tui.core.units import format_bytes

MAGIC = b"GGUF"
VERSIONS = (2, 3)
"""What llama.cpp reads. Version 1 was given up in 2023."""
MAX_TENSORS = 1 << 18
MAX_KEYS = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a model: of one file, or of all parts of a split model together.

    Attributes:
        path: the file; the first part of a split model.
        version: of the GGUF format.
        metadata: the keys; long texts and arrays are only counted (`LongValue`).
        tensor_count: number of tensors.
        parameters: number of weights in them.
        tensor_bytes: bytes of them.
        file_size: bytes on disk.
        data_end: bytes that the file must have at least; 0 when it has no tensors.
        tensor_kinds: bytes in each number format, by its name.
        tensor_counts: tensors in each number format, by its name.
        groups: weights and bytes of the tensors that play a part of their own: `embedding` (one row is read for each
            token; all of it where there is no `output`), `lookup` (rows), `output`, `experts` (a few of them are read
            for each token), and `rest`.
    """

    path: Path
    version: int
    metadata: Mapping[str, Value]
    tensor_count: int
    parameters: int
    tensor_bytes: int
    file_size: int
    data_end: int
    tensor_kinds: Mapping[str, int]
    tensor_counts: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        """general.architecture, such as `llama`; empty when it is missing."""
        return self.text("general.architecture")

    @property
    def name(self) -> str:
        """general.name as the maker wrote it; often empty or careless."""
        return self.text("general.name")

    @property
    def quantization(self) -> str:
        """Such as `Q4_K_M`: from general.file_type, else the format of most bytes; empty for no tensors."""
        number = self.metadata.get("general.file_type")
        named = file_type_name(number) if isinstance(number, int) else ""
        return named or max(self.tensor_kinds, key=lambda kind: self.tensor_kinds[kind], default="")

    @property
    def bits_per_weight(self) -> float:
        """Mean bits that a weight takes; 0 for no tensors."""
        return self.tensor_bytes * 8 / self.parameters if self.parameters else 0.0

    @property
    def n_ctx_train(self) -> int | None:
        """Tokens of context the model was trained with."""
        return self.number("context_length")

    @property
    def n_vocab(self) -> int | None:
        """Number of tokens in the vocabulary."""
        return self.length("tokenizer.ggml.tokens") or self.number("vocab_size")

    @property
    def has_template(self) -> bool:
        """Whether the file carries a chat template."""
        template = self.metadata.get("tokenizer.chat_template", "")
        return isinstance(template, LongValue) or bool(isinstance(template, str) and template.strip())

    @property
    def split_count(self) -> int:
        """Number of files of the model; 1 when it is not split."""
        return max(self._whole("split.count") or 1, 1)

    def text(self, key: str) -> str:
        """A text by its whole key; empty when it is missing or something else."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int | None:
        """A whole number by its key without the architecture, such as `block_count`."""
        return self._whole(f"{self.architecture}.{key}")

    def value(self, key: str) -> Value | None:
        """A value by its key without the architecture."""
        return self.metadata.get(f"{self.architecture}.{key}")

    def length(self, key: str) -> int:
        """Elements of a list by its whole key, kept or skipped; 0 when it is missing or no list."""
        value = self.metadata.get(key)
        return value.length if isinstance(value, LongValue) else len(value) if isinstance(value, tuple) else 0

    def per_layer(self, key: str, layers: int) -> tuple[int, ...] | None:
        """A whole number for each of the first `layers` layers; one for all is repeated.

        Returns:
            None when it is missing, or does not go as far.
        """
        single, value = self.number(key), self.value(key)
        if single is not None:
            return (single,) * layers
        if not isinstance(value, tuple):
            return None
        numbers = tuple(v for v in value[:layers] if isinstance(v, int) and v >= 0)
        return numbers if len(numbers) == layers else None

    def mean(self, key: str) -> float:
        """A number by its key without the architecture; the mean where there is one for each layer, 0 for none."""
        value = self.value(key)
        values = value if isinstance(value, tuple) else (value,)
        numbers = [v for v in values if isinstance(v, int | float) and 0 < v < math.inf]
        return sum(numbers) / len(numbers) if numbers else 0.0

    def _whole(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_header(path: Path, known: Vocabularies | None = None) -> Header:
    """Read the header of one GGUF file.

    Args:
        path: the file.
        known: vocabularies of files read before, which are jumped over. Passed from file to file this is several times
            as fast, with the same result.

    Raises:
        ModelFileError: the file cannot be read, is not GGUF, or its header is damaged or cut off. Weights that are
            cut off are no error here; see `data_end`.
    """
    shown = printable(str(path))
    try:
        # Not blocking: a pipe under a model's name must not hang the scan.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ModelFileError(f"{shown} is not a file")
            start = file.read(512)
            if not start.startswith(MAGIC):
                raise what_else(path, start)
            return _read_known(path, file, status.st_size, known)
    except DamagedError as error:
        hint = "download it again" if "file ends" in str(error) else ""
        raise ModelFileError(f"{shown} is a damaged GGUF file", why=str(error), hint=hint) from None
    except OSError as error:
        raise ModelFileError(f"cannot read {shown}", why=error.strerror or type(error).__name__) from None
    except ValueError as error:  # a NUL in the path
        raise ModelFileError(f"cannot read {shown}", why=str(error)) from None


def _read_known(path: Path, file: BinaryIO, size: int, known: Vocabularies | None) -> Header:
    reader = HeaderReader(file, size, known)
    try:
        header = _read(path, reader, size)
        # "Cut off" is only said after every step was taken.
        if not reader.jumped or header.data_end <= size:
            return header
    except (DamagedError, ModelFileError):
        if not reader.jumped:
            raise
    return _read(path, HeaderReader(file, size), size)


def _read(path: Path, reader: HeaderReader, size: int) -> Header:
    draft = HeaderDraft(path)
    draft.read(reader)
    return draft.header(size)


class HeaderDraft:
    """A header while it is read: what there is of it when the reading breaks off.

    Args:
        path: the file.

    Attributes:
        metadata: the keys read so far.
        tensor_count: number of tensors that the file announces.
        described: number of tensors read so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = 0
        self._tensors = Tensors()
        self._end = 0
        self.metadata: dict[str, Value] = {}
        self.tensor_count = 0
        self.described = 0

    def read(self, reader: HeaderReader) -> None:
        """Read all of it.

        Raises:
            DamagedError: it cannot be what it claims.
            ModelFileError: a version that is not known.
        """
        self._keys(reader, self._start(reader))
        for _ in range(self.tensor_count):
            self._tensors.read(reader)
            self.described += 1
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
            raise DamagedError("its alignment is not a power of two")
        self._end = -(-reader.position // alignment) * alignment + self._tensors.sums().end

    def header(self, size: int) -> Header:
        """What was read, of a file of `size` bytes."""
        tensors = self._tensors.sums()
        return Header(
            path=self._path,
            version=self._version,
            metadata=MappingProxyType(self.metadata),
            tensor_count=self.tensor_count,
            parameters=tensors.parameters,
            tensor_bytes=tensors.bytes,
            file_size=size,
            data_end=self._end if self.tensor_count else 0,
            tensor_kinds=MappingProxyType(tensors.kinds),
            tensor_counts=MappingProxyType(tensors.counts),
            groups=MappingProxyType(tensors.groups),
        )

    def _start(self, reader: HeaderReader) -> int:
        """The fixed start; returns the number of keys."""
        if reader.take(4) != MAGIC:  # changed while it was read
            raise DamagedError("the file changed while it was read")
        self._version = reader.u32()
        if self._version not in VERSIONS:
            raise _wrong_version(self._path, self._version)
        self.tensor_count, key_count = reader.u64(), reader.u64()
        if self.tensor_count > MAX_TENSORS:
            raise DamagedError(f"its header claims {self.tensor_count:,} tensors")
        if key_count > MAX_KEYS:
            raise DamagedError(f"its header claims {key_count:,} keys")
        return key_count

    def _keys(self, reader: HeaderReader, count: int) -> None:
        for _ in range(count):
            key = reader.key()
            if key in self.metadata:
                raise DamagedError(f"its header has the key {printable(key)[:80]} twice")
            self.metadata[key] = reader.value()


def _wrong_version(path: Path, version: int) -> ModelFileError:
    shown = printable(str(path))
    if version & 0xFFFF == 0 and version:
        return ModelFileError(f"{shown} is a big-endian GGUF file", why="this machine reads little-endian ones")
    why = f"it has GGUF version {version}; versions {VERSIONS[0]} and {VERSIONS[-1]} can be read"
    hint = "convert the model again with a current llama.cpp" if version < VERSIONS[0] else ""
    return ModelFileError(f"{shown} cannot be used", why=why, hint=hint)


def check_whole(header: Header) -> None:
    """Check that no weights are missing at the end of the file.

    Raises:
        ModelFileError: the file is shorter than its own header says.
    """
    if header.file_size < header.data_end:
        have, need = header.file_size, header.data_end
        raise ModelFileError(
            f"{printable(str(header.path))} is cut off",
            why=f"it has {format_bytes(have)} ({have:,} bytes) of {format_bytes(need)} ({need:,} bytes)",
            hint="the download did not end; get the file again",
        )
