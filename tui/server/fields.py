"""The fields of a request, each read as what it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from tui.server.errors import ApiError

T = TypeVar("T")


class Fields:
    """A JSON object whose fields are asked for by name and type. A field that is null counts as not there.

    Fields that nobody asks for are tolerated, as llama-server does.

    Args:
        body: the object.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body

    def __contains__(self, name: str) -> bool:
        return self.body.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A text.

        Raises:
            ApiError: it is something else.
        """
        return self._typed(name, str, "a text", default)

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false.

        Raises:
            ApiError: it is something else.
        """
        return self._typed(name, bool, "true or false", default)

    def number(self, name: str, default: float = 0.0) -> float:
        """A number.

        Raises:
            ApiError: it is something else.
        """
        value = self.body.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(name, "a number", value)
        return float(value)

    def whole(self, name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
        """A whole number.

        Raises:
            ApiError: it is something else, or out of range.
        """
        value = self.body.get(name)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(name, "a whole number", value)
        if (least is not None and value < least) or (most is not None and value > most):
            range_ = f"a whole number from {least}" + (f" to {most}" if most is not None else "")
            raise wrong(name, range_ if least is not None else f"a whole number up to {most}", value)
        return int(value)

    def table(self, name: str) -> dict[str, Any]:
        """An object; empty where there is none.

        Raises:
            ApiError: it is something else.
        """
        return self._typed(name, dict, "an object", {})

    def items(self, name: str) -> list[Any]:
        """An array; empty where there is none.

        Raises:
            ApiError: it is something else.
        """
        return self._typed(name, list, "an array", [])

    def texts(self, name: str) -> tuple[str, ...]:
        """A text, or an array of texts.

        Raises:
            ApiError: it is something else.
        """
        value = self.body.get(name)
        if value is None:
            return ()
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise wrong(name, "a text or an array of texts", value)
        return tuple(values)

    def _typed(self, name: str, kind: type[T], words: str, default: T) -> T:
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise wrong(name, words, value)
        return value


def wrong(name: str, wanted: str, value: object) -> ApiError:
    """The error for a field that is not what it has to be."""
    shown = repr(value)
    return ApiError(400, f"{name} has to be {wanted}, and it is {shown[:80]}{'…' * (len(shown) > 80)}.", param=name)
