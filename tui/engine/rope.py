"""Positions (RoPE) stretched beyond the context that a model was trained with."""

from __future__ import annotations

from typing import Any

from tui.core.errors import SettingError
from tui.core.parameters import LoadParams

_SCALING = {"model": -1, "none": 0, "linear": 1, "yarn": 2}  # enum llama_rope_scaling_type


def check_load_params(params: LoadParams) -> None:
    """Refuse what llama.cpp would refuse only after it has loaded the model.

    Raises:
        SettingError: two settings exclude each other.
    """
    if params.rope_scale and params.rope_freq_scale:
        raise SettingError(
            "rope_scale and rope_freq_scale both say how far positions are stretched", hint="set one of them"
        )
    if params.flash_attn == "off" and params.cache_type_v not in ("f32", "f16", "bf16"):
        raise SettingError(
            f"A V cache of type {params.cache_type_v} needs flash attention, and that is off",
            hint="set flash attention to on or auto (-fa), or the V cache to f16 (-ctv)",
        )


def set_rope(c_params: Any, params: LoadParams) -> None:
    """Put the settings into llama.cpp's context parameters, where 0 and -1 stand for the model's own values."""
    c_params.rope_scaling_type = _SCALING[params.rope_scaling]
    c_params.rope_freq_base = params.rope_freq_base
    c_params.rope_freq_scale = 1 / params.rope_scale if params.rope_scale else params.rope_freq_scale
    c_params.yarn_orig_ctx = params.yarn_orig_ctx
    c_params.yarn_ext_factor = params.yarn_ext_factor
    c_params.yarn_attn_factor = params.yarn_attn_factor
    c_params.yarn_beta_slow = params.yarn_beta_slow
    c_params.yarn_beta_fast = params.yarn_beta_fast


def warnings_of(params: LoadParams, n_ctx: int, n_ctx_train: int) -> tuple[str, ...]:
    """What a person should know about a load that worked, as sentences.

    Args:
        params: what was asked for.
        n_ctx: tokens of context it has.
        n_ctx_train: tokens of context the model was trained with; 0 where the file does not say.
    """
    stretched = int(n_ctx_train * _stretch(params))
    if not n_ctx_train or params.rope_freq_base or n_ctx <= stretched:
        return ()
    trained = f"the {stretched:,} that the model was trained with"
    if stretched != n_ctx_train:
        trained = f"the {stretched:,} that its RoPE scale reaches"
    factor = -(-n_ctx // n_ctx_train)
    return (
        f"The context of {n_ctx:,} tokens is larger than {trained}: text beyond that may turn into nonsense."
        f" Take -c {stretched}, or stretch it with --rope-scaling yarn --rope-scale {factor}.",
    )


def _stretch(params: LoadParams) -> float:
    """How many times the settings stretch the trained context; 1 where they leave it to the model."""
    if params.rope_scaling == "none":
        return 1.0
    return params.rope_scale or (1 / params.rope_freq_scale if params.rope_freq_scale else 1.0)
