"""The checks of `doctor`: what each finds, and what it advises."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.local_hub import LocalHub
from tui.cli import main
from tui.engine.build_info import BuildInfo, build_info
from tui.services import checkup_files, checkup_network, checkup_program
from tui.services.checkup import Finding, findings
from tui.store.store import Store


def test_a_check_that_fails_is_a_finding() -> None:
    def fails() -> list[Finding]:
        raise OSError("no such device")

    found = list(findings([("Disk", fails)]))
    assert found == [Finding("Disk", "problem", "the check failed: OSError: no such device")]


def test_llama_cpp_of_this_machine_runs() -> None:
    info = build_info()
    assert info.bindings and info.features and not info.why and not info.died
    assert [finding.level for finding in checkup_program.llama_cpp(info)][:1] == ["ok"]


def test_a_build_for_another_processor_is_told_apart() -> None:
    (found,) = checkup_program.llama_cpp(BuildInfo("0.3.36", died="SIGILL"))
    assert found.level == "problem" and found.found.startswith("Illegal instruction")
    assert "GGML_NATIVE=off" in found.advice
    (found,) = checkup_program.llama_cpp(BuildInfo(why="it is not installed"))
    assert found.found == "it cannot be loaded: it is not installed"


def test_a_build_without_vectors_is_slow() -> None:
    _, found = checkup_program.llama_cpp(BuildInfo("0.3.36", "CPU : SSE3 = 1 | AVX2 = 0 |"))
    assert found.level == "warning" and "several times faster" in found.advice


@pytest.mark.parametrize(
    ("environ", "level", "words"),
    [
        ({"TERM": "xterm-256color"}, "ok", "256 colours"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "ok", "16 million colours"),
        ({"TERM": "linux"}, "warning", "16 colours"),
        ({"TERM": "dumb"}, "warning", "16 colours"),
        ({}, "warning", "TERM=(none)"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "ok", "no colours"),
    ],
)
def test_terminals(environ: dict[str, str], level: str, words: str) -> None:
    found = next(iter(checkup_program.terminal(environ)))
    assert found.level == level and words in found.found


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(isolated_home: Path) -> None:
    (isolated_home / ".config").mkdir(exist_ok=True)
    (isolated_home / ".config").chmod(0o500)
    found = {finding.name: finding for finding in checkup_files.folders()}
    (isolated_home / ".config").chmod(0o700)
    assert found["Settings folder"].level == "problem" and "XDG_CONFIG_HOME" in found["Settings folder"].advice


def test_folders_and_disks(isolated_home: Path) -> None:
    assert {finding.level for finding in checkup_files.folders()} == {"ok"}
    assert all("free for" in finding.found for finding in checkup_files.disks(None))


def test_the_store_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    (found,) = checkup_files.store(path)
    assert found.level == "ok" and not path.exists()
    Store(path).close()
    (found,) = checkup_files.store(path)
    assert found.level == "ok" and found.found.startswith("0 in ")
    path.write_bytes(b"no database" * 1000)
    before = path.read_bytes()
    (found,) = checkup_files.store(path)
    assert found.level == "problem" and path.read_bytes() == before


def test_an_empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chats.db"
    path.touch()
    (found,) = checkup_files.store(path)
    assert (found.level, found.found) == ("ok", f"{path}: there are none yet")
    monkeypatch.setattr(tempfile, "TemporaryFile", full_disk)
    (found,) = checkup_files.store(path)
    assert found.level == "problem" and "No space left" in found.found and found.advice.startswith("make room")
    assert "no such table" not in found.found and path.read_bytes() == b""


def full_disk(**_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_store_of_another_program_and_of_a_newer_one(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    (found,) = checkup_files.store(path)
    assert found.level == "problem" and "belongs to another program" in found.found
    path.unlink()
    Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE migration SET name = 'later' WHERE number = (SELECT max(number) FROM migration)")
    (found,) = checkup_files.store(path)
    assert found.level == "problem" and "a newer version" in found.found


def test_models(tiny_gguf: Path, tmp_path: Path) -> None:
    found = [finding for finding in checkup_files.models([tiny_gguf.parent, tmp_path / "nowhere"])]
    assert found[0].level == "ok" and "GGUF file" in found[0].found


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        (found,) = checkup_network.port(number)
        assert found.level == "warning" and f"ss -ltnp 'sport = :{number}'" in found.advice
    (found,) = checkup_network.port(number)
    assert found.level == "ok"


def test_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = checkup_network.hub(offline=True)
    assert found.found == "not asked: offline"
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with LocalHub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        (found,) = checkup_network.hub(offline=False)
        assert found.level == "ok", found
    (found,) = checkup_network.hub(offline=False)
    assert found.level == "warning" and "does not answer" in found.found


def test_a_service(tmp_path: Path) -> None:
    unit, key = tmp_path / "localllm-tui.service", tmp_path / "localllm-tui.env"
    (found,) = checkup_network.service(unit, key)
    assert found.found.startswith("not installed")
    unit.write_text(f"[Service]\nExecStart={sys.executable} --version\n")
    key.write_text("LOCALLLM_API_KEY=x\n")
    key.chmod(0o644)
    found = list(checkup_network.service(unit, key))[-1]
    assert found.level == "warning" and found.advice == f"chmod 600 {key}"


def test_doctor_as_text_and_as_json(
    isolated_home: Path, tiny_gguf: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    arguments = ["doctor", "--offline", "--models-dir", str(tiny_gguf.parent), "--port", "65000"]
    assert main(arguments) == 0
    text = capfd.readouterr().out
    assert text.startswith("ok       Python") and "llama-cpp-python" in text
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["ok"] is True
    assert {"Python", "llama.cpp", "Memory", "Chats", "Disk", "Port"} <= {one["name"] for one in told["findings"]}
    broken = isolated_home / ".local" / "share" / "localllm-tui" / "chats.db"
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_bytes(b"x" * 5000)
    assert main(arguments) == 1
    assert "PROBLEM  Chats" in capfd.readouterr().out
    assert main(["doctor", "--port", "0"]) == 2


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_doctor_that_cannot_be_read_by_anybody(more: list[str]) -> None:
    line = f"{sys.executable} -m tui doctor --offline {' '.join(more)}"
    for target, why in (("/dev/full", "cannot be written: no space left on device"), ("&-", "is closed")):
        done = subprocess.run(["sh", "-c", f"{line} >{target}"], capture_output=True, timeout=120, text=True)
        assert (done.returncode, done.stderr) == (1, f"error: standard output {why}\n")
