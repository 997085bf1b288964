"""`localllm-tui run` as a script uses it: what is on standard output, and with which status it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.running import localllm
from tests.support import damaged
from tests.support.tiny_gguf import write_tiny_gguf

GREEDY = ("-c", "512", "--temp", "0")
PROMPT = "Once upon a time"
TIMING_LINES = [
    r" +load time = +[\d.]+ ms",
    r"prompt eval time = +[\d.]+ ms / +\d+ tokens \( +[\d.]+ ms per token, +[\d.]+ tokens per second\)",
    r" +eval time = +[\d.]+ ms / +15 runs   \( +[\d.]+ ms per token, +[\d.]+ tokens per second\)",
    r" +total time = +[\d.]+ ms / +\d+ tokens",
    r" +first token = +[\d.]+ ms",
    r" +speed = [\d.,]+ tok/s, [a-z ]+",
]


def test_only_the_completion_is_on_standard_output(smollm2: Path) -> None:
    first = localllm("run", "-m", str(smollm2), *GREEDY, "-n", "16", "-p", PROMPT)
    quiet = localllm("run", "-m", str(smollm2), *GREEDY, "-n", "16", "-p", PROMPT, "--no-perf")
    assert first.returncode == quiet.returncode == 0
    assert first.stdout == quiet.stdout
    assert first.stdout.startswith(b", ")
    assert not first.stdout.endswith(b"\n")
    assert quiet.stderr == b""
    lines = first.stderr.decode().strip("\n").splitlines()
    assert len(lines) == len(TIMING_LINES)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(TIMING_LINES, lines, strict=True))


def test_a_prompt_comes_from_anywhere(smollm2: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text(PROMPT + "\n")
    options = ("run", "-m", str(smollm2), *GREEDY, "-n", "8", "--no-perf")
    expected = localllm(*options, "-p", PROMPT).stdout
    assert localllm(*options, "-f", str(tmp_path / "prompt.txt")).stdout == expected
    assert localllm(*options, "-", stdin=PROMPT.encode()).stdout == expected
    assert localllm(*options, "-f", "-", stdin=PROMPT.encode() + b"\n").stdout == expected
    assert localllm(*options[:1], "-m", "smollm2-135m", *options[3:], "-p", PROMPT).stdout == expected


def prompt_tokens(*arguments: str, stdin: bytes = b"") -> int:
    """How many tokens the prompt had, as the timings tell."""
    done = localllm("run", *arguments, "-n", "1", "-c", "512", stdin=stdin)
    assert done.returncode == 0, done.stderr
    found = re.search(rb"prompt eval time = .* / +(\d+) tokens", done.stderr)
    assert found
    return int(found[1])


def test_escapes(tiny_gguf: Path, tmp_path: Path) -> None:
    # Each byte is a token of the tiny model, and BOS is one more.
    model = ("-m", str(tiny_gguf))
    (tmp_path / "prompt.txt").write_bytes(rb"a\nb")
    assert prompt_tokens(*model, "-p", r"a\nb") == 4
    assert prompt_tokens(*model, "-p", r"\xe3\x81\x82") == 4
    assert prompt_tokens(*model, "-p", r"a\nb", "--no-escape") == 5
    assert prompt_tokens(*model, "-f", str(tmp_path / "prompt.txt")) == 5
    assert prompt_tokens(*model, "-p", "-1 is less") == 11


def test_the_habit_of_llama_cli(gemma3: Path) -> None:
    prompt = r"<start_of_turn>user\nHello! How are you doing?<end_of_turn>\n<start_of_turn>model\n"
    done = localllm("run", "-m", str(gemma3), "-n", "64", "-c", "512", "-co", "-p", prompt)
    assert done.returncode == 0, done.stderr
    shown = prompt.replace("\\n", "\n").encode()
    assert done.stdout.startswith(b"\x1b[33m" + shown + b"\x1b[0m")
    assert b"\x1b" not in done.stdout[len(shown) + 9 :]
    assert b"tokens per second" in done.stderr


def test_no_color_takes_the_colour_and_leaves_the_prompt(tiny_gguf: Path) -> None:
    options = ("run", "-m", str(tiny_gguf), *GREEDY, "-n", "4", "--no-perf", "-p", "abc")
    plain = localllm(*options)
    assert localllm(*options, "-co", "on", NO_COLOR="1").stdout == b"abc" + plain.stdout
    assert localllm(*options, "-co", "on").stdout == b"\x1b[33mabc\x1b[0m" + plain.stdout
    assert localllm(*options, "-co", "auto").stdout == plain.stdout
    assert localllm(*options, "-co", "off").stdout == plain.stdout


def test_chat_applies_the_template(smollm2: Path) -> None:
    options = ("run", "-m", str(smollm2), *GREEDY, "-n", "24", "--no-perf")
    chat = localllm(*options, "--chat", "-sys", "You are brief.", "-p", "Name three colours.")
    template = (
        "<|im_start|>system\nYou are brief.<|im_end|>\n"
        "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n"
    )
    assert chat.returncode == 0
    assert chat.stderr == b""
    assert chat.stdout == localllm(*options, "-p", template).stdout != b""


def test_a_system_prompt_without_chat_is_said_to_do_nothing(tiny_gguf: Path) -> None:
    done = localllm("run", "-m", str(tiny_gguf), "-n", "1", "-c", "512", "-p", "x", "-sys", "y", "--no-perf")
    assert done.returncode == 0
    assert done.stderr.startswith(b"warning: -sys has no effect without --chat")


def test_stop_strings_and_seeds(smollm2: Path) -> None:
    options = ("run", "-m", str(smollm2), "-c", "512", "-n", "24", "--no-perf", "-p", PROMPT)
    greedy = localllm(*options, "--temp", "0").stdout
    stop = greedy[8:14].decode()
    assert localllm(*options, "--temp", "0", "-r", stop).stdout == greedy[: greedy.index(stop.encode())]
    assert localllm(*options, "-s", "7").stdout == localllm(*options, "-s", "7").stdout


def test_settings_from_the_environment(tiny_gguf: Path) -> None:
    done = localllm("run", "-p", "x", LOCALLLM_MODEL=str(tiny_gguf), LOCALLLM_N_PREDICT="5", LOCALLLM_N_CTX="model")
    assert done.returncode == 0
    assert b"    4 runs" in done.stderr


def test_a_full_context_is_said(tiny_gguf: Path) -> None:
    done = localllm("run", "-m", str(tiny_gguf), "-c", "256", "--ignore-eos", "--temp", "0", "-p", "x", "--no-perf")
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr == (
        b"the context is full: prompt and completion fill its 256 tokens. Take a larger one with -c\n"
    )


def test_nothing_to_generate(tiny_gguf: Path) -> None:
    done = localllm("run", "-m", str(tiny_gguf), "-n", "0", "-c", "256", "-p", "x")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"prompt eval time" in done.stderr


def fails_with_one_line(*arguments: str) -> str:
    """The one line of a run that fails."""
    done = localllm("run", *arguments)
    assert done.returncode == 1, done
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    line = done.stderr.decode()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (damaged.write_empty, "empty"),
        (damaged.write_html, "web page"),
        (damaged.write_truncated_header, ""),
        (damaged.write_truncated_data, ""),
        (damaged.write_unknown_architecture, "nosuchmodel"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_what_is_no_model(write: Callable[[Path], Path], words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf")
    line = fails_with_one_line("-m", str(path), "-p", "x")
    assert "model.gguf" in line
    assert words in line


def test_missing_file_and_directory(tmp_path: Path) -> None:
    assert "no file" in fails_with_one_line("-m", str(tmp_path / "nothing.gguf"), "-p", "x")
    assert str(tmp_path) in fails_with_one_line("-m", str(tmp_path), "-p", "x")


def test_a_context_larger_than_memory(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "large.gguf", n_ctx_train=16_777_216)
    assert "-c" in fails_with_one_line("-m", str(model), "-c", "16777216", "-ctk", "f32", "-ctv", "f32", "-p", "x")


def test_a_prompt_longer_than_the_context(tiny_gguf: Path) -> None:
    line = fails_with_one_line("-m", str(tiny_gguf), "-c", "256", "-p", "x" * 400)
    assert "401 tokens" in line and "256" in line


def test_a_full_disk_is_one_line(tiny_gguf: Path) -> None:
    import subprocess

    from tests.e2e.running import COMMAND, ROOT, TIMEOUT

    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", "-m", str(tiny_gguf), "-c", "256", "-n", "9", "-p", "x"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            cwd=ROOT,
        )
    assert done.returncode == 1
    assert done.stderr == b"error: standard output cannot be written: no space left on device\n"
