"""`localllm-tui run` with a model of another server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.running import localllm
from tests.support.odd_server import Asked, Wire, odd_server
from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.endpoints import Endpoint
from tui.settings.endpoints import save_endpoint

GREEDY = ("--temp", "0", "-n", "8", "--ignore-eos", "-p", "Once upon a time")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Our own server with the tiny model."""
    model = write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-run-F32.gguf", ascii_only=True)
    with serving(model, n_ctx=256, parallel=1) as served:
        yield served


@pytest.mark.parametrize("more", [(), ("--chat",)])
def test_only_the_completion_is_on_standard_output(server: Served, more: tuple[str, ...]) -> None:
    save_endpoint(Endpoint("Far away", server.address, "tiny-run-F32"))
    by_address = localllm("run", *more, "-m", f"{server.base_url}#tiny-run-F32", *GREEDY)
    by_name = localllm("run", *more, "-m", "far away", "--offline", "--no-perf", *GREEDY)
    assert (by_address.returncode, by_name.returncode) == (0, 0), by_address.stderr
    assert by_address.stdout == by_name.stdout
    assert by_name.stdout.strip()
    assert b"eval time" in by_address.stderr
    assert by_name.stderr == b""


def test_what_came_before_it_broke_off_is_printed() -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Once upon")

    with odd_server(answer) as odd:
        done = localllm("run", "--chat", "-m", odd.base_url, "--no-perf", "-p", "Tell me")
    assert done.returncode == 1
    assert done.stdout.startswith(b"Once upon")
    assert b"broke in the middle" in done.stderr.splitlines()[-1]


def test_endpoints_are_listed_and_what_needs_a_file_says_so(server: Served) -> None:
    save_endpoint(Endpoint("Far away", server.address, "tiny-run-F32"))
    listed = localllm("models", "list")
    assert b"Far away" in listed.stdout
    assert f"{server.base_url}#tiny-run-F32".encode() in listed.stdout
    for command in (("bench",), ("serve",)):
        done = localllm(*command, "-m", "far away")
        assert done.returncode == 1
        assert b"needs a model that runs here" in done.stderr


def test_offline_stays_on_this_machine() -> None:
    done = localllm("run", "--chat", "--offline", "-m", "https://example.com/v1#x", "-p", "x")
    assert done.returncode == 1
    assert b"not on this machine" in done.stderr
