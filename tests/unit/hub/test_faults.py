"""Everything that goes wrong has its own sentence and next step, and nothing is tried again in secret."""

from __future__ import annotations

import email.utils
import logging
import socket
import time
from collections.abc import Iterator

import huggingface_hub
import pytest

from tests.support.local_hub import ALICE, BOB, LocalHub
from tui.catalogue.hub import connection
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.values import Query
from tui.core.errors import HubError

REPO = "owner/model-GGUF"
FILE = "m-Q4_0.gguf"


def problem_of_search(hub: Hub) -> HubError:
    with pytest.raises(HubError) as caught:
        hub.search(Query())
    line = caught.value.line()
    assert "\n" not in line and "Traceback" not in line
    return caught.value


def problem_of_file(hub: Hub, commit: str = "main") -> HubError:
    with pytest.raises(HubError) as caught, hub.open(REPO, commit, FILE) as answer:
        for _ in answer.iter_raw():
            pass
    return caught.value


@pytest.fixture
def big(local: LocalHub) -> LocalHub:
    local.add(REPO, {FILE: b"GGUF" + bytes(1_000_000)})
    return local


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_the_server_is_asked_once(local: LocalHub, status: int) -> None:
    local.fault(status=status)
    problem = problem_of_search(Hub(local.url))
    assert (problem.kind, problem.status) == ("server", status)
    assert str(status) in problem.line() and "HF_ENDPOINT" in problem.line() and "Try again" in problem.line()
    assert len(local.requests) == 1


def test_too_many_requests_tells_how_long_to_wait(local: LocalHub) -> None:
    local.fault(status=429, headers={"Retry-After": "37"})
    problem = problem_of_search(Hub(local.url))
    assert (problem.kind, problem.retry_after) == ("rate", 37)
    assert "37 s" in problem.line()
    assert len(local.requests) == 1


def test_the_wait_may_be_a_date_or_the_hubs_own_header(local: LocalHub) -> None:
    local.fault(status=429, times=1, headers={"Retry-After": email.utils.formatdate(time.time() + 90, usegmt=True)})
    assert 60 < problem_of_search(Hub(local.url)).retry_after <= 91
    local.fault(status=429, times=1, headers={"ratelimit": '"api";r=0;t=55'})
    assert problem_of_search(Hub(local.url)).retry_after == 55
    local.fault(status=429, times=1, headers={"Retry-After": "soon"})
    assert problem_of_search(Hub(local.url)).retry_after == 0


def test_the_hubs_own_words_are_shown_but_cannot_act(local: LocalHub) -> None:
    local.fault(status=500, headers={"X-Error-Message": "no \x1b[31mspace [red]left[/red]"})
    assert "no ^[[31mspace [red]left[/red]" in problem_of_search(Hub(local.url)).line()


def test_a_dead_mirror_is_named(online: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    problem = problem_of_search(Hub(url))
    assert problem.kind == "unreachable"
    assert url in problem.line() and "HF_ENDPOINT" in problem.line() and "refused" in problem.line()


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    """No name can be looked up."""

    def fail(*_args: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def test_a_mirror_without_a_network(no_names: None) -> None:
    problem = problem_of_search(Hub("http://hub.invalid"))
    assert problem.kind == "unreachable"
    assert "http://hub.invalid" in problem.line() and "HF_ENDPOINT" in problem.line()
    assert "looked up" in problem.line()


def test_the_hub_itself_without_a_network(no_names: None) -> None:
    problem = problem_of_search(Hub())
    assert problem.kind == "unreachable"
    assert "huggingface.co cannot be reached" in problem.line()
    assert "HF_ENDPOINT" not in problem.line() and "--offline" in problem.line()


@pytest.mark.parametrize(
    "endpoint", ["ftp://x", "nonsense", "http://", "http://a b", "http://[bad", "http://x:99999", "/"]
)
def test_an_endpoint_that_is_none(online: None, endpoint: str) -> None:
    problem = problem_of_search(Hub(endpoint))
    assert problem.kind == "refused" and "HF_ENDPOINT" in problem.line()


def test_a_hub_that_does_not_answer_in_time(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT", 0.3)
    local.fault(delay=60)
    problem = problem_of_search(Hub(local.url))
    assert problem.kind == "unreachable" and "in time" in problem.line()


def test_an_answer_that_drips(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT", 0.5)
    local.add(REPO, {FILE: b"GGUF"})
    local.fault(bps=10)
    assert problem_of_search(Hub(local.url)).kind == "unreachable"


def test_an_answer_without_an_end(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER", 100_000)
    local.fault(body=b" " * 10_000_000)
    problem = problem_of_search(Hub(local.url))
    assert problem.kind == "refused" and "more than" in problem.line()


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_breaks_within_an_answer(local: LocalHub, reset: bool) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    local.fault(cut_after=20, reset=reset)
    problem = problem_of_search(Hub(local.url))
    assert problem.kind == "unreachable"
    assert len(local.requests) == 1


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_breaks_within_a_file(big: LocalHub, reset: bool) -> None:
    big.fault(path="/cdn/", cut_after=300_000, reset=reset)
    problem = problem_of_file(Hub(big.url))
    assert problem.kind == "unreachable"
    assert "localhost" in problem.line()


def test_a_file_that_stalls(big: LocalHub) -> None:
    big.fault(path="/cdn/", stall_after=300_000)
    with pytest.raises(HubError) as caught, Hub(big.url).open(REPO, "main", FILE, stall=0.3) as answer:
        assert sum(len(chunk) for chunk in answer.iter_raw()) < 0
    assert caught.value.kind == "unreachable"


def test_an_expired_address_of_the_storage(big: LocalHub) -> None:
    big.fault(path="/cdn/", status=403)
    problem = problem_of_file(Hub(big.url, token=ALICE))
    assert (problem.kind, problem.status) == ("server", 403)
    assert "expired" in problem.line()


def test_a_start_behind_the_end(big: LocalHub) -> None:
    with pytest.raises(HubError) as caught, Hub(big.url).open(REPO, "main", FILE, start=2_000_000):
        pass
    assert caught.value.status == 416


def test_a_redirect_to_nowhere(local: LocalHub) -> None:
    for target in ("file:///etc/passwd", "http://[bad", "//", f"{local.url}/{REPO}/resolve/main/{FILE}"):
        local.heal()
        local.fault(status=302, headers={"Location": target})
        assert problem_of_file(Hub(local.url)).kind in ("refused", "unreachable", "missing")


def test_gated_without_a_token(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"}, gated="manual")
    problem = problem_of_file(Hub(local.url, token=""))
    assert problem.kind == "gated"
    assert REPO in problem.line() and "HF_TOKEN" in problem.line() and "settings/tokens" in problem.line()


def test_gated_with_a_token_that_may_not(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"}, gated="manual")
    problem = problem_of_file(Hub(local.url, token=BOB))
    assert problem.kind == "gated"
    assert "Accept the terms" in problem.line() and f"huggingface.co/{REPO}" in problem.line()


def test_gated_with_a_token_that_may(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"}, gated="manual")
    with Hub(local.url, token=ALICE).open(REPO, "main", FILE) as answer:
        assert b"".join(answer.iter_raw()) == b"GGUF"


def test_a_token_that_is_not_accepted(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    hub = Hub(local.url, token="hf_wrong_wrong")
    with pytest.raises(HubError) as whoami:
        hub.whoami()
    with pytest.raises(HubError) as repository:
        hub.repository(REPO)
    for problem in (whoami.value, repository.value, problem_of_search(hub), problem_of_file(hub)):
        assert problem.kind == "token"
        assert "hf_wrong" not in problem.line() and "settings/tokens" in problem.line()


def test_whoami(local: LocalHub) -> None:
    assert Hub(local.url, token=ALICE).whoami() == "alice"
    with pytest.raises(HubError) as caught:
        Hub(local.url, token="").whoami()
    assert caught.value.kind == "token"
    assert len(local.requests) == 1


def test_a_repository_that_the_hub_closed(local: LocalHub) -> None:
    local.fault(status=403, headers={"X-Error-Message": "Access to this resource is disabled."})
    with pytest.raises(HubError) as caught:
        Hub(local.url).repository(REPO)
    assert caught.value.kind == "denied" and "closed" in caught.value.line()


@pytest.mark.parametrize("path", ["../x.gguf", "/etc/passwd", "a/../b", "x\x1b[2J", ""])
def test_a_hostile_name_is_not_asked_for(local: LocalHub, path: str) -> None:
    with pytest.raises(HubError) as caught, Hub(local.url).open(REPO, "main", path):
        pass
    assert caught.value.kind == "refused" and "\x1b" not in caught.value.line()
    assert local.requests == []


def test_a_missing_file(local: LocalHub) -> None:
    local.add(REPO, {"other.gguf": b"GGUF"})
    problem = problem_of_file(Hub(local.url))
    assert (problem.kind, problem.status) == ("missing", 404)


@pytest.fixture
def new_session() -> Iterator[None]:
    """A client that is made anew, as the environment is now."""
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense://x"])
def test_a_proxy_that_cannot_be_used(
    local: LocalHub, new_session: None, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    problem = problem_of_search(Hub(local.url))
    assert problem.kind == "unreachable" and "proxy" in problem.line()


def test_a_proxy_that_is_not_there(local: LocalHub, new_session: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    assert problem_of_search(Hub("http://hub.invalid")).kind == "unreachable"


def test_switched_off(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for hub in (Hub(local.url, offline=True), Hub(local.url)):
        problem = problem_of_search(hub)
        assert problem.kind == "offline" and "--offline" in problem.line()
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert local.requests == []


def test_nothing_is_written_to_the_terminal(local: LocalHub, capfd: pytest.CaptureFixture[str]) -> None:
    local.fault(status=503, headers={"X-HF-Warning": "topic; a warning"})
    problem_of_search(Hub(local.url))
    local.heal()
    local.fault(headers={"X-HF-Warning": "topic2; another warning"})
    Hub(local.url).search(Query())
    logging.getLogger("huggingface_hub.test").warning("something")
    assert capfd.readouterr() == ("", "")


def test_nobody_else_is_told_anything(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    Hub(local.url).repository(REPO)
    assert [asked.path.partition("?")[0] for asked in local.requests] == [f"/api/models/{REPO}/revision/main"]
