"""The first picture does not wait for the Hub's libraries."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("huggingface_hub", "httpx2", "httpcore2", "textual")


def test_nothing_heavy_before_the_first_call() -> None:
    script = (
        "import sys, tui.catalogue.hub.client as c, tui.catalogue.hub.choice, tui.catalogue.hub.recommend, "
        "tui.catalogue.hub.curated, tui.catalogue.hub.token; c.Hub('http://127.0.0.1:9');"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
