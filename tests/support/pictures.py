"""Makes the pictures of the program, or tells whether they are still true.

`python -m tests.support.pictures` writes `screenshots/*.svg` and `*.png` from the real program, run with the real
starter model in a pseudo-terminal. `--check` runs it again and compares each SVG's text with what the program shows
now, numbers and the model's words aside; it exits 1 and says what differs when a label, a key or the layout changed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.pictures_compare import difference, skeleton
from tests.support.pictures_draw import svg_lines, write_png, write_svg
from tests.support.pictures_scenes import SCENES, SIZES, Scene, furnish, playing
from tests.support.terminal import Terminal

FOLDER = Path(__file__).parents[2] / "screenshots"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or check the pictures.

    Returns:
        0 when they were made or are true, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.support.pictures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--only", action="append", choices=[scene.name for scene in SCENES], metavar="NAME")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures are (default: screenshots)")
    parsed = parser.parse_args(arguments)
    scenes = [scene for scene in SCENES if not parsed.only or scene.name in parsed.only]
    problems = list(check(scenes, parsed.folder) if parsed.check else make(scenes, parsed.folder))
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def make(scenes: Sequence[Scene], folder: Path) -> Iterator[str]:
    """Write the pictures; yields nothing, since making them either works or raises."""
    folder.mkdir(exist_ok=True)
    for scene, columns, rows in _shots(scenes):
        stem = _stem(scene, columns, rows)
        with _played(scene, columns, rows) as terminal:
            terminal.lines  # noqa: B018  # brings the screen up to date
            write_svg(terminal.screen, folder / f"{stem}.svg", f"localllm-tui: {scene.title}")
            write_png(terminal.screen, folder / f"{stem}.png")
        print(
            f"{stem}: {', '.join(f'{(folder / (stem + end)).stat().st_size // 1000} kB' for end in ('.svg', '.png'))}"
        )
    yield from ()


def check(scenes: Sequence[Scene], folder: Path) -> Iterator[str]:
    """What the pictures show otherwise than the program does now."""
    for scene, columns, rows in _shots(scenes):
        path = folder / f"{_stem(scene, columns, rows)}.svg"
        if not path.exists():
            yield f"{path} is missing"
            continue
        wanted = skeleton(svg_lines(path), scene.free, exact=scene.exact)
        differs: Sequence[str] = ()
        for _ in range(2):  # where the machine stalls for a second, the moment is past: it is looked at again
            with _played(scene, columns, rows) as terminal:
                lines = terminal.lines
            if not (differs := difference(wanted, skeleton(lines, scene.free, exact=scene.exact))):
                break
        if differs:
            yield "\n".join([f"{path.name} is out of date (make it again: python -m tests.support.pictures)", *differs])


def _stem(scene: Scene, columns: int, rows: int) -> str:
    return f"{scene.name}-{columns}x{rows}"


def _shots(scenes: Sequence[Scene]) -> Iterator[tuple[Scene, int, int]]:
    return ((scene, columns, rows) for scene in scenes for columns, rows in SIZES)


@contextmanager
def _played(scene: Scene, columns: int, rows: int) -> Iterator[Terminal]:
    """The program where the scene wants it, in a home directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        furnish(home)
        with playing(scene, home, columns, rows) as terminal:
            yield terminal


if __name__ == "__main__":
    sys.exit(main())
