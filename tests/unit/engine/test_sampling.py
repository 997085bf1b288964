"""The samplers: each does its part, in the order asked for."""

from __future__ import annotations

import pytest

from tests.support.engines import Reply, error_of, reply
from tui.core.errors import SettingError
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.engine.sampling import sampler_names

PLAIN = {"ignore_eos": True, "n_predict": 40, "seed": 11, "temp": 1.0}


def ask(engine: Engine, **params: object) -> Reply:
    """Forty tokens after a prompt that repeats itself."""
    return reply(engine, RawPrompt("abcabcabcabc"), **{**PLAIN, **params})


@pytest.mark.parametrize(
    "params",
    [
        {"typical": 0.1},
        {"top_n_sigma": 0.5},
        {"xtc_probability": 1.0, "xtc_threshold": 0.01},
        {"dynatemp_range": 0.9},
        {"dry_multiplier": 5.0, "dry_allowed_length": 0},
        {"mirostat": 1},
        {"mirostat": 2},
        {"repeat_penalty": 5.0},
        {"top_k": 2},
        {"top_p": 0.2},
        {"min_p": 0.9},
        {"logit_bias": ("a+100",)},
    ],
)
def test_each_sampler_changes_the_text_and_keeps_the_seed_binding(tiny: Engine, params: dict[str, object]) -> None:
    loose = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
    changed = ask(tiny, **{**loose, **params}).tokens
    assert changed != ask(tiny, **loose).tokens
    assert changed == ask(tiny, **{**loose, **params}).tokens


@pytest.mark.parametrize("version", [1, 2])
def test_temperature_zero_is_greedy_even_with_mirostat(tiny: Engine, version: int) -> None:
    assert ask(tiny, temp=0.0, mirostat=version).tokens == ask(tiny, temp=0.0).tokens


def test_a_bias_by_number_and_by_text_is_the_same(tiny: Engine) -> None:
    by_text = ask(tiny, logit_bias=("z+100",))
    assert by_text.text == "z" * 40
    token = by_text.tokens[0]
    assert ask(tiny, logit_bias=(f"{token}+100",)).text == "z" * 40
    assert "z" not in ask(tiny, logit_bias=(f"{token}-inf",)).text


def test_the_order_matters(tiny: Engine) -> None:
    hot = {"temp": 5.0, "top_k": 0, "min_p": 0.0, "top_p": 0.3}
    assert (
        ask(tiny, samplers="top_p;temperature", **hot).tokens != ask(tiny, samplers="temperature;top_p", **hot).tokens
    )


def test_names_are_read_as_llama_cpp_reads_them() -> None:
    assert sampler_names("top-k; typical ;temp;;") == ["top_k", "typ_p", "temperature"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"samplers": "top_k;magic"}, "no sampler called magic"),
        ({"samplers": "infill", "temp": 1.0}, "compares each candidate with every other one"),
        ({"samplers": "infill;top_k", "temp": 1.0}, "compares each candidate with every other one"),
        ({"samplers": "top_k;infill", "top_k": 0, "temp": 1.0}, "compares each candidate with every other one"),
        ({"logit_bias": ("hello",)}, "cannot be hello"),
        ({"logit_bias": ("999999+1",)}, "no token 999999"),
        ({"logit_bias": ("two words+1",)}, "one token"),
    ],
)
def test_nonsense_is_one_line_and_the_engine_goes_on(tiny: Engine, params: dict[str, object], says: str) -> None:
    error = error_of(tiny.generate(RawPrompt("abc"), GenerationParams(**params)))  # type: ignore[arg-type]
    assert isinstance(error, SettingError) and says in error.line() and "\n" not in error.line()
    assert ask(tiny).tokens
