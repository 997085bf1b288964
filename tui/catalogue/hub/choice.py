"""Which file `-hf owner/repo[:quant]` means: llama.cpp's own rule.

Source: llama.cpp common/download.cpp, common_download_split_repo_tag, gguf_filename_is_model, find_best_model.
"""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tui.catalogue.hub.names import is_repo_id
from tui.catalogue.hub.values import Repository, Variant
from tui.core.errors import HubError, SettingError
from tui.core.text import one_line, printable

DEFAULTS = ("Q4_K_M", "Q8_0")
"""What is taken when no quantization is named, in this order; then the first model by name."""
_NO_MODEL = ("mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-")
_HOSTS = {"huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"}
_QUANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_FORM = "it has the form owner/repo or owner/repo:quant, such as mmnga/gemma-2-2b-it-gguf:Q4_K_M"


def choose(repository: Repository, quant: str = "") -> Variant:
    """The model that llama.cpp would take.

    Args:
        repository: with its models.
        quant: case does not matter; empty for Q4_K_M, else Q8_0, else the first one.

    Raises:
        HubError: there is no such model, or a part of it is missing in the repository.
    """
    variants = sorted(repository.variants, key=lambda variant: variant.files[0].path)
    models = [variant for variant in variants if _counts(variant.files[0].path)] or variants
    found = next((hit for tag in ([quant] if quant else DEFAULTS) if (hit := _first(models, tag))), None)
    if found is None and quant:
        wanted = quant.lower()
        found = next((v for v in models if wanted in (v.label.lower(), v.quantization.lower())), None)
    if found is None and not quant and models:
        found = models[0]
    if found is None:
        raise _nothing(repository, quant)
    if found.missing:
        raise HubError(
            f"{repository.repo_id} lacks parts of {printable(found.label)}",
            why=f"{printable(found.missing[0])} is missing",
            hint=f"choose another one{_list(repository, without=found)}",
            kind="missing",
        )
    return found


def parse_hf(text: str) -> tuple[str, str]:
    """Take what a person typed or pasted apart.

    Args:
        text: `owner/repo[:quant]`, or an address of a repository or of a file in it on the Hub.

    Returns:
        The repository, and what to look for in its files' names; empty for the usual choice.

    Raises:
        SettingError: it is neither.
    """
    cleaned = text.strip()
    try:
        address, named = _without_host(cleaned)
    except ValueError:  # a host that cannot be one
        raise _nonsense(cleaned) from None
    parts = [part for part in address.split("/") if part]
    if len(parts) < 2 or cleaned.startswith("/"):
        raise _nonsense(cleaned)
    quant = ""
    name, colon, tag = parts[1].partition(":")
    if colon:
        quant = tag
        if not tag or len(parts) > 2:
            raise _nonsense(cleaned)
    elif len(parts) > 2:
        if not named or parts[2] not in ("tree", "blob", "resolve", "raw"):
            raise _nonsense(cleaned)
        quant = _of_file(parts[4:])
    repo_id = f"{parts[0]}/{name}"
    if not is_repo_id(repo_id) or (quant and not _QUANT.fullmatch(quant)):
        raise _nonsense(cleaned)
    return repo_id, quant


def _counts(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".gguf") and not any(word in name for word in _NO_MODEL)


def _first(models: list[Variant], tag: str) -> Variant | None:
    pattern = re.compile(re.escape(tag) + "[.-]", re.IGNORECASE)
    return next((variant for variant in models if pattern.search(variant.files[0].path)), None)


def _nothing(repository: Repository, quant: str) -> HubError:
    if not repository.variants:
        return HubError(
            f"{repository.repo_id} has no GGUF model",
            hint="look for a repository with GGUF in its name; this program does not convert models",
            kind="missing",
        )
    return HubError(
        f"{repository.repo_id} has no {one_line(quant)}",
        hint=f"choose one of its own{_list(repository)}",
        kind="missing",
    )


def _list(repository: Repository, without: Variant | None = None) -> str:
    labels = [printable(variant.label) for variant in repository.variants if variant is not without]
    shown = ", ".join(labels[:12]) + (", …" if len(labels) > 12 else "")
    return f": {shown}" if shown else ""


def _without_host(text: str) -> tuple[str, bool]:
    """The path of an address, and whether it named a host."""
    if text.startswith("hf://"):
        return text.removeprefix("hf://").removeprefix("models/"), True
    if re.match(r"https?://", text, re.IGNORECASE):
        url = urlsplit(text)
        if (url.hostname or "").lower() not in _known_hosts():
            raise _nonsense(text)
        return unquote(url.path), True
    host, slash, rest = text.partition("/")
    if slash and host.lower() in _known_hosts():
        return unquote(urlsplit(f"//{text}").path) if "?" in rest or "#" in rest else rest, True
    return text, False


def _known_hosts() -> set[str]:
    own = urlsplit(os.environ.get("HF_ENDPOINT", "")).hostname
    return _HOSTS | {own.lower()} if own else _HOSTS


def _of_file(path: list[str]) -> str:
    """What tells the file at an address from others: its name without part and ending."""
    if not path or not path[-1].lower().endswith(".gguf"):
        return ""
    return re.sub(r"(?:[-.]\d{5}-of-\d{5})?\.gguf$", "", path[-1], flags=re.IGNORECASE)


def _nonsense(text: str) -> SettingError:
    shown = one_line(text)[:100]
    return SettingError(f"{shown!r} is not a model on the Hub" if shown else "no model is named", hint=_FORM)
