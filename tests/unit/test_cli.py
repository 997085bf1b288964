"""The door: exit statuses, single lines, and what is imported when."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli import main
from tui.core.errors import ModelFileError

HEAVY = ("textual", "rich", "llama_cpp", "huggingface_hub", "jinja2", "tomlkit", "numpy", "openai", "keyring")


def imported(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `code`, of those that are heavy."""
    script = f"import sys\n{code}\nprint(*(set({HEAVY!r}) & set(sys.modules)), file=sys.__stderr__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=900)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "module",
    [
        "tui.core.options",
        "tui.settings.resolve",
        "tui.settings.file",
        "tui.settings.logs",
        "tui.engine.engine",
        "tui.catalogue.scan",
        "tui.monitor.memory",
        "tui.services.model_host",
        "tui.services.launch",
        "tui.services.remote.engine",
        "tui.run.command",
        "tui.cli",
    ],
)
def test_lower_packages_import_nothing_heavy(module: str) -> None:
    assert imported(f"import {module}") == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["models", "--help"], ["chats", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"from tui.cli import main\ntry:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    assert imported(code) == set()


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (
            ["frobnicate"],
            2,
            "there is no command frobnicate. The commands are run, serve, attach, models, chats, presets, worker, "
            "bench, doctor; -m names a model",
        ),
        (["--temp", "hot"], 2, "--temp cannot be hot. It takes 0 to 5"),
        (["-p", ""], 2, "the prompt is empty. See localllm-tui --help"),
        ([], 1, "the application needs a terminal. In scripts, use localllm-tui run"),
        (
            ["run", "-p", "x"],
            2,
            "there is no model: give -m FILE or NAME, or -hf OWNER/REPO. See localllm-tui run --help",
        ),
        (["run", "-m", "x.gguf", "-p", ""], 2, "the prompt is empty. See localllm-tui run --help"),
        (["run", "-m", "x.gguf", "-f", "/dev/null"], 2, "the prompt is empty. See localllm-tui run --help"),
        (
            ["run", "-m", "x.gguf"],
            2,
            "there is no prompt: give -p TEXT, -f FILE, or - for standard input. See localllm-tui run --help",
        ),
        (
            ["run", "-m", "x.gguf", "-p", "x", "-f", "y"],
            2,
            "there is more than one prompt: give one of -p, -f and -. See localllm-tui run --help",
        ),
        (
            ["run", "-m", "x.gguf", "-p", "x", "y"],
            2,
            "there is a word too many: y. The prompt goes after -p. See localllm-tui run --help",
        ),
        (
            ["run", "-m", "x.gguf", "-f", "/nowhere/x.txt"],
            1,
            "the prompt cannot be read from /nowhere/x.txt: no such file or directory",
        ),
        (
            ["models", "frob"],
            2,
            "there is no action frob. The actions are list, show, search, pull, rm; see localllm-tui models --help",
        ),
        (
            ["models"],
            2,
            "there is no action. The actions are list, show, search, pull, rm; see localllm-tui models --help",
        ),
        (["models", "pull"], 2, "there is no repository: give one. See localllm-tui models pull --help"),
        (["models", "rm", "-y"], 2, "there is no model: give one. See localllm-tui models rm --help"),
        (
            ["models", "search", "x", "--limit", "0"],
            2,
            "--limit cannot be 0: it takes whole numbers from 1. See localllm-tui models search --help",
        ),
        (
            ["run", "-m", "x.gguf", "-hf", "a/b", "-p", "x"],
            2,
            "there are two models: give one of -m and -hf",
        ),
        (["run", "-m", "x.gguf", "-p", "a", "--temp", "\x1b[2J"], 2, "--temp cannot be ^[[2J. It takes 0 to 5"),
    ],
)
def test_one_line_and_the_status(
    arguments: list[str], status: int, line: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(arguments) == status
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors == f"error: {line}\n"


def test_a_prompt_file_that_is_no_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    assert main(["run", "-m", "x.gguf", "-f", str(tmp_path / "x")]) == 1
    assert capfd.readouterr().err.endswith("it is not UTF-8 text\n")


def test_a_prompt_with_a_nul(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(b"a\0b")
    assert main(["run", "-m", "x.gguf", "-f", str(tmp_path / "x")]) == 1
    errors = capfd.readouterr().err
    assert "has a NUL character" in errors and "not UTF-8" not in errors and errors.count("\n") == 1


@pytest.mark.parametrize("name", ["", "no/such/log"])
def test_a_log_that_cannot_be_written_is_said(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no").write_bytes(b"")
    assert main(["models", "list", "--json", "--models-dir", str(tmp_path), "--log-file", str(tmp_path / name)]) == 0
    output, errors = capfd.readouterr()
    assert json.loads(output) is not None and errors.startswith("warning: no log file: ") and errors.count("\n") == 1


@pytest.mark.parametrize("ignored", [False, True])
def test_ctrl_c_while_the_program_is_read_in(ignored: bool) -> None:
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.{"SIG_IGN" if ignored else "default_int_handler"})
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "tui.cli_arguments":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["localllm-tui", "--version"]
from tui.__main__ import main
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == ((0, b"") if ignored else (130, b""))


def test_ctrl_c_while_text_is_run_as_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import sys
import tui.cli
from tui.__main__ import main
def run():
    try:
        exec("import signal; signal.raise_signal(signal.SIGINT)")
    except KeyboardInterrupt:
        return 130
tui.cli.main = run
sys.exit(main())
"""
    (tmp_path / "begun.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])]))
    done = subprocess.run([sys.executable, "-m", "begun"], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"")


def test_a_name_no_model_has(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-m", "nothing-of-this-name", "-p", "x"]) == 1
    assert capfd.readouterr().err.startswith("error: no model here is called nothing-of-this-name. See ")


def test_models_list_as_json(tiny_gguf: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json", "--models-dir", str(tiny_gguf.parent)]) == 0
    records = json.loads(capfd.readouterr().out)
    tiny = next(record for record in records if record["path"] == str(tiny_gguf))
    assert tiny["file_size"] == tiny_gguf.stat().st_size
    assert tiny["architecture"] == "llama"
    assert tiny["fit"] == "fits"
    assert tiny["problem"] == ""


def test_models_list_as_a_table(tiny_gguf: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evil\x1b[31m-7B-Q4_K_M.gguf").write_bytes(b"<html>")
    folders = ["--models-dir", str(tiny_gguf.parent), "--models-dir", str(tmp_path)]
    assert main(["models", "list", *folders]) == 0
    output = capfd.readouterr().out
    heading, *rows = output.splitlines()
    assert heading.split()[:6] == ["NAME", "SIZE", "QUANTIZATION", "PARAMETERS", "FIT", "PATH"]
    assert any(str(tiny_gguf) in row and " fits " in row for row in rows)
    assert any("^[[31m" in row and " broken " in row for row in rows)
    assert "\x1b" not in output


def test_a_broken_settings_file_does_not_stop_the_list(isolated_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = isolated_home / ".config" / "localllm-tui" / "settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[generation\n")
    assert main(["models", "list"]) == 0
    assert capfd.readouterr().err.startswith(f"warning: settings file {path}: not valid TOML")


def test_names_are_found(tmp_path: Path) -> None:
    from tui.catalogue.entry import ModelEntry
    from tui.services.find_model import choose_model, find_model

    def entry(file: str, name: str, problem: str = "") -> ModelEntry:
        return ModelEntry(Path("/m") / file, name, 1, "Q4_0", 1, "llama", 1, True, "folder", problem=problem)

    models = [
        entry("Smol-135M.Q4_1.gguf", "Smol-135M"),
        entry("Smol-360M.Q4_1.gguf", "Smol-360M"),
        entry("broken-360M.gguf", "broken-360M", "it is cut off"),
    ]
    assert choose_model("smol-135m", models) == Path("/m/Smol-135M.Q4_1.gguf")
    assert choose_model("360", models) == Path("/m/Smol-360M.Q4_1.gguf")
    assert choose_model("Smol-135M.Q4_1.gguf", models) == Path("/m/Smol-135M.Q4_1.gguf")
    with pytest.raises(ModelFileError, match=r"2 models are called smol: Smol-135M.Q4_1, Smol-360M.Q4_1. Give more"):
        choose_model("smol", models)
    with pytest.raises(ModelFileError, match="no model here is called gemma"):
        choose_model("gemma", models)
    assert find_model("some/where.bin", ()) == Path("some/where.bin")
    assert find_model("~/x.gguf", ()) == Path.home() / "x.gguf"
