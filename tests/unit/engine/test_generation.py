"""Generations on the tiny model: when they end, what they reuse, what they say."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load, reply
from tests.support.reference import Reference
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import NoModelError, PromptTooLongError
from tui.core.events import Prefilling, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.engine.engine import Engine

GREEDY = {"temp": 0.0, "ignore_eos": True}


def test_greedy_equals_the_plain_loop(tiny: Engine, tiny_reference: Reference) -> None:
    prompt = tiny_reference.tokenize("The quick brown fox")
    got = reply(tiny, RawPrompt("The quick brown fox"), temp=0.0, n_predict=40)
    assert list(got.tokens) == tiny_reference.greedy(prompt, 40)
    assert got.finished.timings.prompt_tokens == len(prompt)


def test_a_generation_ends_after_n_tokens_and_says_so(tiny: Engine) -> None:
    got = reply(tiny, RawPrompt("abc"), n_predict=7, **GREEDY)
    assert len(got.tokens) == got.finished.timings.generated_tokens == 7
    assert got.finished.reason is StopReason.LENGTH


def test_no_tokens_asked_for_evaluates_the_prompt_only(tiny: Engine) -> None:
    got = reply(tiny, RawPrompt("abc"), n_predict=0)
    assert got.tokens == () and got.finished.reason is StopReason.LENGTH
    assert got.finished.timings.first_token_seconds is None
    assert got.finished.used == got.finished.timings.prompt_tokens


def test_a_full_context_ends_the_generation_and_says_so(tiny: Engine) -> None:
    got = reply(tiny, RawPrompt("abc"), **GREEDY)
    assert got.finished.reason is StopReason.CONTEXT_FULL
    assert got.finished.used == 256
    assert len(got.tokens) == 256 - got.finished.timings.prompt_tokens + 1


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(tiny: Engine) -> None:
    error = error_of(tiny.generate(RawPrompt("x" * 1000), GenerationParams()))
    assert isinstance(error, PromptTooLongError)
    assert "256" in error.line() and "1,00" in error.line() and "\n" not in error.line()
    assert reply(tiny, RawPrompt("abc"), n_predict=3, **GREEDY).tokens, "the engine goes on"


def test_without_a_model_one_line_says_what_to_do(engine: Engine) -> None:
    assert isinstance(error_of(engine.generate(RawPrompt("abc"), GenerationParams())), NoModelError)


def test_the_same_seed_gives_the_same_text_and_another_one_another(tiny: Engine) -> None:
    texts = [reply(tiny, RawPrompt("abc"), n_predict=30, seed=seed, temp=1.5).tokens for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_random_seed_is_told_and_can_be_used_again(tiny: Engine) -> None:
    first = reply(tiny, RawPrompt("abc"), n_predict=30, temp=1.5)
    again = reply(tiny, RawPrompt("abc"), n_predict=30, temp=1.5, seed=first.finished.seed)
    assert again.tokens == first.tokens


def test_a_stop_string_ends_the_text_before_it(tiny: Engine) -> None:
    whole = reply(tiny, RawPrompt("abc"), n_predict=60, seed=5, temp=2.0)
    stop = whole.text[10:13]
    got = reply(tiny, RawPrompt("abc"), n_predict=60, seed=5, temp=2.0, stop=(stop,))
    assert got.finished.reason is StopReason.STOP_STRING and got.finished.stop == stop
    assert got.text == whole.text[: whole.text.find(stop)]


def test_the_end_token_ends_the_generation_unless_it_is_ignored(tiny: Engine) -> None:
    for seed in itertools.count():
        got = reply(tiny, RawPrompt("abc"), seed=seed, temp=5.0, top_k=0, top_p=1.0, min_p=0.0)
        if got.finished.reason is StopReason.END:
            break
    assert got.finished.timings.generated_tokens == len(got.tokens) < 250
    on = reply(tiny, RawPrompt("abc"), seed=seed, temp=5.0, top_k=0, top_p=1.0, min_p=0.0, ignore_eos=True)
    assert on.finished.reason is StopReason.CONTEXT_FULL


@pytest.mark.parametrize("penalty", [{"repeat_penalty": 5.0}, {"presence_penalty": 2.0}, {"frequency_penalty": 2.0}])
def test_each_penalty_changes_a_text_that_repeats(tiny: Engine, penalty: dict[str, float]) -> None:
    plain = reply(tiny, RawPrompt("abcabc"), n_predict=60, **GREEDY)
    other = reply(tiny, RawPrompt("abcabc"), n_predict=60, **GREEDY, **penalty)
    assert plain.tokens != other.tokens


def test_the_window_switches_the_penalties_off(tiny: Engine) -> None:
    plain = reply(tiny, RawPrompt("abcabc"), n_predict=60, **GREEDY)
    off = reply(tiny, RawPrompt("abcabc"), n_predict=60, repeat_penalty=5.0, repeat_last_n=0, **GREEDY)
    assert plain.tokens == off.tokens


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 0.0}, {"min_p": 1.0}])
def test_samplers_that_leave_one_token_are_greedy(tiny: Engine, narrow: dict[str, float]) -> None:
    wanted = reply(tiny, RawPrompt("abc"), n_predict=30, **GREEDY).tokens
    got = reply(tiny, RawPrompt("abc"), n_predict=30, temp=3.0, ignore_eos=True, seed=3, **narrow)
    assert got.tokens == wanted


def test_a_further_turn_evaluates_only_what_is_new(tiny: Engine, tiny_reference: Reference) -> None:
    first = reply(tiny, RawPrompt("one two three"), n_predict=20, **GREEDY)
    start = first.finished.timings.prompt_tokens
    text = "one two three" + first.pieces.decode("ascii", "strict")
    second = reply(tiny, RawPrompt(text + " four"), n_predict=20, temp=0.0)
    timings = second.finished.timings
    # The last token of the first reply was never evaluated, and the prompt's last token always is.
    assert timings.cached_tokens == start + 19
    assert timings.evaluated_tokens == 6
    tokens = tiny_reference.tokenize(text + " four")
    wanted = tiny_reference.greedy(tokens, 20)
    assert tiny_reference.same_up_to_near_ties(tokens, second.tokens, wanted)


def test_an_edited_prompt_keeps_what_comes_before_the_edit(tiny: Engine, tiny_reference: Reference) -> None:
    reply(tiny, RawPrompt("one two three"), n_predict=20, **GREEDY)
    got = reply(tiny, RawPrompt("one two 333"), n_predict=20, temp=0.0)
    tokens = tiny_reference.tokenize("one two 333")
    assert got.finished.timings.cached_tokens == len(tokens) - 3
    assert tiny_reference.same_up_to_near_ties(tokens, got.tokens, tiny_reference.greedy(tokens, 20))


def test_the_same_prompt_again_evaluates_its_last_token_only(tiny: Engine) -> None:
    reply(tiny, RawPrompt("one two three"), n_predict=5, **GREEDY)
    got = reply(tiny, RawPrompt("one two three"), n_predict=5, **GREEDY)
    assert got.finished.timings.evaluated_tokens == 1


def test_prefill_is_told_step_by_step_and_ends_with_the_whole_prompt(engine: Engine, tiny_gguf: Path) -> None:
    load(engine, tiny_gguf, n_ctx=512, n_batch=64, threads=1)
    got = reply(engine, RawPrompt("x" * 300), n_predict=1, **GREEDY)
    done = [prefill.done for prefill in got.prefills]
    total = got.finished.timings.prompt_tokens
    assert done == sorted(set(done)) and done[0] == 0 and done[-1] == total
    assert len(done) >= 5 and all(prefill.total == total for prefill in got.prefills)


def test_positions_count_the_tokens_of_the_sequence(tiny: Engine) -> None:
    ticket = tiny.generate(RawPrompt("abc"), GenerationParams(n_predict=5, temp=0.0, ignore_eos=True))
    positions = [event.position for event in events_of(ticket) if isinstance(event, Token)]
    start = positions[0]
    assert positions == list(range(start, start + 5))


def test_a_chat_goes_through_the_models_own_template(tiny: Engine, tiny_reference: Reference) -> None:
    got = reply(tiny, ChatPrompt((Message("user", "hi"),)), n_predict=3, **GREEDY)
    rendered = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert got.finished.timings.prompt_tokens == len(tiny_reference.tokenize(rendered))


def test_a_reply_goes_on_from_what_it_begins_with(tiny: Engine, tiny_reference: Reference) -> None:
    said = (Message("user", "hi"),)
    whole = reply(tiny, ChatPrompt(said), n_predict=12, **GREEDY)
    begun = whole.text[: len(whole.text) // 2]
    rest = reply(tiny, ChatPrompt(said, begun), n_predict=4, **GREEDY)
    rendered = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n" + begun
    assert rest.finished.timings.prompt_tokens == len(tiny_reference.tokenize(rendered))


def test_a_model_without_a_template_gets_a_plain_dialogue(engine: Engine, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "base.gguf", template=False)
    assert not load(engine, path, n_ctx=256).has_template
    messages = (Message("system", "S."), Message("user", "hi"))
    got = reply(engine, ChatPrompt(messages), n_predict=3, **GREEDY)
    reference = Reference(path, n_ctx=256)
    wanted = reference.tokenize("S.\n\nUser: hi\nAssistant:")
    reference.close()
    assert got.finished.timings.prompt_tokens == len(wanted)


def test_several_sequences_share_batches_and_each_equals_the_reply_alone(
    tiny_gguf: Path, tiny_reference: Reference
) -> None:
    engine = Engine(sequences=3)
    try:
        load(engine, tiny_gguf, n_ctx=256, threads=1)
        prompts = ["one", "two two", "three three three", "four"]
        params = GenerationParams(temp=0.0, n_predict=25)
        tickets = [engine.generate(RawPrompt(prompt), params) for prompt in prompts]
        for prompt, ticket in zip(prompts, tickets, strict=True):
            tokens = tiny_reference.tokenize(prompt)
            got = gather(events_of(ticket)).tokens
            assert tiny_reference.same_up_to_near_ties(tokens, got, tiny_reference.greedy(tokens, 25))
    finally:
        assert engine.close(120)


def test_sequences_that_fill_the_cache_together_end_with_context_full(tiny_gguf: Path) -> None:
    engine = Engine(sequences=2)
    try:
        size = load(engine, tiny_gguf, n_ctx=256, threads=1).n_ctx
        params = GenerationParams(temp=0.0, ignore_eos=True)
        tickets = [engine.generate(RawPrompt(prompt), params) for prompt in ("one", "two")]
        finished = [gather(events_of(ticket)).finished for ticket in tickets]
        assert {f.reason for f in finished} == {StopReason.CONTEXT_FULL}
        assert max(f.used for f in finished) <= size
    finally:
        assert engine.close(120)


def test_prefill_comes_before_the_first_token(tiny: Engine) -> None:
    ticket = tiny.generate(RawPrompt("abc"), GenerationParams(n_predict=2, temp=0.0, ignore_eos=True))
    kinds = [type(event) for event in events_of(ticket)]
    assert kinds.index(Token) > max(i for i, kind in enumerate(kinds) if kind is Prefilling)
