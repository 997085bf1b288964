"""The check of the pictures: what it overlooks, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pictures_compare import difference, skeleton
from tests.support.pictures_draw import svg_lines, write_png, write_svg
from tests.support.terminal_screen import TerminalScreen

PICTURE = """\
 model · Q4_1    generating  16.6 tok/s comfortable    ctx ▎··· 101 / 4,096
MODELS  2      ▕ ❯ you                                ▏ CPU     100 %
  one      fits▕   Tell me something.                 ▏     ▄▄██▁
               ▕ ● model                              ▏  0 █▌  91   1 ██ 100
needs 200 MiB  ▕   Once upon a time there was a       ▏
of 22.7 GiB    ▕   bird.                              ▏ RAM       3 %
free           ▕──────────────────────────────────────▏ █▏·······
               ▕ ❯ Ask anything…                      ▏  used   1.2 GiB
               ▕                                      ▏
 ctrl+r again  F1 help""".splitlines()


def changed(*changes: tuple[str, str], lines: list[str] = PICTURE) -> list[str]:
    """What the check says of a screen with some texts replaced."""
    text = "\n".join(lines)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return difference(skeleton(PICTURE, "● model"), skeleton(text.splitlines(), "● model"))


@pytest.mark.parametrize(
    "changes",
    [
        [("16.6 tok/s comfortable", "142 tok/s fast       ")],
        [("101 / 4,096", "  7 / 4,096"), ("▎···", "····")],
        [("Once upon a time there was a", "Es war einmal ein           "), ("bird.", "Vogel")],
        [("of 22.7 GiB    ", "of 9.1 GiB free"), ("free           ", "               ")],
        [("▏  0 █▌  91   1 ██ 100", "▏                     ")],
        [("  one      fits", "  one     tight")],
    ],
)
def test_another_machine_is_no_difference(changes: list[tuple[str, str]]) -> None:
    assert changed(*changes) == []


def test_more_cores_are_no_difference() -> None:
    edge = PICTURE[1].rindex("▏") + 1
    right = [line[edge:] for line in PICTURE[1:-1]]
    assert not right[-1]
    right = [*right[:3], "  2 █▌  91   3 ██ 100", *right[3:-1]]
    rows = [line[:edge] + beside for line, beside in zip(PICTURE[1:-1], right, strict=True)]
    assert changed(lines=[PICTURE[0], *rows, PICTURE[-1]]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("F1 help", "F2 help"),
        ("F1 help", "F1 hilfe"),
        ("ctrl+r", "ctrl+t"),
        ("MODELS", "FILES "),
        ("CPU", "Cpu"),
        ("Ask anything", "Say anything"),
        ("Tell me something.", "Tell me   nothing."),
        ("generating", "prefill   "),
    ],
)
def test_a_changed_label_or_key_is_a_difference(old: str, new: str) -> None:
    assert changed((old, new)) != []


def test_a_moved_border_or_row_is_a_difference() -> None:
    assert changed(("▕", " ▕"), ("▏ ", "▏")) != []
    assert changed(lines=[*PICTURE[:6], PICTURE[7], PICTURE[6], *PICTURE[8:]]) != []


def test_an_svg_gives_back_the_text_it_shows(tmp_path: Path) -> None:
    screen = TerminalScreen(30, 4)
    screen.feed(
        "plain \x1b[1mbold\x1b[0m <&>\r\n\x1b[38;2;255;0;0m赤い\x1b[0m and \x1b[7mback\x1b[0m\r\n▏█▌ ─".encode()
    )
    write_svg(screen, tmp_path / "picture.svg", "a title")
    assert svg_lines(tmp_path / "picture.svg") == screen.lines()
    write_png(screen, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg/>")
    with pytest.raises(ValueError, match=r"not a picture"):
        svg_lines(tmp_path / "x.svg")
