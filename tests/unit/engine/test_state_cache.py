"""Saved states: files that are whole or refused, budgets that are kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tui.engine import state_file
from tui.engine.state_cache import SavedState, StateCache
from tui.engine.state_file import StateFileError

PRINT = "fingerprint"


def cache(folder: Path, *, ram: int = 1000, disk: int = 100_000, fingerprint: str = PRINT) -> StateCache:
    """A cache with its files in `folder`."""
    return StateCache(folder, fingerprint, ram=ram, disk=disk)


def view(state: bytes) -> memoryview:
    """A state as the context gives it."""
    return memoryview(bytearray(state))


def found(states: StateCache, prompt: list[int]) -> bytes | None:
    """What the cache has for a prompt."""
    state, _ = states.find(prompt, whole=False)
    data = states.read(state) if state else None
    return None if data is None else bytes(data)


def test_a_file_gives_back_what_was_written_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "a.kv"
    state_file.write(path, PRINT, [1, 2, 3], b"state")
    header, data = state_file.read_state(path)
    assert (header.fingerprint, header.tokens, bytes(data)) == (PRINT, [1, 2, 3], b"state")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".saving-*"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(at=93, value=ord("E"), cut=False)  # a checksum that is no whole number, and as a float infinite
@given(at=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_refused(tmp_path: Path, at: int, value: int, cut: bool) -> None:
    path = tmp_path / "a.kv"
    state_file.write(path, PRINT, [1, 2, 3], b"some state" * 5)
    data = bytearray(path.read_bytes())
    at %= len(data)
    changed = bytes(data[:at]) if cut else bytes(data[:at]) + bytes([value]) + bytes(data[at + 1 :])
    path.write_bytes(changed)
    if changed == bytes(data):
        assert state_file.read_state(path)[1] == b"some state" * 5
        return
    try:
        header, state = state_file.read_state(path)
    except StateFileError:
        return
    # Only the fingerprint is outside the digest, and every reader compares it.
    assert header.fingerprint != PRINT and (header.tokens, bytes(state)) == ([1, 2, 3], b"some state" * 5)


def test_the_longest_beginning_is_found(tmp_path: Path) -> None:
    states = cache(tmp_path)
    states.remember([1, 2, 9, 9], view(b"a"))
    states.remember([1, 2, 3, 8], view(b"b"))
    assert found(states, [1, 2, 3, 4, 5]) == b"b"
    assert found(states, [7]) is None
    state, length = states.find([1, 2, 3, 4, 5], whole=True)
    assert state is None and length == 0


def test_a_state_that_goes_on_replaces_the_one_it_began_with(tmp_path: Path) -> None:
    states = cache(tmp_path, ram=10)
    states.remember([1, 2], view(b"12345"))
    states.remember([1, 2, 3], view(b"1234567890"))
    assert found(states, [1, 2]) == b"1234567890"


def test_memory_keeps_its_budget_and_what_was_used_last(tmp_path: Path) -> None:
    states = cache(tmp_path, ram=10)
    states.remember([1], view(b"12345"))
    states.remember([2], view(b"12345"))
    assert found(states, [1])
    states.remember([3], view(b"12345"))
    assert found(states, [1]) and found(states, [3]) and not found(states, [2])
    states.remember([4], view(b"x" * 11))
    assert not found(states, [4])


def test_disk_outlives_the_cache_and_keeps_fingerprints_apart(tmp_path: Path) -> None:
    first = cache(tmp_path / "kv")
    first.save([1, 2, 3], view(b"state"))
    first.close(10)
    assert found(cache(tmp_path / "kv"), [1, 2, 3, 4]) == b"state"
    assert found(cache(tmp_path / "kv", fingerprint="other"), [1, 2, 3, 4]) is None
    assert found(cache(tmp_path / "kv", disk=0), [1, 2, 3, 4]) is None


def test_disk_keeps_its_budget(tmp_path: Path) -> None:
    states = cache(tmp_path / "kv", disk=3000)
    for number in range(10):
        states.save([number], view(bytes(1000)))
    states.close(10)
    files = list((tmp_path / "kv").iterdir())
    assert 1 <= len(files) <= 2 and sum(file.stat().st_size for file in files) <= 3000 + 400
    assert found(cache(tmp_path / "kv", disk=3000), [9]) == bytes(1000)


def test_a_longer_state_takes_the_place_of_its_file(tmp_path: Path) -> None:
    states = cache(tmp_path / "kv")
    states.save([1], view(b"short"))
    states.save([1, 2], view(b"longer"))
    states.close(10)
    assert len(list((tmp_path / "kv").iterdir())) == 1


def test_a_file_damaged_or_gone_meanwhile_is_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    states = cache(tmp_path / "kv")
    states.save([1, 2], view(b"state"))
    states.save([5, 6], view(b"other"))
    states.close(10)
    again = cache(tmp_path / "kv")
    state: SavedState | None = again.find([1, 2], whole=False)[0]
    assert state and state.path
    state.path.write_bytes(state.path.read_bytes()[:-1] + b"X")
    gone = again.find([5, 6], whole=False)[0]
    assert gone and gone.path
    gone.path.unlink()
    assert found(again, [1, 2]) is None and found(again, [5, 6]) is None
    assert again.find([1, 2], whole=False)[0] is None
    assert "damaged" in caplog.text


def test_rubbish_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "kv"
    folder.mkdir()
    for name, data in (("a.kv", b""), ("b.kv", b"x" * 5000), ("c.txt", b"notes")):
        (folder / name).write_bytes(data)
    assert found(cache(folder), [1]) is None
    assert (folder / "c.txt").exists()


def test_memory_that_others_need_is_not_filled_with_states(tmp_path: Path) -> None:
    free = 100
    states = StateCache(tmp_path, PRINT, ram=1000, disk=0, spare=lambda: free)
    assert states.remember([1, 2], view(b"s" * 50))
    assert found(states, [1, 2, 3]) == b"s" * 50
    free = 98
    assert not states.remember([4, 5], view(b"s" * 50))
    assert not states.has_room(50) and found(states, [4, 5, 6]) is None
    assert not StateCache(tmp_path, PRINT, ram=0, disk=0).has_room(1)
