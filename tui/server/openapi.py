"""`/openapi.json`: what can be asked, for tools that read OpenAPI."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui import __version__
from tui.core.options import Option, options_of
from tui.core.parameters import GenerationParams
from tui.server.parameters import NAMES_OF_SETTINGS

_PROGRAM = "localllm-tui"
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_TABLE: dict[str, Any] = {"type": "object"}
_LIMIT: dict[str, Any] = {
    "type": "integer", "minimum": -1,
    "description": "Milliseconds from the first token on, after which the next line break ends the answer.",
}  # fmt: skip
_TEXTS: dict[str, Any] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_PROMPT: dict[str, Any] = {"anyOf": [_TEXT, {"type": "array"}]}
_CONTENT: dict[str, Any] = {"anyOf": [_TEXT, {"type": "array", "items": _TABLE}]}
_MESSAGE: dict[str, Any] = {
    "type": "object", "required": ["role"], "properties": {"role": _TEXT, "content": _CONTENT},
}  # fmt: skip
_MESSAGES: dict[str, Any] = {"type": "array", "items": _MESSAGE, "minItems": 1}
_TOOLS: dict[str, Any] = {"type": "array", "items": _TABLE}
_CHOICE: dict[str, Any] = {"anyOf": [_TEXT, _TABLE]}

_CHAT = {
    "messages": _MESSAGES, "stream": _FLAG, "stream_options": _TABLE, "n": {"type": "integer", "minimum": 1},
    "logprobs": _FLAG, "top_logprobs": _WHOLE, "response_format": _TABLE, "tools": _TOOLS, "tool_choice": _CHOICE,
    "parallel_tool_calls": _FLAG, "chat_template_kwargs": _TABLE, "add_generation_prompt": _FLAG,
}  # fmt: skip
_COMPLETION = {
    "prompt": _PROMPT, "stream": _FLAG, "stream_options": _TABLE, "n": {"type": "integer", "minimum": 1},
    "echo": _FLAG, "suffix": _TEXT, "logprobs": _WHOLE,
}  # fmt: skip
_POSTS: dict[str, tuple[str, dict[str, Any], tuple[str, ...], bool]] = {
    "/v1/chat/completions": ("Answer a conversation.", _CHAT, ("messages",), True),
    "/v1/completions": ("Complete prompts.", _COMPLETION, ("prompt",), True),
    "/v1/responses": (
        "Answer in OpenAI's Responses API.",
        {
            "input": _PROMPT, "instructions": _TEXT, "stream": _FLAG, "max_output_tokens": _WHOLE, "tools": _TOOLS,
            "tool_choice": _CHOICE, "text": _TABLE, "reasoning": _TABLE, "previous_response_id": _TEXT,
        },
        ("input",), True,
    ),
    "/v1/messages": (
        "Answer in Anthropic's Messages API.",
        {
            "messages": _MESSAGES, "system": _CONTENT, "max_tokens": _WHOLE, "stop_sequences": _TEXTS,
            "stream": _FLAG, "tools": _TOOLS, "tool_choice": _TABLE, "thinking": _TABLE,
        },
        ("messages", "max_tokens"), True,
    ),
    "/v1/messages/count_tokens": ("Count the tokens of Anthropic's messages.", {"messages": _MESSAGES}, ("messages",),
                                  False),
    "/v1/embeddings": (
        "A vector for each text.",
        {"input": _PROMPT, "encoding_format": _TEXT, "dimensions": _WHOLE}, ("input",), False,
    ),
    "/completion": ("llama-server's own completion.", {**_COMPLETION, "n_probs": _WHOLE}, ("prompt",), True),
    "/infill": (
        "Fill in the middle.",
        {"input_prefix": _TEXT, "input_suffix": _TEXT, "input_extra": _TOOLS, "prompt": _TEXT, "stream": _FLAG}, (),
        True,
    ),
    "/embedding": ("A vector for each text, in llama-server's shape.", {"content": _PROMPT}, ("content",), False),
    "/tokenize": (
        "Tokens of a text.",
        {"content": _TEXT, "add_special": _FLAG, "parse_special": _FLAG, "with_pieces": _FLAG}, (), False,
    ),
    "/detokenize": ("The text of tokens.", {"tokens": {"type": "array", "items": _WHOLE}}, (), False),
    "/apply-template": (
        "A conversation as a prompt.", {"messages": _MESSAGES, "add_generation_prompt": _FLAG}, ("messages",), False,
    ),
}  # fmt: skip
_GETS = {
    "/health": "Whether requests can be answered.",
    "/v1/models": "The models that can be asked for.",
    "/props": "The model and its settings.",
    "/slots": "What runs.",
    "/metrics": "For Prometheus.",
}


async def openapi(_request: Request) -> Response:
    """The document."""
    return JSONResponse(document())


def document() -> dict[str, Any]:
    """What can be asked, as OpenAPI 3.1 says it."""
    paths: dict[str, Any] = {
        path: {"get": {"summary": words, "responses": {"200": {"description": "The answer."}}}}
        for path, words in _GETS.items()
    }
    for path, (words, fields, needed, generates) in _POSTS.items():
        known = {"model": _TEXT, **(_parameters() if generates else {}), **fields}
        schema = {"type": "object", "properties": known, "required": list(needed)}
        paths[path] = {
            "post": {
                "summary": words,
                "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                "responses": {
                    "200": {"description": "The answer, or server-sent events where stream is true."},
                    "4XX": {"description": "What is wrong with the request."},
                    "503": {"description": "It cannot be answered now."},
                },
            }
        }
    return {"openapi": "3.1.0", "info": {"title": _PROGRAM, "version": __version__}, "paths": paths}


def _parameters() -> dict[str, Any]:
    """How tokens are chosen, by the names that requests use."""
    options = {option.name: option for option in options_of(GenerationParams)}
    known = {name: _schema(options[setting]) for name, setting in NAMES_OF_SETTINGS.items()}
    biases = {"anyOf": [_TABLE, {"type": "array"}]}
    return {**known, "seed": _WHOLE, "stop": _TEXTS, "logit_bias": biases, "t_max_predict_ms": _LIMIT}


def _schema(option: Option) -> dict[str, Any]:
    types = {"int": "integer", "float": "number", "bool": "boolean", "list": "array"}
    schema: dict[str, Any] = {"type": types.get(option.kind, "string"), "description": option.help}
    if option.minimum is not None and not option.words:
        schema["minimum"] = option.minimum
    if option.maximum is not None:
        schema["maximum"] = option.maximum
    return schema
