"""How models write the calls of tools, by what their chat templates show.

Taken from llama.cpp's parsers (`common/chat.cpp`, `common/parsers/`) and from the templates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import Pattern

_LIST = re.compile(r"\s*\[?\s*")
"""Between a marker and the first object: nothing, or the beginning of an array."""


@dataclass(frozen=True)
class Block:
    """Calls that are no JSON.

    Attributes:
        end: the text that ends a call.
        call: finds the name and the body in the whole of it; None where it is Python.
        argument: finds each argument's name and value in the body.
        text: how a grammar writes an argument: `$key`, `$value`.
    """

    end: str
    call: Pattern[str] | None = None
    argument: Pattern[str] = re.compile("")
    text: str = ""


@dataclass(frozen=True)
class Format:
    """How one family of models calls tools.

    Attributes:
        name: of the family.
        signs: texts that a template of the family has, all of them.
        openers: texts that begin a call, or several.
        closers: texts that may follow a call and belong to it.
        header: what may stand between such a text and the `{` after it. With a group `name` the arguments follow;
            without, an object with the name and the arguments.
        block: what ends a call that is no JSON.
        bare: whether an answer that begins with an object is a call, with no marker before it.
        within: whether the prompt has begun the marker already.
        plain: the header of an answer that calls nothing.
        call: how a grammar writes a call: `$name`, `$args`.
        begin: what a grammar writes before the calls.
        between: between two of them.
        end: after them.
        tidy: whether ids have to be nine letters and digits.
    """

    name: str
    signs: tuple[str, ...]
    openers: tuple[str, ...]
    call: str
    closers: tuple[str, ...] = ()
    header: Pattern[str] = _LIST
    block: Block | None = None
    bare: bool = False
    within: bool = False
    plain: str = ""
    begin: str = ""
    between: str = "\n"
    end: str = ""
    tidy: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """Texts that may be special tokens, and have to be in the answer to be found."""
        return (*self.openers, *self.closers, *_SHOWN.findall(self.call + self.begin + self.end))


_SHOWN = re.compile(r"<\|[^|<>]+\|>|<｜[^｜<>]+｜>|\[[A-Z_]+\]|</?[a-z_:]+>")
_OBJECT = '{"name": "$name", "arguments": $args}'
_QWEN_CALL = re.compile(r"\s*(?:<function=)?(?P<name>[^>\s<]+)>(?P<body>.*)</function>\s*", re.S)
_QWEN_ARGUMENT = re.compile(r"<parameter=(?P<key>[^>\n]+)>\n?(?P<value>.*?)\n?</parameter>", re.S)

FORMATS: tuple[Format, ...] = (
    Format(
        "gpt-oss", ("<|channel|>", "functions"),
        ("<|start|>assistant<|channel|>commentary to=functions.", "<|channel|>commentary to=functions.",
         "<|start|>assistant to=functions.", "<|channel|>analysis to=functions."),
        "<|start|>assistant<|channel|>commentary to=functions.$name <|constrain|>json<|message|>$args",
        ("<|call|>",), re.compile(r"(?P<name>[\w.-]+)[^{]*<\|message\|>\s*"),
    ),
    Format(
        "functionary-v3.2", (">>>all",), (">>>",), "$name\n$args", header=re.compile(r"(?P<name>[\w.-]+)\n\s*"),
        within=True, plain="all\n", between=">>>",
    ),
    Format(
        "seed-oss", ("<seed:tool_call>", "<parameter="), ("<seed:tool_call>", "<function="),
        "<seed:tool_call>\n<function=$name>\n$args</function>\n</seed:tool_call>", ("</seed:tool_call>",),
        block=Block("</function>", _QWEN_CALL, _QWEN_ARGUMENT, "<parameter=$key>$value</parameter>\n"),
    ),
    Format(
        "qwen3-coder", ("<function=", "<parameter="), ("<tool_call>", "<function="),
        "<tool_call>\n<function=$name>\n$args</function>\n</tool_call>", ("</tool_call>",),
        block=Block("</function>", _QWEN_CALL, _QWEN_ARGUMENT, "<parameter=$key>\n$value\n</parameter>\n"),
    ),
    Format(
        "functionary-v3.1", ("<function=",), ("<function=",), "<function=$name>$args</function>", ("</function>",),
        re.compile(r"(?P<name>[\w.-]+)>\s*"),
    ),
    Format(
        "glm-4.5", ("<arg_key>", "<tool_call>"), ("<tool_call>",), "<tool_call>$name\n$args</tool_call>",
        block=Block(
            "</tool_call>", re.compile(r"\s*(?P<name>[^\s<]+)(?P<body>.*)</tool_call>", re.S),
            re.compile(r"<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.S),
            "<arg_key>$key</arg_key>\n<arg_value>$value</arg_value>\n",
        ),
    ),
    Format(
        "minimax-m2", ("<invoke name=", "minimax:tool_call"), ("<minimax:tool_call>", "<invoke name="),
        '<invoke name="$name">\n$args</invoke>\n', ("</minimax:tool_call>",), begin="<minimax:tool_call>\n",
        between="", end="</minimax:tool_call>",
        block=Block(
            "</invoke>",
            re.compile(r'\s*(?:<invoke name=)?"(?P<name>[^"]+)">(?P<body>.*)</invoke>', re.S),
            re.compile(r'<parameter name="(?P<key>[^"]+)">(?P<value>.*?)</parameter>', re.S),
            '<parameter name="$key">$value</parameter>\n',
        ),
    ),
    Format(
        "deepseek-v3", ("<｜tool▁call▁begin｜>", "```json"), ("<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>"),
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>$name\n```json\n$args\n```<｜tool▁call▁end｜>",
        ("```", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"),
        re.compile(r"\s*(?:<｜tool▁call▁begin｜>)?(?:function<｜tool▁sep｜>)?(?P<name>[\w.-]+)\s*```(?:json)?\s*"),
        begin="<｜tool▁calls▁begin｜>", end="<｜tool▁calls▁end｜>",
    ),
    Format(
        "deepseek-v3.1", ("<｜tool▁call▁begin｜>",), ("<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>"),
        "<｜tool▁call▁begin｜>$name<｜tool▁sep｜>$args<｜tool▁call▁end｜>",
        ("<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"),
        re.compile(r"\s*(?:<｜tool▁call▁begin｜>)?(?P<name>[\w.-]+)<｜tool▁sep｜>\s*"),
        begin="<｜tool▁calls▁begin｜>", between="", end="<｜tool▁calls▁end｜>",
    ),
    Format(
        "kimi-k2", ("<|tool_call_argument_begin|>",), ("<|tool_calls_section_begin|>", "<|tool_call_begin|>"),
        "<|tool_call_begin|>functions.$name:0<|tool_call_argument_begin|>$args<|tool_call_end|>",
        ("<|tool_call_end|>", "<|tool_calls_section_end|>"),
        re.compile(
            r"\s*(?:<\|tool_call_begin\|>)?\s*(?:functions\.)?(?P<name>[\w.-]+)(?::\d+)?\s*"
            r"<\|tool_call_argument_begin\|>\s*"
        ),
        begin="<|tool_calls_section_begin|>", between="", end="<|tool_calls_section_end|>",
    ),
    Format(
        "command-r", ("<|START_ACTION|>",), ("<|START_ACTION|>",),
        '{"tool_call_id": "0", "tool_name": "$name", "parameters": $args}', ("<|END_ACTION|>",),
        begin="<|START_ACTION|>[\n    ", between=",\n    ", end="\n]<|END_ACTION|>",
    ),
    Format(
        "mistral-args", ("[TOOL_CALLS]", "[ARGS]"), ("[TOOL_CALLS]",), "[TOOL_CALLS]$name[ARGS]$args",
        header=re.compile(r"\s*(?P<name>[\w.-]+)(?:\[CALL_ID\][^\[{]*)?\[ARGS\]\s*"), between="", tidy=True,
    ),
    Format(
        "mistral", ("[TOOL_CALLS]",), ("[TOOL_CALLS]",), '{"name": "$name", "arguments": $args, "id": "000000000"}',
        begin="[TOOL_CALLS][", between=", ", end="]", tidy=True,
    ),
    Format(
        "lfm2", ("<|tool_call_start|>",), ("<|tool_call_start|>",), "$name($args)",
        block=Block("<|tool_call_end|>", text="$key=$value"), begin="<|tool_call_start|>[", between=", ",
        end="]<|tool_call_end|>",
    ),
    Format(
        "granite", ("<|tool_call|>",), ("<|tool_call|>", "<tool_call>"), _OBJECT, ("<|/tool_call|>", "</tool_call>"),
        begin="<|tool_call|>[", between=", ", end="]",
    ),
    Format(
        "nemotron", ("<TOOLCALL>",), ("<TOOLCALL>",), _OBJECT, ("</TOOLCALL>",),
        begin="<TOOLCALL>[", between=", ", end="]</TOOLCALL>",
    ),
    Format(
        "hermes", ("<tool_call>",), ("<tool_call>",), "<tool_call>\n" + _OBJECT + "\n</tool_call>", ("</tool_call>",),
    ),
    Format(
        "firefunction", ("functools[",), (" functools[", "functools["), _OBJECT, begin=" functools[", between=", ",
        end="]",
    ),
    Format(
        "llama-3", ("<|start_header_id|>", '"parameters"'), ("<|python_tag|>",),
        '{"name": "$name", "parameters": $args}', bare=True, between="; ",
    ),
    Format(
        "llama-3", ("<|python_tag|>",), ("<|python_tag|>",), '{"name": "$name", "parameters": $args}', bare=True,
        between="; ",
    ),
)  # fmt: skip

GENERIC = Format(
    "generic", (), ('{"tool_call": ', '{"tool_calls": ['), _OBJECT,
    begin='{"tool_call": ', between=", ", end="}",
)  # fmt: skip
"""For templates that know no tools: the format of llama.cpp, which a grammar holds the model to."""

_KNOWS = re.compile(r"\btools\b")


def format_of(template: str) -> Format:
    """The format of a chat template's text; the generic one where it knows no tools, or none that are known here."""
    if not _KNOWS.search(template):
        return GENERIC
    form = next((one for one in FORMATS if all(sign in template for sign in one.signs)), GENERIC)
    return form if knows_calls(template) or not form.block else GENERIC


def knows_calls(template: str) -> bool:
    """Whether a template writes earlier calls by itself; Granite's, for one, leave that to whoever uses them."""
    return "tool_calls" in template
