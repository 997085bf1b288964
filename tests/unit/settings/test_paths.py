"""Where files lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui.settings import paths

XDG = {
    "XDG_CONFIG_HOME": (paths.config_dir, ".config"),
    "XDG_DATA_HOME": (paths.data_dir, ".local/share"),
    "XDG_STATE_HOME": (paths.state_dir, ".local/state"),
    "XDG_CACHE_HOME": (paths.cache_dir, ".cache"),
}


@pytest.mark.parametrize("variable", XDG)
def test_xdg_is_respected(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert XDG[variable][0]() == tmp_path / "elsewhere" / "localllm-tui"


@pytest.mark.skipif(sys.platform != "linux", reason="the defaults of Linux")
@pytest.mark.parametrize("variable", XDG)
def test_defaults(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(variable)
    function, folder = XDG[variable]
    assert function() == Path.home() / folder / "localllm-tui"


def test_asking_makes_nothing(isolated_home: Path) -> None:
    for function in (paths.settings_file, paths.log_file, paths.prompt_history_file, paths.default_models_dir):
        assert isolated_home in function().parents
    assert list(isolated_home.iterdir()) == []
