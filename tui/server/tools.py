"""The tools that a request offers to the model, and what it says about their use."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong

Use = Literal["none", "auto", "required"]
_USES: dict[str, Use] = {"none": "none", "auto": "auto", "required": "required", "any": "required"}
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_MOST = 512


@dataclass(frozen=True)
class Tool:
    """A function that the model may call.

    Attributes:
        name: of the function.
        description: what it is for.
        parameters: the JSON schema of its arguments.
    """

    name: str
    description: str
    parameters: dict[str, Any]

    def declared(self) -> dict[str, Any]:
        """As OpenAI's clients and the chat templates write it."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}

    @cached_property
    def schema(self) -> str:
        """The JSON schema of its arguments as text: always of an object."""
        return json.dumps({"type": "object", **self.parameters}, ensure_ascii=False)


@dataclass(frozen=True)
class Toolbox:
    """What a request says of tools.

    Attributes:
        tools: those that may be called.
        use: whether any may be, or has to be.
        parallel: whether one answer may call several; None where the request does not say.
    """

    tools: tuple[Tool, ...] = ()
    use: Use = "auto"
    parallel: bool | None = None

    @property
    def wanted(self) -> bool:
        """Whether the model may call any."""
        return bool(self.tools) and self.use != "none"


NO_TOOLS = Toolbox()


def toolbox_of(fields: Fields) -> Toolbox:
    """The tools of a request in OpenAI's shape, that of chat completions or that of responses.

    Raises:
        ApiError: they are none that could be called.
    """
    tools = tuple(_tool(f"tools[{number}]", item) for number, item in enumerate(fields.items("tools")))
    use, name = choice_of(fields.body.get("tool_choice"))
    parallel = fields.flag("parallel_tool_calls") if "parallel_tool_calls" in fields else None
    return chosen(tools, use, name, parallel)


def chosen(tools: tuple[Tool, ...], use: Use, name: str, parallel: bool | None) -> Toolbox:
    """The tools of a request after its choice among them.

    Args:
        tools: all of them.
        use: whether any may be called.
        name: the one that has to be called; empty for none in particular.
        parallel: whether one answer may call several.

    Raises:
        ApiError: there are too many, two have one name, or the choice is none of them.
    """
    names = [tool.name for tool in tools]
    if len(names) > _MOST:
        raise ApiError(400, f"tools has {len(names)} tools, and {_MOST} are the most.", param="tools")
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ApiError(400, f"tools has two tools called {twice}.", param="tools")
    if name:
        tools = tuple(tool for tool in tools if tool.name == name)
        if not tools:
            raise ApiError(400, f"tool_choice names {name[:80]}, which is none of the tools.", param="tool_choice")
    if use == "required" and not tools:
        raise ApiError(400, "tool_choice wants a tool called, and there are no tools.", param="tool_choice")
    return Toolbox(tools, use, parallel)


def make_tool(name: str, described: Fields, schema: str) -> Tool:
    """A tool from an object that describes it.

    Args:
        name: of the field, for errors.
        described: the object.
        schema: what it calls the schema of the arguments.

    Raises:
        ApiError: it is no tool.
    """
    called = described.body.get("name")
    if not isinstance(called, str) or not _NAME.fullmatch(called):
        raise wrong(f"{name}.name", "a name of letters, digits, _ . and -, at most 128", called)
    parameters = described.body.get(schema)
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong(f"{name}.{schema}", "a JSON schema", parameters)
    if parameters and parameters.get("type", "object") != "object":
        raise wrong(f"{name}.{schema}.type", "object", parameters.get("type"))
    description = described.body.get("description")
    if description is not None and not isinstance(description, str):
        raise wrong(f"{name}.description", "a text", description)
    return Tool(called, description or "", parameters or {"type": "object", "properties": {}})


def choice_of(value: Any) -> tuple[Use, str]:
    """Whether tools may be called, and the name of the one that has to be.

    Raises:
        ApiError: it says something else.
    """
    if value is None:
        return "auto", ""
    if isinstance(value, str) and value in _USES:
        return _USES[value], ""
    if isinstance(value, dict) and value.get("type") in ("function", "tool"):
        function = value.get("function")
        name = function.get("name") if isinstance(function, dict) else value.get("name")
        if isinstance(name, str) and name:
            return "required", name
    raise wrong("tool_choice", 'none, auto, required, or {"type": "function", "function": {"name": …}}', value)


def _tool(name: str, item: Any) -> Tool:
    if not isinstance(item, dict):
        raise wrong(name, "an object with type and function", item)
    if item.get("type") != "function":
        raise wrong(f"{name}.type", "function", item.get("type"))
    function = item.get("function")
    if function is None and "name" in item:  # as the responses API writes it
        return make_tool(name, Fields(item), "parameters")
    if not isinstance(function, dict):
        raise wrong(f"{name}.function", "an object with name and parameters", function)
    return make_tool(f"{name}.function", Fields(function), "parameters")
