"""One writer at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.unit.downloads.conftest import TIMEOUT, eventually
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.lock import locked, locked_if_free
from tui.core.errors import CancelledError, HubError


def test_the_second_waits_until_the_first_has_done(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path / "a.lock", Cancel(), lambda: order.append("waits")):
            order.append("second")

    with locked(tmp_path / "a.lock", Cancel(), lambda: order.append("never")):
        thread = threading.Thread(target=second)
        thread.start()
        eventually(lambda: order)
        order.append("first")
    thread.join(TIMEOUT)
    assert order == ["waits", "first", "second"]


def test_waiting_can_be_cancelled(tmp_path: Path) -> None:
    cancel = Cancel()
    with locked(tmp_path / "a.lock", Cancel(), lambda: None), pytest.raises(CancelledError):  # noqa: SIM117
        with locked(tmp_path / "a.lock", cancel, cancel.set):
            pass


def test_waiting_can_have_a_limit(tmp_path: Path) -> None:
    with locked(tmp_path / "a.lock", Cancel()), pytest.raises(HubError) as caught:  # noqa: SIM117
        with locked(tmp_path / "a.lock", Cancel(), limit=0.0):
            pass
    assert caught.value.kind == "busy"


def test_a_taken_lock_is_told_at_once(tmp_path: Path) -> None:
    with locked_if_free(tmp_path / "new" / "a.lock") as first, locked_if_free(tmp_path / "new" / "a.lock") as second:
        assert (first, second) == (True, False)
    with locked_if_free(tmp_path / "new" / "a.lock") as third:
        assert third
