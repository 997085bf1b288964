"""Whether everything here is as the program needs it: findings, each with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tui.core.errors import LocalLLMError

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        level: `ok`; `warning` where something works less well; `problem` where it does not work.
        found: what is there, in a few words.
        advice: what to do; empty for nothing.
    """

    name: str
    level: Level
    found: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]


def findings(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """What the checks find, one after the other; one that fails itself is a finding too.

    Args:
        checks: each with what it looks at.
    """
    for name, check in checks:
        try:
            yield from check()
        except LocalLLMError as error:
            yield Finding(name, "problem", error.line())
        except Exception as error:
            yield Finding(name, "problem", f"the check failed: {type(error).__name__}: {error}")
