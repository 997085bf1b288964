"""Keeps README's generated parts equal to the code: `python -m tests.support.docs` writes them, `--check` compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tui.settings.reference import reference

README = Path(__file__).resolve().parents[2] / "README.md"


def generated(text: str) -> str:
    """`text` with the tables of settings as the declarations make them."""
    pattern = re.compile(r"(<!-- settings:begin[^>]*-->\n).*?(<!-- settings:end -->)", re.S)
    found = pattern.search(text)
    assert found, "README has lost the marks around its tables of settings"
    return text[: found.end(1)] + "\n" + reference() + "\n" + text[found.start(2) :]


def main() -> int:
    """Write or check; 0 when README is as it should be."""
    text = README.read_text("utf-8")
    wanted = generated(text)
    if "--check" not in sys.argv:
        README.write_text(wanted, "utf-8")
        return 0
    if text == wanted:
        print("README matches the code.")
        return 0
    print(
        "README's tables of settings are out of date: python -m tests.support.docs writes them anew.", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
