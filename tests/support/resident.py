"""How much a real load takes: `python -m tests.support.resident MODEL [key=value …]`, in a process of its own.

Prints the bytes by which the process's resident memory grew from before the load until the context was full: prefill
in full micro-batches, then some decode steps. Before that, llama.cpp has not touched all that it allocated: the part
of the compute buffer that holds attention over the context grows with it. The file is read instead of mapped: its pages
would count by how much the system chose to map.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import llama_cpp.llama_cpp as lib

from tui.core.parameters import LoadParams
from tui.engine import llama_log
from tui.engine.abort import AbortFlag
from tui.engine.context import Context, Outcome
from tui.engine.dry_run import resident_bytes
from tui.engine.embedding import Embedder
from tui.engine.model import Model
from tui.engine.speculation import rows_of_logits
from tui.engine.threads import Threads

_ROOT = Path(__file__).resolve().parents[2]
_DECODE_STEPS = 8


def resident_growth(path: Path, **params: int | str | bool) -> int:
    """Bytes that loading and using a model adds to a fresh process.

    Args:
        path: the GGUF file.
        params: fields of LoadParams.
    """
    words = [f"{key}={value}" for key, value in params.items()]
    command = [sys.executable, "-m", "tests.support.resident", str(path), *words]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=900)
    return int(done.stdout)


def _measure(path: Path, load: LoadParams) -> int:
    llama_log.install()
    before = resident_bytes()
    lib.llama_backend_init()
    model = Model(path, load, lambda _fraction: True)
    if load.embeddings:
        embedder = Embedder(model, load, threads=Threads(1, 1), abort=AbortFlag())
        embedder.embed([[model.vocabulary.size // 2] * embedder.n_batch], lambda: False)
        return resident_bytes() - before
    rows = rows_of_logits(1, load.spec_type, recurrent=model.recurrent)
    context = Context(model, load, threads=Threads(1, 1), sequences=1, outputs=rows, abort=AbortFlag())
    filler = model.vocabulary.size // 2
    ubatch, end = min(load.n_ubatch, context.n_batch), context.n_ctx - _DECODE_STEPS
    steps = [(at, min(ubatch, end - at)) for at in range(0, end, ubatch)]
    steps += [(end + step, 1) for step in range(_DECODE_STEPS)]
    for position, tokens in steps:
        context.clear_batch()
        context.add([filler] * tokens, position, 0, logits=1)
        assert context.evaluate() is Outcome.DONE
    return resident_bytes() - before


def _params(words: list[str]) -> LoadParams:
    numbers = {field.name for field in fields(LoadParams) if field.type == "int"}
    given = dict(word.split("=", 1) for word in words)
    flags = {key: value == "True" for key, value in given.items() if value in ("True", "False")}
    values = {key: int(value) if key in numbers else value for key, value in given.items()}
    return LoadParams(mmap=False, **{**values, **flags})  # type: ignore[arg-type]


if __name__ == "__main__":
    print(_measure(Path(sys.argv[1]), _params(sys.argv[2:])))
