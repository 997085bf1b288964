"""Addresses, and the file in which they are kept."""

from __future__ import annotations

import stat
import sys
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.status import model_name
from tui.core.endpoints import (
    Endpoint,
    address_of,
    clean_url,
    endpoint_path,
    is_loopback,
    parse_address,
    remote_name,
    stored_name,
)
from tui.core.errors import LocalLLMError
from tui.services.find_model import find_model
from tui.services.library import Library
from tui.services.remote.keys import read_key
from tui.settings.endpoints import endpoints_file, read_endpoints, remove_endpoint, save_endpoint

WORK = Endpoint("Work", "https://llm.example.com/v1", "meta-llama/Llama-3.1-8B", "env:WORK_KEY")


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("HTTPS://Example.com/api/v1/", "https://example.com/api/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
        ("http://h/v1/chat/completions", "http://h/v1"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, base_url: str) -> None:
    assert clean_url(text) == base_url


@pytest.mark.parametrize(
    "text", ["", "h:80", "ftp://h", "http://", "http://a b", "http://h:99999", "http://u:p@h/v1", "http://h/v1?key=x"]
)
def test_what_is_no_address_is_refused_without_a_password(text: str) -> None:
    with pytest.raises(LocalLLMError) as caught:
        clean_url(text)
    assert "u:p" not in caught.value.line()


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_any_name_of_a_model_survives_the_way_through_a_path(name: str) -> None:
    assert address_of(endpoint_path("http://127.0.0.1:8080/v1", name)) == ("http://127.0.0.1:8080/v1", name)


def test_files_are_no_addresses() -> None:
    for text in ("/models/http/x.gguf", "x.gguf", "http.gguf", "./http:x"):
        assert address_of(text) is None
        assert remote_name(text) is None


def test_a_stored_name_has_the_address_and_is_shown_without() -> None:
    name = stored_name(WORK.base_url, WORK.model)
    assert name == "meta-llama/Llama-3.1-8B @ https://llm.example.com/v1"
    assert model_name(name) == model_name(WORK.path) == "Llama-3.1-8B"


def test_this_machine_is_told_from_others() -> None:
    assert all(map(is_loopback, ("http://localhost/v1", "http://127.1.2.3:1/v1", "http://[::1]/v1")))
    assert not any(map(is_loopback, ("http://localhost.example.com/v1", "http://10.0.0.1/v1", "https://h/v1")))


def test_endpoints_are_kept_for_their_owner_alone_with_what_people_wrote() -> None:
    save_endpoint(WORK)
    file = endpoints_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_endpoints().all == (WORK,)
    save_endpoint(Endpoint("here", "http://127.0.0.1:8080", "x"))
    file.write_text(file.read_text("utf-8") + "# mine\n", "utf-8")
    save_endpoint(Endpoint("WORK", WORK.base_url, "other"))
    kept = read_endpoints()
    assert [(one.name, one.model) for one in kept.all] == [("here", "x"), ("WORK", "other")]
    assert "# mine" in file.read_text("utf-8")
    remove_endpoint(kept.all[0].path)
    assert [one.name for one in read_endpoints().all] == ["WORK"]


def test_a_key_is_never_kept_nor_repeated() -> None:
    with pytest.raises(LocalLLMError) as caught:
        save_endpoint(Endpoint("x", "http://h", "m", "sk-secret"))
    assert "sk-secret" not in caught.value.line()
    endpoints_file().parent.mkdir(parents=True)
    endpoints_file().write_text('[[endpoint]]\nname = "x"\nbase_url = "http://h"\nkey = "sk-secret"\n', "utf-8")
    kept = read_endpoints()
    assert not kept.all
    assert "sk-secret" not in kept.problems[0]


@pytest.mark.parametrize("text", ["endpoint = 3", "endpoint = [1]", "[[endpoint]]\nname = 4", "[[", "\x00"])
def test_whatever_is_in_the_file_is_one_line_each(text: str) -> None:
    endpoints_file().parent.mkdir(parents=True)
    endpoints_file().write_text(text, "utf-8")
    kept = read_endpoints()
    assert not kept.all
    assert len(kept.problems) == 1


def test_a_model_is_named_by_address_or_by_its_endpoints_name() -> None:
    save_endpoint(WORK)
    assert find_model("work", []) == WORK.path
    assert find_model("http://127.0.0.1:8080/v1#a/b.gguf", []) == endpoint_path("http://127.0.0.1:8080/v1", "a/b.gguf")
    assert parse_address("http://h#m") == ("http://h/v1", "m")


def test_endpoints_are_models_of_the_library_and_can_be_taken_off(tmp_path: Path) -> None:
    save_endpoint(WORK)
    library = Library([tmp_path])
    entry = next(entry for entry in library.scan() if entry.remote)
    assert (entry.name, entry.path, entry.origin, entry.loadable) == ("Work", WORK.path, WORK.base_url, True)
    assert library.toggle_favourite(entry)
    deletion = library.plan_delete(entry)
    assert not deletion.files
    library.delete(deletion)
    assert not any(entry.remote for entry in library.scan())


def test_keys_come_from_the_environment_and_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", " k1 ")
    assert read_key("env:A_KEY") == "k1"
    with pytest.raises(LocalLLMError, match="NO_KEY is not set"):
        read_key("env:NO_KEY")
    monkeypatch.setenv("BAD_KEY", "a\nb")
    with pytest.raises(LocalLLMError, match="cannot be sent"):
        read_key("env:BAD_KEY")
    kept = {("service", "localllm-tui"): "k2", ("service", "me"): "k3"}
    ring = types.SimpleNamespace(get_password=lambda service, user: kept.get((service, user)))
    monkeypatch.setitem(sys.modules, "keyring", ring)  # the person's own keyring is not for tests
    assert read_key("keyring:service") == "k2"
    assert read_key("keyring:service/me") == "k3"
    with pytest.raises(LocalLLMError, match="has no key"):
        read_key("keyring:other")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(LocalLLMError, match="not installed"):
        read_key("keyring:service")
