"""A saved KV state as a file: written whole or not at all, private, and checked when it is read.

Layout: a magic line, the header's length (4 bytes, little endian), the header (JSON: fingerprint, number of tokens,
bytes of state, CRC-32 of tokens and state, label), the tokens (4 bytes each), the state as llama.cpp gave it. The
checksum finds damage, which is all it is for: the file is the person's own. A cryptographic one takes longer.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"localllm KV state 2\n"
_LENGTH = struct.Struct("<I")
_MOST_HEADER = 4096


class StateFileError(Exception):
    """The file is not a whole saved state."""


@dataclass(frozen=True, slots=True)
class StateHeader:
    """What a file says of itself.

    Attributes:
        fingerprint: of everything that the state depends on besides its tokens.
        tokens: the tokens that the state holds.
        size: bytes of the state.
        checksum: CRC-32 of tokens and state.
        offset: where the state begins in the file.
        label: what the state is of, for whoever had it computed; may be empty.
    """

    fingerprint: str
    tokens: list[int]
    size: int
    checksum: int
    offset: int
    label: str = ""


def write(path: Path, fingerprint: str, tokens: list[int], state: bytes | memoryview, label: str = "") -> None:
    """Write a state; the file appears complete, readable by its owner only.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    body = _body(tokens)
    facts = {"fingerprint": fingerprint, "tokens": len(tokens), "size": len(state), "checksum": _checksum(body, state)}
    header = json.dumps(facts | {"label": label} if label else facts).encode()
    handle, name = tempfile.mkstemp(prefix=".saving-", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            for part in (MAGIC, _LENGTH.pack(len(header)), header, body, state):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_header(path: Path) -> StateHeader:
    """Read what a file holds, without the state itself.

    Raises:
        OSError: it could not be read.
        StateFileError: it is not a saved state, or not a whole one.
    """
    with path.open("rb") as file:
        return _header(file)


def read_state(path: Path) -> tuple[StateHeader, memoryview]:
    """Read a whole file and check it.

    Raises:
        OSError: it could not be read.
        StateFileError: it is not what was written.
    """
    with path.open("rb") as file:
        header = _header(file)
        state = memoryview(bytearray(header.size))
        whole = file.readinto(state) == header.size
    if not whole or _checksum(_body(header.tokens), state) != header.checksum:
        raise StateFileError("its content is damaged")
    return header, state


def _header(file: BinaryIO) -> StateHeader:
    if file.read(len(MAGIC)) != MAGIC:
        raise StateFileError("it is not a saved state of this version")
    try:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        if length > _MOST_HEADER:
            raise StateFileError("its header is damaged")
        facts = json.loads(file.read(length))
        fingerprint, count, size, checksum = (facts[key] for key in ("fingerprint", "tokens", "size", "checksum"))
        if not (all(isinstance(number, int) for number in (count, size, checksum)) and count >= 0 and size >= 0):
            raise StateFileError("its header is damaged")
        offset = file.tell() + 4 * count
        if offset + size != os.fstat(file.fileno()).st_size:
            raise StateFileError("it is not whole")
        tokens = array("i")
        tokens.frombytes(file.read(4 * count))
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise StateFileError("its header is damaged") from error
    return StateHeader(str(fingerprint), tokens.tolist(), size, checksum, offset, str(facts.get("label", "")))


def _body(tokens: list[int]) -> bytes:
    return array("i", tokens).tobytes()


def _checksum(body: bytes, state: bytes | memoryview) -> int:
    return zlib.crc32(state, zlib.crc32(body))
