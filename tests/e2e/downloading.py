"""A program that downloads one thing: started, killed and started again by tests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.transfer import Patience
from tui.catalogue.hub.values import RemoteFile, Request
from tui.services.downloads import Downloads


def main() -> None:
    """Do what the first argument says, in JSON; tell how it ended."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    folder = Path(asked["folder"]) if asked["folder"] else None
    files = tuple(RemoteFile(**file) for file in asked["files"])
    request = Request(asked["repo_id"], asked["commit"], "Q4_K_M", files, folder)
    patience = Patience(stall=3600.0, wait=0.01, longest_wait=0.1)
    downloads = Downloads(Hub(asked["url"]), Path(asked["state"]), patience=patience)
    number = downloads.add(request)
    if asked["fill"]:
        _fill_disk(downloads, number, Path(asked["fill"]))
        tell(downloads, number)
        os.unlink(asked["fill"])
        downloads.resume(number)
    downloads.wait(number)
    tell(downloads, number)
    downloads.close()


def tell(downloads: Downloads, number: int) -> None:
    """One line on how far it is."""
    shown = downloads.wait(number)
    path = str(shown.path) if shown.path else ""
    here = sorted(entry.name for entry in (shown.request.folder or Path()).iterdir()) if shown.request.folder else []
    told = {"state": shown.state, "done": shown.done, "problem": shown.problem, "path": path, "here": here}
    print(json.dumps(told), flush=True)


def _fill_disk(downloads: Downloads, number: int, filler: Path) -> None:
    """Take every byte of the disk that the download does not take, until it is over."""
    with filler.open("wb", buffering=0) as stream:
        while not (shown := downloads.wait(number, 0)).over:
            if shown.done > 500_000:
                try:
                    stream.write(bytes(65536))
                except OSError:
                    continue


if __name__ == "__main__":
    main()
