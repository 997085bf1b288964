"""`models search|pull|rm` and `-hf` as a script and a person's shell run them, against a Hub on this machine."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.running import COMMAND, ROOT, TIMEOUT, localllm, on_terminal, read_until, started
from tests.support.local_hub import LocalHub
from tests.support.other_places import cached_file
from tests.support.terminal import Terminal

REPO = "owner/tiny-GGUF"


@pytest.fixture
def hub(isolated_home: Path, monkeypatch: pytest.MonkeyPatch, tiny_gguf: Path) -> Iterator[LocalHub]:
    """The Hub with the tiny model, once as it is and once with a long tail."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with LocalHub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        content = tiny_gguf.read_bytes()
        files = {"tiny-Q4_K_M.gguf": content, "tiny-Q8_0.gguf": content + random.Random(4).randbytes(3_000_000)}
        server.add(REPO, files, downloads=1234, likes=5, gguf={"total": 500_000})
        server.add("owner/other-GGUF", {"other-Q4_0.gguf": content}, downloads=99)
        server.add("owner/weights", {"model.safetensors": b"x"})
        yield server


def text(data: bytes) -> str:
    return data.decode()


@pytest.mark.parametrize("option", ["--offline", "--no-offline"])
def test_list_takes_offline_as_the_other_actions_do(isolated_home: Path, option: str) -> None:
    assert localllm("models", "list", option, "--json").returncode == 0


def test_search_as_a_table_and_as_json(hub: LocalHub) -> None:
    done = localllm("models", "search", "tiny")
    assert done.returncode == 0 and done.stderr == b""
    heading, row = text(done.stdout).splitlines()
    assert heading.split() == ["REPOSITORY", "PARAMETERS", "DOWNLOADS", "LIKES", "UPDATED"]
    assert row.split() == [REPO, "500K", "1,234", "5", "2025-06-01"]
    done = localllm("models", "search", "--limit", "1", "GGUF", "--sort", "downloads", "--author", "owner", "--json")
    assert [item["repo_id"] for item in json.loads(done.stdout)] == [REPO]
    done = localllm("models", "search", "--limit", "1", "GGUF", "--author", "owner")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert text(done.stderr) == "there are more than 1: raise --limit, or give more words\n"
    done = localllm("models", "search", "nothing-like-it")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"nothing was found: try other words\n")


def test_pull_prints_the_path_and_the_second_time_fetches_nothing(hub: LocalHub, tiny_gguf: Path) -> None:
    done = localllm("models", "pull", REPO)
    assert done.returncode == 0
    path = Path(text(done.stdout).splitlines()[-1])
    assert path.name == "tiny-Q4_K_M.gguf" and path.read_bytes() == tiny_gguf.read_bytes()
    assert text(done.stderr).startswith(f"{REPO} Q4_K_M: ")
    sent = hub.sent("/cdn/")
    done = localllm("models", "pull", f"{REPO}:q4_k_m", "--json")
    assert json.loads(done.stdout)["path"] == str(path)
    assert hub.sent("/cdn/") == sent
    hub.close()
    done = localllm("models", "pull", REPO, "--offline")
    assert (done.returncode, text(done.stdout)) == (0, f"{path}\n")


def test_pull_into_a_folder(hub: LocalHub, tmp_path: Path, tiny_gguf: Path) -> None:
    folder = tmp_path / "chosen folder"
    done = localllm("models", "pull", REPO, "--download-dir", str(folder))
    assert text(done.stdout) == f"{folder / 'tiny-Q4_K_M.gguf'}\n"
    assert (folder / "tiny-Q4_K_M.gguf").read_bytes() == tiny_gguf.read_bytes()
    assert [path.name for path in folder.iterdir()] == ["tiny-Q4_K_M.gguf"]


def test_ctrl_c_pauses_and_the_same_command_goes_on(hub: LocalHub) -> None:
    hub.fault(path="/cdn/", bps=100_000)
    with started("models", "pull", f"{REPO}:Q8_0") as process:
        while hub.sent("/cdn/") < 100_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, output) == (130, b"")
    assert text(errors).endswith(f"to go on: localllm-tui models pull {REPO}:Q8_0\n")
    hub.heal()
    hub.requests.clear()
    done = localllm("models", "pull", f"{REPO}:Q8_0")
    assert done.returncode == 0
    whole = hub.repos[REPO].files["tiny-Q8_0.gguf"].content
    assert Path(text(done.stdout).strip()).read_bytes() == whole
    assert [asked.range[:8] for asked in hub.requests if "/cdn/" in asked.path] != ["bytes=0-"]
    assert hub.sent("/cdn/") < len(whole)


def test_progress_is_one_line_on_a_terminal(hub: LocalHub) -> None:
    hub.fault(path="/cdn/", bps=1_000_000)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "models", "pull", f"{REPO}:Q8_0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
        cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip
    os.close(slave)
    received = read_until(master, None)
    output, _ = process.communicate(timeout=TIMEOUT)
    os.close(master)
    assert process.returncode == 0 and output.endswith(b"tiny-Q8_0.gguf\n")
    assert b"% of" in received and received.count(b"\n") == 1
    assert b"\x1b" not in received


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["models", "pull", "owner/nothing"], 1, "the Hub shows no owner/nothing"),
        (["models", "pull", "owner/weights"], 1, "owner/weights has no GGUF files: converting is not part of"),
        (["models", "pull", f"{REPO}:Q3_K"], 1, "owner/tiny-GGUF has no Q3_K. Choose one of its own: Q4_K_M, Q8_0"),
        (["models", "pull", "nonsense"], 2, "'nonsense' is not a model on the Hub"),
        (["models", "pull", REPO, "--offline"], 1, f"{REPO} is not on this machine: the Hub is switched off here"),
        (["models", "search", "x", "--offline"], 1, "the Hub is switched off here"),
        (["run", "-hf", REPO, "--offline", "-p", "x"], 1, f"{REPO} is not on this machine"),
        (["-hf", REPO, "--offline"], 1, f"{REPO} is not on this machine"),
        (["-hf", "nonsense"], 2, "'nonsense' is not a model on the Hub"),
        (["bench", "-hf", REPO, "--offline"], 1, f"{REPO} is not on this machine"),
        (["models", "rm", "nothing-of-this-name"], 1, "no model here is called nothing-of-this-name"),
    ],
)
def test_a_failure_is_one_line(hub: LocalHub, arguments: list[str], status: int, words: str) -> None:
    done = localllm(*arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert text(done.stderr).startswith(f"error: {words}")
    assert text(done.stderr).count("\n") == 1


def test_a_gated_model_leaves_nothing_behind(hub: LocalHub, isolated_home: Path, tiny_gguf: Path) -> None:
    hub.add("meta/gated-GGUF", {"gated-Q4_K_M.gguf": tiny_gguf}, gated="manual")
    done = localllm("models", "pull", "meta/gated-GGUF", HF_TOKEN="")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "gated" in text(done.stderr) and "huggingface.co/meta/gated-GGUF" in text(done.stderr)
    assert not [path for path in isolated_home.rglob("models--meta--*") if ".locks" not in path.parts]
    # The next start has no row that failed.
    lists = [json.loads(path.read_text()) for path in isolated_home.rglob("downloads.json")]
    assert all(content["downloads"] == [] for content in lists)


def test_a_dead_mirror_is_named(hub: LocalHub) -> None:
    done = localllm("models", "search", "x", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 1
    assert text(done.stderr).startswith("error: the mirror http://127.0.0.1:9 (HF_ENDPOINT) cannot be reached")


def test_run_fetches_what_is_not_here_and_then_needs_no_network(hub: LocalHub) -> None:
    arguments = ("run", "-hf", REPO, "-p", "a", "-n", "4", "-c", "256", "--temp", "0", "--no-perf")
    first = localllm(*arguments)
    assert first.returncode == 0 and first.stdout
    assert REPO in text(first.stderr)
    hub.requests.clear()
    again = localllm(*arguments)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, b"")
    assert not hub.requests


def test_the_application_fetches_in_front_of_the_person_and_loads(
    hub: LocalHub, start: Callable[..., Terminal]
) -> None:
    env = {"HF_HUB_OFFLINE": None, "HF_ENDPOINT": hub.url}
    terminal = start("-hf", REPO, env=env)
    terminal.wait_for(r"tiny.*is ready")
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    hub.close()
    terminal = start("-hf", REPO, "--offline", env=env)
    terminal.wait_for(r"tiny.*is ready")
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0


def test_leaving_with_a_download_under_way_says_so(hub: LocalHub, start: Callable[..., Terminal]) -> None:
    hub.fault(path="/cdn/", bps=100_000)
    terminal = start("-hf", f"{REPO}:Q8_0", env={"HF_HUB_OFFLINE": None, "HF_ENDPOINT": hub.url})
    terminal.wait_for(r"\d+%.*/s")
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert "1 download is paused and goes on with the next start" in terminal.text
    assert terminal.left_behind() == []


def test_one_can_leave_while_the_hub_does_not_answer(hub: LocalHub, start: Callable[..., Terminal]) -> None:
    hub.fault(path="/api/models", delay=600)
    terminal = start(env={"HF_HUB_OFFLINE": None, "HF_ENDPOINT": hub.url})
    terminal.wait_for("F1 help")
    terminal.press("ctrl+g")
    terminal.wait_for("START HERE")
    terminal.write("tiny")
    terminal.wait_until(lambda: any("/api/models" in asked.path for asked in hub.requests), "a question to the Hub")
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.left_behind() == []


def test_deleting_tells_what_else_uses_the_weights(isolated_home: Path, tiny_gguf: Path) -> None:
    cache, content = isolated_home / ".cache" / "huggingface" / "hub", tiny_gguf.read_bytes()
    names = {"one-Q4_K_M.gguf", "two-Q4_K_M.gguf"}
    for name, revision in zip(sorted(names), "12", strict=True):
        cached_file(cache, "owner/twins", revision * 40, name, content)
    listed = [Path(entry["path"]) for entry in json.loads(localllm("models", "list", "--json").stdout)]
    (path,) = (path for path in listed if path.name in names)
    done = localllm("models", "rm", str(path), "--yes")
    (other,) = names - {path.name}
    assert done.returncode == 0 and f"used by owner/twins: {other} in revision" in text(done.stderr)


def test_rm_takes_any_link_to_the_weights_and_deletes_the_one_named(isolated_home: Path, tiny_gguf: Path) -> None:
    cache, content = isolated_home / ".cache" / "huggingface" / "hub", tiny_gguf.read_bytes()
    names = {"one-Q4_K_M.gguf", "two-Q4_K_M.gguf"}
    for name, revision in zip(sorted(names), "12", strict=True):
        cached_file(cache, "owner/twins", revision * 40, name, content)
    listed = [Path(entry["path"]) for entry in json.loads(localllm("models", "list", "--json").stdout)]
    (path,) = (path for path in listed if path.name in names)
    (other,) = (file for name in names - {path.name} for file in cache.rglob(name))
    done = localllm("models", "rm", str(other), "--yes", "--json")
    assert done.returncode == 0 and f"used by owner/twins: {path.name} in revision" in text(done.stderr)
    assert json.loads(done.stdout)["files"] == [str(other)]
    assert path.read_bytes() == content and not other.is_symlink()


def test_rm_tells_what_goes_and_asks(hub: LocalHub) -> None:
    path = Path(text(localllm("models", "pull", REPO).stdout).strip())
    done = localllm("models", "rm", str(path))
    assert done.returncode == 1 and path.exists()
    assert text(done.stderr).endswith("error: nothing was deleted: there is nobody to ask. Give --yes\n")
    done = localllm("models", "rm", str(path), "--yes", "--json")
    assert done.returncode == 0 and not path.exists()
    assert json.loads(done.stdout)["freed"] > 0
    assert not list(path.parents[2].rglob("tiny-Q4_K_M.gguf"))


def test_rm_asks_on_a_terminal(hub: LocalHub) -> None:
    path = Path(text(localllm("models", "pull", REPO).stdout).strip())
    for answer, gone in ((b"n\n", False), (b"y\n", True)):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "models", "rm", str(path)], stdin=slave, stdout=slave, stderr=slave, cwd=ROOT,
            env=dict(os.environ), start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        assert b"[y/N]" in read_until(master, b"[y/N]")
        os.write(master, answer)
        read_until(master, None)
        process.wait(TIMEOUT)
        os.close(master)
        assert path.exists() is not gone
        assert process.returncode == (0 if gone else 1)


def test_the_path_alone_is_on_standard_output(hub: LocalHub) -> None:
    status, received, _ = on_terminal("models", "pull", REPO)
    assert status == 0
    assert received.decode().strip().endswith("tiny-Q4_K_M.gguf") and received.count(b"\n") == 1
