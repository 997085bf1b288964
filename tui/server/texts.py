"""`/tokenize`, `/detokenize`, `/apply-template`: llama-server's endpoints about text."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.server.asking import Asked, plan_of
from tui.server.body import read_json
from tui.server.fields import Fields, wrong
from tui.server.messages import begins_reply, messages_of
from tui.server.parameters import parameters_of
from tui.server.state import state_of
from tui.server.tools import toolbox_of


async def tokenize(request: Request) -> Response:
    """Tokens of a text."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    text, whole, special = fields.text("content"), fields.flag("add_special"), fields.flag("parse_special", True)
    with_pieces = fields.flag("with_pieces")
    async with state.using(fields.text("model")) as lease:
        tokens = await state.ask(lease, lambda questions: questions.tokenize(text, whole=whole, special=special))
        if not with_pieces:
            return JSONResponse({"tokens": tokens})
        pieces = await state.ask(lease, lambda questions: questions.pieces(tokens))
    both = zip(tokens, pieces, strict=True)
    return JSONResponse({"tokens": [{"id": token, "piece": _piece(piece)} for token, piece in both]})


async def detokenize(request: Request) -> Response:
    """The text of tokens."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    tokens = fields.items("tokens")
    if not all(isinstance(token, int) and not isinstance(token, bool) for token in tokens):
        raise wrong("tokens", "an array of whole numbers", tokens)
    async with state.using(fields.text("model")) as lease:
        pieces = await state.ask(lease, lambda questions: questions.pieces(tokens))
    return JSONResponse({"content": b"".join(pieces).decode("utf-8", "replace")})


async def apply_template(request: Request) -> Response:
    """A conversation as the prompt that the model gets."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    name, params, box = fields.text("model"), parameters_of(fields, state.generation), toolbox_of(fields)
    messages = messages_of(fields)
    asked, reply = Asked(name, messages, params, box), begins_reply(fields, messages)
    async with state.using(name) as lease:
        plan = await plan_of(state, lease, asked)
        text = await state.ask(lease, lambda questions: questions.render(plan.prompt, plan.params, reply=reply))
    return JSONResponse({"prompt": text})


def _piece(piece: bytes) -> Any:
    """A text, or bytes as numbers where they are only a part of a character."""
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return list(piece)
