"""Chat templates are rendered as llama-cpp-python and Transformers render them."""

from __future__ import annotations

import pytest

from tests.support.tiny_gguf import CHATML
from tui.engine.jinja import compiled

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
