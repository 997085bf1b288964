"""Repositories of the local Hub: files in memory, on disk, or only pretended, and what the Hub's API says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

LFS_SIZE = 10_000_000
"""Bytes above which the Hub keeps any file outside git; models always are."""
MADE = "2025-06-01T12:00:00.000Z"


@dataclass(frozen=True)
class Blank:
    """A file of any size that nobody has to store: a head, then zeros. Its sha256 is invented.

    Attributes:
        head: its first bytes.
        size: bytes of the whole file.
    """

    head: bytes
    size: int


Content = bytes | Path | Blank


@dataclass(frozen=True)
class StoredFile:
    """One file of a repository."""

    path: str
    content: Content

    @cached_property
    def size(self) -> int:
        """Bytes."""
        if isinstance(self.content, Path):
            return self.content.stat().st_size
        return self.content.size if isinstance(self.content, Blank) else len(self.content)

    @cached_property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        if isinstance(self.content, Path):
            with self.content.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        data = self.content.head + b"%d" % self.content.size if isinstance(self.content, Blank) else self.content
        return hashlib.sha256(data).hexdigest()

    @property
    def is_lfs(self) -> bool:
        """Whether its bytes come from the storage, not from the Hub itself."""
        return self.path.lower().endswith(".gguf") or self.size > LFS_SIZE

    @cached_property
    def git_oid(self) -> str:
        """The hash that git has for it: of the LFS pointer for a big file."""
        if self.is_lfs:
            data = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
                self.sha256.encode(),
                self.size,
            )
        else:
            data = self.read(0, self.size)
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    @property
    def etag(self) -> str:
        """What the Hub names its content by."""
        return self.sha256 if self.is_lfs else self.git_oid

    def read(self, start: int, count: int) -> bytes:
        """Bytes from `start` on, at most `count` of them."""
        if isinstance(self.content, Path):
            with self.content.open("rb") as file:
                file.seek(start)
                return file.read(count)
        count = max(min(count, self.size - start), 0)
        if isinstance(self.content, Blank):
            return self.content.head[start : start + count].ljust(count, b"\0")
        return self.content[start : start + count]

    def sibling(self, blobs: bool) -> dict[str, Any]:
        """As `/api/models/owner/name` tells it."""
        told: dict[str, Any] = {"rfilename": self.path}
        if blobs:
            told |= {"size": self.size, "blobId": self.git_oid}
            if self.is_lfs:
                told["lfs"] = {"sha256": self.sha256, "size": self.size, "pointerSize": 135}
        return told

    def entry(self) -> dict[str, Any]:
        """As `/api/models/owner/name/tree` tells it."""
        told: dict[str, Any] = {"type": "file", "oid": self.git_oid, "size": self.size, "path": self.path}
        if self.is_lfs:
            told["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": 135}
        return told


@dataclass
class Repo:
    """One model repository.

    Attributes:
        repo_id: `owner/name`.
        files: by their paths.
        about: fields of the API to replace, such as downloads, likes, private, gated, gguf, cardData, tags.
    """

    repo_id: str
    files: dict[str, StoredFile]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha(self) -> str:
        """Of the commit; changes when a file does. Older commits are not kept."""
        named = "".join(f"{path} {self.files[path].git_oid}\n" for path in sorted(self.files))
        return hashlib.sha1(f"{self.repo_id}\n{named}".encode()).hexdigest()

    @property
    def gated(self) -> bool:
        """Whether its files need accepted terms."""
        return bool(self.about.get("gated"))

    @property
    def private(self) -> bool:
        """Whether it is hidden without a token."""
        return bool(self.about.get("private"))

    def info(self, blobs: bool = False) -> dict[str, Any]:
        """As `/api/models/owner/name` tells it."""
        models = [file for file in self.files.values() if file.is_lfs]
        told = {
            "id": self.repo_id,
            "modelId": self.repo_id,
            "author": self.repo_id.split("/")[0],
            "private": False,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "trendingScore": 0,
            "tags": ["gguf"] if models else [],
            "library_name": "gguf" if models else None,
            "pipeline_tag": None,
            "createdAt": MADE,
            "lastModified": MADE,
        }
        told["sha"] = self.sha
        told |= self.about
        return told | {"siblings": [self.files[path].sibling(blobs) for path in sorted(self.files)]}

    def total(self) -> int | None:
        """Parameters of the model, when the repository says."""
        details = self.about.get("gguf")
        return details.get("total") if isinstance(details, dict) else None
