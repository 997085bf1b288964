"""A child process that may hang, shout and die."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import psutil
import pytest

from tui.engine.child import Child, ChildCancelled, ChildDied, ChildError


@pytest.fixture
def child() -> Iterator[Child]:
    """A child of the tests."""
    child = Child("tests.support.children")
    yield child
    child.close()
    assert not psutil.pid_exists(child.pid), "it is gone, and no zombie is left"


def never() -> bool:
    return False


def test_it_answers_again_and_again(child: Child) -> None:
    assert [child.ask(word, 60, never) for word in (b"one", b"two")] == [b"one\n", b"two\n"]


def test_it_has_a_session_of_its_own(child: Child) -> None:
    assert child.ask(b"session", 60, never) == b"True\n"


def test_much_on_stderr_does_not_block_it(child: Child) -> None:
    assert child.ask(b"noise", 60, never) == b"noise\n"


def test_its_death_tells_the_signal_and_its_last_words(child: Child) -> None:
    with pytest.raises(ChildDied) as died:
        child.ask(b"abort", 60, never)
    assert died.value.signal_name == "SIGABRT"
    assert "GGML_ASSERT(n > 0) failed" in died.value.stderr
    with pytest.raises(ChildDied):
        child.ask(b"one", 60, never)


def test_waiting_ends_when_it_is_cancelled(child: Child) -> None:
    asked: list[bool] = []

    def third_time() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(ChildCancelled):
        child.ask(b"hang", 60, third_time)


def test_waiting_ends_with_the_time(child: Child) -> None:
    with pytest.raises(ChildError):
        child.ask(b"hang", 0.1, never)


def test_where_no_process_can_be_started_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(ChildError):
        Child("tests.support.children")


def test_it_leaves_no_open_file() -> None:
    before = psutil.Process().num_fds()
    child = Child("tests.support.children")
    child.ask(b"one", 60, never)
    child.close()
    child.close()
    assert psutil.Process().num_fds() == before
