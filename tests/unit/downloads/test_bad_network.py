"""Downloads through everything that a network does; the file is whole in the end, or nothing of it has its name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.local_hub import ALICE, BOB
from tests.unit.downloads.conftest import HASTY, MODEL, REPO, TIMEOUT, Shop, eventually, failed, finished
from tui.catalogue.hub.client import Hub
from tui.services.downloads import Downloads

Open = Callable[..., Downloads]


def test_a_file_arrives_whole(shop: Shop, opened: Open) -> None:
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert path.read_bytes() == shop.content
    assert shop.asked() == [""]
    assert not shop.parts()


@pytest.mark.parametrize("reset", [True, False])
def test_a_broken_connection_goes_on_where_it_ended(shop: Shop, opened: Open, reset: bool) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, reset=reset, times=2)
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert path.read_bytes() == shop.content
    starts = [int(asked.removeprefix("bytes=").removesuffix("-") or 0) for asked in shop.asked()]
    assert len(starts) == 3
    assert starts == sorted(starts)
    if not reset:  # a reset may take bytes with it that were on their way
        assert starts == [0, 1_000_000, 2_000_000]
        assert shop.server.sent("/cdn/") == len(shop.content)


def test_a_stalled_connection_is_given_up_and_asked_again(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", stall_after=1_000_000, times=1)
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert path.read_bytes() == shop.content
    assert shop.asked() == ["", "bytes=1000000-"]


def test_a_burst_of_server_errors_is_outlasted(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", status=503, times=3)
    shop.server.fault(path="/cdn/", status=500, times=2)
    downloads = opened()
    assert finished(downloads, downloads.add(shop.request())).read_bytes() == shop.content


def test_too_many_requests_wait_as_long_as_the_hub_asks(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", status=429, headers={"Retry-After": "1"}, times=1)
    downloads = opened()
    begun = time.monotonic()
    number = downloads.add(shop.request())
    eventually(lambda: "trying again in 1 s" in downloads.wait(number, 0).problem)
    finished(downloads, number)
    assert time.monotonic() - begun >= 1


def test_a_wait_of_hours_is_said_instead_of_waited(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", status=429, headers={"Retry-After": "7200"})
    downloads = opened()
    ended = failed(downloads, downloads.add(shop.request()))
    assert "too many requests" in ended.problem


def test_the_wait_for_another_try_can_be_cancelled(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", status=429, headers={"Retry-After": "600"})
    downloads = opened()
    number = downloads.add(shop.request())
    eventually(lambda: "trying again" in downloads.wait(number, 0).problem)
    downloads.pause(number)
    assert downloads.wait(number, TIMEOUT).state == "paused"


def test_an_expired_address_is_replaced_by_a_new_one(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, times=1)
    downloads = opened()
    shop.server.fault(path="/cdn/", status=403, times=2)
    finished(downloads, downloads.add(shop.request()))
    assert len(shop.asked("/resolve/")) == 4
    assert shop.asked()[-1] == "bytes=1000000-"


def test_a_server_without_ranges_sends_again_what_is_here_and_nothing_is_glued(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, times=1)
    shop.server.fault(path="/cdn/", no_range=True)
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert path.read_bytes() == shop.content
    assert shop.server.sent("/cdn/") == 1_000_000 + len(shop.content)


def test_a_server_without_ranges_that_breaks_again_loses_nothing(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=2_000_000, times=1)
    shop.server.fault(path="/cdn/", no_range=True, cut_after=500_000, times=1)
    downloads = opened()
    finished(downloads, downloads.add(shop.request()))
    assert shop.asked() == ["", "bytes=2000000-", "bytes=2000000-"]


def test_other_bytes_in_front_are_noticed_where_the_range_is_ignored(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, corrupt_at=5, times=1)
    shop.server.fault(path="/cdn/", no_range=True, times=1)
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert path.read_bytes() == shop.content
    assert shop.asked() == ["", "bytes=1000000-", ""]


def test_one_flipped_byte_is_caught_deleted_and_said(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", corrupt_at=2_345_678, times=1)
    downloads = opened()
    number = downloads.add(shop.request())
    ended = failed(downloads, number)
    assert "damaged" in ended.problem and "checksum" in ended.problem
    assert ended.done == 0
    assert not [path for path in shop.home.rglob("*") if path.is_file() or path.is_symlink()]
    downloads.resume(number)
    assert finished(downloads, number).read_bytes() == shop.content


def test_a_wrong_range_is_not_taken(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, times=1)
    shop.server.fault(path="/cdn/", headers={"Content-Range": "bytes 0-9/3000000"}, times=1)
    downloads = opened()
    assert finished(downloads, downloads.add(shop.request())).read_bytes() == shop.content


def test_a_range_of_a_longer_file_is_refused(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, times=1)
    shop.server.fault(path="/cdn/", headers={"Content-Range": "bytes 1000000-2999999/3000001"})
    downloads = opened()
    assert "is not what the Hub listed" in failed(downloads, downloads.add(shop.request())).problem


def test_a_file_of_another_length_is_refused(shop: Shop, opened: Open) -> None:
    request = shop.request()
    shorter = replace(request.files[0], size=2_999_999)
    downloads = opened()
    ended = failed(downloads, downloads.add(replace(request, files=(shorter,))))
    assert "3000000 bytes there and 2999999 in the list" in ended.problem


def test_a_file_that_the_hub_exchanged_is_not_begun(shop: Shop, opened: Open) -> None:
    other = replace(shop.request().files[0], sha256="0" * 64, oid="0" * 64)
    downloads = opened()
    ended = failed(downloads, downloads.add(replace(shop.request(), files=(other,))))
    assert "another checksum" in ended.problem
    assert ended.done == 0


def test_a_small_file_that_changes_under_way_is_begun_anew(shop: Shop, opened: Open) -> None:
    shop.server.cdn = False
    shop.server.fault(path="/resolve/", cut_after=1_000_000, headers={"ETag": '"before"'}, times=1)
    downloads = opened()
    assert finished(downloads, downloads.add(shop.request())).read_bytes() == shop.content
    assert shop.asked("/resolve/") == ["", "bytes=1000000-", ""]


def test_a_small_file_is_verified_by_git_s_checksum(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="README", corrupt_at=3, times=1)
    downloads = opened()
    number = downloads.add(shop.request("README.md"))
    assert "damaged" in failed(downloads, number).problem
    downloads.resume(number)
    assert finished(downloads, number).read_bytes() == b"# Tiny\n"


def test_a_page_that_asks_for_a_login_is_not_taken_for_the_file(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", body=b"<html>welcome</html>")
    downloads = opened()
    ended = failed(downloads, downloads.add(shop.request()))
    assert "web page" in ended.problem and ended.done == 0


def test_a_hub_that_is_not_there_is_said_soon(shop: Shop, opened: Open) -> None:
    shop.server.close()
    downloads = opened()
    ended = failed(downloads, downloads.add(shop.request()))
    assert "cannot be reached" in ended.problem


def test_a_gated_model_needs_a_token_which_the_storage_never_sees(shop: Shop) -> None:
    shop.server.repos[REPO].about = {"gated": "auto"}
    for token, problem in (("", "is gated"), (BOB, "is gated"), (ALICE, "")):
        downloads = Downloads(Hub(shop.server.url, token=token), shop.state, patience=HASTY)
        number = downloads.add(shop.request())
        ended = downloads.wait(number, TIMEOUT)
        assert problem in ended.problem
        assert ended.state == ("failed" if problem else "finished")
        downloads.close(TIMEOUT)
    assert any(asked.token for asked in shop.server.requests if MODEL in asked.path)
    assert not any(asked.token for asked in shop.server.requests if asked.host.startswith("localhost"))


def test_offline_asks_for_nothing(shop: Shop) -> None:
    downloads = Downloads(Hub(shop.server.url, offline=True), shop.state, patience=HASTY)
    assert "switched off" in failed(downloads, downloads.add(shop.request())).problem
    assert not shop.server.requests
    downloads.close(TIMEOUT)


def test_what_fails_before_a_byte_leaves_no_folder(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/resolve/", status=403)
    downloads = opened()
    number = downloads.add(shop.request())
    assert failed(downloads, number)
    assert not shop.home.exists()
    shop.server.heal()
    downloads.resume(number)
    assert finished(downloads, number).read_bytes() == shop.content
