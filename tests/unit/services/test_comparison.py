"""One prompt answered twice: what the real store holds afterwards, with the real engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.engines import PATIENCE
from tui.core.errors import LocalLLMError, NoModelError
from tui.core.events import Failed, Finished, StopReason, Token
from tui.core.parameters import GenerationParams, LoadParams
from tui.services.comparison import Comparison, absorb, both_fit, differing, load_beside
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.services.replay import Replay, recall
from tui.store.records import Attachment, MessageRecord
from tui.store.store import Store

ONE = GenerationParams(n_predict=12, temp=1.2, seed=1, ignore_eos=True)
OTHER = replace(ONE, temp=0.0, seed=2, system_prompt="Be brief.")


def fail(error: LocalLLMError) -> None:
    raise error


def run(comparison: Comparison, host: ModelHost, params: GenerationParams, stop_after: int = 0) -> MessageRecord | None:
    """One side, to its end."""
    reply, ticket = comparison.begin(host, params)
    last, count = None, 0
    for event in ticket.events():
        absorb(reply, event)
        count += isinstance(event, Token)
        if stop_after and count == stop_after:
            ticket.cancel()
        last = event
    assert ticket.wait(PATIENCE) and isinstance(last, Finished | Failed)
    return comparison.end(reply, last)


def test_what_is_attached_goes_with_the_prompt_of_both(loaded: ModelHost, store: Store) -> None:
    comparison = Comparison(store, None, fail)
    notes = Attachment("notes.txt", "buy milk\n")
    said = comparison.ask("What?", [notes])
    assert said.attachments == (notes,) and run(comparison, loaded, ONE) is not None
    assert comparison.ask("What?", [notes]).id == said.id
    assert comparison.ask("What?").id != said.id, "without it that is another prompt"


def test_both_replies_are_versions_with_what_made_them(loaded: ModelHost, store: Store) -> None:
    comparison = Comparison(store, None, fail)
    said = comparison.ask("Name three colours.")
    left, right = run(comparison, loaded, ONE), run(comparison, loaded, OTHER)
    assert left is not None and right is not None
    assert store.conversation(said.conversation).title == "Name three colours."
    assert [one.id for one in store.siblings(left.id)] == [left.id, right.id]
    assert left.reply and right.reply and (left.reply.facts.seed, right.reply.facts.seed) == (1, 2)
    assert right.reply.facts.system_prompt == "Be brief." and left.reply.stop_reason is StopReason.LENGTH
    assert left.reply.timings.cached_tokens == 0 and len(store.tokens(left.id)) == 12
    replay = Replay(recall(store, left.id))
    for event in replay.start(loaded.engine).events():
        replay.absorb(event)
    assert replay.result().same


def test_the_same_prompt_gets_more_versions_and_another_one_a_branch(loaded: ModelHost, store: Store) -> None:
    comparison = Comparison(store, None, fail)
    first = comparison.ask("one")
    run(comparison, loaded, ONE)
    assert comparison.ask("one").id == first.id
    run(comparison, loaded, OTHER)
    second = comparison.ask("two")
    assert (second.conversation, second.parent) == (first.conversation, None) and second.id != first.id


def test_it_begins_after_a_chat_and_leads_back_there(loaded: ModelHost, store: Store) -> None:
    chat = RecordedChat(loaded, store)
    for event in chat.send("hello", ONE).events():
        chat.absorb(event)
    chat.close()
    leaf = chat.records[-1]
    comparison = Comparison(store, leaf.id, fail)
    said = comparison.ask("and now?")
    assert (said.conversation, said.parent) == (leaf.conversation, leaf.id)
    kept = run(comparison, loaded, OTHER)
    assert kept is not None
    comparison.leave()
    assert store.conversation(leaf.conversation).leaf == leaf.id
    chat.select(kept.id)
    assert [record.text for record in chat.records][-2:] == ["and now?", kept.text]


def test_what_came_to_nothing_is_taken_back(loaded: ModelHost, host: ModelHost, store: Store) -> None:
    comparison = Comparison(store, None, fail)
    with pytest.raises(NoModelError):
        comparison.begin(loaded, ONE)
    said = comparison.ask("x" * 2000)
    assert run(comparison, loaded, ONE) is None
    assert comparison.withdraw() == "x" * 2000 and comparison.withdraw() == ""
    assert store.conversations() == [] and store.conversation(said.conversation).deleted is not None
    comparison.ask("short")
    stopped = run(comparison, loaded, replace(ONE, n_predict=-1), stop_after=3)
    assert stopped is not None and stopped.reply is not None and stopped.reply.stop_reason is StopReason.CANCELLED
    assert comparison.withdraw() == ""


def test_what_differs_is_said_shortly() -> None:
    one, other = differing(ONE, replace(OTHER, system_prompt="very " * 20))
    assert one == ["temp 1.2", "seed 1", "system prompt none"]
    assert other[:2] == ["temp 0", "seed 2"] and other[2].endswith("…") and len(other[2]) < 42
    assert differing(ONE, ONE) == ([], [])


def test_two_models_only_where_both_fit(loaded: ModelHost, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = load_beside(LoadParams(n_ctx=256))
    assert both_fit(loaded, tiny_gguf, load) is None
    monkeypatch.setattr("tui.services.comparison.available_memory", lambda: 1000)
    refused = both_fit(loaded, tiny_gguf, load)
    assert refused is not None and "0.98 KiB is available" in refused.line()
