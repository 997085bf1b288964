"""The list of downloads: several at once, stopped and gone on with, kept on disk, shared by programs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.downloads.conftest import HASTY, MODEL, PATIENT, REPO, TIMEOUT, Shop, eventually, failed, finished
from tui.catalogue.hub.transfer import Patience
from tui.core.errors import HubError
from tui.services.downloads import Downloads

Open = Callable[..., Downloads]
HALF = 1_500_000
PROMPTLY = 60.0
"""Seconds; it takes a fraction of one on a machine with time to spare, and the connection would stall for an hour."""


@pytest.fixture
def stuck(shop: Shop, opened: Open) -> tuple[Downloads, int]:
    """A download whose connection says nothing any more after half of the file."""
    shop.server.fault(path="/cdn/", stall_after=HALF, times=1)
    downloads = opened(PATIENT)
    number = downloads.add(shop.request())
    eventually(lambda: downloads.wait(number, 0).done == HALF)
    return downloads, number


def test_pause_is_prompt_on_a_stall_and_resume_asks_for_the_rest(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    begun = time.monotonic()
    downloads.pause(number)
    paused = downloads.wait(number, TIMEOUT)
    assert time.monotonic() - begun < PROMPTLY
    assert (paused.state, paused.done, paused.speed) == ("paused", HALF, None)
    downloads.resume(number)
    assert finished(downloads, number).read_bytes() == shop.content
    assert shop.asked() == ["", f"bytes={HALF}-"]


def test_cancel_is_prompt_on_a_stall_and_leaves_nothing(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    begun = time.monotonic()
    downloads.cancel(number)
    eventually(lambda: not downloads.snapshot())
    assert time.monotonic() - begun < PROMPTLY
    assert not shop.home.exists()
    with pytest.raises(HubError, match="no download 1"):
        downloads.wait(number)


@pytest.mark.parametrize("where", ["/resolve/", "/cdn/"])
def test_cancel_is_prompt_while_no_answer_comes(shop: Shop, opened: Open, where: str) -> None:
    shop.server.fault(path=where, delay=PATIENT.stall)
    downloads = opened(PATIENT)
    number = downloads.add(shop.request())
    eventually(lambda: [asked for asked in shop.server.requests if where in asked.path])
    begun = time.monotonic()
    downloads.cancel(number)
    eventually(lambda: not downloads.snapshot())
    assert time.monotonic() - begun < PROMPTLY


def test_cancel_of_a_paused_one_deletes_its_part(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    downloads.pause(number)
    downloads.wait(number, TIMEOUT)
    assert shop.parts()
    downloads.cancel(number)
    assert not downloads.snapshot()
    assert not shop.parts()


def test_a_new_program_lists_what_was_closed_as_paused_and_fetches_the_rest_only(
    shop: Shop, stuck: tuple[Downloads, int], opened: Open
) -> None:
    downloads, number = stuck
    begun = time.monotonic()
    downloads.close()
    assert time.monotonic() - begun < PROMPTLY
    after = opened()
    (paused,) = after.snapshot()
    assert (paused.number, paused.state, paused.done) == (number, "paused", HALF)
    assert "interrupted" in paused.problem
    assert after.resume_interrupted() == (number,)
    finished(after, number)
    assert shop.server.sent("/cdn/") == len(shop.content)


def test_what_the_person_paused_is_not_resumed_without_them(
    shop: Shop, stuck: tuple[Downloads, int], opened: Open
) -> None:
    downloads, number = stuck
    downloads.pause(number)
    downloads.wait(number, TIMEOUT)
    downloads.close()
    after = opened()
    assert after.resume_interrupted() == ()
    assert after.add(shop.request()) == number
    finished(after, number)
    assert shop.asked() == ["", f"bytes={HALF}-"]


def test_the_same_again_is_the_same_download(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    assert downloads.add(replace(shop.request(), label="other words")) == number


def test_two_run_at_once_and_the_others_wait_their_turn(shop: Shop, opened: Open) -> None:
    files = {f"m{n}-Q8_0.gguf": os.urandom(200_000) for n in range(4)}
    shop.repo = shop.server.add(REPO, files)
    stalls = shop.server.fault(path="/cdn/", stall_after=100_000)
    downloads = opened(PATIENT, 2)
    numbers = [downloads.add(shop.request(path)) for path in files]
    eventually(lambda: [d.done for d in downloads.snapshot()] == [100_000, 100_000, 0, 0])
    assert [d.state for d in downloads.snapshot()] == ["downloading", "downloading", "queued", "queued"]
    stalls.times = 0
    downloads.cancel(numbers[0])
    downloads.pause(numbers[3])
    finished(downloads, numbers[2])
    assert [d.state for d in downloads.snapshot()] == ["downloading", "finished", "paused"]


def test_the_speed_and_the_time_left_are_told(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", bps=300_000)
    downloads = opened()
    number = downloads.add(shop.request())
    eventually(lambda: (downloads.wait(number, 0).speed or 0) > 100_000)
    shown = downloads.wait(number, 0)
    assert shown.seconds_left is not None
    assert 0 < shown.seconds_left < 30
    downloads.cancel(number)


def test_forget_keeps_the_files(shop: Shop, opened: Open) -> None:
    downloads = opened()
    number = downloads.add(shop.request())
    path = finished(downloads, number)
    downloads.forget(number)
    assert not downloads.snapshot()
    assert path.exists()
    assert not opened().snapshot()


def test_forget_does_nothing_to_one_under_way(stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    downloads.forget(number)
    assert downloads.wait(number, 0).state == "downloading"


def test_numbers_are_never_used_again(shop: Shop, opened: Open) -> None:
    downloads = opened()
    first = downloads.add(shop.request())
    finished(downloads, first)
    downloads.forget(first)
    assert downloads.add(shop.request("README.md")) > first


def test_a_finished_file_that_was_deleted_is_fetched_again(shop: Shop, opened: Open) -> None:
    downloads = opened()
    number = downloads.add(shop.request())
    path = finished(downloads, number)
    path.resolve().unlink()
    assert downloads.add(shop.request()) == number
    assert finished(downloads, number).read_bytes() == shop.content


def test_the_list_is_private_and_says_nothing_of_a_token(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    assert stat.S_IMODE(shop.state.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.state.parent.stat().st_mode) == 0o700
    assert "token" not in shop.state.read_text()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 9}', '{"version": 1, "last": 1, "downloads": [{"number": "x"}]}', "[" * 100_000],
)
def test_a_damaged_list_is_set_aside(shop: Shop, opened: Open, text: str) -> None:
    shop.state.parent.mkdir()
    shop.state.write_text(text)
    downloads = opened()
    assert downloads.snapshot() == ()
    assert (shop.state.parent / "downloads.json.damaged").read_text() == text
    finished(downloads, downloads.add(shop.request()))
    assert json.loads(shop.state.read_text())["last"] == 1


def test_an_unreadable_list_is_not_replaced(shop: Shop, opened: Open) -> None:
    shop.state.mkdir(parents=True)  # a directory is what even root cannot read as a file
    downloads = opened()
    assert downloads.snapshot() == ()
    with pytest.raises(HubError, match="cannot write in") as caught:
        downloads.add(shop.request())
    assert caught.value.kind == "disk"
    assert shop.state.is_dir()


def test_what_dead_programs_left_is_removed(shop: Shop, opened: Open) -> None:
    left = shop.state.parent / "downloads" / f"program-{'0' * 32}.lock"
    left.parent.mkdir(parents=True)
    left.touch()
    downloads = opened()
    finished(downloads, downloads.add(shop.request()))
    assert len(list(left.parent.iterdir())) == 1
    downloads.close(TIMEOUT)
    assert not list(left.parent.iterdir())


def test_a_list_that_cannot_be_written_still_ends_a_download(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    shop.state.unlink()
    shop.state.mkdir()  # a directory in its place cannot be replaced by a file
    downloads.pause(number)
    paused = downloads.wait(number, TIMEOUT)
    assert (paused.state, paused.done) == ("paused", HALF)


def test_a_download_of_another_program_is_shown_and_left_to_it(
    shop: Shop, stuck: tuple[Downloads, int], opened: Open
) -> None:
    first, number = stuck
    second = opened()
    (shown,) = second.snapshot()
    assert (shown.state, shown.done) == ("downloading", HALF)
    assert "another localllm-tui" in shown.problem
    for action in (second.pause, second.cancel, second.resume):
        with pytest.raises(HubError, match="another localllm-tui") as caught:
            action(number)
        assert caught.value.kind == "busy"
    with pytest.raises(HubError, match="another localllm-tui"):
        second.add(shop.request())
    second.forget(number)
    assert first.wait(number, 0).state == "downloading"
    first.pause(number)
    first.wait(number, TIMEOUT)
    second.resume(number)
    finished(second, number)
    assert first.snapshot()[0].state == "finished"


def test_two_programs_never_write_one_file(shop: Shop, stuck: tuple[Downloads, int], opened: Open) -> None:
    """The second has a list of its own, as one of another user; it waits, then finds the file and asks for nothing."""
    first, number = stuck
    second = Downloads(shop.hub(), shop.state.parent / "other" / "downloads.json", patience=HASTY)
    waiting = second.add(shop.request())
    eventually(lambda: "another program" in second.wait(waiting, 0).problem)
    assert shop.asked() == [""]
    first.pause(number)
    first.wait(number, TIMEOUT)
    assert finished(second, waiting).read_bytes() == shop.content
    assert shop.asked() == ["", f"bytes={HALF}-"]
    first.resume(number)
    finished(first, number)
    assert shop.asked() == ["", f"bytes={HALF}-"]
    second.close(TIMEOUT)


def test_huggingface_hub_itself_waits_for_the_same_lock(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, number = stuck
    code = "import sys, huggingface_hub; print(huggingface_hub.hf_hub_download(sys.argv[1], sys.argv[2]))"
    environment = {
        **os.environ, "HF_ENDPOINT": shop.server.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code, REPO, MODEL], env=environment, stdout=subprocess.PIPE) as other:
        eventually(lambda: [asked for asked in shop.server.requests if asked.method == "HEAD"])
        downloads.pause(number)
        downloads.wait(number, TIMEOUT)
        output, _ = other.communicate(timeout=TIMEOUT)
    downloads.resume(number)
    path = finished(downloads, number)
    assert Path(output.decode().strip()) == path
    assert path.read_bytes() == shop.content
    assert not shop.parts()


def test_nothing_begins_while_the_program_ends(shop: Shop) -> None:
    downloads = shop.downloads()
    downloads.close()
    with pytest.raises(HubError):
        downloads.add(shop.request())


def test_a_snapshot_does_not_wait_for_the_list(shop: Shop, stuck: tuple[Downloads, int]) -> None:
    downloads, _ = stuck
    before = downloads.snapshot()
    with downloads._news:
        seen: list[object] = []
        other = threading.Thread(target=lambda: seen.append(downloads.snapshot()))
        other.start()
        other.join(TIMEOUT)
    assert seen == [before]


def test_patience_has_an_end(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", status=503)
    downloads = opened(Patience(wait=0.001, tries=4))
    assert "has trouble" in failed(downloads, downloads.add(shop.request())).problem
    assert len(shop.asked()) == 4
