"""Values while they are edited: steps, search, origins."""

from __future__ import annotations

import pytest

from tui.app.widgets.settings_draft import SettingsDraft, matches, origin_text, step
from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.settings.settings import COMMAND_LINE, SETTINGS_FILE, Settings, option_named, option_names


@pytest.mark.parametrize(
    ("name", "value", "up", "down"),
    [
        ("temp", 0.8, 0.9, 0.7),
        ("temp", 0.85, 0.9, 0.8),
        ("temp", 5.0, 5.0, 4.9),
        ("top_p", 0.95, 1.0, 0.9),
        ("n_ctx", 4096, 4608, 3584),
        ("n_ctx", 512, 1024, 16),
        ("n_ctx", 16, 512, 0),
        ("n_ctx", 0, 16, 0),
        ("threads", -1, 1, -1),
        ("threads", 1, 2, -1),
        ("n_predict", 0, 64, -1),
        ("presence_penalty", 0.0, 0.1, -0.1),
        ("mmap", True, False, False),
        ("flash_attn", "off", "auto", "on"),
        ("system_prompt", "x", "x", "x"),
    ],
)
def test_a_step(name: str, value: Scalar, up: Scalar, down: Scalar) -> None:
    spec = option_named(name)
    assert step(spec, value, 1) == up and type(step(spec, value, 1)) is type(up)
    assert step(spec, value, -1) == down


@pytest.mark.parametrize("name", option_names())
@pytest.mark.parametrize("direction", [1, -1])
def test_every_setting_can_be_stepped_and_stays_allowed(name: str, direction: int) -> None:
    spec = option_named(name)
    value = spec.default
    for _ in range(30):
        value = step(spec, value, direction)
        assert spec.check(value) == value


def test_a_value_set_back_is_no_change() -> None:
    draft = SettingsDraft(Settings())
    draft.set("temp", 0.5)
    assert draft.changes == {"temp": 0.5} and draft.result().generation.temp == 0.5
    draft.set("temp", 0.8)
    assert draft.changes == {} and draft.get("temp") == 0.8


def test_a_value_that_is_not_allowed_is_refused() -> None:
    draft = SettingsDraft(Settings())
    with pytest.raises(SettingError):
        draft.set("temp", 9.0)
    assert not draft.changes


def test_search_looks_at_names_flags_and_help() -> None:
    found = {name for name in option_names() if matches(option_named(name), "KV cache")}
    assert {"cache_type_k", "cache_type_v"} <= found and "temp" not in found
    assert matches(option_named("n_gpu_layers"), "-ngl")


def test_the_origin_tells_what_wins() -> None:
    settings = Settings().overlaid({"temp": 0.1}, COMMAND_LINE).overlaid({"top_k": 3}, SETTINGS_FILE)
    draft = SettingsDraft(settings)
    assert "command line" in origin_text(draft, option_named("temp"))
    assert origin_text(draft, option_named("top_k")) == "from: settings file"
    assert origin_text(draft, option_named("top_p")) == "from: default"
    draft.set("top_k", 5)
    assert origin_text(draft, option_named("top_k")) == "changed, was 3"
