"""The command line, built from the declarations of the settings and read by llama.cpp's rules.

`argparse` does the help and the conversion. What it cannot do is done before it: the word after a flag that takes
a value is its value, whatever it begins with (`-p "-1 is less than"`), spellings are never abbreviated, and one
clear line says what is wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from tui.core.errors import SettingError
from tui.core.options import Option, Scalar
from tui.settings.reference import command_line_flags
from tui.settings.settings import SECTIONS

_SETTING = "setting:"
_METAVARS = {"int": "N", "float": "N", "str": "TEXT", "list": "TEXT"}


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


class ArgumentParser(argparse.ArgumentParser):
    """A parser of one command's arguments.

    Args:
        prog: the command as it is typed.
        description: what the command does.
        **more: as for `argparse.ArgumentParser`.
    """

    def __init__(self, prog: str, description: str, **more: Any) -> None:
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
            formatter_class=_Formatter,
            **more,
        )

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Read the arguments; a flag that was not given has no attribute.

        Raises:
            SettingError: they make no sense.
            SystemExit: help or the version was asked for and printed.
        """
        return self.parse_args(self._joined(arguments))

    def error(self, message: str) -> NoReturn:
        """Give up.

        Raises:
            SettingError: always; its line says why.
        """
        raise SettingError(message.removeprefix("argument "), hint=f"see {self.prog} --help")

    def grouped(self, arguments: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
        """The arguments of a line that may be another program's: each flag with its value.

        Yields:
            The words that belong together, and whether the flag is known. What follows an unknown flag is taken for
            its values, as far as no other flag.
        """
        rest = list(reversed(arguments))
        while rest:
            group = [rest.pop()]
            action = self._option_string_actions.get(group[0].partition("=")[0])
            if action is None:
                while rest and group[0].startswith("-") and not rest[-1].startswith("-"):
                    group.append(rest.pop())
            elif action.nargs == "?":
                group += [rest.pop()] if rest and rest[-1] in (action.choices or ()) else []
            elif action.nargs != 0 and "=" not in group[0] and rest:
                group.append(rest.pop())
            yield group, action is not None

    def _joined(self, arguments: Sequence[str]) -> list[str]:
        """The arguments with each value tied to its flag, so that argparse need not guess where it belongs."""
        rest = list(reversed(arguments))
        joined: list[str] = []
        words: list[str] = []
        while rest:
            word = rest.pop()
            if not word.startswith("-") or word == "-":
                words.append(word)
                continue
            action = self._option_string_actions.get(word.partition("=")[0])
            if action is None:
                self._unknown(word)
            if action.nargs == 0 or "=" in word:
                joined.append(word)
            else:
                joined.append(f"{_long(action)}={self._value(word, action, rest)}")
        # argparse takes words between options for the end of a list of words, and refuses those after it.
        return joined + words

    def _value(self, flag: str, action: argparse.Action, rest: list[str]) -> str:
        following = rest[-1] if rest else None
        if action.nargs == "?":
            return rest.pop() if rest and following in (action.choices or ()) else str(action.const)
        if following is None or following in self._option_string_actions:
            self.error(f"{flag} needs a value")
        return rest.pop()

    def _unknown(self, word: str) -> NoReturn:
        near = get_close_matches(word.partition("=")[0], self._option_string_actions, n=1, cutoff=0.6)
        raise SettingError(
            f"there is no option {word.partition('=')[0]}",
            hint=f"did you mean {near[0]}?" if near else f"see {self.prog} --help",
        )


def add_settings(parser: ArgumentParser, only: Collection[str] = ()) -> None:
    """Add the flags of the settings that have any.

    Args:
        parser: where to.
        only: names of the settings that this command has; empty: all.
    """
    # The model and how the program looks come first, as in a line that a person types.
    for section in (SECTIONS[-1], *SECTIONS[:-1]):
        group = parser.add_argument_group(f"{section.title} settings")
        for spec in section.options():
            if spec.flags and (not only or spec.name in only):
                _add(group, spec)


def given_settings(parsed: argparse.Namespace) -> dict[str, Scalar]:
    """The settings that the command line sets, by name."""
    given = {name.removeprefix(_SETTING): value for name, value in vars(parsed).items() if name.startswith(_SETTING)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _add(group: argparse._ArgumentGroup, spec: Option) -> None:
    target = _SETTING + spec.name
    if spec.kind == "bool":
        group.add_argument(*spec.flags, dest=target, action="store_const", const=True, help=_help(spec))
        negative = [flag for flag in command_line_flags(spec) if flag.startswith("--no-")]
        group.add_argument(*negative, dest=target, action="store_const", const=False, help="The opposite.")
    elif spec.kind == "list":
        # Each use of the flag adds one text, commas and all.
        group.add_argument(*spec.flags, dest=target, action="append", metavar="TEXT", help=_help(spec, "repeatable"))
    elif "on" in spec.choices:
        # llama.cpp's `-co` and `-fa` stand alone, too, and mean "on".
        choices = spec.choices
        group.add_argument(
            *spec.flags,
            dest=target,
            nargs="?",
            const="on",
            choices=choices,
            type=_parser(spec),
            metavar="|".join(choices),
            help=_help(spec),
        )
    else:
        metavar = _METAVARS.get(spec.kind, "WORD")
        group.add_argument(*spec.flags, dest=target, type=_parser(spec), metavar=metavar, help=_help(spec))


def _parser(spec: Option) -> Callable[[str], Scalar]:
    def parse(text: str) -> Scalar:
        try:
            return spec.parse(text)
        except SettingError as error:
            flag = next((flag for flag in spec.flags if flag.startswith("--")), spec.name)
            raise SettingError(error.what.replace(spec.name, flag, 1), hint=error.hint) from None

    return parse


def _help(spec: Option, extra: str = "") -> str:
    facts = [] if spec.kind in ("str", "list", "bool") else [spec.range_text()]
    if spec.default not in ("", ()):
        facts.append(f"default {spec.format(spec.default)}")
    facts += [extra] if extra else []
    return (spec.help + (f" ({'; '.join(facts)})" if facts else "")).replace("%", "%%")


def _long(action: argparse.Action) -> str:
    return next(flag for flag in action.option_strings if flag.startswith("--"))
