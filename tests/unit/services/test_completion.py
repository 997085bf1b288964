"""A text that grows by turns of person and model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.engines import events_of
from tui.core.errors import LocalLLMError
from tui.core.events import Finished
from tui.core.parameters import GenerationParams
from tui.services.completion import CompletionSession, Segment
from tui.services.model_host import ModelHost

SHORT = GenerationParams(n_predict=6, temp=0.0, ignore_eos=True)


def run(session: CompletionSession, added: str) -> Finished:
    """Complete to the end."""
    events = events_of(session.run(added, SHORT))
    for event in events:
        session.absorb(event)
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_prompt_and_completion_are_told_apart(loaded: ModelHost) -> None:
    session = CompletionSession(loaded)
    run(session, "abc")
    assert [segment.kind for segment in session.segments] == ["prompt", "completion"]
    assert session.segments[0].text == "abc" and session.text.startswith("abc")


def test_going_on_adds_to_the_completion_and_reuses_the_text(loaded: ModelHost) -> None:
    session = CompletionSession(loaded)
    run(session, "abc")
    before = session.text
    last = run(session, "")
    assert session.text.startswith(before) and len(session.segments) == 2
    assert last.timings.cached_tokens >= 4


def test_an_empty_text_cannot_be_continued(loaded: ModelHost) -> None:
    with pytest.raises(LocalLLMError, match="no text"):
        CompletionSession(loaded).run("", SHORT)


def test_undo_takes_back_one_completion_and_returns_what_was_typed(loaded: ModelHost) -> None:
    session = CompletionSession(loaded)
    run(session, "abc")
    before = session.segments
    run(session, "def")
    assert session.undo() and session.segments == before and session.undone_text == "def"
    assert session.undo() and session.text == "" and session.undone_text == "abc"
    assert not session.undo()


def test_an_edit_keeps_the_author_of_what_is_unchanged(loaded: ModelHost) -> None:
    session = CompletionSession(loaded)
    run(session, "abc")
    completion = session.segments[1].text
    session.replace("abc" + completion[:3] + "XYZ")
    assert session.segments == (
        Segment("abc", "prompt"),
        Segment(completion[:3], "completion"),
        Segment("XYZ", "prompt"),
    )
    assert session.undo() and session.text == "abc" + completion


def test_clearing_can_be_undone(loaded: ModelHost) -> None:
    session = CompletionSession(loaded)
    run(session, "abc")
    before = session.segments
    session.clear()
    assert session.segments == ()
    assert session.undo() and session.segments == before


@given(st.lists(st.text("ab", max_size=5), max_size=6))
def test_whatever_is_edited_the_text_is_what_was_asked_for(texts: list[str]) -> None:
    host = ModelHost()
    session = CompletionSession(host)
    for text in texts:
        session.replace(text)
        assert session.text == text
    for text in reversed(["", *texts[:-1]]):
        assert session.undo() is bool(texts)
        assert session.text == text if texts else True
