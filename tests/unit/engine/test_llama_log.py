"""What llama.cpp says goes to the log, and a stop that was asked for is no error there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.support.engines import events_of, gather, load
from tui.core.events import StopReason, Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine


def test_a_stop_leaves_no_error_in_the_log(tiny_gguf: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine()
    endless = GenerationParams(temp=0.0, n_predict=-1, ignore_eos=True)
    try:
        with caplog.at_level(logging.INFO, logger="llama.cpp"):
            load(engine, tiny_gguf, n_ctx=512, threads=1)
            assert caplog.records
            for tokens in range(1, 20):
                ticket = engine.generate(RawPrompt("abc"), endless)
                for number, event in enumerate(ticket.events()):
                    if isinstance(event, Token) and number >= tokens:
                        ticket.cancel()
                        break
                assert ticket.wait(120)
            stopped = gather(events_of(engine.generate(RawPrompt("abc"), GenerationParams(n_predict=2))))
        assert stopped.finished.reason is not StopReason.CANCELLED
        assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    finally:
        assert engine.close(120)
