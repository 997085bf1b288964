"""What a reply is made with, as it is kept beside the reply."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from tui.core.endpoints import address_of, stored_name
from tui.core.events import ModelInfo
from tui.core.parameters import GenerationParams
from tui.core.text import well_formed
from tui.engine.planner import identity
from tui.store.records import ModelIdentity, ReplyFacts

_HASHED = 1 << 20
"""Bytes of a GGUF's beginning that identify it: the header's keys lie there, and the beginning of the vocabulary."""


def facts_of(model: ModelInfo, params: GenerationParams) -> ReplyFacts:
    """What a reply is made with.

    Args:
        model: who replies.
        params: how to generate.

    Returns:
        The facts; `params` in them is `{"generation": …, "load": …}` with every option by its name.
    """
    given = {"generation": asdict(params), "load": asdict(model.params)}
    # The system prompt has a place of its own.
    del given["generation"]["system_prompt"]
    return ReplyFacts(
        model=model_identity(model),
        template_hash=model.template_hash,
        params=json.dumps(given, ensure_ascii=False, sort_keys=True),
        seed=params.seed,
        system_prompt=well_formed(params.system_prompt),
        build=model.build,
    )


def model_identity(model: ModelInfo) -> ModelIdentity:
    """A loaded model told without its path: its file's name, size, and a hash of the beginning of its header.

    A remote one is told by its name and its server's address, which carries no key.
    """
    if (address := address_of(model.path)) is not None:
        return ModelIdentity(well_formed(stored_name(address[0], model.name)))
    path = Path(model.path)
    try:
        size, digest = _file(*identity(path))
    except OSError:  # deleted since it was loaded
        size, digest = model.size, ""
    return ModelIdentity(well_formed(path.stem), size, digest)


def file_identity(path: Path) -> ModelIdentity:
    """A model told by its file, whether it is loaded or not.

    Raises:
        OSError: the file cannot be read.
    """
    return ModelIdentity(well_formed(path.stem), *_file(*identity(path)))


def same_model(one: ModelIdentity, other: ModelIdentity) -> bool:
    """Whether two identities mean the same file, whatever it is called; by the names where no more is known."""
    if one.header_hash and other.header_hash:
        return (one.size, one.header_hash) == (other.size, other.header_hash)
    return one.name == other.name and (one.size == other.size or 0 in (one.size, other.size))


@lru_cache(maxsize=16)
def _file(path: str, size: int, _modified: int) -> tuple[int, str]:
    with Path(path).open("rb") as file:
        return size, hashlib.sha256(file.read(_HASHED)).hexdigest()
