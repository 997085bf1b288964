"""Which source of a setting wins, and what is said of values that are not allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.core.errors import SettingError
from tui.settings import paths
from tui.settings.resolve import environment_name, resolve
from tui.settings.settings import SECTIONS, Settings, option_names, suggestion


def write(text: str) -> Path:
    """Write the person's settings file."""
    path = paths.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_gives_the_defaults() -> None:
    settings, problems = resolve(environ={})
    assert settings == Settings()
    assert problems == []
    assert settings.origin("temp") == "default"


def test_each_source_beats_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[generation]\ntemp = 0.1\ntop_k = 1\ntop_p = 0.1\n")
    monkeypatch.setenv("LOCALLLM_TOP_K", "2")
    monkeypatch.setenv("LOCALLLM_TOP_P", "0.2")
    settings, problems = resolve({"top_p": 0.3})
    assert (settings.generation.temp, settings.generation.top_k, settings.generation.top_p) == (0.1, 2, 0.3)
    assert problems == []
    assert settings.origins == {"temp": "settings file", "top_k": "environment", "top_p": "command line"}


def test_a_bad_value_costs_one_line_and_the_default_is_used() -> None:
    path = write('[generation]\ntemp = "hot"\ntop_k = 7\n')
    before = path.read_bytes()
    settings, problems = resolve(environ={})
    assert problems == [f"settings file {path}: temp cannot be hot. It takes 0 to 5"]
    assert settings.generation.temp == 0.8
    assert settings.generation.top_k == 7
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[generation]\ntemmp = 1\n", "temmp is not a setting of [generation]. Did you mean temp in [generation]?"),
        ("[generation]\nthreads = 1\n", "threads is not a setting of [generation]. Did you mean threads in [load]?"),
        ("temp = 1\n", "temp is not a setting of the file. Did you mean temp in [generation]?"),
        ("[qqq]\nx = 1\n", "qqq is not a setting of the file"),
        ("load = 4\n", "load must be a table, written [load]"),
        ("[app]\nmodel_dirs = [1]\n", "model_dirs cannot be [1]. It takes texts separated by commas"),
    ],
)
def test_what_is_not_understood_is_said(text: str, line: str) -> None:
    path = write(text)
    assert resolve(environ={})[1] == [f"settings file {path}: {line}"]


def test_a_broken_file_is_one_line_with_its_line_number() -> None:
    write("[generation]\ntemp = = 1\n")
    settings, problems = resolve(environ={})
    assert settings == Settings()
    assert len(problems) == 1
    assert "line 2" in problems[0]


def test_a_file_of_bytes_is_one_line() -> None:
    path = write("")
    path.write_bytes(b"\xff\xfe\x00")
    assert resolve(environ={})[1] == [f"settings file {path}: not UTF-8 text. Defaults are used"]


def test_words_in_the_file() -> None:
    write('[generation]\nn_predict = "unlimited"\n[load]\nthreads = "auto"\nn_ctx = "model"\n')
    settings, problems = resolve(environ={})
    assert problems == []
    assert (settings.generation.n_predict, settings.load.threads, settings.load.n_ctx) == (-1, -1, 0)


def test_the_environment_has_the_same_rules() -> None:
    environ = {
        "LOCALLLM_N_CTX": "model",
        "LOCALLLM_MMAP": "off",
        "LOCALLLM_MODEL_DIRS": "~/a, /b",
        "LOCALLLM_TEMP": "x",
        "LOCALLLM_TOPP_K": "3",
        "LOCALLLM_SOMETHING_ELSE": "3",
    }
    settings, problems = resolve(environ=environ)
    assert (settings.load.n_ctx, settings.load.mmap, settings.app.model_dirs) == (0, False, ("~/a", "/b"))
    assert problems == [
        "environment: LOCALLLM_TEMP: temp cannot be x. It takes 0 to 5",
        "environment: LOCALLLM_TOPP_K is not a setting. Did you mean LOCALLLM_TOP_K?",
    ]


@pytest.mark.parametrize("name", option_names())
def test_every_setting_can_come_from_the_environment(name: str) -> None:
    default = Settings().get(name)
    spec = next(spec for section in SECTIONS for spec in section.options() if spec.name == name)
    settings, problems = resolve(environ={environment_name(name): spec.format(default)})
    assert problems == []
    assert settings.get(name) == default
    assert settings.origin(name) == "environment"


def test_replace_is_checked_and_leaves_the_original() -> None:
    settings = Settings()
    changed = settings.replace(temp=1, n_ctx=512)
    assert (changed.generation.temp, changed.load.n_ctx, changed.origin("temp")) == (1.0, 512, "changed here")
    assert settings == Settings()
    with pytest.raises(SettingError, match="top_p cannot be 3"):
        settings.replace(top_p=3.0)
    with pytest.raises(SettingError, match="Did you mean top_p"):
        settings.replace(top_pp=0.3)


def test_folders_are_expanded_and_the_own_one_comes_last() -> None:
    settings = Settings().replace(model_dirs=("~/models", "/x", "~/models"))
    assert settings.app.folders() == (Path.home() / "models", Path("/x"), paths.default_models_dir())


def test_suggestions() -> None:
    assert suggestion("TEMPP") == "temp"
    assert suggestion("n-ctx") == "n_ctx"
    assert suggestion("zzzzzz") == ""
