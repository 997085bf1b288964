"""An engine that says what a test tells it to, for tests of the screen where the model is not the point."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui.core.errors import CancelledError, LocalLLMError, NoModelError
from tui.core.events import (
    Adjusted,
    Counted,
    Event,
    Failed,
    Finished,
    Loaded,
    Loading,
    ModelInfo,
    Prefilling,
    StopReason,
    Timings,
    Token,
    Unloaded,
)
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, Prompt, characters
from tui.engine.engine import Check, Engine
from tui.engine.ticket import Ticket


def model_info(path: str = "/models/Scripted-1B-Instruct-Q4_K_M.gguf", n_ctx: int = 4096) -> ModelInfo:
    """A model as llama.cpp would describe it."""
    return ModelInfo(
        path=path, name="Scripted", description="llama 1B Q4_K_M", architecture="llama", size=96_000_000,
        parameters=134_515_008, n_ctx=n_ctx, n_ctx_train=8192, n_vocab=49152, has_template=True, threads=2,
        threads_batch=2, kv_bytes=94_371_840, compute_bytes=18_000_000, load_seconds=0.1, build="test",
        params=LoadParams(n_ctx=n_ctx),
    )  # fmt: skip


class ScriptedEngine(Engine):
    """Answers at once from `replies`, or step by step when `hold` is set.

    Attributes:
        replies: texts of the next replies, in order; when there is none, the reply is `ok`.
        hold: keep a generation or load open until the test calls `write`, `end` or `end_load`.
        load_error: makes the next load fail.
        warnings: what the next loads warn of.
        timings: figures of the next replies, in place of made-up ones.
        reason: how the next reply ends.
        prompts: what was asked so far.
        counted: what was counted so far.
        params: how the prompts were to be answered.
        cached: tokens of the next prompts that are said to be computed already.
        n_ctx: tokens of context of the next loads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scripted_model: ModelInfo | None = None
        self.replies: deque[str] = deque()
        self.hold = False
        self.load_error: LocalLLMError | None = None
        self.warnings: tuple[str, ...] = ()
        self.generate_error: LocalLLMError | None = None
        self.reason = StopReason.END
        self.timings: Timings | None = None
        self.prompts: list[Prompt] = []
        self.counted: list[Prompt] = []
        self.params: list[GenerationParams] = []
        self.cached = 0
        self.n_ctx = 4096
        self.loads: list[Path] = []
        self.load_params: list[LoadParams] = []
        self.closed = False
        self._open: Ticket | None = None
        self._position = 0
        self._pending_load: Path | None = None

    @property
    def model(self) -> ModelInfo | None:
        """The model the test loaded."""
        return self.scripted_model

    def load(
        self,
        path: Path,
        params: LoadParams,
        check: Check | None = None,
        begin_with: Callable[[], int | None] | None = None,
    ) -> Ticket:
        """Load: at once, or with `hold` when the test says so. The file is not looked at."""
        ticket = Ticket(on_cancel=self._cancelled)
        self.load_params.append(params)
        if self.load_error is not None:
            self.loads.append(path)
            ticket.post(Loading(str(path), 0.0))
            ticket.close(Failed(self.load_error))
            self.load_error = None
            return ticket
        if self.scripted_model is not None:
            self.scripted_model = None
            ticket.post(Unloaded())
        ticket.post(Loading(str(path), 0.43))
        self._open, self._pending_load = ticket, path
        self.loads.append(path)  # whoever waits for it may end it
        if not self.hold:
            self.end_load()
        return ticket

    def end_load(self) -> None:
        """The load under way succeeds."""
        assert self._open is not None and self._pending_load is not None
        self.scripted_model = replace(model_info(str(self._pending_load), self.n_ctx), warnings=self.warnings)
        ticket, self._open, self._pending_load = self._open, None, None
        ticket.close(Loaded(self.scripted_model))

    def unload(self) -> Ticket:
        """Unload at once."""
        self.scripted_model = None
        ticket = Ticket()
        ticket.close(Unloaded())
        return ticket

    def generate(
        self,
        prompt: Prompt,
        params: GenerationParams,
        *,
        durable: bool = False,
        reusable: int | None = None,
        client: str = "",
        n_probs: int | None = None,
    ) -> Ticket:
        """Reply: at once, or with `hold` as the test writes it."""
        self.params.append(params)
        ticket = Ticket(on_cancel=self._cancelled)
        if self.scripted_model is None:
            self.prompts.append(prompt)
            ticket.close(Failed(NoModelError("No model is loaded")))
            return ticket
        if self.generate_error is not None:
            self.prompts.append(prompt)
            ticket.close(Failed(self.generate_error))
            self.generate_error = None
            return ticket
        self._open, self._position = ticket, 0
        ticket.post(Prefilling(10, 10, 0))
        self.prompts.append(prompt)  # whoever waits for it may write the reply
        if not self.hold:
            self.write(self.replies.popleft() if self.replies else "ok")
            self.end(self.reason)
        return ticket

    def force(self, generation: Ticket, text: str = "") -> Ticket:
        """The model stops thinking and answers."""
        self.write(text or "\n</think>\n\nThe **answer**.")
        ticket = Ticket()
        ticket.close(Adjusted())
        return ticket

    def count(self, prompt: Prompt, params: GenerationParams, before: ChatPrompt | None = None) -> Ticket:
        """Count at once: each character is a token, and so is the template's mark before each message."""
        self.counted.append(prompt)
        ticket = Ticket()
        if self.scripted_model is None:
            ticket.close(Failed(NoModelError("No model is loaded")))
            return ticket
        n_ctx, size = self.scripted_model.n_ctx, _size(prompt)
        fitted, rest = size, prompt
        while isinstance(rest, ChatPrompt) and fitted > n_ctx * 3 // 4 and len(rest.messages) > 2:
            rest = ChatPrompt(rest.messages[2:])
            fitted = _size(rest)
        gone = len(prompt.messages) - len(rest.messages) if isinstance(rest, ChatPrompt) and isinstance(
            prompt, ChatPrompt) else 0  # fmt: skip
        ticket.close(Counted(size, _size(before) if before else 0, fitted, gone, min(self.cached, fitted), n_ctx))
        return ticket

    def write(self, text: str) -> None:
        """The model writes: one token for each piece up to a space."""
        assert self._open is not None
        for piece in text.replace(" ", " \0").split("\0"):
            self._position += 1
            self._open.post(Token(self._position, piece.encode(), piece, 10 + self._position))

    def end(self, reason: StopReason = StopReason.END) -> None:
        """The reply under way ends."""
        ticket, self._open = self._open, None
        assert ticket is not None
        count = self._position
        timings = Timings(10, 0, 0.1, count, max(count - 1, 0) / 142, 0.12)
        ticket.close(Finished(reason, "", self.timings or timings, 10 + count))

    def post(self, event: Event) -> None:
        """Anything else happens to the reply under way."""
        assert self._open is not None
        self._open.post(event)

    def fail(self, error: LocalLLMError) -> None:
        """The reply under way breaks off."""
        ticket, self._open = self._open, None
        assert ticket is not None
        ticket.close(Failed(error))

    def close(self, timeout: float = 1.0) -> bool:
        """End everything."""
        self.closed = True
        if self._open is not None:
            self._cancelled()
        return True

    def _cancelled(self) -> None:
        if self._open is None:
            return
        if self._pending_load is not None:
            name, self._pending_load = self._pending_load.name, None
            ticket, self._open = self._open, None
            ticket.close(Failed(CancelledError(f"Loading {name} was stopped")))
        else:
            self.end(StopReason.CANCELLED)


def _size(prompt: Prompt) -> int:
    return characters(prompt) + (len(prompt.messages) if isinstance(prompt, ChatPrompt) else 0)
