"""`presets …` and `--preset` as a person or a script runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.core.messages import Message
from tui.core.options import Scalar
from tui.services.presets import Presets
from tui.settings.preset_file import Preset

LINE = 'llama-cli -m x.gguf --temp 0.2 --top-k 20 -sys "Be brief." --mystery'


def program(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments], input=stdin, capture_output=True, text=True, timeout=900,
        env=os.environ,
    )  # fmt: skip


def test_a_line_is_imported_listed_and_shown(isolated_home: Path) -> None:
    nothing = program("presets", "list")
    assert nothing.returncode == 0 and nothing.stdout == "" and "no presets in" in nothing.stderr
    done = program("presets", "import", "brief", LINE)
    assert (done.returncode, done.stdout) == (0, "brief\n")
    assert done.stderr.splitlines() == [
        "warning: left out, not known here: --mystery", "warning: left out, not part of a preset: -m",
    ]  # fmt: skip
    shown = program("presets", "show", "brief")
    assert shown.stdout == (isolated_home / ".config/localllm-tui/presets/brief.toml").read_text()
    told = json.loads(program("presets", "show", "brief", "--json").stdout)
    assert told["system_prompt"] == "Be brief." and told["generation"] == {"temp": 0.2, "top_k": 20}
    piped = json.loads(program("presets", "import", "piped", "-", "--json", stdin=LINE).stdout)
    assert piped["name"] == "piped" and len(piped["left_out"]) == 2
    Presets().write("broken", "x")
    listed = json.loads(program("presets", "list", "--json").stdout)
    assert [entry["name"] for entry in listed] == ["brief", "broken", "piped"] and "TOML" in listed[1]["problem"]


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("show", "nope"), 1, "there is no preset nope"),
        (("show", "../../etc/passwd"), 1, "cannot be the name of a preset"),
        (("show",), 2, "give one NAME"),
        (("import", "a"), 2, "give a NAME and a LINE"),
        (("import", "a/b", LINE), 1, "cannot be the name of a preset"),
        (("import", "a", "llama-cli -m x"), 1, "sets nothing that a preset has"),
        (("fly",), 2, "there is no action fly"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...], status: int, line: str) -> None:
    done = program("presets", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert line in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_reply_with_a_preset(tiny_gguf: Path) -> None:
    turns = (Message("user", "Ready?"), Message("assistant", "Yes, {{ask:Your name}}."))
    values: dict[str, Scalar] = {"system_prompt": "Be brief.", "n_predict": 4, "seed": 1, "ignore_eos": True}
    Presets().create(Preset("ready", values=values, turns=turns))
    run = ("run", "-m", str(tiny_gguf), "-p", "Hi", "--chat", "-c", "512")
    missing = program(*run, "--preset", "ready")
    assert missing.returncode == 1 and "asks for Your name. Give --var 'Your name=…'" in missing.stderr
    done = program(*run, "--preset", "ready", "--var", "Your name=Ada")
    other = program(*run, "--preset", "ready", "--var", "Your name=" + "Ada " * 20)
    assert done.returncode == other.returncode == 0, done.stderr
    assert _tokens(other.stderr) > _tokens(done.stderr) > _tokens(program(*run, "-n", "4", "-s", "1").stderr)
    longer = program(*run, "--preset", "ready", "--var", "Your name=Ada", "-n", "9")
    assert len(longer.stdout) > len(done.stdout), "what the command line says wins"
    plain = program("run", "-m", str(tiny_gguf), "-p", "Hi", "--preset", "ready")
    assert plain.returncode == 0 and "no effect without --chat" in plain.stderr


def test_presets_that_are_not_there() -> None:
    for arguments in (("run", "-m", "x.gguf", "-p", "Hi", "--var", "a=b"), ("run", "-m", "x", "-p", "y", "--preset")):
        done = program(*arguments)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    done = program("--preset", "nope")
    assert done.returncode == 1 and "there is no preset nope" in done.stderr


def _tokens(report: str) -> int:
    """Tokens of the prompt, as the timings tell."""
    line = next(line for line in report.splitlines() if "prompt" in line)
    return int("".join(c for c in line.split("/")[1].split("tok")[0] if c.isdigit()))
