"""Replies are taken apart without losing a character, in whatever pieces they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.markers import KNOWN, markers_for, markers_of
from tui.core.reasoning import Gathered, Parts, Span, Splitter, joined, opening, split

THINK = KNOWN[0]
_PIECES = st.sampled_from([*(part for known in KNOWN for part in known.tokens), " ", "\n", "a", "hm.", "<", "|>", "思"])
_TEXTS = st.lists(_PIECES | st.text(max_size=5), max_size=14).map("".join)


def spans(text: str, cuts: list[int]) -> list[Span]:
    """All spans of a text that comes in pieces; those of one kind in a row are one."""
    splitter, found, at = Splitter(markers_for(text)), [], 0
    for cut in [*sorted(cut % (len(text) + 1) for cut in cuts), len(text)]:
        found += splitter.feed(text[at:cut])
        at = cut
    merged: list[Span] = []
    for span in [*found, *splitter.finish()]:
        if merged and merged[-1].kind == span.kind:
            span = Span(span.kind, merged.pop().text + span.text)
        merged.append(span)
    return merged


@given(text=_TEXTS, cuts=st.lists(st.integers(0, 200), max_size=20))
def test_any_pieces_give_the_same_spans_and_lose_nothing(text: str, cuts: list[int]) -> None:
    assert "".join(span.text for span in spans(text, cuts)) == text
    assert spans(text, cuts) == spans(text, []) == spans(text, list(range(len(text))))


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.start)
def test_every_family_is_taken_apart(known: object) -> None:
    from tui.core.markers import Markers

    assert isinstance(known, Markers)
    text = f"{known.start}\nFirst, I think.\n\nThen more.{known.ending}The answer.\n"
    assert split(text, known) == Parts("First, I think.\n\nThen more.", "The answer.\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello <think>", Parts("", "Hello <think>")),
        ("  Hello", Parts("", "  Hello")),
        ("", Parts("", "")),
        ("<think>\n\n</think>\n\nHello", Parts("", "Hello")),
        ("<think>still at it", Parts("still at it", "")),
        ("<think>a</think>", Parts("a", "")),
        ("\n<think>a</think> b </think> c", Parts("a", "b </think> c")),
        ("<think>a</think>\n<think>b</think>\nc", Parts("a\n\nb", "c")),
        ("<think>a</think><response>b</response>", Parts("a", "b")),
        ("Here is my thought process: a Here is my response: b", Parts("a", "b")),
        ("Here is my thought process: a", Parts("", "Here is my thought process: a")),
        ("<|channel|>final<|message|>b", Parts("", "b")),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
            "<|start|>assistant<|channel|>analysis<|message|>c<|end|><|start|>assistant<|channel|>final<|message|>d",
            Parts("a\n\nc", "bd"),
        ),
    ],
)
def test_where_a_reasoning_begins_and_ends(text: str, parts: Parts) -> None:
    assert split(text) == parts


def test_no_marker_hides_another() -> None:
    starts = [start for known in KNOWN for start in (*known.starts, *(known.openers if known.framed else ()))]
    clashes = [(a, b) for a in starts for b in starts if a != b and b.startswith(a)]
    assert not clashes


def test_the_splitter_knows_when_the_model_thinks() -> None:
    splitter = Splitter()
    inside = []
    for piece in ("<thi", "nk>", "a", "</", "think>", "b"):
        splitter.feed(piece)
        inside.append(splitter.inside)
    assert inside == [False, True, True, True, False, False]
    assert splitter.markers is THINK


def test_parts_may_be_gathered_while_the_text_grows() -> None:
    splitter, gathered = Splitter(), Gathered()
    text = "<think>a b</think>\n<think>c</think>\nd e"
    grown = [gathered.sort(splitter.feed(character)) for character in text] + [gathered.sort(splitter.finish())]
    assert "".join(parts.reasoning for parts in grown) == "a b\n\nc"
    assert "".join(parts.answer for parts in grown) == "d e"


@pytest.mark.parametrize(
    ("template", "start"),
    [
        ("{{ '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}", "<think>"),
        ("{% set content = content.split('</think>')[-1] %}", "<think>"),
        ("{{ '[THINK]' + text + '[/THINK]' }}", "[THINK]"),
        ("<|start|>assistant<|channel|>analysis<|message|> + '<|end|>'", "<|channel|>analysis<|message|>"),
        ("{{ '<|user|>' + text + '<|end|>' }}", None),
        ("after 'Here is my thought process:' and after 'Here is my response:'", "Here is my thought process:"),
        ("{{ '<|open|>' + tag }} {{ '<|close|>' + tag }} {{ '<|end_of_msg|>' }}", "<|open|>think<|sep|>"),
        ("{{ message.content }}", None),
    ],
)
def test_a_template_tells_its_markers(template: str, start: str | None) -> None:
    markers = markers_of(template)
    assert (markers.start if markers else None) == start


def test_the_prompt_may_begin_the_reasoning() -> None:
    assert opening("…assistant\n<think>\n", THINK) == "<think>\n"
    assert opening("<think>a</think>…assistant\n", THINK) == ""
    assert opening("…assistant\n<think>\n\n</think>\n\n", THINK) == ""
    assert opening("…assistant\n<think>\n", None) == ""


@pytest.mark.parametrize(
    ("prompt", "begun", "whole"),
    [
        ("A:<think>\n", "", "A:<think>\n"),
        ("A:<think>\n", "<think>\nso", "A:<think>\nso"),
        ("A:<think>\n", "<think>so</think>x", "A:<think>so</think>x"),
        ("A:<think>\n", "Hello", "A:<think>\n</think>\n\nHello"),
        ("A:<think>\n\n</think>\n\n", "<think>so", "A:<think>so"),
        ("A:<think>\n\n</think>\n\n", "Hello", "A:<think>\n\n</think>\n\nHello"),
        ("A:</think>", "<think>so", "A:<think>so"),
        ("A:</think>", "Hello", "A:</think>Hello"),
        ("A:", "<think>so", "A:<think>so"),
        ("A:", "Hello", "A:Hello"),
    ],
)
def test_a_reply_goes_on_whatever_the_prompt_begins_with(prompt: str, begun: str, whole: str) -> None:
    assert joined(prompt, begun, THINK) == whole
