"""`/infill`: what lies between two texts, in llama-server's way."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.server.body import read_json
from tui.server.fields import Fields, wrong
from tui.server.following import unless_gone
from tui.server.generating import Generating
from tui.server.grammars import read_grammar
from tui.server.infill_prompt import Files, infill_prompt
from tui.server.native import probabilities_of, respond
from tui.server.parameters import parameters_of
from tui.server.state import state_of


async def infill(request: Request) -> Response:
    """Fill in the middle."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    for name in ("input_prefix", "input_suffix"):
        if name not in fields:
            raise wrong(name, "a text", None)
    prefix, suffix, begun = (fields.text(name) for name in ("input_prefix", "input_suffix", "prompt"))
    extra, spm = _files(fields), fields.flag("spm_infill")
    params, n_probs, streamed = parameters_of(fields, state.generation), probabilities_of(fields), fields.flag("stream")
    lease = await unless_gone(request, state.use(fields.text("model")))
    if lease is None:
        return Response(status_code=499)
    try:
        await read_grammar(params)
        prompt = await infill_prompt(state, lease, prefix, suffix, begun=begun, extra=extra, suffix_first=spm)
    except BaseException:
        lease.close()
        raise
    generating = Generating(state, lease, request, [prompt], [params], n_probs)
    return await respond(request, state, generating, streamed=streamed)


def _files(fields: Fields) -> Files:
    return [_file(f"input_extra[{number}]", item) for number, item in enumerate(fields.items("input_extra"))]


def _file(name: str, item: Any) -> tuple[str, str]:
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise wrong(name, "an object with filename and text", item)
    return Fields(item).text("filename", "tmp"), item["text"]
