"""What the Hub tells, as plain values. All texts in them are untrusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

Sort = Literal["downloads", "likes", "trending", "updated"]
SORTS: tuple[Sort, ...] = ("downloads", "likes", "trending", "updated")


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for; only repositories with GGUF files are found.

    Attributes:
        text: words in the repository's name.
        author: the owner, exactly; empty for anybody.
        sort: the order, the greatest first.
        smallest: parameters that a model has at least; None without a limit.
        largest: parameters that a model has at most; None without a limit.
    """

    text: str = ""
    author: str = ""
    sort: Sort = "downloads"
    smallest: int | None = None
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class RepoSummary:
    """One repository in a list of results.

    Attributes:
        repo_id: `owner/name`.
        downloads: of the last month.
        likes: hearts.
        updated: last commit, when known.
        gated: whether its terms have to be accepted first.
        private: whether it needs a token.
        parameters: of the model, when the Hub knows.
        tags: the Hub's tags.
    """

    repo_id: str
    downloads: int = 0
    likes: int = 0
    updated: datetime | None = None
    gated: bool = False
    private: bool = False
    parameters: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some results and the way to the next ones.

    Attributes:
        results: in order.
        more: address of the next page, for `Hub.search`; empty at the end.
    """

    results: tuple[RepoSummary, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository.

    Attributes:
        path: its place in the repository, such as `Q4_K_M/model-00001-of-00002.gguf`.
        size: bytes.
        sha256: of its content, in hexadecimal; empty where the Hub does not say (small files).
        oid: the name of its blob in the Hugging Face cache: the sha256 of a big file, the git hash of a small one.
    """

    path: str
    size: int
    sha256: str = ""
    oid: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One quantization of a repository's model: one file, or all parts of a split one.

    Attributes:
        label: what tells it from its siblings, such as `Q4_K_M`; the file's stem where the name says nothing.
        quantization: such as `Q4_K_M`; empty when unknown.
        files: its parts, in order.
        missing: names of parts that the repository lacks.
    """

    label: str
    quantization: str
    files: tuple[RemoteFile, ...]
    missing: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository, with its models.

    Attributes:
        repo_id: `owner/name`.
        commit: what the files are of; 40 hexadecimal digits.
        variants: the models in it, the smallest first; without mmproj, imatrix and adapters.
        companions: files that only go with a model (mmproj, imatrix, adapters).
        gated: whether its terms have to be accepted first.
        private: whether it needs a token.
        licence: such as `apache-2.0`; empty when it does not say.
        base_model: what it was quantized or tuned from; empty when it does not say.
        downloads: of the last month.
        likes: hearts.
        updated: last commit, when known.
        tags: the Hub's tags.
        parameters: of the model, when the Hub knows.
        architecture: such as `llama`, when the Hub knows; else empty.
        n_ctx_train: tokens of context the model was trained with, when the Hub knows.
        template_size: bytes of its chat template, when the Hub knows one; else 0.
        left_out: files whose names are not trusted here: they could lead out of a folder or act on the terminal.
    """

    repo_id: str
    commit: str
    variants: tuple[Variant, ...]
    companions: tuple[RemoteFile, ...] = ()
    gated: bool = False
    private: bool = False
    licence: str = ""
    base_model: str = ""
    downloads: int = 0
    likes: int = 0
    updated: datetime | None = None
    tags: tuple[str, ...] = ()
    parameters: int | None = None
    architecture: str = ""
    n_ctx_train: int | None = None
    template_size: int = 0
    left_out: int = 0


State = Literal["queued", "downloading", "paused", "verifying", "finished", "failed"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to download.

    Attributes:
        repo_id: `owner/name`.
        commit: which revision; 40 hexadecimal digits.
        label: the variant's, to show.
        files: all of them, in order; the first one is what is loaded afterwards.
        folder: where they go, by their base names; None for the Hugging Face cache.
        revision: the branch whose reference is written in the cache.
    """

    repo_id: str
    commit: str
    label: str
    files: tuple[RemoteFile, ...]
    folder: Path | None = None
    revision: str = "main"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Download:
    """How far a download is.

    Attributes:
        number: which one it is; stays the same over restarts.
        request: what is downloaded.
        state: what it does now.
        done: bytes that are on disk.
        speed: bytes a second over the last seconds; None while nothing comes.
        problem: one line on what went wrong and what to do; empty otherwise. In state `downloading` it says what is
            waited for (the connection broke, the Hub asks to wait).
        path: the file to load; None before it is finished.
    """

    number: int
    request: Request
    state: State
    done: int = 0
    speed: float | None = None
    problem: str = ""
    path: Path | None = None

    @property
    def seconds_left(self) -> float | None:
        """Time to the end at this speed; None when that cannot be told."""
        return (self.request.size - self.done) / self.speed if self.speed else None

    @property
    def over(self) -> bool:
        """Whether nothing will happen any more without the person."""
        return self.state in ("finished", "failed", "paused")
