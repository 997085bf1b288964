"""Chat templates are rendered as llama-cpp-python and Transformers render them."""

from __future__ import annotations

import pytest

from tests.support.tiny_gguf import CHATML
from tui.core.errors import TemplateError
from tui.core.messages import Message
from tui.engine.jinja import compiled
from tui.engine.template import ChatTemplate

MESSAGES = [
    {"role": "system", "content": "be <kind> & short"},
    {"role": "user", "content": "東京 {{ 7 * 7 }}"},
    {"role": "assistant", "content": "ok"},
    {"role": "user", "content": "and?"},
]
TEMPLATES = {
    "chatml": CHATML,
    "blocks": """
    {%- if not tools %}{{ bos_token }}{% endif %}
    {% for message in messages if message.role != "system" %}
        {% if loop.index > 2 %}{% break %}{% endif %}
        {% if message.role == "assistant" %}{% generation %}{{ message.content }}{% endgeneration %}{% endif %}
        {{- message | tojson }} {{ message.content | trim | upper }}{{ eos_token }}
    {% endfor %}
    {% if add_generation_prompt %}{{ strftime_now("%Y") | length }}{% endif %}""",
    "namespace": "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_as_llama_cpp_python_does_it(name: str) -> None:
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    formatter = Jinja2ChatFormatter(template=TEMPLATES[name], bos_token="<s>", eos_token="</s>")
    assert compiled(TEMPLATES[name], "<s>", "</s>")(MESSAGES) == formatter(messages=MESSAGES).prompt


def test_a_template_may_refuse() -> None:
    with pytest.raises(ValueError, match="roles must alternate"):
        compiled("{{ raise_exception('roles must alternate') }}", "", "")(MESSAGES)


@pytest.mark.parametrize(
    "source", ["{{ messages.append(1) }}", "{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}"]
)
def test_a_template_can_neither_reach_out_nor_change_what_it_is_given(source: str) -> None:
    from jinja2.exceptions import SecurityError

    with pytest.raises(SecurityError):
        compiled(source + "{{ messages[0].x.y }}", "", "")(MESSAGES)


@pytest.mark.parametrize(
    "source", ["{{ broken", "{% broken\x1b[2J %}", "{% for x in y %}" + "{{ z }}" * 99 + "{% endif %}"]
)
def test_a_syntax_error_is_named(source: str) -> None:
    for messages in ([Message("user", "hi")], [Message("system", "s"), Message("user", "hi")]):
        with pytest.raises(TemplateError) as caught:
            ChatTemplate(source, "", "", "").render(messages)
        line = caught.value.line()
        assert line.startswith("The chat template has a syntax error: line 1: ") and "--chat-template" in line
        assert line.isprintable() and len(line) < 500 and "refuses" not in line


def test_a_refusal_fits_the_command_line() -> None:
    with pytest.raises(TemplateError, match=r"^The chat template refuses this conversation: no") as caught:
        ChatTemplate("{{ raise_exception('no\x1b[2J') }}", "", "", "").render([Message("user", "hi")])
    assert caught.value.line().isprintable() and "Clear" not in caught.value.line()


def test_a_builtin_template_that_there_is_not() -> None:
    with pytest.raises(TemplateError, match="no chat template called chatmll"):
        ChatTemplate("chatmll", "", "", "").render([Message("user", "hi")])
