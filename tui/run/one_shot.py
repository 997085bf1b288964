"""One completion from start to end: load, generate, print, report."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

from tui.core.endpoints import remote_name
from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, Loaded, Loading, Prefilling, StopReason, Token
from tui.engine.ticket import Ticket
from tui.run.interrupt import Interrupted, Interruption
from tui.run.output import PROMPT_COLOR, Output, OutputClosedError, Progress, complain, note, warn
from tui.run.reasoning import ReplyOutput
from tui.run.report import timing_lines
from tui.run.request import RunRequest
from tui.services.chat_session import ChatSession
from tui.services.completion import CompletionSession
from tui.services.model_host import ModelHost

DONE, FAILED = 0, 1
BROKEN_PIPE = 128 + signal.SIGPIPE


def run(request: RunRequest) -> int:
    """Do it.

    Returns:
        The exit status: 0 done; 1 failed, with one line on standard error; 130 or 143 after Ctrl+C or SIGTERM, what
        was generated until then printed; 141 when the reader of standard output went away.
    """
    status, closed = FAILED, False
    try:
        with Interruption() as interruption:
            shot = OneShot(request, interruption)
            status = shot.run()
            closed = shot.close()
    except Interrupted as interrupted:
        status = interrupted.status
    if not closed:
        _flush()
        os._exit(status)  # a thread inside llama.cpp does not survive the interpreter's end
    return status


class OneShot:
    """A completion under way.

    Args:
        request: what is asked for.
        interruption: how signals reach it.
    """

    def __init__(self, request: RunRequest, interruption: Interruption) -> None:
        self._request = request
        self._name = remote_name(request.model) or request.model.name
        self._interruption = interruption
        self._host = ModelHost(offline=lambda: request.settings.app.offline)
        self._output = Output()
        hidden = request.settings.app.reasoning_format == "deepseek"
        self._reply = ReplyOutput(self._output, color=request.color, answer_only=hidden) if request.chat else None
        self._progress = Progress()
        self._finished: Finished | None = None
        self._load_seconds = 0.0

    def run(self) -> int:
        """Load and generate; returns the exit status."""
        try:
            self._work()
            self._progress.clear()
            self._output.end()
        except OutputClosedError:
            return self._interruption.status or BROKEN_PIPE
        except LocalLLMError as error:
            self._progress.clear()
            if self._interruption.status:  # what was asked to end did end
                return self._interruption.status
            complain(error.line(), color=self._request.settings.app.color)
            return FAILED
        self._report()
        return self._interruption.status or DONE

    def close(self) -> bool:
        """Free everything; whether the engine ended in time."""
        return self._host.close()

    def _work(self) -> None:
        settings = self._request.settings
        # Nothing is asked twice, so nothing computed needs to be kept.
        self._follow(self._host.load(self._request.model, replace(settings.load, cache_ram=0)))
        self._progress.clear()
        if self._request.echo:
            ending = "\n" if self._request.chat else ""
            self._output.write(self._request.prompt + ending, PROMPT_COLOR if self._request.color else "")
        self._follow(self._generate())

    def _generate(self) -> Ticket:
        params = self._request.settings.generation
        if self._request.chat:
            return ChatSession(self._host, durable=False, said=self._request.turns).send(self._request.prompt, params)
        return CompletionSession(self._host).run(self._request.prompt, params)

    def _follow(self, ticket: Ticket) -> None:
        self._interruption.watch(ticket.cancel)
        for event in ticket.events():
            self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case Loading(fraction=fraction):
                self._progress.show(f"loading {self._name} {fraction:4.0%}")
            case Loaded(model=model):
                self._load_seconds = model.load_seconds
                self._progress.clear()
                for warning in model.warnings:
                    warn(warning)
                if self._reply:
                    self._reply.expect(model.reasoning.markers)
            case Prefilling(done=done, total=total) if not self._request.echo:
                self._progress.show(f"prompt {done} / {total} tokens")
            case Token(text=text):
                self._progress.clear()
                self._write(text)
            case Finished(text=text):
                self._progress.clear()
                self._finished = event
                self._write(text)
                if self._reply:
                    self._reply.finish()
            case Failed(error=error):
                raise error
            case _:
                pass

    def _write(self, text: str) -> None:
        (self._reply or self._output).write(text)

    def _report(self) -> None:
        if self._finished is None:
            return
        if self._finished.reason is StopReason.CONTEXT_FULL:
            note(
                f"the context is full: prompt and completion fill its {self._finished.used:,} tokens."
                " Take a larger one with -c"
            )
        if self._request.timings:
            note("\n" + "\n".join(timing_lines(self._finished.timings, self._load_seconds)))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
