"""What the engine imports, and what it leaves out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CHAT = """
import sys
from pathlib import Path
from tests.support.engines import load, reply
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt
from tui.engine.engine import Engine

engine = Engine()
load(engine, Path(sys.argv[1]), n_ctx=256, threads=1)
prompt = ChatPrompt((Message("user", "hello"),))
reply(engine, prompt, n_predict=4)
print(*[name for name in ("numpy", "llama_cpp.llama", "llama_cpp.llama_chat_format") if name in sys.modules])
reply(engine, prompt, n_predict=4, json_schema='{"type": "boolean"}')
engine.close(120)
import llama_cpp
from llama_cpp import LlamaGrammar
print(llama_cpp.Llama.__name__, LlamaGrammar.__name__, llama_cpp.__version__ != "", "numpy" in sys.modules)
"""


def test_a_chat_needs_neither_numpy_nor_the_high_level_interface_and_both_are_still_there(tiny_gguf: Path) -> None:
    command = [sys.executable, "-c", _CHAT, str(tiny_gguf)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    assert done.stdout.splitlines() == ["", "Llama LlamaGrammar True True"]
