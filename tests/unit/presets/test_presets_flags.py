"""Lines for llama-cli as presets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import PresetError
from tui.services.presets_flags import read_flags
from tui.settings.preset_file import Preset, parse, render


def test_a_line_that_a_person_has_in_the_history() -> None:
    line = (
        '$ ./build/bin/llama-cli -m x.gguf --temp 0.2 --top-k 20 -sys "You are \\"kind\\".\\nBe brief." -n 256 '
        '--repeat-penalty 1.1 -r "###" -r "</s>" -c 8192 -fa on -ngl 99 --mystery file.txt -cnv --seed=7 | tee log'
    )
    flags = read_flags(line)
    assert flags.values == {
        "temp": 0.2, "top_k": 20, "system_prompt": 'You are "kind".\nBe brief.', "n_predict": 256,
        "repeat_penalty": 1.1, "stop": ("###", "</s>"), "seed": 7,
    }  # fmt: skip
    assert flags.left_out == (
        "left out, not known here: --mystery file.txt, -cnv",
        "left out, not part of a preset: -m, -c, -fa, -ngl",
    )
    made = Preset("p", values=flags.values)
    assert parse("p", render(made)) == made


def test_lines_that_go_on_escapes_and_the_last_word() -> None:
    assert read_flags("llama-cli \\\n  --temp 0.1 \\\r\n --temp 0.3").values == {"temp": 0.3}
    assert read_flags(r"--no-escape -sys 'a\nb'").values == {"system_prompt": r"a\nb"}
    assert read_flags("-n -1 --ignore-eos -l 15043+1 -l 2-1").values == {
        "n_predict": -1, "ignore_eos": True, "logit_bias": ("15043+1", "2-1"),
    }  # fmt: skip


def test_what_is_not_allowed_is_named() -> None:
    flags = read_flags("--temp 0.2 --top-k many --top-p 7 -p hello --grammar-file /etc/passwd stray -n")
    assert flags.values == {"temp": 0.2}
    assert any("--top-k cannot be many" in line for line in flags.left_out)
    assert any("--top-p cannot be 7" in line for line in flags.left_out)
    assert any("not known here: stray" in line for line in flags.left_out)
    assert any("not part of a preset: -p, --grammar-file" in line for line in flags.left_out)
    assert any("-n needs a value" in line for line in flags.left_out)


@pytest.mark.parametrize("line", ["", "llama-cli", "hello there", "-m x.gguf", "--help", "--temp 'open", "--version"])
def test_a_line_with_nothing_in_it_is_refused(line: str) -> None:
    with pytest.raises(PresetError) as caught:
        read_flags(line)
    assert caught.value.line().isprintable()


@given(
    st.text() | st.lists(st.sampled_from(["--temp", "-n", "-r", "1", "x", "-co", "=", "-", "--", "'"])).map(" ".join)
)
def test_no_line_is_a_fault(line: str) -> None:
    try:
        flags = read_flags(line)
    except PresetError as error:
        assert error.line().isprintable()
    else:
        assert flags.values and all(text.isprintable() for text in flags.left_out)
