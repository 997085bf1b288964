"""RoPE and YaRN: each setting reaches llama.cpp, and a context beyond the trained one is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import error_of, load, reply
from tui.core.errors import SettingError
from tui.core.parameters import LoadParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine

PROMPT = RawPrompt("The quick brown fox jumps over the lazy dog. " * 2)
YARN = {"rope_scaling": "yarn", "rope_scale": 4.0}


def says(engine: Engine, path: Path, **params: object) -> str:
    """The likeliest forty tokens of the tiny model loaded with these settings."""
    load(engine, path, **{"n_ctx": 256, "threads": 1, "cache_disk": 0, **params})
    return reply(engine, PROMPT, temp=0.0, n_predict=40, ignore_eos=True).text


@pytest.mark.parametrize(
    ("params", "without"),
    [
        ({"rope_scale": 4.0}, {}),
        ({"rope_freq_base": 500.0}, {}),
        ({"rope_freq_scale": 0.25}, {}),
        (YARN, {"rope_scale": 4.0}),
        ({**YARN, "yarn_ext_factor": 0.0}, YARN),
        ({**YARN, "yarn_ext_factor": 0.0, "yarn_attn_factor": 3.0}, {**YARN, "yarn_ext_factor": 0.0}),
        ({**YARN, "yarn_orig_ctx": 16}, YARN),
        ({**YARN, "yarn_beta_slow": 5.0, "yarn_beta_fast": 6.0}, YARN),
    ],
)
def test_each_setting_changes_the_text(
    engine: Engine, tiny_gguf: Path, params: dict[str, object], without: dict[str, object]
) -> None:
    assert says(engine, tiny_gguf, **params) != says(engine, tiny_gguf, **without)


def test_the_same_said_in_two_ways(engine: Engine, tiny_gguf: Path) -> None:
    linear = says(engine, tiny_gguf, rope_scaling="linear", rope_scale=4.0)
    assert linear == says(engine, tiny_gguf, rope_freq_scale=0.25)
    assert says(engine, tiny_gguf, rope_scaling="none", rope_scale=4.0) == says(engine, tiny_gguf)


def test_both_scales_are_refused_and_the_model_stays(engine: Engine, tiny_gguf: Path) -> None:
    load(engine, tiny_gguf, n_ctx=256)
    error = error_of(engine.load(tiny_gguf, LoadParams(rope_scale=2.0, rope_freq_scale=0.5)))
    assert isinstance(error, SettingError) and "set one of them" in error.line().lower()
    assert engine.model is not None


@pytest.mark.parametrize("kind", ["q8_0", "q5_1", "q4_0", "iq4_nl"])
def test_a_small_v_cache_without_flash_attention_is_one_line(engine: Engine, tiny_gguf: Path, kind: str) -> None:
    error = error_of(engine.load(tiny_gguf, LoadParams(cache_type_v=kind, flash_attn="off")))
    assert isinstance(error, SettingError) and f"{kind} needs flash attention" in error.line()


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"n_ctx": 512}, ""),
        ({"n_ctx": 768}, "768 tokens is larger than the 512 that the model was trained with"),
        ({"n_ctx": 768, "rope_scale": 2.0}, ""),
        ({"n_ctx": 768, **YARN}, ""),
        ({"n_ctx": 2560, **YARN}, "larger than the 2,048 that its RoPE scale reaches"),
        ({"n_ctx": 768, "rope_scale": 2.0, "rope_scaling": "none"}, "larger than the 512"),
        ({"n_ctx": 768, "rope_freq_base": 1e6}, ""),
        ({"n_ctx": 0}, ""),
    ],
)
def test_a_context_beyond_the_trained_one_is_warned_of(
    engine: Engine, tiny_gguf: Path, params: dict[str, object], says: str
) -> None:
    model = load(engine, tiny_gguf, threads=1, **params)
    assert (says in "".join(model.warnings)) if says else not model.warnings
    assert model.n_ctx_train == 512
