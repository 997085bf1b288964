"""The same seed and threads give the same text, in whatever process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_RUN = """
import sys
from pathlib import Path
from tests.support.engines import load, reply
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt
from tui.engine.engine import Engine

engine = Engine()
load(engine, Path(sys.argv[1]), n_ctx=2048, threads=1, threads_batch=2, spec_type="ngram-simple")
question = "Say this in your own words, line by line. " + "The old ship sails home over the grey water. " * 24
got = reply(engine, ChatPrompt((Message("user", question),)), n_predict=200, seed=42, temp=0.8, ignore_eos=True)
print(got.finished.timings.prompt_tokens, got.finished.timings.drafted_tokens, *got.tokens)
engine.close(120)
"""


def test_two_processes_say_the_same(smollm2: Path, tmp_path: Path) -> None:
    told = []
    for name in ("first", "second"):
        env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / name)}
        done = subprocess.run(
            [sys.executable, "-c", _RUN, str(smollm2)], capture_output=True, text=True, check=True, timeout=900, env=env
        )
        told.append(done.stdout.split())
    assert told[0] == told[1]
    prompt, drafted, *tokens = map(int, told[0])
    assert prompt >= 250 and drafted > 0 and len(tokens) == 200
