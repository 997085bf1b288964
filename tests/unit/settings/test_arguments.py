"""The command line is read by llama.cpp's rules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.test_options import OPTIONS, values_of
from tui.core.errors import SettingError
from tui.core.options import Option, Scalar
from tui.settings.arguments import ArgumentParser, add_settings, given_settings
from tui.settings.reference import command_line_flags

FLAGGED = [(spec, flag) for spec in OPTIONS for flag in command_line_flags(spec)]


def new_parser() -> ArgumentParser:
    """A parser with a prompt and all settings."""
    parser = ArgumentParser("prog", "A program.")
    parser.add_argument("-p", "--prompt")
    add_settings(parser)
    return parser


PARSER = new_parser()


def settings_of(*arguments: str) -> dict[str, Scalar]:
    """The settings that these arguments set."""
    return given_settings(PARSER.parse(arguments))


def typed(spec: Option, flag: str, value: Scalar) -> list[str]:
    """How a person types `value`."""
    if spec.kind == "bool":
        return [flag]
    if isinstance(value, tuple):
        return [word for part in value for word in (flag, part)]
    return [flag, str(value)]


@pytest.mark.parametrize(("spec", "flag"), FLAGGED, ids=lambda item: item if isinstance(item, str) else "")
@settings(max_examples=20)
@given(st.data())
def test_every_flag_takes_every_value(spec: Option, flag: str, data: st.DataObject) -> None:
    value: Scalar = not flag.startswith("--no-") if spec.kind == "bool" else data.draw(values_of(spec))
    if isinstance(value, tuple) and not value:
        return
    flags = set(PARSER._option_string_actions)
    if any(word in flags or word == "--" for word in (value if isinstance(value, tuple) else (value,))):
        return
    assert settings_of(*typed(spec, flag, value)) == {spec.name: value}


def test_nothing_given_sets_nothing() -> None:
    assert settings_of() == {}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["-n", "-1", "-c", "0", "-t", "-1"], {"n_predict": -1, "n_ctx": 0, "threads": -1}),
        (["-n", "unlimited", "-c", "model", "-t", "auto"], {"n_predict": -1, "n_ctx": 0, "threads": -1}),
        (["-ngl", "all", "-tb", "2", "-ub", "64"], {"n_gpu_layers": -1, "threads_batch": 2, "n_ubatch": 64}),
        (["-co"], {"color": "on"}),
        (["-co", "off"], {"color": "off"}),
        (["--color=auto"], {"color": "auto"}),
        (["-co", "-p", "on"], {"color": "on"}),
        (["-fa", "-ctk", "q8_0"], {"flash_attn": "on", "cache_type_k": "q8_0"}),
        (["-sys", "-be brief"], {"system_prompt": "-be brief"}),
        (["-r", "a,b", "-r", "-1"], {"stop": ("a,b", "-1")}),
        (["--no-mmap", "--mlock"], {"mmap": False, "mlock": True}),
        (["--temp", "0.1", "--temp", "0.2"], {"temp": 0.2}),
    ],
)
def test_spellings(words: list[str], meant: dict[str, Scalar]) -> None:
    assert settings_of(*words) == meant


@pytest.mark.parametrize("text", ["-1 is less than", "-- no", "-", "-x", "--unheard-of", "a=b", "", "-n 5", "on"])
def test_the_word_after_a_flag_is_its_value(text: str) -> None:
    assert PARSER.parse(["-p", text, "-n", "3"]).prompt == text
    assert PARSER.parse([f"--prompt={text}"]).prompt == text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--temp", "hot"], "--temp cannot be hot. It takes 0 to 5"),
        (["-n", "1.5"], "--predict cannot be 1.5. It takes 0 to 1000000, or unlimited"),
        (["-fa=maybe"], "--flash-attn cannot be maybe. It takes auto, on, off"),
        (["--tmep", "1"], "there is no option --tmep. Did you mean --temp?"),
        (["--tem", "1"], "there is no option --tem. Did you mean --temp?"),
        (["-ng", "1"], "there is no option -ng. Did you mean -ngl?"),
        (["-n5"], "there is no option -n5. Did you mean -n?"),
        (["--xyzzy"], "there is no option --xyzzy. See prog --help"),
        (["-p"], "-p needs a value. See prog --help"),
        (["-p", "-n", "3"], "-p needs a value. See prog --help"),
        (["--mlock=1"], "--mlock: ignored explicit argument '1'. See prog --help"),
        (["extra"], "unrecognized arguments: extra. See prog --help"),
    ],
)
def test_one_line_says_what_is_wrong(words: list[str], line: str) -> None:
    with pytest.raises(SettingError) as caught:
        PARSER.parse(words)
    assert caught.value.line() == line


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        PARSER.parse(["--help"])
    text = capsys.readouterr().out
    assert all(flag in text for _, flag in FLAGGED)


def test_only_some_settings() -> None:
    parser = ArgumentParser("prog", "A program.")
    add_settings(parser, only=["model_dirs"])
    assert given_settings(parser.parse(["--models-dir", "/a"])) == {"model_dirs": ("/a",)}
    with pytest.raises(SettingError):
        parser.parse(["--temp", "1"])
