"""Settings that the command line takes from a file: grammar, JSON schema, chat template; and lists of adapters."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass

from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.services.prompt_source import TextFileError, read_text


@dataclass(frozen=True, slots=True)
class _FileOption:
    setting: str
    flags: tuple[str, ...]
    what: str

    @property
    def dest(self) -> str:
        return f"{self.setting}_file"


_OPTIONS = (
    _FileOption("grammar", ("--grammar-file",), "the grammar"),
    _FileOption("json_schema", ("-jf", "--json-schema-file"), "the JSON schema"),
    _FileOption("chat_template", ("--chat-template-file",), "the chat template"),
)


def add_option_files(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name such files."""
    for spec in _OPTIONS:
        parser.add_argument(*spec.flags, dest=spec.dest, metavar="FILE", help=f"read {spec.what} from a file")


def with_option_files(parsed: argparse.Namespace, given: dict[str, Scalar]) -> dict[str, Scalar]:
    """The settings of the command line, with what the named files say.

    Args:
        parsed: the arguments.
        given: the settings that they set themselves, by name.

    Returns:
        All of them. A grammar here takes the place of a JSON schema set elsewhere, and the other way round; adapters
        named with commas, as llama.cpp takes them, are one entry each.

    Raises:
        TextFileError: a file cannot be read.
        SettingError: the same is said twice.
    """
    result = dict(given)
    for spec in _OPTIONS:
        if spec.dest in parsed:
            if spec.setting in given:
                raise SettingError(f"{spec.flags[-1].removesuffix('-file')} and {spec.flags[-1]}: give one of them")
            text = read_text(getattr(parsed, spec.dest), spec.what)
            if not text.strip():
                raise TextFileError(f"{spec.what} cannot be read from {getattr(parsed, spec.dest)}", why="it is empty")
            result[spec.setting] = text
    if "grammar" in result and "json_schema" in result:
        raise SettingError("a grammar and a JSON schema cannot both hold", hint="give one of them")
    for one, other in (("grammar", "json_schema"), ("json_schema", "grammar")):
        if one in result:
            result.setdefault(other, "")
    if isinstance(adapters := result.get("lora"), tuple):
        result["lora"] = tuple(part for text in adapters for part in next(csv.reader([text]), []) if part)
    return result
