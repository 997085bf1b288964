"""What goes to standard output and standard error, and how it fails."""

from __future__ import annotations

import io

import pytest

from tui.run.output import Output, OutputClosedError, OutputError, complain, wants_color, warn


class Terminal(io.BytesIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_the_text_as_it_is() -> None:
    stream = io.BytesIO()
    output = Output(stream)
    output.write("あ\x1b[31m\r\n")
    output.write("", "\x1b[33m")
    output.end()
    assert stream.getvalue() == "あ\x1b[31m\r\n".encode()


def test_a_terminal_gets_no_control_characters_of_others() -> None:
    stream = Terminal()
    output = Output(stream)
    output.write("p\x1b", "\x1b[33m")
    output.write("a\t\n\x07b")
    output.end()
    output.end()
    assert stream.getvalue() == b"\x1b[33mp^[\x1b[0ma\t\n^Gb\n"


def test_a_line_that_has_ended_is_not_ended_again() -> None:
    stream = Terminal()
    output = Output(stream)
    output.end()
    output.write("a\n")
    output.end()
    assert stream.getvalue() == b"a\n"


@pytest.mark.parametrize(
    ("error", "kind"), [(BrokenPipeError(32, "x"), OutputClosedError), (OSError(28, "No space left"), OutputError)]
)
def test_what_cannot_be_written(
    error: OSError, kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise error

    monkeypatch.setattr("tui.run.output.discard_output", lambda: None)
    with pytest.raises(kind):
        Output(Full()).write("a")


@pytest.mark.parametrize(
    ("choice", "terminal", "no_color", "colored"),
    [
        ("on", False, "", True),
        ("on", True, "1", False),
        ("auto", True, "", True),
        ("auto", False, "", False),
        ("auto", True, "1", False),
        ("off", True, "", False),
    ],
)
def test_colour(choice: str, terminal: bool, no_color: str, colored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    assert wants_color(choice, terminal=terminal) is colored


def test_errors_and_warnings_are_one_safe_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    complain("two\nlines \x1b[2J")
    complain("bad", color="on")
    warn("odd\x07")
    assert capsys.readouterr().err == "error: two lines ^[[2J\n\x1b[1m\x1b[31merror: bad\x1b[0m\nwarning: odd^G\n"
