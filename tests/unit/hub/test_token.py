"""The token: where it is found, how it is kept, and where it never goes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.local_hub import ALICE, LocalHub
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.errors import bad_token, no_token
from tui.catalogue.hub.token import Token, current, save_token, token_file
from tui.core.errors import HubError

REPO = "owner/model-GGUF"
FILE = "m-Q4_0.gguf"


def test_none_at_first() -> None:
    assert current() is None


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    save_token("hf_from_the_file")
    found = current()
    assert found and (found.text, found.origin) == ("hf_from_the_file", str(token_file()))
    monkeypatch.setenv("HF_TOKEN", " hf_from_the_environment\n")
    assert current() == Token("hf_from_the_environment", "HF_TOKEN")


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", ALICE)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert current() is None


def test_the_file_is_huggingface_hubs_own(tmp_path: Path) -> None:
    assert token_file({"HF_HOME": "/x/hf"}) == Path("/x/hf/token")
    assert token_file({"HF_TOKEN_PATH": "/x/t", "HF_HOME": "/x/hf"}) == Path("/x/t")
    assert token_file({"XDG_CACHE_HOME": "/x/cache"}) == Path("/x/cache/huggingface/token")
    assert token_file({}) == Path.home() / ".cache/huggingface/token"


def test_it_is_kept_for_the_owner_only() -> None:
    path = save_token("hf_first_token")
    path.chmod(0o644)
    os.umask(0)
    assert save_token("hf_second_token\n") == path
    assert path.read_text() == "hf_second_token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "hf_", "two words here", "hf_with\x1bescape", "hf_日本語日本語"])
def test_what_cannot_be_one_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(HubError) as caught:
        save_token(text)
    assert caught.value.kind == "token"
    assert not text or text not in caught.value.line().replace("hf_…", "")
    assert not token_file().exists()


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "file" / "token"))
    with pytest.raises(HubError, match="HF_TOKEN"):
        save_token("hf_some_token")


def test_one_that_cannot_be_sent_is_refused_before(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_日本語日本語")
    with pytest.raises(HubError) as caught:
        Hub(local.url).repository(REPO)
    assert caught.value.kind == "token" and "日本" not in caught.value.line()
    assert local.requests == []


def test_it_is_not_in_representations() -> None:
    assert "secret" not in repr(Token("hf_secret", "HF_TOKEN"))
    assert "secret" not in repr(Hub(token="hf_secret"))


def test_a_saved_one_is_used_at_once(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"}, private=True)
    hub = Hub(local.url)
    assert hub.token_origin == ""
    with pytest.raises(HubError):
        hub.repository(REPO)
    save_token(ALICE)
    assert hub.token_origin == str(token_file())
    assert hub.repository(REPO).private


def test_an_empty_one_means_none(local: LocalHub) -> None:
    save_token(ALICE)
    with pytest.raises(HubError):
        Hub(local.url, token="").whoami()


def test_it_goes_to_the_hub_and_not_to_its_storage(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF" + bytes(10_000)})
    with Hub(local.url, token=ALICE).open(REPO, "main", FILE, start=4) as answer:
        assert b"".join(answer.iter_raw()) == bytes(10_000)
    hub, storage = local.requests
    assert (hub.token, storage.token) == (True, False)
    assert storage.host == local.storage != hub.host
    assert (storage.range, storage.status) == ("bytes=4-", 206)


def test_it_does_not_follow_a_redirect_of_an_answer(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    local.fault(
        path="/api/models/", times=1, status=302, headers={"Location": f"http://{local.storage}/api/models/{REPO}"}
    )
    Hub(local.url, token=ALICE).repository(REPO)
    assert [asked.token for asked in local.requests] == [True, False]


def test_it_follows_a_renamed_repository(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"}, private=True)
    local.fault(path="old/name", status=307, headers={"Location": f"/api/models/{REPO}"})
    assert Hub(local.url, token=ALICE).repository("old/name").commit
    assert [asked.token for asked in local.requests] == [True, True]


def test_hints_name_what_a_shell_has() -> None:
    for error in (bad_token(), no_token()):
        assert "HF_TOKEN" in error.hint and "hf auth login" in error.hint and "field" not in error.hint
