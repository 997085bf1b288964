"""Where a downloaded file ends up: in the Hugging Face cache, or in a folder."""

from __future__ import annotations

from pathlib import Path

from tui.catalogue.hub.checked import check_request
from tui.catalogue.hub.place import Place
from tui.catalogue.hub.place_cache import Cache
from tui.catalogue.hub.place_folder import Folder
from tui.catalogue.hub.values import Request
from tui.catalogue.hub_cache import hub_cache_dir


def place_of(request: Request, locks: Path) -> Place:
    """Where `request` goes.

    Args:
        request: its names are checked.
        locks: a folder of the program's own for lock files; the cache has one itself.

    Raises:
        HubError: of kind `refused`: a name that cannot be trusted.
    """
    check_request(request)
    return Cache(request, hub_cache_dir()) if request.folder is None else Folder(request.folder, locks)
