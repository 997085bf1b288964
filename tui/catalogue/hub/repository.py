"""Reading what the Hub says of one repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tui.catalogue.hub.names import is_commit, is_safe_path
from tui.catalogue.hub.search import count, texts
from tui.catalogue.hub.values import RemoteFile, Repository
from tui.catalogue.hub.variants import group

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read(api: HfApi, repo_id: str, revision: str) -> Repository:
    """Ask for one repository, its files' sizes and hashes included.

    Raises:
        ValueError: the answer lacks what is needed.
    """
    info = api.model_info(repo_id, revision=revision, files_metadata=True)
    if not is_commit(info.sha):
        raise ValueError("it does not name the commit")
    variants, companions = group(list(_files(info)))
    details = info.gguf if isinstance(info.gguf, dict) else {}
    architecture, template = details.get("architecture"), details.get("chat_template")
    return Repository(
        repo_id=repo_id,
        commit=str(info.sha),
        variants=variants,
        companions=companions,
        gated=bool(info.gated),
        private=bool(info.private),
        licence=_licence(info),
        base_model=_base_model(info),
        downloads=count(info.downloads),
        likes=count(info.likes),
        updated=info.last_modified if isinstance(info.last_modified, datetime) else None,
        tags=texts(info.tags),
        parameters=count(details.get("total")) or None,
        architecture=architecture if isinstance(architecture, str) else "",
        n_ctx_train=count(details.get("context_length")) or None,
        template_size=len(template.encode("utf-8", "replace")) if isinstance(template, str) else 0,
        left_out=sum(not is_safe_path(sibling.rfilename) for sibling in info.siblings or ()),
    )


def _files(info: ModelInfo) -> Iterator[RemoteFile]:
    """The files that can be used; one with a hostile name is left out."""
    for sibling in info.siblings or ():
        if not is_safe_path(sibling.rfilename) or not isinstance(sibling.size, int) or sibling.size < 0:
            continue
        sha256 = sibling.lfs.sha256 if sibling.lfs else ""
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            sha256 = ""
        blob = sibling.blob_id if is_commit(sibling.blob_id) else ""
        yield RemoteFile(sibling.rfilename, sibling.size, sha256, sha256 or str(blob))


def _licence(info: ModelInfo) -> str:
    named = getattr(info.card_data, "license", None)
    return named if isinstance(named, str) else _tag(info, "license:")


def _base_model(info: ModelInfo) -> str:
    named = getattr(info.card_data, "base_model", None)
    if isinstance(named, list) and named:
        named = named[0]
    return named if isinstance(named, str) else _tag(info, "base_model:")


def _tag(info: ModelInfo, start: str) -> str:
    found = [tag.removeprefix(start) for tag in texts(info.tags) if tag.startswith(start)]
    return found[0] if found else ""


def readme_text(text: str) -> str:
    """A README without the metadata at its head, which the Hub shows in other places."""
    return _FRONT_MATTER.sub("", text, count=1).strip()
