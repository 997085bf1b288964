"""`serve --systemd`: the unit that systemd itself accepts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tui.cli import main
from tui.server.unit import Unit, quoted


@pytest.mark.parametrize(
    ("word", "as_written"),
    [
        ("plain", "plain"),
        ("/a b/c.gguf", '"/a b/c.gguf"'),
        ("100%", "100%%"),
        ("$HOME", '"$$HOME"'),
        ('say "x"', '"say \\"x\\""'),
        ("a\\b", '"a\\\\b"'),
        ("; rm -rf", '"; rm -rf"'),
        ("", '""'),
    ],
)
def test_words_as_systemd_reads_them(word: str, as_written: str) -> None:
    assert quoted(word) == as_written


def printed(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["serve", *arguments, "--systemd"]) == 0
    return capfd.readouterr().out.splitlines()


def test_the_options_are_filled_in(
    tiny_gguf: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_gguf.parent)
    monkeypatch.setenv("LOCALLLM_API_KEY", "sk-hidden")
    lines = printed(
        capfd, "-m", tiny_gguf.name, "-c", "512", "--api-key", "sk-typed", "--api-key=sk-tied", "--stop-seconds", "30",
        "--host", "0.0.0.0", "--port", "443",
    )  # fmt: skip
    (start,) = (line for line in lines if line.startswith("ExecStart="))
    assert start.endswith(f" serve -m {tiny_gguf} -c 512 --stop-seconds 30 --host 0.0.0.0 --port 443")
    assert not any("sk-" in line for line in lines)
    assert "EnvironmentFile=/etc/localllm-tui.env" in lines
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in lines
    assert "TimeoutStopSec=40" in lines
    assert "ExecReload=/bin/kill -HUP $MAINPID" in lines


def test_on_this_machine_alone_no_key_is_needed(tiny_gguf: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = printed(capfd, "-m", str(tiny_gguf))
    assert "EnvironmentFile=-/etc/localllm-tui.env" in lines
    assert "CapabilityBoundingSet=" in lines


def test_without_a_model_there_is_no_unit(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--systemd"]) == 2
    assert capfd.readouterr().err.startswith("error: there is no model for the service")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("unit", [Unit(["/bin/true"]), Unit(["/bin/true", "a b"], True, 5.0, True, True, True)])
def test_systemd_accepts_it(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "localllm-tui.service"
    path.write_text(unit.text())
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=120)
    complaints = [line for line in done.stderr.splitlines() if "localllm-tui" in line]
    assert (done.returncode, complaints) == (0, []), done.stderr
