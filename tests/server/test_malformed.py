"""Requests as a program that means harm, or none at all, would make them: from the server's own OpenAPI document.

`LOCALLLM_TEST_REQUESTS=10000` makes as many as that.
"""

from __future__ import annotations

import json
import os
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.serving import Served
from tui.server.openapi import document

_COUNT = int(os.environ.get("LOCALLLM_TEST_REQUESTS", "600"))
_PATHS = {path: methods["post"] for path, methods in document()["paths"].items() if "post" in methods}

_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
_JSON = st.recursive(
    _SCALARS, lambda more: st.lists(more, max_size=4) | st.dictionaries(st.text(max_size=8), more, max_size=4),
    max_leaves=12,
)  # fmt: skip


def valid(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of the document allows, more or less."""
    if "anyOf" in schema:
        return st.one_of([valid(one) for one in schema["anyOf"]])
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "string":
            return st.text(max_size=20)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(None if low is None else int(low), None if high is None else int(high))
        case "number":
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case "array":
            return st.lists(valid(schema["items"]) if "items" in schema else _JSON, max_size=3)
        case "object":
            known = schema.get("properties", {})
            if not known:
                return st.dictionaries(st.text(max_size=8), _JSON, max_size=3)
            return st.fixed_dictionaries({}, optional={name: valid(one) for name, one in known.items()})
    return _JSON


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A path and a body: a few of its fields, right or wrong, beside what makes an answer short."""
    path = draw(st.sampled_from(sorted(_PATHS)))
    schema = _PATHS[path]["requestBody"]["content"]["application/json"]["schema"]
    names = draw(st.lists(st.sampled_from(sorted(schema["properties"])), max_size=6, unique=True))
    body = {name: draw(valid(schema["properties"][name]) | _JSON) for name in names}
    good = {"messages": [{"role": "user", "content": "a"}], "prompt": "a", "input": "a", "content": "a"}
    for name in schema["required"]:
        if name in good and draw(st.integers(0, 3)):
            body.setdefault(name, good[name])
    short = {"max_tokens": 2, "n_predict": 2, "max_output_tokens": 16}
    return path, {**body, **{name: value for name, value in short.items() if draw(st.integers(0, 7))}}


def test_the_document_is_served(tiny_server: Served) -> None:
    told = httpx.get(f"{tiny_server.address}/openapi.json").json()
    assert told == json.loads(json.dumps(document()))
    assert told["openapi"].startswith("3.") and len(told["paths"]) >= 15


@settings(
    max_examples=_COUNT, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(asked=requests())
def test_no_request_makes_the_server_fail(tiny_server: Served, asked: tuple[str, dict[str, Any]]) -> None:
    path, body = asked
    with httpx.stream("POST", tiny_server.address + path, json=body, timeout=120) as answer:
        content = b"".join(answer.iter_bytes())
    assert answer.status_code in (200, 400, 404, 413, 429, 501, 503), (path, body, content)
    if answer.status_code != 200:
        assert json.loads(content)["error"]["message"]
    assert b"The server failed" not in content


@settings(
    max_examples=_COUNT // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.sampled_from(sorted(_PATHS)), content=st.binary(max_size=300))
def test_no_bytes_make_the_server_fail(tiny_server: Served, path: str, content: bytes) -> None:
    answer = httpx.post(tiny_server.address + path, content=content, timeout=60)
    assert answer.status_code in (200, 400), (path, content)


def test_it_still_answers_after_that(tiny_server: Served) -> None:
    assert httpx.get(f"{tiny_server.address}/health").json() == {"status": "ok"}
    body = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 2}
    assert httpx.post(f"{tiny_server.base_url}/chat/completions", json=body, timeout=120).status_code == 200


@pytest.mark.parametrize("path", sorted(_PATHS))
def test_every_documented_path_is_there(tiny_server: Served, path: str) -> None:
    assert httpx.post(tiny_server.address + path, content=b"{}", timeout=60).status_code in (200, 400, 501)
