"""One model on this machine, as a list shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui.core.endpoints import place_text

Source = Literal["folder", "huggingface", "ollama", "lm-studio", "llama.cpp", "package", "endpoint"]
Kind = Literal["model", "embedding", "mmproj", "adapter", "imatrix", "vocabulary", "sound"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model, or a file that only goes with one.

    Attributes:
        path: the file to load; the first part of a split model. Untrusted text, as is `name`.
        name: the file's name without quantization and ending; Ollama's own name such as `gemma2:2b` for its models.
        file_size: bytes of its files, all parts together.
        quantization: such as `Q4_K_M`; empty when unknown.
        parameters: number of weights; None when the header could not be read.
        architecture: such as `llama`; empty when the header could not be read.
        n_ctx_train: trained context in tokens, when known.
        has_template: whether the file carries a chat template; without one it is a base model, or an old file.
        source: how it was found; `endpoint` is a model that another server runs, of which nothing is on this machine.
        origin: the folder that was searched, the Hub repository `owner/name`, the Python package, or the server.
        problem: one line on why it cannot be loaded; empty when nothing speaks against it. Other kinds than `model`
            always have one.
        parts: number of files that it should have.
        kind: what it is for; only a `model` writes text.
        files: the files of it that are there.
        modified: when the newest of them was written, in seconds since 1970; 0 when unknown.
        also_at: where else the same file is: other paths, links to it, or other names in Ollama.
    """

    path: Path
    name: str
    file_size: int
    quantization: str
    parameters: int | None
    architecture: str
    n_ctx_train: int | None
    has_template: bool
    source: Source
    origin: str = ""
    problem: str = ""
    parts: int = 1
    kind: Kind = "model"
    files: tuple[Path, ...] = ()
    modified: float = 0.0
    also_at: tuple[str, ...] = ()

    @property
    def loadable(self) -> bool:
        """Whether it is a model and nothing speaks against loading it."""
        return self.kind == "model" and not self.problem

    @property
    def remote(self) -> bool:
        """Whether another server runs it."""
        return self.source == "endpoint"

    @property
    def place(self) -> str:
        """The file, or the address of a remote model: what `-m` takes."""
        return place_text(self.path)
