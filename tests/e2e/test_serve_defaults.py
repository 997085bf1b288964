"""What `serve` is told on its command line is looked at before anybody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import localllm


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--samplers", "foo"), b"There is no sampler called foo"),
        (("--grammar", 'root ::= "'), b"The grammar is wrong in line 1"),
        (("--json-schema", '{"type": 5}'), b"schema"),
        (("--logit-bias", "99999999+1"), b"There is no token 99999999"),
        (("--samplers", "infill"), b"Put top_k before it"),
    ],
)
def test_what_no_request_could_be_answered_with_ends_it_at_once(
    given: tuple[str, str], said: bytes, tiny_gguf: Path
) -> None:
    done = localllm("serve", "-m", str(tiny_gguf), "-c", "256", "--port", "0", *given)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert b"serving" not in done.stderr
