"""`localllm-tui run --chat` with a model that thinks first: what of it is on standard output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import localllm

TEMPLATE = """{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor -%}
{{ '<|im_start|>assistant\n' }}{% if enable_thinking %}{{ '<think>\n' }}{% else %}{{ '<think>\n\n</think>\n\n' }}\
{% endif %}"""


@pytest.fixture
def thinks(smollm2: Path, tmp_path: Path) -> tuple[str, ...]:
    """A command whose model thinks eight tokens, as its template and its budget want it."""
    (tmp_path / "thinks.jinja").write_text(TEMPLATE)
    template = ("--chat-template-file", str(tmp_path / "thinks.jinja"), "--reasoning-budget", "8")
    question = ("-p", "Tell me a story about the sea.", "-n", "40", "--temp", "0", "-c", "512", "--no-perf")
    return ("run", "--chat", "-m", str(smollm2), *template, *question)


def test_all_of_it_or_the_answer_alone(thinks: tuple[str, ...]) -> None:
    whole = localllm(*thinks)
    answer = localllm(*thinks, "--reasoning-format", "deepseek")
    assert whole.returncode == answer.returncode == 0
    assert whole.stdout.startswith(b"<think>\n")
    thought, rest = whole.stdout.split(b"</think>", 1)
    assert len(thought.split()) > 4
    assert rest.lstrip() == answer.stdout and answer.stdout


def test_thoughts_are_bright_black(thinks: tuple[str, ...]) -> None:
    thought, answer = localllm(*thinks, "-co").stdout.rsplit(b"\x1b[0m", 1)
    assert b"\x1b[90mThe" in thought
    assert answer == localllm(*thinks, "--reasoning-format", "deepseek").stdout
    assert b"\x1b[" not in localllm(*thinks, "-co", NO_COLOR="1").stdout


def test_it_can_be_switched_off(thinks: tuple[str, ...]) -> None:
    out = localllm(*thinks, "--reasoning", "off").stdout
    assert out and b"think>" not in out


def test_variables_that_are_no_json_are_one_line(thinks: tuple[str, ...]) -> None:
    refused = localllm(*thinks, "--chat-template-kwargs", "{oops")
    assert refused.returncode == 1
    assert refused.stderr.decode().startswith("error: chat_template_kwargs cannot be {oops. It takes a JSON object")
    assert refused.stdout == b""
