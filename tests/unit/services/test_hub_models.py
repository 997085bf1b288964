"""Models of the Hub that are on this machine already."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.catalogue.hub.values import RemoteFile, Variant
from tui.catalogue.hub_cache import hub_cache_dir
from tui.core.errors import SettingError
from tui.services.find_model import wants_hub
from tui.services.hub_models import find_cached, present
from tui.settings.settings import COMMAND_LINE, SETTINGS_FILE, Settings

REPO = "Owner/tiny-GGUF"


def cached(name: str, size: int = 10) -> Path:
    """A file as huggingface_hub keeps it."""
    snapshot = hub_cache_dir() / "models--Owner--tiny-GGUF" / "snapshots" / ("a" * 40)
    path = snapshot / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_the_cache_is_searched_by_llama_cpps_rule() -> None:
    assert find_cached(REPO) is None
    last = cached("tiny-Q2_K.gguf")
    cached("mmproj-tiny-F16.gguf")
    assert find_cached(REPO) == last
    eight = cached("tiny-Q8_0.gguf")
    assert find_cached(REPO) == eight
    four = cached("sub/tiny-Q4_K_M.gguf")
    assert find_cached("owner/TINY-gguf") == four
    assert find_cached(f"{REPO}:q2_k") == last
    assert find_cached(f"{REPO}:Q6_K") is None


def test_a_split_model_counts_when_all_of_it_is_there() -> None:
    first = cached("tiny-Q4_0-00001-of-00002.gguf")
    assert find_cached(REPO) is None
    cached("tiny-Q4_0-00002-of-00002.gguf")
    assert find_cached(REPO) == first


def test_a_download_folder_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / "tiny-Q4_K_M.gguf").write_bytes(bytes(10))
    (tmp_path / "another-Q4_K_M.gguf").write_bytes(bytes(10))
    assert find_cached(REPO, tmp_path) == tmp_path / "tiny-Q4_K_M.gguf"
    variant = Variant("Q4_K_M", "Q4_K_M", (RemoteFile("sub/tiny-Q4_K_M.gguf", 10),))
    assert present(REPO, variant, tmp_path) == tmp_path / "tiny-Q4_K_M.gguf"


def test_a_file_of_another_length_is_not_the_model() -> None:
    cached("tiny-Q4_K_M.gguf", 9)
    variant = Variant("Q4_K_M", "Q4_K_M", (RemoteFile("tiny-Q4_K_M.gguf", 10),))
    assert present(REPO, variant) is None
    path = cached("tiny-Q4_K_M.gguf", 10)
    assert present(REPO, variant) == path


def test_the_command_line_outweighs_the_settings_file() -> None:
    file = Settings().overlaid({"model": "x.gguf"}, SETTINGS_FILE)
    assert not wants_hub(file)
    assert wants_hub(file.overlaid({"hf_repo": REPO}, COMMAND_LINE))
    hub = Settings().overlaid({"hf_repo": REPO}, SETTINGS_FILE)
    assert wants_hub(hub)
    assert not wants_hub(hub.overlaid({"model": "x.gguf"}, COMMAND_LINE))
    with pytest.raises(SettingError, match="give one of -m and -hf"):
        wants_hub(Settings().overlaid({"model": "x.gguf", "hf_repo": REPO}, COMMAND_LINE))
