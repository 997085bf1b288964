"""Parameters that change between two tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load
from tui.core.errors import LocalLLMError, SettingError
from tui.core.events import Adjusted, StopReason, Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket

ENDLESS = GenerationParams(temp=1.0, seed=3, ignore_eos=True, context_policy="shift")


def running(engine: Engine) -> Ticket:
    """A generation without an end that has given its first token."""
    ticket = engine.generate(RawPrompt("abc"), ENDLESS)
    for event in ticket.events():
        if isinstance(event, Token):
            break
    return ticket


def test_other_samplers_hold_from_the_next_token_on(tiny: Engine) -> None:
    ticket = running(tiny)
    only_z = GenerationParams(temp=1.0, ignore_eos=True, logit_bias=("z+1000",), context_policy="shift")
    assert isinstance(events_of(tiny.adjust(ticket, only_z))[-1], Adjusted)
    zs = 0
    for event in ticket.events():
        if isinstance(event, Token):
            zs = zs + 1 if event.text == "z" else 0
        if zs == 20:
            break
    ticket.cancel()
    assert ticket.wait(60)


def test_a_limit_and_a_stop_string_can_be_set_on_the_way(tiny: Engine) -> None:
    ticket = running(tiny)
    events_of(tiny.adjust(ticket, GenerationParams(ignore_eos=True, n_predict=1, context_policy="shift")))
    assert gather(events_of(ticket)).finished.reason is StopReason.LENGTH
    ticket = running(tiny)
    events_of(tiny.adjust(ticket, GenerationParams(ignore_eos=True, stop=("zzz",), logit_bias=("z+1000",))))
    assert gather(events_of(ticket)).finished.reason is StopReason.STOP_STRING


@pytest.mark.parametrize("params", [{"samplers": "magic"}, {"grammar": 'root ::= "never"'}])
def test_nonsense_is_refused_and_the_generation_goes_on(tiny: Engine, params: dict[str, str]) -> None:
    ticket = running(tiny)
    error = error_of(tiny.adjust(ticket, GenerationParams(**params)))  # type: ignore[arg-type]
    assert isinstance(error, SettingError) and not ticket.over
    ticket.cancel()
    assert gather(events_of(ticket)).finished.reason is StopReason.CANCELLED


def test_what_is_over_cannot_be_adjusted(tiny: Engine) -> None:
    ticket = tiny.generate(RawPrompt("abc"), GenerationParams(n_predict=1))
    events_of(ticket)
    assert isinstance(error_of(tiny.adjust(ticket, GenerationParams())), LocalLLMError)


def test_an_unchanged_greedy_generation_goes_on_unchanged(engine: Engine, tiny_gguf: Path) -> None:
    load(engine, tiny_gguf, n_ctx=256, threads=1)
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=100, repeat_penalty=1.3)
    alone = gather(events_of(engine.generate(RawPrompt("abc"), params))).tokens
    ticket = engine.generate(RawPrompt("abc"), params)
    for _ in range(5):
        engine.adjust(ticket, params)
    assert gather(events_of(ticket)).tokens == alone
