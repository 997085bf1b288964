"""Small chat templates that know tools, each in the words of one family of models."""

from __future__ import annotations

_HEAD = """\
{%- if tools %}{{ '<|im_start|>system\\nTools:' }}{% for tool in tools %}{{ '\\n' + (tool | tojson) }}{% endfor %}\
{{ '<|im_end|>\\n' }}{% endif -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') -}}
{%- if message.tool_calls -%}{%- for call in message.tool_calls -%}
"""
_TAIL = """
{%- endfor -%}{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""
_OBJECT = (
    """{{- '{"name": "' + call.function.name + '", "arguments": ' + (call.function.arguments | tojson) + '}' -}}"""
)


def template(begin: str, call: str, end: str, note: str = "") -> str:
    """A template that writes each call between two texts."""
    return f"{{#- {note} -#}}{_HEAD}{{{{- '{begin}' -}}}}{call}{{{{- '{end}' -}}}}{_TAIL}"


HERMES = template("<tool_call>\\n", _OBJECT, "\\n</tool_call>")
TEXT_ARGUMENTS = template(
    "<tool_call>\\n",
    _OBJECT.replace("(call.function.arguments | tojson)", "call.function.arguments"),
    "\\n</tool_call>",
)
"""One that puts the arguments' text together with others, as OpenAI's clients send it."""

NO_CALLS = """\
{%- if tools %}{{ '<|im_start|>system\\nTools:\\n' + (tools | tojson) + '\\n<tool_call><|im_end|>\\n' }}{% endif -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""
"""One that knows tools and leaves earlier calls to whoever uses it."""

TEMPLATES = {
    "hermes": HERMES,
    "mistral": template("[TOOL_CALLS][", _OBJECT, "]"),
    "mistral-args": template("[TOOL_CALLS]", "{{- call.function.name + '[ARGS]' -}}", ""),
    "llama-3": template(
        "", _OBJECT.replace("arguments\"", "parameters\""), "", "<|start_header_id|> <|python_tag|>"
    ),
    "granite": template("<|tool_call|>[", _OBJECT, "]"),
    "command-r": template("<|START_ACTION|>[", _OBJECT, "]<|END_ACTION|>"),
    "deepseek-v3.1": template(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
        "{{- call.function.name + '<｜tool▁sep｜>' + (call.function.arguments | tojson) -}}",
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    "deepseek-v3": template("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>", "{{- call.function.name -}}", "", "```json"),
    "qwen3-coder": template(
        "<tool_call>\\n",
        "{{- '<function=' + call.function.name + '>\\n' -}}{%- for key, value in call.function.arguments | items -%}"
        "{{- '<parameter=' + key + '>\\n' + (value | string) + '\\n</parameter>\\n' -}}{%- endfor -%}",
        "</function>\\n</tool_call>",
    ),
    "functionary-v3.1": template(
        "<function=", "{{- call.function.name + '>' + (call.function.arguments | tojson) -}}", "</function>"
    ),
    "glm-4.5": template("<tool_call>", "{{- call.function.name -}}", "</tool_call>", "<arg_key>"),
    "kimi-k2": template("<|tool_call_begin|>", "{{- call.function.name -}}", "<|tool_call_argument_begin|>"),
    "lfm2": template("<|tool_call_start|>[", "{{- call.function.name -}}", "]<|tool_call_end|>"),
    "gpt-oss": template("<|channel|>commentary to=functions.", "{{- call.function.name -}}", "<|call|>"),
}  # fmt: skip
