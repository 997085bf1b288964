"""`chats …`: the conversations, listed, searched, and carried to and from other programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from tui.cli_arguments import PROGRAM, make_parser, prepare, run_action
from tui.core.text import well_formed
from tui.settings.arguments import ArgumentParser, add_settings

_NAME = f"{PROGRAM} chats"
_FORMATS = ("md", "json", "jsonl", "txt")
_HELP = f"""usage: {_NAME} ACTION [options]

The conversations that are kept on this machine.

actions, each with its own --help:
  {_NAME} list              what there is, the last used first
  {_NAME} search WORDS      find messages and titles by any words in them
  {_NAME} export ID|--all   as Markdown, JSON (everything, branches too), JSONL of messages, or text
  {_NAME} import FILE…      from this program, ChatGPT, llama-server's page, OpenAI JSONL, oterm, elia
  {_NAME} replay ID         generate a reply again, and say whether it comes out the same"""


def chats(arguments: Sequence[str]) -> int:
    """Run one of the actions.

    Args:
        arguments: what follows `chats`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it failed; the line says why.
    """
    return run_action(_NAME, _HELP, _ACTIONS, arguments)


def _list(arguments: Sequence[str]) -> int:
    parser = _parser("list", "", "The conversations, pinned ones first, then by last use.", "an array")
    parser.add_argument("--archived", action="store_true", help="those that were put away")
    parser.add_argument("--all", action="store_true", help="those too")
    parser.add_argument("--limit", metavar="N", help="how many at most (default: all)")
    parsed = parser.parse(arguments)
    limit = _limit(parser, parsed, None)
    prepare(parsed)
    from tui.run.chats import list_chats

    return list_chats(archived=None if "all" in parsed else "archived" in parsed, limit=limit, as_json="json" in parsed)


def _search(arguments: Sequence[str]) -> int:
    parser = _parser("search", "WORDS", "Messages and titles that have all of the words in them.", "an array")
    parser.add_argument("words", nargs="*", metavar="WORDS", help="what to look for; the last may be half a word")
    parser.add_argument("--limit", metavar="N", help="how many at most (default 100)")
    parsed = parser.parse(arguments)
    words = well_formed(" ".join(getattr(parsed, "words", [])))
    if not words.strip():
        parser.error("there are no words: give what to look for")
    limit = _limit(parser, parsed, 100)
    prepare(parsed)
    from tui.run.chats import search_chats

    return search_chats(words, limit=limit or 100, as_json="json" in parsed)


def _export(arguments: Sequence[str]) -> int:
    parser = make_parser(f"{_NAME} export", "ID…|--all", "Write conversations to a file or to standard output.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="which, by their numbers in `chats list`")
    parser.add_argument("--all", action="store_true", help="all of them, archived ones included")
    parser.add_argument(
        "--format", metavar="|".join(_FORMATS), help="md unless the file's name says otherwise; json keeps everything"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="the file (default: standard output)")
    parsed = parser.parse(arguments)
    ids = [str(number) for number in getattr(parsed, "ids", [])]
    if bool(ids) == ("all" in parsed):
        parser.error("give one of ID and --all")
    for number in ids:
        _number(parser, number, "conversation's number")
    output = str(getattr(parsed, "output", "-"))
    format_ = _format(parser, parsed, output)
    prepare(parsed)
    from tui.run.chats import export_chats

    return export_chats([int(number) for number in ids], format_, None if output == "-" else Path(output))


def _import(arguments: Sequence[str]) -> int:
    parser = _parser(
        "import",
        "FILE…",
        "Take conversations in: all that is in the files, or nothing where one is wrong."
        " Their new numbers go to standard output, one a line.",
        "an array",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="JSON, JSONL, a ZIP of these, or a database")
    parsed = parser.parse(arguments)
    files = [Path(file) for file in getattr(parsed, "files", [])]
    if not files:
        parser.error("there is no file: give one")
    prepare(parsed)
    from tui.run.chats import import_chats

    return import_chats(files, as_json="json" in parsed)


def _replay(arguments: Sequence[str]) -> int:
    parser = _parser(
        "replay",
        "ID",
        "Generate a stored reply again, with the model, the settings and the seed that it was made with."
        " The exit status is 0 where every token is the same, 1 where one differs. Nothing is stored.",
        "an object",
    )
    parser.add_argument("id", nargs="*", metavar="ID", help="a conversation, for its last reply, or a message")
    add_settings(parser, only=_REPLAY_SETTINGS)
    parsed = parser.parse(arguments)
    ids = [str(number) for number in getattr(parsed, "id", [])]
    if len(ids) != 1:
        parser.error("give one ID: that of a conversation or of a message")
    number = _number(parser, ids[0], "number of a conversation or a message")
    prepared = prepare(parsed)
    from tui.run.chats_replay import replay_chat

    return replay_chat(number, prepared.settings, prepared.problems, as_json="json" in parsed)


def _parser(action: str, needed: str, description: str, json_kind: str) -> ArgumentParser:
    parser = make_parser(f"{_NAME} {action}", needed, description)
    parser.add_argument("--json", action="store_true", help=f"as {json_kind} in JSON")
    return parser


def _number(parser: ArgumentParser, text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) < 2**63):
        parser.error(f"{text} is no {what}")
    return int(text)


def _limit(parser: ArgumentParser, parsed: argparse.Namespace, default: int | None) -> int | None:
    text = getattr(parsed, "limit", None)
    if text is None:
        return default
    if not (str(text).isdecimal() and 0 < int(text) < 2**31):
        parser.error(f"--limit cannot be {text}: it takes whole numbers from 1")
    return int(text)


def _format(parser: ArgumentParser, parsed: argparse.Namespace, output: str) -> str:
    given = getattr(parsed, "format", None)
    if given is not None and given not in _FORMATS:
        parser.error(f"--format cannot be {given}: it is one of {', '.join(_FORMATS)}")
    ending = Path(output).suffix[1:].lower()
    return str(given) if given else ending if ending in _FORMATS else "md"


_ACTIONS: dict[str, Callable[[Sequence[str]], int]] = {
    "list": _list, "search": _search, "export": _export, "import": _import, "replay": _replay,
}  # fmt: skip
_REPLAY_SETTINGS = [
    "model", "model_dirs", "n_ctx", "threads", "threads_batch", "n_gpu_layers", "rpc", "tensor_split", "mmap", "mlock",
]  # fmt: skip
