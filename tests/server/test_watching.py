"""What the server tells of its requests, and how they are ended from elsewhere."""

from __future__ import annotations

import httpx

from tests.support.serving import Served
from tui.services.watching_parts import snapshot_of

CHAT = {"messages": [{"role": "user", "content": "abc"}], "max_tokens": 3, "ignore_eos": True}
PATH = "/v1/localllm/requests"


def test_a_request_is_listed_with_its_numbers_and_its_transcript(tiny_server: Served) -> None:
    with httpx.Client(base_url=tiny_server.address, timeout=60) as client:
        assert client.post("/v1/chat/completions", json=CHAT).status_code == 200
        snapshot = snapshot_of(client.get(PATH).json())
        assert snapshot is not None and snapshot.places == 2 and snapshot.transcripts
        info = next(one for one in snapshot.requests if one.endpoint == "/v1/chat/completions")
        assert (info.state, info.client) == ("done", "127.0.0.1")
        assert info.prompt_tokens > 0 and 0 < info.generated_tokens <= 3
        assert snapshot.totals.requests >= 1 and snapshot.totals.generated_tokens >= info.generated_tokens
        told = client.get(f"{PATH}/{info.id}/transcript").json()
        assert told["prompt"].endswith("user: abc")


def test_what_is_over_or_unknown(tiny_server: Served) -> None:
    with httpx.Client(base_url=tiny_server.address, timeout=60) as client:
        assert client.post(f"{PATH}/999999/cancel").json()["cancelled"] is False
        assert client.get(f"{PATH}/999999/transcript").status_code == 404
        assert client.get(f"{PATH}/x/transcript").status_code == 404
        assert client.get(f"{PATH}/1/cancel").status_code == 405
        assert client.post(f"{PATH}/{'9' * 9000}/cancel").status_code == 404


def test_without_leave_no_transcript_is_told(smollm2_server: Served) -> None:
    with httpx.Client(base_url=smollm2_server.address, timeout=60) as client:
        answer = client.get(f"{PATH}/1/transcript")
        assert answer.status_code == 403 and "--transcripts" in answer.json()["error"]["message"]


def test_metrics_count_what_was_computed_for_a_request_that_was_ended(smollm2_server: Served) -> None:
    # The tiny model could fill its context before the first look at what runs.
    requests = smollm2_server.state.requests
    before = requests.totals.generated_tokens
    with httpx.Client(base_url=smollm2_server.address, timeout=60) as client:
        body = {"prompt": "abc", "stream": True, "ignore_eos": True, "max_tokens": 2000}
        with client.stream("POST", "/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            while not any(info.generated_tokens for info in requests.running):
                next(lines)
        while requests.running:
            client.get("/health")
    assert requests.totals.generated_tokens > before
