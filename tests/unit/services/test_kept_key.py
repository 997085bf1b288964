"""The key of a person's servers: one, kept, and nobody else's."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tui.core.errors import SettingError
from tui.services import checkup_network
from tui.services.kept_key import kept_key, key_for_servers, renew_key
from tui.settings.paths import serve_key_file, state_dir


def test_it_is_made_once_and_kept() -> None:
    assert kept_key() == ""
    key, made = key_for_servers()
    assert made and key.startswith("sk-local-") and len(key) > 30
    assert key_for_servers() == (key, False) and kept_key() == key
    assert stat.S_IMODE(serve_key_file().stat().st_mode) == 0o600
    assert [path.name for path in state_dir().iterdir()] == ["serve.key"]


def test_another_one_takes_its_place() -> None:
    first, _ = key_for_servers()
    second = renew_key()
    assert second != first and key_for_servers() == (second, False)
    assert stat.S_IMODE(serve_key_file().stat().st_mode) == 0o600
    assert [path.name for path in state_dir().iterdir()] == ["serve.key"]


def test_servers_that_start_at_once_agree() -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: key_for_servers(), range(64)))
    assert len({key for key, _ in found}) == 1 and sum(made for _, made in found) == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"two keys", b"\xff\xfe"])
def test_a_file_that_holds_no_key_is_one_line_and_stays(content: bytes) -> None:
    renew_key()
    serve_key_file().write_bytes(content)
    for use in (kept_key, key_for_servers):
        with pytest.raises(SettingError, match="--new-api-key makes another"):
            use()
    assert serve_key_file().read_bytes() == content
    assert renew_key() == kept_key()


def test_a_folder_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(SettingError, match="cannot be"):
        renew_key()


def test_the_doctor_knows_it_and_never_tells_it() -> None:
    (found,) = checkup_network.server_key()
    assert found.level == "ok" and found.found.startswith("none is kept yet")
    key = renew_key()
    (found,) = checkup_network.server_key()
    assert found.level == "ok" and str(serve_key_file()) in found.found and key not in found.found
    serve_key_file().chmod(0o644)
    (found,) = checkup_network.server_key()
    assert found.level == "warning" and found.advice.startswith(f"chmod 600 {serve_key_file()}")
    assert key not in found.found + found.advice
