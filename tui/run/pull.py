"""`models pull`, and `-hf` of the other commands: a model of the Hub comes onto this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.values import Download, Request
from tui.core.errors import CancelledError, LocalLLMError
from tui.core.text import one_line
from tui.core.units import format_bytes, format_seconds, format_wait
from tui.run.guard import guarded
from tui.run.interrupt import Interrupted, Interruption
from tui.run.one_shot import DONE
from tui.run.output import Output, Progress, note
from tui.services.downloads import Downloads
from tui.services.hub_models import download_folder, find_cached, look_up, offline_line
from tui.settings.settings import Settings

LOOK = 0.2
"""Seconds between two looks at a download."""
LINE_EVERY = 10.0
"""Seconds between two lines on standard error where it is no terminal."""


class DownloadError(LocalLLMError):
    """A download ended without the file."""


def pull_model(settings: Settings, text: str, *, as_json: bool) -> int:
    """Download a model and print where it is.

    Args:
        settings: where it goes, and whether the network may be used.
        text: `owner/repo[:quant]`.
        as_json: a JSON object instead of the path.

    Returns:
        The exit status.
    """

    def work(interruption: Interruption) -> int:
        path = pull(settings, text, interruption)
        record = json.dumps({"path": str(path), "model": text, "bytes": path.stat().st_size}, indent=2)
        Output().write((record if as_json else str(path)) + "\n")
        return DONE

    return guarded(work, color=settings.app.color)


def fetched(settings: Settings) -> tuple[Path | None, int]:
    """The file of the model named by -hf, downloaded unless it is here.

    Returns:
        The file and 0; None and the exit status when it cannot be had, after one line on standard error.
    """
    found: list[Path] = []

    def work(interruption: Interruption) -> int:
        text = settings.app.hf_repo
        found.append(find_cached(text, download_folder(settings)) or pull(settings, text, interruption))
        return DONE

    status = guarded(work, color=settings.app.color)
    return (found[0] if found else None), status


def pull(settings: Settings, text: str, interruption: Interruption) -> Path:
    """Download what is not here yet, with its progress on standard error.

    Args:
        settings: where it goes, and whether the network may be used.
        text: `owner/repo[:quant]`.
        interruption: a signal pauses the download.

    Raises:
        LocalLLMError: it cannot be had; the line says why.
        CancelledError: a signal came.
    """
    hub, folder = Hub(offline=settings.app.offline), download_folder(settings)
    if hub.offline:
        if (path := find_cached(text, folder)) is not None:
            return path
        raise offline_line(one_line(text))
    cancel = Cancel()
    interruption.watch(cancel.set)
    request = look_up(hub, text, folder, cancel)
    downloads = Downloads(hub)
    if (path := downloads.present(request)) is not None:
        note(f"{_name(request)} is here already")
        return path
    try:
        return _fetch(downloads, request, text, interruption)
    finally:
        downloads.close()


def _fetch(downloads: Downloads, request: Request, text: str, interruption: Interruption) -> Path:
    stop, progress = threading.Event(), Lines(_name(request))
    number = downloads.add(request)
    interruption.watch(stop.set)
    again = f"; to go on: localllm-tui models pull {one_line(text)}"
    download = downloads.wait(number, 0)
    try:
        while not download.over:
            progress.show(download)
            if stop.is_set():
                downloads.pause(number)
            download = downloads.wait(number, LOOK)
    except Interrupted:
        progress.end()
        note(f"paused at {_percent(download):.0f} %{again}")
        raise
    progress.end()
    if download.state == "paused":
        note(f"paused at {_percent(download):.0f} % of {format_bytes(request.size)}{again}")
        raise CancelledError("paused")
    if download.state == "failed" or download.path is None:
        if not download.done:  # nothing to go on with: a row of it would only puzzle
            downloads.cancel(number)
        raise DownloadError(download.problem or "the download failed")
    downloads.forget(number)
    progress.tell_end(download)
    return download.path


class Lines:
    """A download on standard error: one line written over on a terminal, a line now and then elsewhere.

    Args:
        name: what is downloaded.
        now: gives the time in seconds.
    """

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._name, self._now = name, now
        self._progress = Progress()
        self._began = self._told = now()

    def show(self, download: Download) -> None:
        """Say how far it is."""
        text = self._words(download)
        if self._progress.active:
            self._progress.show(text)
        elif self._now() - self._told >= LINE_EVERY:
            self._told = self._now()
            note(text)

    def end(self) -> None:
        """Take the line away."""
        self._progress.clear()

    def tell_end(self, download: Download) -> None:
        """Say how much came, and how long that took."""
        note(f"{self._name}: {format_bytes(download.request.size)} in {format_seconds(self._now() - self._began)}")

    def _words(self, download: Download) -> str:
        size = download.request.size
        text = f"{self._name} {_percent(download):.0f} % of {format_bytes(size)}"
        if download.state == "verifying":
            return f"{text}, checking the sum"
        if download.state == "downloading" and download.speed:
            text += f", {format_bytes(download.speed)}/s"
            if (left := download.seconds_left) is not None:
                text += f", about {format_wait(left)} left"
        return f"{text}: {one_line(download.problem)}" if download.problem else text


def _percent(download: Download) -> float:
    size = download.request.size
    return min(100.0, 100 * download.done / size) if size else 100.0


def _name(request: Request) -> str:
    return one_line(f"{request.repo_id} {request.label}")
