"""Grammars and schemas of requests, read before the engine does, whose other generations would wait for it."""

from __future__ import annotations

import asyncio

from tui.core.errors import LocalLLMError
from tui.core.parameters import GenerationParams
from tui.server.errors import api_error


async def read_grammar(params: GenerationParams) -> None:
    """Read what the answer has to fit, in a thread; the engine then finds it read. The model is loaded.

    Raises:
        ApiError: it cannot be used.
    """
    if params.grammar or params.json_schema:
        try:
            await asyncio.to_thread(_read, params)
        except LocalLLMError as error:
            raise api_error(error) from None


def _read(params: GenerationParams) -> None:
    from tui.engine.grammar import grammar_text  # llama.cpp is there by now

    grammar_text(params)
