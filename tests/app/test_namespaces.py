"""The screens that are made of many parts: no part takes a name that another one means something else by."""

from __future__ import annotations

from tests.support.namespaces import clashes, taken_by
from tui.app.screens.main import MainScreen

ON_PURPOSE = {
    "compose: MainScreen and Widget",
    "action_page_up: MainScreen and Widget",
    "action_page_down: MainScreen and Widget",
    "_compositor: Talking and Screen",
}
"""What replaces Textual's own without going on to it."""


def _own(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__.startswith("tui.")]


def _textual(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__.startswith("textual.")]


def test_no_two_parts_of_the_main_screen_define_the_same_name() -> None:
    parts = _own(MainScreen)
    assert len(parts) > 10
    assert clashes(parts) == []


def test_no_part_takes_a_name_of_textual_s_unknowingly() -> None:
    assert set(taken_by(_own(MainScreen), _textual(MainScreen))) <= ON_PURPOSE


class Base:
    _shared = 0

    def hook(self) -> str:
        return "base"


class Left(Base):
    def __init__(self) -> None:
        self._mine = "left"
        self._shared = 1

    def hook(self) -> str:
        return "left"

    def follow(self) -> None:
        self._mine = ""

    def on_mount(self) -> None: ...


class Right(Base):
    def __init__(self) -> None:
        self._mine = "right"
        self._shared = 2

    def hook(self) -> str:
        return "right"

    def follow(self) -> str:
        return self._mine

    def on_mount(self) -> None: ...


class Polite(Base):
    def hook(self) -> str:
        return super().hook() + ", polite"


class Both(Left, Right): ...  # type: ignore[misc]


class Fine(Polite, Right): ...


def test_the_guard_finds_what_two_parts_define_unknowingly() -> None:
    found = clashes([Both, Left, Right, Base])
    assert found == ["_mine: Left and Right", "follow: Left and Right", "hook: Left and Right"]


def test_what_goes_on_to_the_next_one_is_no_clash() -> None:
    assert clashes([Fine, Polite, Right, Base]) == []


def test_the_guard_finds_what_a_library_defines_already() -> None:
    assert list(taken_by([Left], [Base])) == ["_shared: Left and Base", "hook: Left and Base"]
