"""One model on this machine, as a list shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Source = Literal["folder", "huggingface", "package"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model.

    Attributes:
        path: the file to load; the first part of a split model. Untrusted text, as is `name`.
        name: the file's name without quantization and ending.
        file_size: bytes on disk, all parts together.
        quantization: such as `Q4_K_M`; empty when unknown.
        parameters: number of weights; None when the header could not be read.
        architecture: such as `llama`; empty when the header could not be read.
        n_ctx_train: trained context in tokens, when known.
        has_template: whether the file carries a chat template; without one it is a base model, or an old file.
        source: how it was found.
        origin: the folder that was searched, the Hub repository `owner/name`, or the Python package.
        problem: one line on why it cannot be used; empty when nothing speaks against it.
        parts: number of files.
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
