"""From what a request asks of a chat to its generations, whichever API it came by."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from starlette.requests import Request

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Finished, Prefilling, Token
from tui.core.markers import Markers, markers_for
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.core.reasoning import Splitter
from tui.server.errors import ApiError, api_error
from tui.server.generating import Generating, several
from tui.server.grammars import read_grammar
from tui.server.reading import Delta, Reading
from tui.server.state import State
from tui.server.tools import NO_TOOLS, Toolbox
from tui.server.tools_formats import GENERIC, Format, format_of, knows_calls
from tui.server.tools_generic import GenericParser, told_of_tools, without_calls
from tui.server.tools_grammar import grammar_of
from tui.server.tools_parser import CallParser
from tui.services.model_pool import Lease


@dataclass(frozen=True)
class Asked:
    """What a request asks, all of it checked.

    Attributes:
        model: the model's name as the client knows it.
        messages: the conversation.
        params: how to choose tokens.
        box: the tools.
        count: how many answers.
        n_probs: how many likeliest tokens are told with each token; None for none.
        split: whether the reasoning is told apart from the answer.
    """

    model: str
    messages: tuple[Message, ...]
    params: GenerationParams
    box: Toolbox = NO_TOOLS
    count: int = 1
    n_probs: int | None = None
    split: bool = True


@dataclass(frozen=True)
class Plan:
    """What one model is given for it.

    Attributes:
        prompt: the conversation with its tools.
        params: with the grammar that holds the answer.
        form: how the answer calls tools; None where it may not.
    """

    prompt: ChatPrompt
    params: GenerationParams
    form: Format | None


class Answering:
    """The generations of a request, and what they say taken apart.

    Args:
        generating: the generations.
        readings: of each.
    """

    def __init__(self, generating: Generating, readings: list[Reading]) -> None:
        self.generating = generating
        self.readings = readings
        self.prompt = Prefilling(0, 0, 0)
        """How far the first prompt is."""

    async def deltas(
        self, events: AsyncIterator[tuple[int, Event]]
    ) -> AsyncIterator[tuple[int, list[Delta], Token | None, bool]]:
        """What the answers say as it comes: the number of the answer, what is added, by which token, whether it ends.

        Raises:
            ApiError: a generation failed.
        """
        async with aclosing(events):  # type: ignore[type-var]
            async for number, what in events:
                reading = self.readings[number]
                if isinstance(what, Prefilling) and not number:
                    self.prompt = what
                if isinstance(what, Token):
                    yield number, reading.feed(what.text), what, False
                elif isinstance(what, Finished):
                    yield number, [*reading.feed(what.text), *reading.finish()], None, True

    async def complete(self) -> None:
        """Wait until all is said.

        Raises:
            ApiError: a generation failed.
        """
        async for _ in self.deltas(self.generating.events()):
            pass

    def finish_reason(self, number: int) -> str:
        """OpenAI's word for why an answer ended."""
        reason = self.generating.choices[number].finish_reason
        return "tool_calls" if reason == "stop" and self.readings[number].calls else reason


async def begin(state: State, request: Request, asked: Asked) -> Answering:
    """Begin the generations that are asked for.

    Raises:
        ApiError: there is no such model, or it cannot do this.
    """
    lease = await state.use(asked.model)
    try:
        plan = await plan_of(state, lease, asked)
        await read_grammar(plan.params)
        markers = lease.model.reasoning.markers
    except BaseException:
        lease.close()
        raise
    params = several(plan.params, asked.count)
    generating = Generating(state, lease, request, [plan.prompt] * asked.count, params, asked.n_probs)
    return Answering(generating, [_reading(asked, plan, markers) for _ in range(asked.count)])


async def plan_of(state: State, lease: Lease, asked: Asked) -> Plan:
    """What the model is given.

    Raises:
        ApiError: a tool's schema cannot be made a grammar, or a grammar of the request's own stands in its way.
    """
    messages, params, box, form = asked.messages, asked.params, asked.box, None
    if box.wanted and params.grammar:
        raise ApiError(400, "A request can have tools or a grammar, not both.", param="grammar")
    if box.wanted or any(message.calls or message.role == "tool" for message in messages):
        template = await state.ask(lease, lambda questions: questions.template)
        form = format_of(template)
        messages = _fitting(messages, form, template)
    prompt = _going_on(messages)
    if form is not None and box.wanted:
        params = await asyncio.to_thread(_constrained, form, box, params)
        if form is GENERIC:
            prompt = ChatPrompt(told_of_tools(messages, box))
        else:
            declared = [tool.declared() for tool in box.tools]
            prompt = ChatPrompt(messages, tools=json.dumps(declared, ensure_ascii=False), shown=form.shown)
    if params.grammar or params.json_schema:
        # A grammar holds from the first token on, so there is no thinking before it.
        params = replace(params, reasoning="off")
        known = lease.model.reasoning
        if known.markers and not known.switch:
            prompt = replace(prompt, begun=_thought(known.markers, calls=box.wanted))
    return Plan(prompt, params, form if box.wanted else None)


def _going_on(messages: tuple[Message, ...]) -> ChatPrompt:
    """A conversation; a reply at its end is one to go on with, as with llama-server."""
    last = messages[-1]
    if len(messages) > 1 and last.role == "assistant" and last.content and not (last.calls or last.reasoning):
        return ChatPrompt(messages[:-1], begun=last.content)
    return ChatPrompt(messages)


def _fitting(messages: tuple[Message, ...], form: Format, template: str) -> tuple[Message, ...]:
    if form is GENERIC:
        return without_calls(messages)
    if not knows_calls(template):
        return tuple(_written(message, form) for message in messages)
    return tuple(_with_tidy_ids(message) for message in messages) if form.tidy else messages


def _written(message: Message, form: Format) -> Message:
    """A message whose calls are in its text, as the model writes them."""
    if not message.calls:
        return message
    calls = (form.call.replace("$name", call.name).replace("$args", call.arguments) for call in message.calls)
    return replace(message, content=f"{message.content}{form.begin}{form.between.join(calls)}{form.end}", calls=())


def _with_tidy_ids(message: Message) -> Message:
    """A message whose ids are as Mistral's templates insist: nine letters and digits."""
    calls = tuple(replace(call, id=_tidy(call.id)) for call in message.calls)
    return replace(message, calls=calls, call_id=_tidy(message.call_id) if message.call_id else "")


def _tidy(name: str) -> str:
    if len(name) == 9 and name.isascii() and name.isalnum():
        return name
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:9]


def _constrained(form: Format, box: Toolbox, params: GenerationParams) -> GenerationParams:
    must = box.use == "required"
    if not (form is GENERIC or must or params.json_schema):
        return params
    try:
        grammar = grammar_of(form, box, free=not must, schema=params.json_schema)
    except LocalLLMError as error:
        raise api_error(error) from None
    return replace(params, grammar=grammar, json_schema="")


def _thought(markers: Markers, *, calls: bool) -> str:
    """A reasoning that is over, without a word: nothing but the answer follows."""
    if calls and markers.framed:
        return markers.start + markers.end
    return markers.start + markers.ending


def _reading(asked: Asked, plan: Plan, markers: Markers | None) -> Reading:
    splitter = Splitter(markers_for("", markers)) if asked.split else None
    if splitter and plan.prompt.begun:
        splitter.feed(plan.prompt.begun)
    parser: CallParser | GenericParser | None = None
    if plan.form is GENERIC:
        parser = GenericParser(asked.box, plain=not asked.params.json_schema)
    elif plan.form is not None:
        parser = CallParser(plan.form, asked.box.tools, certain=asked.box.use == "required")
    tidy = plan.form is not None and plan.form.tidy
    return Reading(splitter, parser, tidy=tidy, most=1 if asked.box.parallel is False else None)
