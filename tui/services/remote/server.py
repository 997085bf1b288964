"""What kind of server an endpoint is, and what it says of its model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from tui.core.endpoints import place_of
from tui.core.errors import RemoteError
from tui.core.text import one_line

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Kind = Literal["openai", "llama.cpp", "localllm-tui", "vllm", "ollama", "lm-studio"]
"""`openai` is every server of which no more is known than that it speaks OpenAI's language."""

WORDS: dict[Kind, str] = {
    "openai": "OpenAI-compatible", "llama.cpp": "llama-server", "localllm-tui": "localllm-tui serve", "vllm": "vLLM",
    "ollama": "Ollama", "lm-studio": "LM Studio",
}  # fmt: skip
_OWNERS: dict[str, Kind] = {
    "llamacpp": "llama.cpp", "localllm-tui": "localllm-tui", "vllm": "vllm", "library": "ollama",
    "organization_owner": "lm-studio",
}  # fmt: skip
"""By `owned_by` of a model's entry in `/v1/models`."""
_SIDE_SECONDS = 3.0
"""Most seconds for a question whose answer is only nice to have."""
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Server:
    """A server and one model of it, as far as they say; 0 and an empty text stand for unknown.

    Attributes:
        kind: what it is.
        model: as the server calls it.
        n_ctx: tokens of context that a request can have.
        n_ctx_train: tokens of context that the model was trained with.
        n_vocab: tokens of its vocabulary.
        parameters: number of weights.
        architecture: such as `llama`.
        quantization: such as `Q4_K_M`.
        build: the server's version.
        note: what the person should know; one sentence.
    """

    kind: Kind
    model: str
    n_ctx: int = 0
    n_ctx_train: int = 0
    n_vocab: int = 0
    parameters: int = 0
    architecture: str = ""
    quantization: str = ""
    build: str = ""
    note: str = ""

    @property
    def continues(self) -> bool:
        """Whether it goes on with a reply that has begun, when that is the last message."""
        return self.kind in ("llama.cpp", "vllm", "ollama")


async def list_models(client: AsyncOpenAI) -> list[dict[str, Any]]:
    """The entries of `/v1/models`.

    Raises:
        openai.OpenAIError: the server does not answer, or not with a list.
    """
    answer = await client.get("/models", cast_to=object)
    entries = answer.get("data") if isinstance(answer, dict) else None
    return [entry for entry in entries or [] if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


async def ask_server(client: AsyncOpenAI, base_url: str, model: str) -> Server:
    """What is known of a model. First the list of models, which tells the kind of server, then what that kind knows.

    Raises:
        openai.OpenAIError: the server does not answer.
        RemoteError: it does not have the model.
    """
    try:
        entries = await list_models(client)
    except Exception as error:
        lists_nothing = getattr(error, "status_code", None) in (404, 405)
        # A page instead of an error in OpenAI's shape comes from something else at that address.
        if not model or not lists_nothing or not isinstance(getattr(error, "body", None), dict):
            raise
        return Server("openai", model)
    entry, note = _chosen(entries, base_url, model)
    kind = _OWNERS.get(str(entry.get("owned_by")), "openai")
    if kind == "openai" and entry.get("owned_by") != "openai" and _ollama_like(base_url):
        kind = "ollama"  # a model of its own making is owned by whoever made it
    server = Server(kind, model or entry["id"], note=note)
    root = base_url.removesuffix("/v1")
    side = client.with_options(timeout=_SIDE_SECONDS, max_retries=0)
    with contextlib.suppress(Exception):  # whatever it says instead, the model can be used
        if kind in ("llama.cpp", "localllm-tui"):
            return _of_llama_cpp(server, entry, await side.get(f"{root}/props", cast_to=object))
        if kind == "ollama":
            shown = await side.post(f"{root}/api/show", cast_to=object, body={"model": server.model})
            return _of_ollama(server, shown)
        if kind == "lm-studio":
            path = f"{root}/api/v0/models/{quote(server.model)}"
            return _of_lm_studio(server, await side.get(path, cast_to=object))
    return _of_entry(server, entry)


def _chosen(entries: Sequence[dict[str, Any]], base_url: str, model: str) -> tuple[dict[str, Any], str]:
    names = [entry["id"] for entry in entries]
    listed = ", ".join(one_line(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    if not model:
        if len(entries) == 1:
            return entries[0], ""
        what = f"{place_of(base_url)} has {len(entries)} models" if entries else f"{place_of(base_url)} has no model"
        raise RemoteError(what, why=listed, hint=f"name one: {base_url}#NAME" if entries else "")
    for entry in entries:
        if entry["id"] in (model, f"{model}:latest"):
            return entry, ""
    if len(entries) == 1 and entries[0].get("owned_by") in ("llamacpp", "localllm-tui"):
        return entries[0], f"{place_of(base_url)} answers with {one_line(names[0])}, by whatever name it is asked"
    raise RemoteError(f"{place_of(base_url)} has no model {one_line(model)}", why=f"it has {listed}" if listed else "")


def _ollama_like(base_url: str) -> bool:
    return base_url.endswith(":11434/v1")


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _of_entry(server: Server, entry: dict[str, Any]) -> Server:
    """What the list of models says: llama-server's `meta`, vLLM's and others' lengths."""
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    lengths = (entry.get(key) for key in ("max_model_len", "context_length", "context_window", "max_context_length"))
    return replace(
        server,
        n_ctx=_number(meta.get("n_ctx")) or next((length for value in lengths if (length := _number(value))), 0),
        n_ctx_train=_number(meta.get("n_ctx_train")),
        n_vocab=_number(meta.get("n_vocab")),
        parameters=_number(meta.get("n_params")),
    )


def _of_llama_cpp(server: Server, entry: dict[str, Any], props: Any) -> Server:
    server = _of_entry(server, entry)
    if not isinstance(props, dict):
        return server
    settings = props.get("default_generation_settings")
    n_ctx = _number(settings.get("n_ctx")) if isinstance(settings, dict) else 0
    return replace(
        server,
        n_ctx=n_ctx or server.n_ctx,
        build=_text(props.get("build_info")),
    )


def _of_ollama(server: Server, shown: Any) -> Server:
    info = shown.get("model_info") or {}
    details = shown.get("details") or {}
    architecture = _text(info.get("general.architecture"))
    # How much of the trained context a request gets is Ollama's own choice, unless the model's file says it.
    words = [line.split() for line in _text(shown.get("parameters")).splitlines()]
    given = [int(line[1]) for line in words if len(line) == 2 and line[0] == "num_ctx" and line[1].isdecimal()]
    return replace(
        server,
        n_ctx=given[0] if given else 0,
        n_ctx_train=_number(info.get(f"{architecture}.context_length")),
        parameters=_number(info.get("general.parameter_count")),
        architecture=architecture,
        quantization=_text(details.get("quantization_level")),
    )


def _of_lm_studio(server: Server, shown: Any) -> Server:
    return replace(
        server,
        n_ctx=_number(shown.get("loaded_context_length")),
        n_ctx_train=_number(shown.get("max_context_length")),
        architecture=_text(shown.get("arch")),
        quantization=_text(shown.get("quantization")),
    )
