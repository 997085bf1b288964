"""A grammar and a model that thinks: the thought is free, and the answer is held from its first token on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load, reply
from tests.support.tiny_gguf import FIRST_BYTE, write_tiny_gguf
from tests.unit.engine.test_thinking import ENDLESS, HELLO, OPENED, QWEN, running, thinker
from tui.core.errors import SettingError
from tui.core.events import Adjusted, StopReason
from tui.core.markers import KNOWN
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.core.reasoning import split
from tui.engine.engine import Engine
from tui.engine.thought_gate import ThoughtGate, Verdict

__all__ = ["thinker"]

Thinker = Callable[..., Engine]
THINK = KNOWN[0]
SCHEMA = json.dumps({"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]})


def test_the_thought_is_free_and_the_answer_is_held(thinker: Thinker) -> None:
    engine = thinker(OPENED)
    got = reply(engine, HELLO, n_predict=60, reasoning_budget=12, json_schema=SCHEMA, temp=1.0, seed=3)
    free = reply(engine, HELLO, n_predict=12, ignore_eos=True, temp=1.0, seed=3)
    parts = split(got.text)
    assert len(parts.reasoning) > 0 and free.text in got.text, "the thought is what it is without a grammar"
    assert isinstance(json.loads(parts.answer)["yes"], bool) and got.finished.reason is StopReason.END
    assert got.finished.timings.reasoning_tokens >= 12


@pytest.mark.parametrize("budget", [0, 3])
def test_a_grammar_without_a_marker_begins_behind_it(thinker: Thinker, budget: int) -> None:
    got = reply(thinker(OPENED), HELLO, n_predict=40, grammar="root ::= [xyz]{9}", reasoning_budget=budget, **ENDLESS)
    assert re.fullmatch(r"[xyz]{9}", split(got.text).answer)


def test_what_is_not_to_think_is_held_from_the_first_token_on(thinker: Thinker) -> None:
    for template in (QWEN, OPENED):
        got = reply(thinker(template), HELLO, n_predict=20, grammar="root ::= [xyz]{9}", reasoning="off", **ENDLESS)
        assert re.fullmatch(r"[xyz]{9}", got.text)
    assert re.fullmatch(r"[xyz]{9}", reply(thinker(OPENED), RawPrompt("a"), grammar="root ::= [xyz]{9}").text)


def test_a_model_that_does_not_begin_to_think_is_held_from_the_first_token_on(thinker: Thinker) -> None:
    got = reply(thinker(QWEN), HELLO, n_predict=40, grammar="root ::= [xyz]{9}", **ENDLESS)
    assert re.fullmatch(r"[xyz]{9}", got.text)


def test_a_model_that_begins_to_think_itself_is_let(engine: Engine, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", ascii_only=True, control=("<think>", "</think>"))
    template = "{{ messages[0].content + 'A:' }}{# <think> </think> #}"
    load(engine, path, n_ctx=256, threads=1, chat_template=template)
    params = {"grammar": "root ::= [xyz]{9}", "n_predict": 40, "temp": 0.0, "reasoning_budget": 4}
    got = reply(engine, HELLO, logit_bias=("<think>+1000",), **params)
    # The bias lets it say nothing else, inside the thought as well; what ends the thought is the budget.
    assert got.text.startswith("<think><think>") and got.text.count("</think>") == 1
    assert re.fullmatch(r"[xyz]{9}", split(got.text).answer)


def test_now_ends_the_thought_under_a_grammar(thinker: Thinker) -> None:
    engine = thinker(OPENED)
    ticket = running(engine, grammar="root ::= [xyz]{9}", n_predict=80)
    assert isinstance(error_of(engine.force(ticket, "</think>{")), SettingError)
    assert isinstance(events_of(engine.force(ticket))[-1], Adjusted)
    assert re.fullmatch(r"(?s).*\n</think>\n\n[xyz]{9}", gather(events_of(ticket)).text)


def test_a_grammar_that_comes_while_it_thinks_waits_too(thinker: Thinker) -> None:
    engine = thinker(OPENED)
    ticket = running(engine, n_predict=80)
    params = GenerationParams(n_predict=80, grammar="root ::= [xyz]{9}", reasoning_budget=20, **ENDLESS)  # type: ignore[arg-type]
    assert isinstance(events_of(engine.adjust(ticket, params))[-1], Adjusted)
    assert re.search(r"\n</think>\n\n[xyz]{9}\Z", gather(events_of(ticket)).text)


def test_a_reply_that_goes_on_is_held_where_its_thought_ends(thinker: Thinker) -> None:
    engine = thinker(OPENED)
    params = {"grammar": "root ::= [xyz]{9}", "n_predict": 60, "reasoning_budget": 3, **ENDLESS}
    for begun in ("<think>\nso far", "<think>\nover\n</think>\n\n"):
        got = reply(engine, ChatPrompt(HELLO.messages, begun), **params)
        assert re.fullmatch(r"[xyz]{9}", split(begun + got.text).answer), begun
    answered = reply(engine, ChatPrompt(HELLO.messages, "<think>\nover\n</think>\n\nyes "), **params)
    assert re.fullmatch(r"[xyz]{9}", answered.text), "an answer that has begun is held at once"


class Words:
    """A vocabulary of a few words, for what the tiny model has no tokens for."""

    words = (b"<", b"think", b">", b"</think>", b"</think>{", b"{", b"\n\n", b"a", b"<answer>", b"</", b"")
    end = 10

    def piece(self, token: int, *, special: bool = False) -> bytes:
        return self.words[token]

    def is_end(self, token: int) -> bool:
        return token == self.end

    def tokenize_part(self, text: str) -> list[int]:
        rest, tokens = text.encode(), []
        while rest:
            word = max((w for w in self.words if w and rest.startswith(w)), key=len, default=rest[:1])
            tokens.append(self.words.index(word) if word in self.words else FIRST_BYTE + 1000 + word[0])
            rest = rest[len(word) :]
        return tokens


LESS, WORD, MORE, END, END_BRACE, BRACE, BLANK, A, ANSWER, CLOSE, EOS = range(11)


def gate(*, inside: bool, after: bool = False) -> ThoughtGate:
    return ThoughtGate(THINK, Words(), inside=inside, after=after, shown=frozenset())  # type: ignore[arg-type]


def walk(one: ThoughtGate, *tokens: int, allowed: frozenset[int] = frozenset({BRACE})) -> list[Verdict]:
    verdicts = []
    for token in tokens:
        verdicts.append(one.judge(token, allowed.__contains__))
        if verdicts[-1] is Verdict.FREE:
            one.take(token)
    return verdicts


FREE, HELD, OTHERS = Verdict.FREE, Verdict.HELD, Verdict.OTHERS


def test_a_token_with_the_end_of_the_thought_and_more_is_said_in_two_parts() -> None:
    one = gate(inside=True)
    assert walk(one, A, END_BRACE) == [FREE, OTHERS]
    assert one.due() == END and one.due() is None
    assert walk(one, END, BLANK, BRACE) == [FREE, FREE, HELD]


def test_a_thought_is_not_the_end_of_the_generation() -> None:
    one = gate(inside=True)
    assert walk(one, A, EOS) == [FREE, OTHERS] and one.due() is not None
    assert walk(gate(inside=False), EOS) == [HELD], "the grammar says whether an answer may end"


def test_a_marker_of_several_tokens_is_let_and_completed() -> None:
    assert walk(gate(inside=False), LESS, WORD, MORE, A, END, BRACE) == [FREE] * 5 + [HELD]
    one = gate(inside=False)
    assert walk(one, LESS, A) == [FREE, OTHERS]
    assert [one.due(), one.due(), one.due()] == [WORD, MORE, None]


def test_what_the_grammar_allows_is_an_answer() -> None:
    assert walk(gate(inside=False), LESS, allowed=frozenset({LESS})) == [HELD]
    assert walk(gate(inside=False), BLANK) == [HELD]


def test_frames_and_some_white_space_stand_between_thought_and_answer() -> None:
    one = gate(inside=False, after=True)
    assert walk(one, BLANK, BLANK, BLANK, BLANK, BLANK) == [FREE] * 4 + [HELD]
    framed = gate(inside=True)
    assert walk(framed, END, BLANK, ANSWER) == [FREE] * 3 and framed.open
