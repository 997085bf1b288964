"""Every setting is declared well, and every value a person sees can be typed again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import SettingError
from tui.core.options import Option, Scalar
from tui.settings.settings import SECTIONS, option_named

OPTIONS = [spec for section in SECTIONS for spec in section.options()]


def values_of(spec: Option) -> st.SearchStrategy[Scalar]:
    """Values that `spec` allows."""
    if spec.kind == "bool":
        return st.booleans()
    if spec.kind == "choice":
        return st.sampled_from(spec.choices)
    if spec.kind == "list":
        return st.lists(st.text(min_size=1)).map(tuple)
    if spec.kind == "str":
        return st.text()
    named = st.sampled_from([value for value, _ in spec.words]) if spec.words else st.nothing()
    assert spec.minimum is not None and spec.maximum is not None
    if spec.kind == "int":
        return named | st.integers(int(spec.minimum), int(spec.maximum))
    return named | st.floats(spec.minimum, spec.maximum)


@given(st.data())
@pytest.mark.parametrize("spec", OPTIONS, ids=lambda spec: spec.name)
def test_what_is_shown_can_be_typed(spec: Option, data: st.DataObject) -> None:
    value = data.draw(values_of(spec))
    assert spec.check(value) == value
    assert spec.parse(spec.format(value)) == value


@pytest.mark.parametrize("spec", OPTIONS, ids=lambda spec: spec.name)
def test_declarations(spec: Option) -> None:
    assert spec.check(spec.default) == spec.default
    assert spec.label and spec.help.endswith((".", "copies."))
    assert all(re.fullmatch(r"--?[a-z][a-z0-9-]*", flag) for flag in spec.flags)


def test_names_and_flags_belong_to_one_setting_each() -> None:
    names = [spec.name for spec in OPTIONS]
    flags = [flag for spec in OPTIONS for flag in spec.flags]
    assert len(set(names)) == len(names)
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n_predict", "-1", -1),
        ("n_predict", "unlimited", -1),
        ("n_ctx", "0", 0),
        ("n_ctx", "model", 0),
        ("threads", "-1", -1),
        ("threads", "Auto", -1),
        ("temp", "0", 0.0),
        ("mmap", "off", False),
        ("flash_attn", " on ", "on"),
        ("seed", "random", -1),
    ],
)
def test_words_and_numbers(name: str, text: str, value: Scalar) -> None:
    parsed = option_named(name).parse(text)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("temp", "hot", "temp cannot be hot. It takes 0 to 5"),
        ("temp", "nan", "temp cannot be nan. It takes 0 to 5"),
        ("temp", "inf", "temp cannot be inf. It takes 0 to 5"),
        ("temp", "-0.1", "temp cannot be -0.1. It takes 0 to 5"),
        ("top_k", "1.5", "top_k cannot be 1.5. It takes 0 to 1000000"),
        ("threads", "0", "threads cannot be 0. It takes 1 to 512, or auto"),
        ("mmap", "maybe", "mmap cannot be maybe. It takes on or off"),
        ("flash_attn", "perhaps", "flash_attn cannot be perhaps. It takes auto, on, off"),
    ],
)
def test_one_line_for_a_value_it_cannot_have(name: str, text: str, line: str) -> None:
    with pytest.raises(SettingError) as caught:
        option_named(name).parse(text)
    assert caught.value.line() == line


@pytest.mark.parametrize(("name", "value"), [("temp", True), ("top_k", 1.0), ("mmap", 1), ("stop", "a"), ("model", 3)])
def test_other_types_are_refused(name: str, value: object) -> None:
    with pytest.raises(SettingError):
        option_named(name).check(value)
