"""Calls found in what models write, each family in its own way, however the text is torn."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.engine.gbnf import check_grammar
from tui.server.reading import Reading
from tui.server.tools import Tool, Toolbox
from tui.server.tools_formats import FORMATS, GENERIC, Format, format_of
from tui.server.tools_generic import GenericParser
from tui.server.tools_grammar import ANSWER, grammar_of
from tui.server.tools_parser import CallParser

WEATHER = Tool(
    "get_weather",
    "The weather of a city.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["city"],
    },
)
NOW = Tool("now", "The time.", {"type": "object", "properties": {}})
TOOLS = (WEATHER, NOW)
PARIS = {"city": "Paris", "days": 2}
_PARIS = '{"city": "Paris", "days": 2}'
_HERMES = '<tool_call>\n{"name": "get_weather", "arguments": ' + _PARIS + "}\n</tool_call>"
_NOW: tuple[str, Any] = ("now", {})
_ONE = ("get_weather", PARIS)

# Format, what a model writes, the text in it, the calls in it.
SAMPLES: list[tuple[str, str, str, list[tuple[str, Any]]]] = [
    ("hermes", _HERMES, "", [_ONE]),
    ("hermes", f"Let me look.\n\n{_HERMES}\n{_HERMES}", "Let me look.", [_ONE, _ONE]),
    ("hermes", '<tool_call>{"arguments": {"city": "a}\\"b"}, "name": "get_weather"}</tool_call>', "",
     [("get_weather", {"city": 'a}"b'})]),
    ("hermes", '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call> Done.', "Done.", [_NOW]),
    ("hermes", '<tool_call>{"name": "now"}</tool_call>', "", [_NOW]),
    ("hermes", '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"x\\"}"}</tool_call>', "",
     [("get_weather", {"city": "x"})]),
    ("hermes", "Use <tool_call> for tools", "Use <tool_call> for tools", []),
    ("hermes", "a < b and <tool", "a < b and <tool", []),
    ("hermes", "<tool_call>{oops}</tool_call>", "<tool_call>{oops}</tool_call>", []),
    ("hermes", "x\n\n  ", "x\n\n  ", []),
    ("mistral", '[TOOL_CALLS][{"name": "get_weather", "arguments": ' + _PARIS + ', "id": "abcdefghi"}]', "", [_ONE]),
    ("mistral", '[TOOL_CALLS] [{"name": "now", "arguments": {}}, {"name": "get_weather", "arguments": ' + _PARIS + "}]",
     "", [_NOW, _ONE]),
    ("mistral-args", f"[TOOL_CALLS]get_weather[ARGS]{_PARIS}[TOOL_CALLS]now[CALL_ID]abc123def[ARGS]{{}}", "",
     [_ONE, _NOW]),
    ("llama-3", '{"name": "get_weather", "parameters": ' + _PARIS + "}", "", [_ONE]),
    ("llama-3", '<|python_tag|>{"type": "function", "name": "get_weather", "parameters": ' + _PARIS + "}", "", [_ONE]),
    ("llama-3", '{"name": "now", "parameters": {}}; {"name": "now", "parameters": {}}', "", [_NOW, _NOW]),
    ("llama-3", '{"name": "Ada", "age": 3}', '{"name": "Ada", "age": 3}', []),
    ("llama-3", '{"type": "function", "function": {"name": "now", "arguments": {}}}', "", [_NOW]),
    ("llama-3", 'So: {"name": "now", "parameters": {}}', 'So: {"name": "now", "parameters": {}}', []),
    ("granite", '<|tool_call|>[{"name": "get_weather", "arguments": ' + _PARIS + "}]", "", [_ONE]),
    ("granite", '<|tool_call|>[{"name": "now", "arguments": {}}]<|/tool_call|>', "", [_NOW]),
    ("command-r", '<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "get_weather", "parameters": '
     + _PARIS + "}\n]<|END_ACTION|>", "", [_ONE]),
    ("deepseek-v3", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n" + _PARIS
     + "\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜>"
     "<｜tool▁calls▁end｜>", "", [_ONE, _NOW]),
    ("deepseek-v3.1", "Hm.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>" + _PARIS
     + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "Hm.", [_ONE, _NOW]),
    ("qwen3-coder", "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n"
     "</parameter>\n</function>\n</tool_call>", "", [_ONE]),
    ("qwen3-coder", "<function=get_weather>\n<parameter=city>\n12\n</parameter>\n</function>\n</tool_call>", "",
     [("get_weather", {"city": "12"})]),
    ("seed-oss", "<seed:tool_call>\n<function=now>\n</function>\n</seed:tool_call>", "", [_NOW]),
    ("glm-4.5", "\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days"
     "</arg_key>\n<arg_value>2</arg_value>\n</tool_call>", "", [_ONE]),
    ("minimax-m2", '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n'
     '<parameter name="days">2</parameter>\n</invoke>\n<invoke name="now">\n</invoke>\n</minimax:tool_call>', "",
     [_ONE, _NOW]),
    ("functionary-v3.1", f"<function=get_weather>{_PARIS}</function>", "", [_ONE]),
    ("functionary-v3.2", f"get_weather\n{_PARIS}>>>now\n{{}}", "", [_ONE, _NOW]),
    ("functionary-v3.2", f"all\nLooking.>>>get_weather\n{_PARIS}", "Looking.", [_ONE]),
    ("functionary-v3.2", "all\nHello {you}.", "Hello {you}.", []),
    ("kimi-k2", "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>"
     + _PARIS + "<|tool_call_end|><|tool_calls_section_end|>", "", [_ONE]),
    ("gpt-oss", f"<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{_PARIS}<|call|>", "",
     [_ONE]),
    ("gpt-oss", f"<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{_PARIS}", "",
     [_ONE]),
    ("lfm2", '<|tool_call_start|>[get_weather(city="Paris", days=2), now()]<|tool_call_end|>', "", [_ONE, _NOW]),
    ("lfm2", "<|tool_call_start|>[get_weather(open)]<|tool_call_end|>",
     "<|tool_call_start|>[get_weather(open)]<|tool_call_end|>", []),
    ("nemotron", '<TOOLCALL>[{"name": "now", "arguments": {}}]</TOOLCALL>', "", [_NOW]),
    ("firefunction", ' functools[{"name": "now", "arguments": {}}]', "", [_NOW]),
]  # fmt: skip


def form_called(name: str) -> Format:
    """The format of a family."""
    return next(form for form in FORMATS if form.name == name)


def read(reading: Reading, pieces: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """What an answer says: from its deltas, which have to say the same as the whole."""
    text = ""
    calls: list[tuple[str, str]] = []
    for delta in [*(delta for piece in pieces for delta in reading.feed(piece)), *reading.finish()]:
        assert delta.text or delta.kind == "name"
        if delta.kind == "text":
            text += delta.text
        elif delta.kind == "name":
            assert delta.call == len(calls) and delta.id
            calls.append((delta.text, ""))
        elif delta.kind == "arguments":
            calls[delta.call] = (calls[delta.call][0], calls[delta.call][1] + delta.text)
    assert text == reading.text
    assert calls == [(call.name, call.arguments) for call in reading.calls]
    return text, calls


def torn(text: str, cuts: list[int]) -> list[str]:
    """A text in pieces."""
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize(("name", "answer", "text", "calls"), SAMPLES)
def test_what_each_family_writes(name: str, answer: str, text: str, calls: list[tuple[str, Any]]) -> None:
    for pieces in ([answer], list(answer)):
        said, found = read(Reading(None, CallParser(form_called(name), TOOLS)), pieces)
        assert [(called, json.loads(arguments)) for called, arguments in found] == calls
        assert said.strip() == text.strip()
        if not calls:
            assert said == (answer.removeprefix("all\n") if name.startswith("functionary") else answer)


@given(st.sampled_from(SAMPLES), st.lists(st.integers(0, 10_000), max_size=8))
def test_it_does_not_matter_how_an_answer_is_torn(
    sample: tuple[str, str, str, list[tuple[str, Any]]], cuts: list[int]
) -> None:
    name, answer, _, _ = sample
    whole = read(Reading(None, CallParser(form_called(name), TOOLS)), [answer])
    assert read(Reading(None, CallParser(form_called(name), TOOLS)), torn(answer, cuts)) == whole


_WORDS = st.sampled_from(
    ["{", "}", "[", "]", '"', ",", ";", ":", "\\", " ", "\n", "a", "name", '"name": "now"', '"arguments": {}', "all\n"]
    + [mark for form in FORMATS for mark in (*form.openers, *form.closers)]
)


@given(st.sampled_from(FORMATS), st.lists(_WORDS, max_size=12), st.lists(st.integers(0, 10_000), max_size=6))
def test_nothing_a_model_writes_breaks_the_parser(form: Format, words: list[str], cuts: list[int]) -> None:
    answer = "".join(words)
    whole = read(Reading(None, CallParser(form, TOOLS)), [answer])
    assert read(Reading(None, CallParser(form, TOOLS)), torn(answer, cuts)) == whole


@given(st.sampled_from(FORMATS), st.text(max_size=40))
def test_text_without_a_call_stays_as_it_is(form: Format, text: str) -> None:
    if form.within:
        text = f"all\n{text}"
    said, calls = read(Reading(None, CallParser(form, TOOLS)), [text])
    assert (said, calls) == (text.removeprefix("all\n") if form.within else text, [])


@given(st.text(max_size=40), st.lists(st.integers(0, 10_000), max_size=6), st.booleans())
def test_a_response_in_the_generic_format_is_its_text(text: str, cuts: list[int], ascii_only: bool) -> None:
    text = text.encode("utf-8", "replace").decode()
    answer = f"{ANSWER}{json.dumps(text, ensure_ascii=ascii_only)}}}"
    said, calls = read(Reading(None, GenericParser(Toolbox(TOOLS), plain=True)), torn(answer, cuts))
    assert (said, calls) == (text, [])


@given(st.lists(st.integers(0, 10_000), max_size=6))
def test_calls_in_the_generic_format(cuts: list[int]) -> None:
    one = '{"tool_call": {"name": "get_weather", "arguments": ' + _PARIS + "}}"
    two = '{"tool_calls": [{"name": "now", "arguments": {}}, {"name": "now", "arguments": {}}]}'
    for answer, count in ((one, 1), (two, 2)):
        said, calls = read(Reading(None, GenericParser(Toolbox(TOOLS), plain=True)), torn(answer, cuts))
        assert said == "" and len(calls) == count


def test_only_the_first_call_is_told_where_one_is_wanted() -> None:
    reading = Reading(None, CallParser(form_called("hermes"), TOOLS), most=1)
    read(reading, [_HERMES, _HERMES])
    assert len(reading.calls) == 1


@pytest.mark.parametrize("form", [*FORMATS, GENERIC], ids=lambda form: form.name)
@pytest.mark.parametrize("parallel", [None, True])
def test_grammars_are_grammars(form: Format, parallel: bool | None) -> None:
    box = Toolbox(TOOLS, "required", parallel)
    check_grammar(grammar_of(form, box, free=False))
    check_grammar(grammar_of(form, box, free=True, schema='{"type": "object"}'))
    if form is GENERIC:
        check_grammar(grammar_of(form, box, free=True))


def test_templates_show_their_format() -> None:
    assert format_of("") is GENERIC
    assert format_of("{% for message in messages %}{{ message.content }}") is GENERIC
    known = {"hermes": "<tool_call>", "mistral": "[TOOL_CALLS]", "command-r": "<|START_ACTION|>"}
    for name, sign in known.items():
        assert format_of(f"{{{{ tools }}}} {{{{ message.tool_calls }}}} {sign}").name == name
    for form in FORMATS:
        assert format_of(f"tools tool_calls {' '.join(form.signs)}").name == form.name
