"""`models show`, in text and in JSON, from here and from the Hub."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import damaged
from tests.support.local_hub import LocalHub
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import SettingError
from tui.run.show_model import show_model
from tui.settings.resolve import resolve
from tui.settings.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return resolve({}, environ={})[0]


def test_text(gemma3: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_model(str(gemma3), settings.replace(n_ctx=8192), as_json=False) == 0
    said = capsys.readouterr()
    assert said.err == ""
    for text in ("Gemma 3, by Google", "39.0 MiB", "llama.cpp's own figures", "llama-quantize", "tokenizer.ggml.pre"):
        assert text in said.out
    assert max(len(line) for line in said.out.split("Metadata")[0].splitlines()) <= 110


def test_json(smollm2: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_model(str(smollm2), settings, as_json=True) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["memory"]["exact"] is True and record["memory"]["kv_cache"] == 90 << 20
    assert record["metadata"]["general.architecture"] == "llama"
    assert record["tensors"][0] | {"share": 0} == {"name": "Q4_1", "tensors": 210, "bytes": 66_355_200, "share": 0}
    assert "Quantization" in record["explanation"] and record["speed"]["tokens_per_second"] > 0


def test_what_llama_cpp_refuses_does_not_fit(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged.write_unknown_architecture(tmp_path / "m.gguf")
    assert show_model(str(path), settings, as_json=False) == 0
    said = capsys.readouterr().out
    assert "It cannot be loaded" in said and "cannot be loaded: " in said.split("Does it fit here")[1]
    assert "fits: " not in said


def test_errors_are_one_line(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"no")
    assert show_model(str(tmp_path / "bad.gguf"), settings, as_json=False) == 1
    assert show_model("nothing-is-called-this", settings, as_json=False) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all(line.strip() for line in lines)


def test_a_file_with_a_slash_is_a_file(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tiny_gguf(tmp_path / "owner" / "model")
    assert show_model("owner/model", settings, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["path"] == os.path.join("owner", "model")


@pytest.mark.parametrize("by", ["argument", "-hf"])
def test_a_model_on_the_hub(
    by: str, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    path = write_tiny_gguf(tmp_path / "Tiny-Q8_0.gguf")
    with LocalHub() as server:
        server.add("owner/Tiny-GGUF", {path.name: path.read_bytes(), "README.md": b"# Tiny"})
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        if by == "-hf":
            settings = settings.replace(hf_repo="owner/Tiny-GGUF")
        assert show_model("" if by == "-hf" else "owner/Tiny-GGUF:Q8_0", settings, as_json=True) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["repository"] == "owner/Tiny-GGUF" and record["files"] == [path.name]
    assert record["memory"]["exact"] is False and record["name"] == path.name


def test_offline_is_said(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    app = replace(settings.app, offline=True)
    assert show_model("owner/Tiny-GGUF", replace(settings, app=app), as_json=False) == 1
    assert "offline" in capsys.readouterr().err


def test_nonsense_after_hf(settings: Settings) -> None:
    with pytest.raises(SettingError):
        show_model("", settings.replace(hf_repo="../../etc"), as_json=False)
