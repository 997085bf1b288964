"""The tables of the README name every setting."""

from __future__ import annotations

import pytest

from tests.unit.core.test_options import OPTIONS
from tui.core.options import Option
from tui.settings.reference import reference


@pytest.mark.parametrize("spec", OPTIONS, ids=lambda spec: spec.name)
def test_each_setting_has_a_row(spec: Option) -> None:
    rows = [line for line in reference().splitlines() if f"| `{spec.name}` | `LOCALLLM_" in line]
    assert len(rows) == 1
    assert all(f"`{flag}`" in rows[0] for flag in spec.flags)
    assert f"`LOCALLLM_{spec.name.upper()}`" in rows[0]
    assert spec.range_text() in rows[0]
    assert rows[0].replace("\\|", "").count("|") == 7
