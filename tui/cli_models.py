"""`models …`: what is on this machine, what is on the Hub, and the way from there to here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from tui.cli_arguments import PROGRAM, make_parser, prepare, run_action
from tui.settings.arguments import ArgumentParser, add_settings

_NAME = f"{PROGRAM} models"
_SORTS = ("downloads", "likes", "trending", "updated")
_HELP = f"""usage: {_NAME} ACTION [options]

The models on this machine and on the Hugging Face Hub.

actions, each with its own --help:
  {_NAME} list                       what is on this machine
  {_NAME} show NAME|FILE             what a model is, and whether it fits here
  {_NAME} search WORDS               find GGUF repositories on the Hub
  {_NAME} pull OWNER/REPO[:QUANT]    download a model; again: go on where it stopped
  {_NAME} rm NAME|FILE               delete a model from this machine"""


def models(arguments: Sequence[str]) -> int:
    """Run one of the actions.

    Args:
        arguments: what follows `models`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it failed; the line says why.
    """
    return run_action(_NAME, _HELP, _ACTIONS, arguments)


def _list(arguments: Sequence[str]) -> int:
    parser = _parser("list", "", "The models on this machine: folders, caches of other programs, packages.", "an array")
    add_settings(parser, only=["model_dirs", "offline"])  # no network is used; every action takes it
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    from tui.run.command import models as list_them

    return list_them(prepared.settings, prepared.problems, as_json="json" in parsed)


def _show(arguments: Sequence[str]) -> int:
    description = "What a model is, in plain words, and whether it fits on this machine."
    parser = _parser("show", "NAME|FILE", description, "an object")
    parser.add_argument("model", nargs="?", metavar="NAME|FILE", help="the model; or -hf for one on the Hub")
    add_settings(parser, only=_SHOW_SETTINGS)
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    model = getattr(parsed, "model", None) or prepared.settings.app.model
    if not model and not prepared.settings.app.hf_repo:
        parser.error("there is no model: give a NAME, a FILE, or -hf OWNER/REPO")
    from tui.run.command import show

    return show(prepared.settings, prepared.problems, model, as_json="json" in parsed)


def _search(arguments: Sequence[str]) -> int:
    parser = _parser("search", "WORDS", "Find repositories with GGUF models on the Hugging Face Hub.", "an array")
    parser.add_argument("words", nargs="*", metavar="WORDS", help="what the name has in it; none: the most popular")
    parser.add_argument("--sort", choices=_SORTS, metavar="|".join(_SORTS), help="the order (default downloads)")
    parser.add_argument("--author", metavar="OWNER", help="only what this owner published")
    parser.add_argument("--limit", metavar="N", help="how many at most (default 20)")
    add_settings(parser, only=["offline"])
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    limit = str(getattr(parsed, "limit", "20"))
    if not limit.isdecimal() or not int(limit):
        parser.error(f"--limit cannot be {limit}: it takes whole numbers from 1")
    from tui.run.command import search

    return search(
        prepared.settings,
        prepared.problems,
        " ".join(getattr(parsed, "words", [])),
        sort=getattr(parsed, "sort", "downloads"),
        author=getattr(parsed, "author", ""),
        limit=int(limit),
        as_json="json" in parsed,
    )


def _pull(arguments: Sequence[str]) -> int:
    parser = _parser(
        "pull",
        "OWNER/REPO[:QUANT]",
        "Download a model from the Hugging Face Hub. What is here already is not fetched again;"
        " Ctrl+C pauses, and the same command goes on. The last line on standard output is the file's path.",
        "an object",
    )
    parser.add_argument("repo", nargs="?", metavar="OWNER/REPO[:QUANT]", help="QUANT: Q4_K_M where the Hub has it")
    add_settings(parser, only=["download_dir", "offline", "hf_repo"])
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    repo = _one(parser, parsed, "repo", "repository", prepared.settings.app.hf_repo)
    from tui.run.command import pull

    return pull(prepared.settings, prepared.problems, repo, as_json="json" in parsed)


def _rm(arguments: Sequence[str]) -> int:
    parser = _parser("rm", "NAME|FILE", "Delete a model, after telling what goes and how much that frees.", "an object")
    parser.add_argument("model", nargs="?", metavar="NAME|FILE", help="the model")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_settings(parser, only=["model_dirs", "offline"])
    parsed = parser.parse(arguments)
    prepared = prepare(parsed)
    model = _one(parser, parsed, "model", "model")
    from tui.run.command import remove

    return remove(prepared.settings, prepared.problems, model, yes="yes" in parsed, as_json="json" in parsed)


def _parser(action: str, needed: str, description: str, json_kind: str) -> ArgumentParser:
    parser = make_parser(f"{_NAME} {action}", needed, description)
    parser.add_argument("--json", action="store_true", help=f"as {json_kind} in JSON")
    return parser


def _one(parser: ArgumentParser, parsed: argparse.Namespace, name: str, what: str, default: str = "") -> str:
    value = str(getattr(parsed, name, None) or default)
    if not value:
        parser.error(f"there is no {what}: give one")
    return value


_ACTIONS: dict[str, Callable[[Sequence[str]], int]] = {
    "list": _list, "show": _show, "search": _search, "pull": _pull, "rm": _rm,
}  # fmt: skip
_SHOW_SETTINGS = [
    "model", "model_dirs", "hf_repo", "offline", "n_ctx", "cache_type_k", "cache_type_v", "swa_full", "flash_attn",
]  # fmt: skip
