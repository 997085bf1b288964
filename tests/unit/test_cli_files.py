"""Grammars, JSON schemas, templates and adapters on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.tiny_gguf import CHATML
from tests.support.tiny_lora import write_tiny_lora
from tui.cli import main

Capture = pytest.CaptureFixture[str]


def run(capfd: Capture, model: Path, *arguments: str) -> tuple[int, str, str]:
    """Status, standard output and standard error of a completion."""
    line = ["run", "-m", str(model), "-p", "abc", "-n", "20", "--no-perf", "-c", "256", "-t", "1", "--seed", "1"]
    status = main([*line, *arguments])
    return status, *capfd.readouterr()


def test_a_grammar_and_its_file_say_the_same(tiny_gguf: Path, tmp_path: Path, capfd: Capture) -> None:
    grammar = "root ::= [xyz]{8}\n"
    (tmp_path / "g.gbnf").write_text(grammar)
    status, output, errors = run(capfd, tiny_gguf, "--grammar", grammar)
    assert (status, errors) == (0, "") and re.fullmatch(r"[xyz]{8}\n?", output)
    assert run(capfd, tiny_gguf, "--grammar-file", str(tmp_path / "g.gbnf")) == (0, output, "")


@pytest.mark.parametrize("flag", ["-jf", "--json-schema-file"])
def test_a_schema_and_its_file_say_the_same(tiny_gguf: Path, tmp_path: Path, capfd: Capture, flag: str) -> None:
    schema = json.dumps({"type": "array", "items": {"enum": [1, 2]}, "minItems": 2, "maxItems": 2})
    (tmp_path / "s.json").write_text(schema)
    status, output, errors = run(capfd, tiny_gguf, "-j", schema)
    assert (status, errors) == (0, "") and set(json.loads(output)) <= {1, 2}
    assert run(capfd, tiny_gguf, flag, str(tmp_path / "s.json")) == (0, output, "")


def test_a_template_file(tiny_gguf: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "t.jinja").write_text(CHATML)
    (tmp_path / "other.jinja").write_text("{{ messages[0].content }} and so on")
    own = run(capfd, tiny_gguf, "--chat", "--temp", "0")
    assert run(capfd, tiny_gguf, "--chat", "--temp", "0", "--chat-template-file", str(tmp_path / "t.jinja")) == own
    assert run(capfd, tiny_gguf, "--chat", "--temp", "0", "--chat-template-file", str(tmp_path / "other.jinja")) != own


@pytest.mark.parametrize("flag", ["--grammar-file", "-jf", "--chat-template-file"])
def test_files_that_cannot_be_read(tiny_gguf: Path, tmp_path: Path, capfd: Capture, flag: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    (tmp_path / "empty").write_text("\n")
    for name, why in (
        ("missing", "no such file or directory"), ("binary", "it is not UTF-8 text"), ("empty", "it is empty"),
    ):  # fmt: skip
        status, output, errors = run(capfd, tiny_gguf, flag, str(tmp_path / name))
        assert (status, output) == (1, "")
        assert errors.startswith("error: the ") and errors.endswith(f"{why}\n") and errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--grammar", "root ::= x"], 1, "line 1: there is no rule called x"),
        (["-j", "{"], 1, "The JSON schema is not JSON"),
        (["-j", "{}", "--grammar", 'root ::= "a"'], 2, "cannot both hold"),
        (["--grammar", 'root ::= "a"', "--grammar-file", "x"], 2, "give one of them"),
        (["--lora", "/nowhere.gguf"], 1, "/nowhere.gguf does not exist"),
        (["-fa", "off", "-ctv", "q8_0"], 1, "needs flash attention"),
    ],
)
def test_mistakes_are_one_line(tiny_gguf: Path, capfd: Capture, arguments: list[str], status: int, says: str) -> None:
    result = run(capfd, tiny_gguf, *arguments)
    assert result[:2] == (status, "")
    assert says in result[2] and result[2].startswith("error: ") and result[2].count("\n") == 1


def test_a_grammar_takes_the_place_of_a_schema_in_the_settings(
    tiny_gguf: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALLLM_JSON_SCHEMA", '{"type": "null"}')
    assert run(capfd, tiny_gguf)[1].strip() == "null"
    assert run(capfd, tiny_gguf, "--grammar", 'root ::= "abc"')[1].strip() == "abc"


def test_adapters_with_commas_and_scales(tiny_gguf: Path, tmp_path: Path, capfd: Capture) -> None:
    one, two = write_tiny_lora(tmp_path / "one.gguf"), write_tiny_lora(tmp_path / "two.gguf", seed=2)
    base = run(capfd, tiny_gguf, "--temp", "0")
    both = run(capfd, tiny_gguf, "--temp", "0", "--lora", f"{one},{two}")
    assert both[0] == 0 and both[1] != base[1]
    assert run(capfd, tiny_gguf, "--temp", "0", "--lora", str(one), "--lora-scaled", f"{two}:1.0") == both
    assert run(capfd, tiny_gguf, "--temp", "0", "--lora-scaled", f"{one}:0,{two}:0") == base


def test_a_context_beyond_the_trained_one_is_warned_of(tiny_gguf: Path, capfd: Capture) -> None:
    status, _, errors = run(capfd, tiny_gguf, "-c", "1024")
    assert status == 0
    assert errors.startswith("warning: The context of 1,024 tokens is larger than the 512") and errors.count("\n") == 1
