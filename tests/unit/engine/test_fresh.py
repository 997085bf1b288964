"""A generation that evaluates its prompt again, all of it or from some token on, whatever was computed before."""

from __future__ import annotations

from tests.support.engines import events_of, gather, reply
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine

LONG = RawPrompt("a prompt that is long enough to be kept when another one comes, sixty-four tokens and more")


def test_nothing_is_reused_and_the_old_state_is_put_aside(tiny: Engine) -> None:
    greedy = GenerationParams(n_predict=8, temp=0.0, ignore_eos=True)
    first = reply(tiny, LONG, n_predict=8, temp=0.0, ignore_eos=True)
    fresh = gather(events_of(tiny.generate(LONG, greedy, reusable=0)))
    assert first.finished.timings.cached_tokens == fresh.finished.timings.cached_tokens == 0
    assert fresh.tokens == first.tokens
    again = reply(tiny, RawPrompt(LONG.text + first.text), n_predict=2, temp=0.0, ignore_eos=True)
    assert again.finished.timings.cached_tokens >= len(LONG.text)


def test_as_much_is_reused_as_is_allowed(tiny: Engine) -> None:
    greedy = GenerationParams(n_predict=4, temp=0.0, ignore_eos=True)
    whole = reply(tiny, LONG, n_predict=4, temp=0.0, ignore_eos=True)
    for most in (30, 70, 3):
        part = gather(events_of(tiny.generate(LONG, greedy, reusable=most)))
        assert part.finished.timings.cached_tokens == most and part.tokens == whole.tokens
    again = reply(tiny, LONG, n_predict=4, temp=0.0, ignore_eos=True)
    assert again.finished.timings.cached_tokens == again.finished.timings.prompt_tokens - 1
