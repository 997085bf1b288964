"""The ledger of the context: numbers that add up, whatever the engine counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted import model_info
from tui.core.events import Counted, Timings
from tui.core.parameters import GenerationParams, LoadParams
from tui.services.bench_results import keep
from tui.services.ledger import Ledger
from tui.services.measurements import Speed
from tui.services.prefill_speed import PrefillSpeeds, nearest


@st.composite
def counts(draw: st.DrawFn) -> Counted:
    tokens = draw(st.integers(0, 10_000))
    fitted = draw(st.integers(0, tokens))
    return Counted(
        tokens=tokens,
        history=draw(st.integers(0, tokens)),
        fitted=fitted,
        dropped=draw(st.integers(1, 99)) if fitted < tokens else 0,
        cached=draw(st.integers(0, tokens)),
        n_ctx=draw(st.integers(16, 8192)),
    )


@given(
    counted=counts(),
    policy=st.sampled_from(["stop", "shift", "drop"]),
    n_predict=st.integers(-1, 9000),
    keep=st.integers(-1, 9000),
    speed=st.none() | st.floats(0.1, 1e6),
)
def test_the_numbers_add_up(counted: Counted, policy: str, n_predict: int, keep: int, speed: float | None) -> None:
    params = GenerationParams(context_policy=policy, n_predict=n_predict, keep=keep)
    ledger = Ledger.of(counted, params, speed)
    assert ledger.draft + counted.history == counted.tokens
    assert ledger.cached + ledger.new == ledger.sent <= counted.tokens and min(ledger.cached, ledger.new) >= 0
    assert ledger.fits == (ledger.over == 0) == (ledger.left > 0)
    assert ledger.fits or ledger.sent - ledger.over == ledger.n_ctx - 1
    assert 0 <= ledger.reply_room <= ledger.left and (n_predict < 0 or ledger.reply_room <= n_predict)
    assert policy != "stop" or (ledger.sent, ledger.dropped) == (counted.tokens, 0)
    assert 0 <= ledger.shifted < ledger.n_ctx and (policy == "shift" or not ledger.shifted)
    assert (ledger.seconds is None) == (speed is None)
    assert ledger.seconds is None or ledger.seconds >= 0


def test_what_would_help() -> None:
    whole = Counted(5000, 4000, 3000, 12, 100, 4096)
    assert Ledger(whole).helps_to_drop and Ledger(whole).over == 5000 - 4095
    assert Ledger(whole, "drop").fits and Ledger(whole, "drop").dropped == 12
    assert not Ledger(Counted(5000, 400, 4600, 12, 0, 4096)).helps_to_drop


def test_a_speed_is_measured_or_not_known() -> None:
    model, speeds = model_info(), PrefillSpeeds()
    assert speeds.of(model, 100) is None
    speeds.note(model, Timings(prompt_tokens=10, cached_tokens=8, prompt_seconds=0.1))
    assert speeds.of(model, 100) is None, "two tokens say nothing"
    speeds.note(model, Timings(prompt_tokens=1000, prompt_seconds=2.0))
    speeds.note(model, Timings(prompt_tokens=1010, cached_tokens=1000, prompt_seconds=0.1))
    assert speeds.of(model, 2000) == 500 and speeds.of(model, 5) == 100
    speeds.note(model, Timings(prompt_tokens=900, prompt_seconds=1.0))
    assert speeds.of(model, 2000) == 900, "the newest one of about this size"
    other = replace(model, params=LoadParams(threads=1))
    assert speeds.of(other, 2000) is None, "another load is another speed"
    assert nearest([], 7) is None


def test_a_bench_of_this_machine_is_a_measurement_too(tiny_gguf: Path) -> None:
    model = model_info(str(tiny_gguf))
    keep(
        tiny_gguf,
        [
            Speed("pp", 512, 0, 1, 200.0, 1.0),
            Speed("pp", 512, 0, 2, 390.0, 1.0),
            Speed("pp", 512, 1024, 2, 250.0, 1.0),
            Speed("tg", 128, 0, 2, 80.0, 1.0),
        ],
    )
    assert PrefillSpeeds().of(model, 100) == 390
    assert PrefillSpeeds().of(replace(model, threads_batch=1), 100) == 200
    assert PrefillSpeeds().of(replace(model, threads_batch=8), 100) == 390
