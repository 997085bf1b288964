"""The engine on real models: what it generates is what llama.cpp generates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import events_of, load, reply
from tests.support.reference import Reference
from tui.core.events import StopReason
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.engine.engine import Engine

STORY = "Once upon a time, in a village by the sea,"
COLOURS = "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n"
TOKYO = "東京の天気は"


@pytest.fixture(scope="module")
def smollm2_reference(smollm2: Path) -> Iterator[Reference]:
    """The plain loop on SmolLM2."""
    reference = Reference(smollm2, n_ctx=1024)
    yield reference
    reference.close()


@pytest.fixture(scope="module")
def gemma3_reference(gemma3: Path) -> Iterator[Reference]:
    """The plain loop on Gemma 3 270M."""
    reference = Reference(gemma3)
    yield reference
    reference.close()


@pytest.mark.parametrize("prompt", [STORY, COLOURS])
def test_smollm2_greedy_equals_the_plain_loop(
    smollm2_engine: Engine, smollm2_reference: Reference, prompt: str
) -> None:
    tokens = smollm2_reference.tokenize(prompt)
    got = reply(smollm2_engine, RawPrompt(prompt), temp=0.0, n_predict=48)
    assert list(got.tokens) == smollm2_reference.greedy(tokens, 48)


def test_smollm2_greedy_equals_the_high_level_class(smollm2: Path) -> None:
    import llama_cpp

    llm = llama_cpp.Llama(str(smollm2), n_ctx=1024, n_threads=1, n_threads_batch=1, verbose=False)
    wanted = llm(COLOURS, temperature=0, max_tokens=48)["choices"][0]["text"]
    llm.close()
    engine = Engine()
    try:
        load(engine, smollm2, n_ctx=1024, threads=1)
        assert reply(engine, RawPrompt(COLOURS), temp=0.0, n_predict=48).text == wanted
    finally:
        assert engine.close(120)


def test_a_chat_of_three_turns_reuses_its_past_and_says_the_same(
    smollm2_engine: Engine, smollm2_reference: Reference
) -> None:
    messages: list[Message] = []
    for question in ("Name three colours.", "Which of them is the sky?", "Why?"):
        messages.append(Message("user", question))
        got = reply(smollm2_engine, ChatPrompt(tuple(messages)), temp=0.0, n_predict=40)
        prompt = smollm2_reference.tokenize(chatml(messages))
        timings = got.finished.timings
        assert timings.prompt_tokens == len(prompt)
        if len(messages) > 1:
            new = smollm2_reference.tokenize(f"<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n")
            assert timings.evaluated_tokens <= len(new) + 8, "only what is new is evaluated"
        assert smollm2_reference.same_up_to_near_ties(prompt, got.tokens, smollm2_reference.greedy(prompt, 40))
        messages.append(Message("assistant", got.text))


def chatml(messages: list[Message]) -> str:
    """The prompt as SmolLM2's template makes it, its default system message included."""
    system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    turns = [Message("system", system), *messages]
    return "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in turns) + "<|im_start|>assistant\n"


def test_gemma3_greedy_equals_the_plain_loop(gemma3_engine: Engine, gemma3_reference: Reference) -> None:
    tokens = gemma3_reference.tokenize(TOKYO)
    got = reply(gemma3_engine, RawPrompt(TOKYO), temp=0.0, n_predict=32)
    wanted = gemma3_reference.greedy(tokens, 32)
    assert gemma3_reference.same_up_to_near_ties(tokens, got.tokens, wanted)


def test_gemma3_writes_japanese_without_a_torn_character(gemma3_engine: Engine) -> None:
    for seed in range(3):
        got = reply(gemma3_engine, RawPrompt("むかしむかし、あるところに"), n_predict=60, seed=seed)
        assert "\ufffd" not in got.text
        assert any("\u3040" <= character <= "\u30ff" for character in got.text)
        assert got.pieces.decode("utf-8", "ignore").startswith(got.text)


@pytest.mark.parametrize("swa_full", [False, True])
def test_gemma3_cut_back_past_its_window_is_still_right(gemma3: Path, swa_full: bool) -> None:
    """The sliding window is 512 tokens: an early edit after it has moved on has to be evaluated again or kept whole."""
    engine = Engine()
    reference = Reference(gemma3, n_ctx=2048)
    try:
        load(engine, gemma3, n_ctx=2048, threads=1, swa_full=swa_full)
        long = "The river runs through the valley and the old mill. " * 130
        reply(engine, RawPrompt(long), temp=0.0, n_predict=1)
        edited = long[:1200] + " Then the"
        tokens = reference.tokenize(edited)
        got = reply(engine, RawPrompt(edited), temp=0.0, n_predict=12)
        assert (got.finished.timings.cached_tokens > 0) is swa_full, "the windowed cache has to be filled again"
        assert reference.same_up_to_near_ties(tokens, got.tokens, reference.greedy(tokens, 12))
    finally:
        reference.close()
        assert engine.close(120)


def test_a_base_model_in_a_chat_stops_before_it_speaks_for_the_person(gemma3_engine: Engine) -> None:
    messages = (Message("user", "What is the capital of France?"),)
    for seed in itertools.count():
        got = reply(gemma3_engine, ChatPrompt(messages), n_predict=200, seed=seed, temp=0.7)
        assert "\nUser:" not in got.text
        if got.finished.reason is StopReason.STOP_STRING:
            break
    assert got.finished.stop in ("\nUser:", "\nuser:")


def test_japanese_goes_through_a_chat_whole(smollm2_engine: Engine) -> None:
    messages = (Message("user", "こんにちは。あなたの名前は何ですか？"),)
    got = reply(smollm2_engine, ChatPrompt(messages), temp=0.0, n_predict=40)
    assert got.text and "\ufffd" not in got.text


def test_two_models_in_turn(gemma3: Path, smollm2: Path) -> None:
    engine = Engine()
    try:
        for path, architecture in ((smollm2, "llama"), (gemma3, "gemma3"), (smollm2, "llama")):
            assert load(engine, path, n_ctx=512, threads=1).architecture == architecture
            assert reply(engine, RawPrompt("The sea"), n_predict=4, temp=0.0).tokens
        events_of(engine.unload())
    finally:
        assert engine.close(120)
