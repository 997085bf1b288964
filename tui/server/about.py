"""What can be asked about the server: health, models, slots, metrics. None of it loads a model."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tui.server.errors import ApiError
from tui.server.state import State, state_of
from tui.services.requests import RequestInfo


async def health(request: Request) -> Response:
    """Whether requests can be answered: not while the only model there is is still loading."""
    state = state_of(request)
    if not state.models.loaded and not state.options.loads_on_request:
        error = {"message": "The model is not loaded yet.", "type": "unavailable_error", "code": 503}
        return JSONResponse({"error": error}, 503)
    return JSONResponse({"status": "ok"})


async def models(request: Request) -> Response:
    """The models that can be asked for, in OpenAI's shape."""
    state = state_of(request)
    return JSONResponse({"object": "list", "data": [_model(state, name) for name in state.models.names]})


async def one_model(request: Request) -> Response:
    """One of them."""
    state, name = state_of(request), str(request.path_params["name"])
    if name not in state.models.names:
        raise ApiError(404, f"There is no model called {name[:100]} here.", param="model", code="model_not_found")
    return JSONResponse(_model(state, name))


async def slots(request: Request) -> Response:
    """llama-server's account of what runs."""
    state = state_of(request)
    running = state.requests.running[: state.options.parallel]
    idle = [{"id": number, "is_processing": False} for number in range(len(running), state.options.parallel)]
    return JSONResponse([*(_slot(number, info) for number, info in enumerate(running)), *idle])


async def metrics(request: Request) -> Response:
    """For Prometheus, with llama-server's names."""
    state = state_of(request)
    return PlainTextResponse(metrics_text(state), media_type="text/plain; version=0.0.4; charset=utf-8")


def metrics_text(state: State) -> str:
    """The metrics in Prometheus's text format."""
    totals, running = state.requests.totals, state.requests.running
    waiting = sum(info.state == "waiting" for info in running)

    def per_second(tokens: int, seconds: float) -> float:
        return tokens / seconds if seconds else 0.0

    rows = (
        ("prompt_tokens_total", "counter", "Number of prompt tokens processed.", totals.prompt_tokens),
        ("prompt_seconds_total", "counter", "Prompt process time", totals.prompt_seconds),
        ("tokens_predicted_total", "counter", "Number of generation tokens processed.", totals.generated_tokens),
        ("tokens_predicted_seconds_total", "counter", "Predict process time", totals.decode_seconds),
        ("n_tokens_max", "counter", "Largest observed n_tokens.", totals.most_prompt_tokens),
        (
            "prompt_tokens_seconds", "gauge", "Average prompt throughput in tokens/s.",
            per_second(totals.prompt_tokens, totals.prompt_seconds),
        ),
        (
            "predicted_tokens_seconds", "gauge", "Average generation throughput in tokens/s.",
            per_second(totals.generated_tokens, totals.decode_seconds),
        ),
        ("requests_processing", "gauge", "Number of requests processing.", len(running) - waiting),
        ("requests_deferred", "gauge", "Number of requests deferred.", waiting),
        ("requests_total", "counter", "Number of requests that ended.", totals.requests),
        ("requests_failed_total", "counter", "Number of requests that failed.", totals.failed),
        ("requests_refused_total", "counter", "Number of requests that were turned away.", totals.refused),
    )  # fmt: skip
    lines = []
    for name, kind, words, value in rows:
        full = f"llamacpp:{name}"
        lines += [f"# HELP {full} {words}", f"# TYPE {full} {kind}", f"{full} {value:g}"]
    return "\n".join(lines) + "\n"


def _model(state: State, name: str) -> dict[str, Any]:
    model = state.models.look(name)
    entry: dict[str, Any] = {
        "id": name,
        "object": "model",
        "created": int(state.started),
        "owned_by": "localllm-tui",
        "status": {"value": "loaded" if model else "unloaded"},
    }
    if model is not None:
        entry["meta"] = {
            "n_vocab": model.n_vocab,
            "n_ctx_train": model.n_ctx_train,
            "n_ctx": model.n_ctx,
            "n_params": model.parameters,
            "size": model.size,
        }
    return entry


def _slot(number: int, info: RequestInfo) -> dict[str, Any]:
    return {
        "id": number,
        "id_task": info.id,
        "model": info.model,
        "is_processing": True,
        "state": info.state,
        "n_prompt_tokens": info.prompt_tokens,
        "n_prompt_tokens_processed": max(0, info.done_tokens - info.cached_tokens),
        "n_prompt_tokens_cache": info.cached_tokens,
        "next_token": [{"n_decoded": info.generated_tokens, "has_next_token": True}],
    }
