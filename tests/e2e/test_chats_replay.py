"""`localllm-tui chats replay` as a script uses it, with a real model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.e2e.running import localllm
from tests.support.engines import events_of
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.events import Loaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.services.recorded_chat_facts import facts_of
from tui.store.store import Store

DRAWN = GenerationParams(n_predict=24, temp=1.2, seed=42)


def written(model: Path) -> tuple[int, int, int]:
    """A conversation in the person's store: its number, its reply's, and that of a version with a changed seed."""
    host, store = ModelHost(), Store()
    load = LoadParams(n_ctx=512, threads=1, threads_batch=1)
    assert isinstance(events_of(host.load(model, load))[-1], Loaded)
    chat = RecordedChat(host, store)
    for event in chat.send("Name three colours.", DRAWN).events():
        chat.absorb(event)
    chat.close()
    prompt, reply = chat.records
    assert host.model is not None
    forged = store.begin_reply(prompt.id, facts_of(host.model, replace(DRAWN, seed=43)))
    store.finish_reply(forged.id, reply.text, store.tokens(reply.id), reply.reply.stop_reason if reply.reply else None)
    store.go_to(reply.conversation, reply.id)
    assert host.close(120)
    store.close()
    return reply.conversation, reply.id, forged.id


def test_with_a_real_model(smollm2: Path) -> None:
    conversation, reply, forged = written(smollm2)
    done = localllm("chats", "replay", str(conversation))
    assert done.returncode == 0 and done.stdout.startswith(b"identical: "), done.stderr
    record = json.loads(localllm("chats", "replay", str(reply), "--json").stdout)
    assert record["result"].startswith("identical") and record["matched"] == record["stored_tokens"] > 0
    assert record["message"] == str(reply) and record["first_difference"] is None and record["differences"] == []
    other = localllm("chats", "replay", str(forged), "--json")
    record = json.loads(other.stdout)
    assert other.returncode == 1 and record["result"] == "different" and record["first_difference"] >= 1
    line = localllm("chats", "replay", str(forged)).stdout.decode()
    assert line.startswith(f"first differs at token {record['first_difference']} (of ")


def test_what_stands_in_the_way_is_one_line(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "away" / "tiny.gguf")
    conversation, _, _ = written(model)
    done = localllm("chats", "replay", str(conversation))
    assert done.returncode == 1 and done.stdout == b""
    assert b"error: The model that wrote this reply is not on this machine: tiny. -m takes another one" in done.stderr
    assert localllm("chats", "replay", str(conversation), "-m", str(model)).returncode == 0
    assert localllm("chats", "replay", "7").returncode == 1
    for wrong in ((), ("x",), ("1", "2")):
        assert localllm("chats", "replay", *wrong).returncode == 2
