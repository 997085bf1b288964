"""Log messages go to the file and the ring, never to the terminal."""

from __future__ import annotations

import logging
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.settings.logs import KEPT_LINES, LLAMA_CPP, PROGRAM, configure_logging, report_crashes


@pytest.fixture(autouse=True)
def loggers_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    for name in (PROGRAM, LLAMA_CPP):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def test_both_loggers_reach_file_and_ring_only(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state" / "x.log"
    ring = configure_logging(path)
    logging.getLogger("localllm.engine").info("hello %s", "あ")
    logging.getLogger(LLAMA_CPP).error("bad\nthing")
    assert [line.split(" ", 2)[2] for line in ring.lines()[:2]] == ["I localllm.engine: hello あ", "E llama.cpp: bad"]
    assert ring.lines()[2] == "thing"
    assert path.read_text(encoding="utf-8").splitlines() == list(ring.lines())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert capfd.readouterr() == ("", "")


def test_the_ring_forgets_the_oldest(tmp_path: Path) -> None:
    ring = configure_logging(tmp_path / "x.log")
    for number in range(KEPT_LINES + 10):
        logging.getLogger(PROGRAM).info("%d", number)
    assert len(ring.lines()) == KEPT_LINES
    assert ring.lines()[0].endswith(": 10")
    assert ring.written == KEPT_LINES + 10


def test_configuring_again_replaces(tmp_path: Path) -> None:
    configure_logging(tmp_path / "a.log")
    ring = configure_logging(tmp_path / "b.log")
    logging.getLogger(PROGRAM).info("once")
    assert (tmp_path / "a.log").read_text() == ""
    assert len(ring.lines()) == 1


def test_no_log_file_is_no_reason_to_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    ring = configure_logging(tmp_path / "taken" / "x.log")
    logging.getLogger(PROGRAM).info("still here")
    assert "no log file" in ring.lines()[0]
    assert ring.lines()[1].endswith("still here")
    assert capfd.readouterr() == ("", "")


def test_a_bad_record_stays_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(tmp_path / "x.log")
    logging.getLogger(PROGRAM).info("%d", "not a number")
    assert capfd.readouterr() == ("", "")


def test_a_crash_is_one_line_and_a_traceback_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.log"
    configure_logging(path)
    report_crashes(path)

    def fail() -> None:
        raise RuntimeError("inside")

    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    line = f"error: the program failed: RuntimeError. The details are in {path}\n"
    assert capfd.readouterr() == ("", line * 2)
    assert path.read_text().count("Traceback") == 2
    assert "in fail" in path.read_text()
