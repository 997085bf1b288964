"""Settings while they are being edited: what changed, what one key press makes of a value, what is said of it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tui.core.options import Option, Scalar
from tui.settings.settings import COMMAND_LINE, ENVIRONMENT, Settings, option_named


class SettingsDraft:
    """The settings a form started from and the values chosen since.

    Args:
        settings: what holds now.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._values: dict[str, Scalar] = {}

    def get(self, name: str) -> Scalar:
        """The value as edited."""
        return self._values.get(name, self.settings.get(name))

    def set(self, name: str, value: Scalar) -> None:
        """Choose a value.

        Raises:
            SettingError: the setting cannot have it.
        """
        checked = option_named(name).check(value)
        if checked == self.settings.get(name):
            self._values.pop(name, None)
        else:
            self._values[name] = checked

    @property
    def changes(self) -> dict[str, Scalar]:
        """The values that differ from those the form started from, by name."""
        return dict(self._values)

    @property
    def needs_reload(self) -> list[str]:
        """Labels of the changed settings that a loaded model does not follow."""
        specs = [option_named(name) for name in self._values]
        return [spec.label for spec in specs if spec.reload]

    def result(self) -> Settings:
        """The settings with the changes."""
        return self.settings.replace(**self._values)


def step(spec: Option, value: Scalar, direction: int) -> Scalar:
    """What one press of a key makes of `value`.

    Numbers move to the next multiple of the setting's step and stop at the ends of the range; named values
    such as auto lie below the smallest number. Choices and switches go round. Texts do not move.

    Args:
        spec: the setting.
        value: its value now.
        direction: 1 for the next value, -1 for the one before.
    """
    if spec.kind == "bool":
        return not value
    if spec.kind == "choice":
        return spec.choices[(spec.choices.index(str(value)) + direction) % len(spec.choices)]
    if spec.kind in ("int", "float"):
        return _step_number(spec, value, direction)
    return value


def _step_number(spec: Option, value: Scalar, direction: int) -> Scalar:
    assert isinstance(value, int | float)
    below = [named for named, _ in spec.words if spec.minimum is not None and named < spec.minimum]  # type: ignore[operator]
    if value in below:
        return value if direction < 0 else _as_kind(spec, Decimal(str(spec.minimum)))
    if below and direction < 0 and value == spec.minimum:
        return below[0]
    size = Decimal(str(spec.step))
    places = Decimal(str(value)) / size
    whole = places.to_integral_value(ROUND_FLOOR if direction > 0 else ROUND_CEILING)
    moved = (whole + direction) * size
    if spec.minimum is not None:
        moved = max(moved, Decimal(str(spec.minimum)))
    if spec.maximum is not None:
        moved = min(moved, Decimal(str(spec.maximum)))
    return _as_kind(spec, moved)


def _as_kind(spec: Option, number: Decimal) -> Scalar:
    return int(number) if spec.kind == "int" else float(number)


def matches(spec: Option, query: str) -> bool:
    """Whether every word of `query` occurs in the setting's name, label, help or flags."""
    text = " ".join((spec.name, spec.label, spec.help, *spec.flags)).lower()
    return all(word in text for word in query.lower().split())


def origin_text(draft: SettingsDraft, spec: Option) -> str:
    """Where the value comes from, and what that means for a change."""
    origin = draft.settings.origin(spec.name)
    changed = spec.name in draft.changes
    if origin in (COMMAND_LINE, ENVIRONMENT):
        place = "on the command line" if origin == COMMAND_LINE else "by the environment"
        return f"set {place}, which wins over the settings file"
    what = "changed for this chat" if draft.settings.of_chat(spec.name) else "changed"
    return f"{what}, was {spec.format(draft.settings.get(spec.name)) or 'empty'}" if changed else f"from: {origin}"
