"""What a model on the Hub is and takes, from its header alone: nothing but the first megabyte of it is fetched."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tui.catalogue.explanation import Sibling
from tui.catalogue.hub.choice import choose, parse_hf
from tui.catalogue.hub.values import Repository, Variant
from tui.core.parameters import LoadParams
from tui.services.describe import Description, describe_header

if TYPE_CHECKING:
    from tui.catalogue.hub.cancel import Cancel
    from tui.catalogue.hub.client import Hub


def find_remote(hub: Hub, text: str, cancel: Cancel | None = None) -> tuple[Repository, Variant]:
    """The model that `owner/repo[:quant]` means, by llama.cpp's own rule.

    Raises:
        SettingError: the text names no repository.
        HubError: the Hub does not give it, or has no such model.
    """
    repo_id, quant = parse_hf(text)
    repository = hub.repository(repo_id, cancel=cancel)
    return repository, choose(repository, quant)


def describe_remote(
    hub: Hub,
    repository: Repository,
    variant: Variant,
    load: LoadParams,
    *,
    available: int | None = None,
    cancel: Cancel | None = None,
) -> Description:
    """Describe a model on the Hub as `describe` does one on this machine, by formulas. For worker threads.

    Args:
        hub: gives the header.
        repository: where the model is; its other quantizations are compared with it.
        variant: which one.
        load: how it would be loaded.
        available: bytes that a load may take; by default what is free now.
        cancel: ends it.

    Raises:
        HubError: the Hub does not give it, or it is no GGUF file.
    """
    header = hub.header(repository, variant, cancel)
    name = PurePosixPath(variant.files[0].path).name
    siblings = [Sibling(other.quantization, other.size, other.label) for other in repository.variants]
    return describe_header(header, name, load, siblings=siblings, available=available, file_size=variant.size)
