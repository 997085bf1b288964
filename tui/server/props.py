"""`/props`: llama-server's account of a model. Asking wakes none that sleeps, and keeps none awake."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.catalogue.gguf_header import read_header
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.server.state import State, no_model, state_of


async def props(request: Request) -> Response:
    """Of the model that the query names, or of the only one."""
    state, asked = state_of(request), request.query_params.get("model", "")
    if not asked and len(state.models.names) > 1:
        # As llama-server's router has it, whose models have their own.
        return JSONResponse({"role": "router", **_about(state, "", None), "is_sleeping": False})
    try:
        lease = state.models.lend_loaded(asked, quietly=True)
        if lease is None:
            return JSONResponse(await _asleep(state, asked))
    except LocalLLMError as error:
        raise no_model(error) from None
    with contextlib.closing(lease):
        template, model = await state.ask(lease, lambda questions: questions.template), lease.model
    told = {
        **_about(state, lease.name, model),
        "model_path": Path(model.path).name,
    }  # where it lies is nobody's business
    return JSONResponse({**told, "chat_template": template, "is_sleeping": False})


async def _asleep(state: State, asked: str) -> dict[str, Any]:
    """What is known of a model that is not in memory: from when it was, and from its file.

    Raises:
        LocalLLMError: there is none of this name.
    """
    name, path = state.models.find(asked)
    told = {**_about(state, name, state.models.known(name)), "model_path": path.name, "is_sleeping": True}
    with contextlib.suppress(LocalLLMError):  # what is wrong with the file is said when it is loaded
        header = await asyncio.to_thread(read_header, path)
        if template := header.text("tokenizer.chat_template"):  # of a long one a header tells only how long it is
            told["chat_template"] = template
    return told


def _about(state: State, name: str, model: ModelInfo | None) -> dict[str, Any]:
    """What is told in any case; a context of 0 is not known yet."""
    return {
        "default_generation_settings": {"n_ctx": model.n_ctx if model else 0, "params": asdict(state.generation)},
        "total_slots": state.options.parallel,
        "model_alias": name,
        "modalities": {"vision": False, "audio": False},
        **({"build_info": model.build} if model else {}),
    }
