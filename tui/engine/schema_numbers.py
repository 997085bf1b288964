"""Numbers between two bounds, digit by digit, as GBNF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction as Ratio
from typing import Any

from tui.engine.schema_rules import Schema, malformed, refused

_DIGITS = 16
"""Digits of a number without a bound, before and after the point."""
_MOST_DIGITS = 40
_MOST_MULTIPLES = 1000
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

Fraction = tuple[str | None, bool]
"""Digits after a point: an expression for one or more of them, and whether there may be none."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of a range."""

    value: Decimal
    included: bool = True

    def negative(self) -> Bound:
        """The same end, mirrored at 0."""
        return Bound(self.value.copy_negate(), self.included)


def bounds_of(schema: Schema, place: str) -> tuple[Bound | None, Bound | None]:
    """The bounds of a schema.

    Raises:
        SettingError: one is no number.
        Unheld: one has too many digits.
    """
    low, high = _bound(schema, "minimum", place), _bound(schema, "maximum", place)
    above, below = (_strict(schema, key, place) for key in BOUNDS[2:])
    if above and (low is None or above.value >= low.value):
        low = above
    if below and (high is None or below.value <= high.value):
        high = below
    # draft 4: a flag beside the bound
    if low and schema.get("exclusiveMinimum") is True:
        low = Bound(low.value, included=False)
    if high and schema.get("exclusiveMaximum") is True:
        high = Bound(high.value, included=False)
    return _sensible(low, -1, place), _sensible(high, 1, place)


def integer(schema: Schema, place: str) -> str:
    """An expression for the whole numbers that a schema allows; it has bounds or `multipleOf`.

    Raises:
        Unheld: there are none, or they cannot be held.
    """
    low, high = bounds_of(schema, place)
    least = None if low is None else _whole(low, ROUND_CEILING, 1)
    most = None if high is None else _whole(high, ROUND_FLOOR, -1)
    if least is not None and most is not None and least > most:
        raise refused(place, "no whole number is within its bounds")
    step = _step(schema, place)
    numerator = 1 if step is None else step.as_integer_ratio()[0]  # a whole multiple of 2.5 is one of 5
    if numerator > 1:
        return _multiples(least, most, numerator, place)
    return " | ".join(_integers(least, most))


def number(schema: Schema, place: str) -> str:
    """An expression for the numbers that a schema allows; it has bounds or `multipleOf`. They have no exponent.

    Raises:
        Unheld: there are none, or they cannot be held.
    """
    low, high = bounds_of(schema, place)
    step = _step(schema, place)
    places = _DIGITS if step is None else _places(step)
    if step is not None and step != Decimal(1).scaleb(-places):
        if places:
            raise refused(place, "multipleOf can only be held for 1, 0.1, 0.01 and so on, or whole numbers")
        return integer({key: value for key, value in schema.items() if key in (*BOUNDS, "multipleOf")}, place)
    found: list[str] = []
    zero = Bound(Decimal(0))
    if low is None or low.value < 0:
        end = Bound(Decimal(0), included=False) if high is None or high.value >= 0 else high.negative()
        found += [f'"-" ( {one} )' for one in _positive(end, low and low.negative(), places)]
    if high is None or high.value >= 0:
        found += _positive(zero if low is None or low.value < 0 else low, high, places)
    if not found:
        raise refused(place, "no number is within its bounds")
    return " | ".join(found)


def fits(value: Decimal, schema: Schema, place: str) -> bool:
    """Whether a number is within a schema's bounds."""
    low, high = bounds_of(schema, place)
    step = _step(schema, place)
    return (
        (low is None or value > low.value or (low.included and value == low.value))
        and (high is None or value < high.value or (high.included and value == high.value))
        and (step is None or Ratio(value) % Ratio(step) == 0)
    )


def exact(value: float) -> Decimal:
    """A number as it was written, as near as it was kept."""
    return Decimal(repr(value))


def _bound(schema: Schema, key: str, place: str) -> Bound | None:
    value: Any = schema.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(place, f"{key} has to be a number")
    return Bound(exact(value))


def _strict(schema: Schema, key: str, place: str) -> Bound | None:
    if isinstance(schema.get(key), bool):
        return None
    bound = _bound(schema, key, place)
    return None if bound is None else Bound(bound.value, included=False)


def _sensible(bound: Bound | None, outwards: int, place: str) -> Bound | None:
    """No bound where no number that is written comes as far."""
    if bound is None:
        return None
    far = bound.value.adjusted() >= _MOST_DIGITS
    if far and (bound.value > 0) == (outwards > 0):
        return None
    if far or _places(bound.value) > _MOST_DIGITS:
        raise refused(place, f"a bound has more than {_MOST_DIGITS} digits")
    return bound


def _step(schema: Schema, place: str) -> Decimal | None:
    value: Any = schema.get("multipleOf")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise malformed(place, "multipleOf has to be a number above 0")
    step = exact(value)
    if not -_MOST_DIGITS < step.adjusted() < _MOST_DIGITS:
        raise refused(place, "multipleOf has too many digits")
    return step


def _places(value: Decimal) -> int:
    """Digits after the point."""
    return len(format(value, "f").partition(".")[2].rstrip("0"))


def _whole(bound: Bound, rounding: str, inwards: int) -> int:
    rounded = int(bound.value.to_integral_value(rounding=rounding))
    return rounded + inwards if rounded == bound.value and not bound.included else rounded


def _multiples(least: int | None, most: int | None, step: int, place: str) -> str:
    """The multiples within two bounds, one by one."""
    if least is None or most is None or (most - least) // step > _MOST_MULTIPLES:
        raise refused(place, f"multipleOf needs a minimum and a maximum with at most {_MOST_MULTIPLES:,} multiples")
    found = range(-(-least // step) * step, most + 1, step)
    if not found:
        raise refused(place, "no multiple is within its bounds")
    return " | ".join(f'"{value}"' for value in found)


def _integers(least: int | None, most: int | None) -> Iterator[str]:
    if least is None or least < 0:
        smallest = 1 if most is None or most >= 0 else -most
        for one in _naturals(smallest, None if least is None else -least):
            yield f'"-" {one}'
    if most is None or most >= 0:
        yield from _naturals(max(0, least or 0), most)


def _naturals(least: int, most: int | None) -> Iterator[str]:
    """Numbers from 0 up, by their length."""
    longest = max(_DIGITS, len(str(least)) + 1) if most is None else len(str(most))
    for length in range(len(str(least)), longest + 1):
        low = str(least) if length == len(str(least)) else "1" + "0" * (length - 1)
        if most is None and low.strip("0") == "1" and length > 1:
            yield f"[1-9] {_digits(length - 1, longest - 1)}"
            return
        yield _same_length(low, str(most) if most is not None and length == longest else "9" * length)


def _same_length(low: str, high: str) -> str:
    """The digits between two of one length."""
    if low == high:
        return f'"{low}"'
    if len(low) == 1:
        return _range(int(low), int(high))
    if low[0] == high[0]:
        return f'"{low[0]}" {_same_length(low[1:], high[1:])}'
    rest = len(low) - 1
    zeros, nines = "0" * rest, "9" * rest
    start, end = int(low[0]), int(high[0])
    parts: list[str] = []
    if low[1:] != zeros:
        parts.append(f'"{low[0]}" {_same_length(low[1:], nines)}')
        start += 1
    last = ""
    if high[1:] != nines:
        last = f'"{high[0]}" {_same_length(zeros, high[1:])}'
        end -= 1
    if start <= end:
        parts.append(f"{_range(start, end)} {_digits(rest, rest)}")
    parts += [last] if last else []
    return f"( {' | '.join(parts)} )"


def _positive(low: Bound, high: Bound | None, places: int) -> Iterator[str]:
    """The numbers from 0 up between two bounds."""
    if high is not None and (high.value, high.included) < (low.value, True):
        return
    first, start = _split(low)
    if high is None:
        yield from _with(f'"{first}"', _above(start, low.included, places))
        last = None
    else:
        last, end = _split(high)
        if first == last:
            yield from _with(f'"{first}"', _between(start, low.included, end, high.included, places))
            return
        yield from _with(f'"{first}"', _above(start, low.included, places))
        yield from _with(f'"{last}"', _below(end, high.included, places))
    if last is None or last - 1 > first:
        for one in _naturals(first + 1, None if last is None else last - 1):
            yield from _with(one, (_some(places), True))


def _with(whole: str, fraction: Fraction) -> Iterator[str]:
    digits, may_end = fraction
    if digits is not None:
        yield f'{whole} ( "." ( {digits} ) )?' if may_end else f'{whole} "." ( {digits} )'
    elif may_end:
        yield whole


def _split(bound: Bound) -> tuple[int, str]:
    """A bound from 0 up as its whole part and the digits after the point."""
    whole, _, digits = format(bound.value, "f").partition(".")
    return int(whole), digits.rstrip("0")


def _above(low: str, included: bool, left: int) -> Fraction:
    """Digits that make as much as `low` or more."""
    if not low and included:
        return _some(left), True
    if not left:
        return None, False
    first = int(low[:1] or "0")
    parts = list(_then(str(first), _above(low[1:], included, left - 1)))
    if first < 9:
        parts.append(f"{_range(first + 1, 9)} {_digits(0, left - 1)}".strip())
    return (" | ".join(parts) if parts else None), False


def _below(high: str, included: bool, left: int) -> Fraction:
    """Digits that make as much as `high` or less."""
    if not high:
        return (_digits(1, left).replace("[0-9]", "[0]") or None, True) if included else (None, False)
    if not left:
        return None, True
    first = int(high[0])
    parts = list(_then(high[0], _below(high[1:], included, left - 1)))
    if first:
        parts.append(f"{_range(0, first - 1)} {_digits(0, left - 1)}".strip())
    return (" | ".join(parts) if parts else None), True


def _between(low: str, with_low: bool, high: str, with_high: bool, left: int) -> Fraction:
    if not high:  # then `low` is nothing too
        return _below(high, with_high and with_low, left)
    may_end = not low and with_low
    if not left:
        return None, may_end
    first, last = int(low[0]) if low else 0, int(high[0])
    if first == last:
        parts = list(_then(str(first), _between(low[1:], with_low, high[1:], with_high, left - 1)))
    else:
        parts = list(_then(str(first), _above(low[1:], with_low, left - 1)))
        if first + 1 < last:
            parts.append(f"{_range(first + 1, last - 1)} {_digits(0, left - 1)}".strip())
        parts += _then(str(last), _below(high[1:], with_high, left - 1))
    return (" | ".join(parts) if parts else None), may_end


def _then(digit: str, rest: Fraction) -> Iterator[str]:
    digits, may_end = rest
    if digits is not None:
        yield f'"{digit}" ( {digits} )?' if may_end else f'"{digit}" ( {digits} )'
    elif may_end:
        yield f'"{digit}"'


def _some(left: int) -> str | None:
    return _digits(1, left) or None


def _digits(least: int, most: int) -> str:
    """Any digits; nothing for none."""
    if most < 1:
        return ""
    if least == most:
        return "[0-9]" if most == 1 else f"[0-9]{{{most}}}"
    return f"[0-9]{{{least},{most}}}"


def _range(first: int, last: int) -> str:
    return f"[{first}]" if first == last else f"[{first}-{last}]"
