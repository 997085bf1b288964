"""The errors a person may meet: what happened, why, and what to do next."""

from __future__ import annotations


class LocalLLMError(Exception):
    """Base of every error that is shown to a person as one line.

    Args:
        what: what happened, without a full stop.
        why: the reason, without a full stop; empty when `what` says it all.
        hint: what the person can do next, without a full stop.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def line(self) -> str:
        """The error as one printable line."""
        text = f"{self.what}: {self.why}" if self.why else self.what
        if self.hint:
            text = f"{text.rstrip('.')}. {self.hint[0].upper()}{self.hint[1:]}"
        return " ".join(text.split())

    def __str__(self) -> str:
        return self.line()


class SettingError(LocalLLMError):
    """A setting has a value it cannot have."""


class ModelFileError(LocalLLMError):
    """A path does not lead to a GGUF model that can be read."""


class ModelLoadError(LocalLLMError):
    """llama.cpp refused the file, or the context could not be made."""


class OutOfMemoryError(ModelLoadError):
    """The model at this context size needs more memory than is available."""


class NoModelError(LocalLLMError):
    """Something needs a loaded model and there is none."""


class PromptTooLongError(LocalLLMError):
    """The prompt has more tokens than the context.

    Args:
        what: what happened.
        why: the reason.
        hint: what to do next.
        tokens: of the prompt; 0 when not known.
        n_ctx: tokens that the context holds; 0 when not known.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "", tokens: int = 0, n_ctx: int = 0) -> None:
        super().__init__(what, why=why, hint=hint)
        self.tokens = tokens
        self.n_ctx = n_ctx


class TemplateError(LocalLLMError):
    """The chat template could not be rendered for these messages."""


class DecodeError(LocalLLMError):
    """llama.cpp failed while it evaluated tokens."""


class WorkerError(LocalLLMError):
    """Another machine that computes layers cannot be used, or was lost."""


class CancelledError(LocalLLMError):
    """The person stopped a load before it ended."""


class PresetError(LocalLLMError):
    """A preset has not what was asked for, or its file could not be read or written."""


class StoreError(LocalLLMError):
    """The store of conversations has not what was asked for, or could not be used."""


class HubError(LocalLLMError):
    """The Hugging Face Hub could not give what was asked for.

    Args:
        what: what happened.
        why: the reason.
        hint: what to do next.
        kind: which of the things that can happen: `offline` (switched off here), `unreachable`, `gated`, `denied`,
            `missing`, `rate` (too many requests), `token` (not accepted), `server`, `space` (disk full), `checksum`,
            `busy` (another process has the file), `exists` (it is here already, or a different file has its name),
            `disk` (a file cannot be written), or `refused` (a name or an answer that is not trusted).
        status: of the HTTP answer; 0 when there was none.
        retry_after: seconds that the Hub asks to wait; 0 when it does not say.
    """

    def __init__(
        self, what: str, *, why: str = "", hint: str = "", kind: str = "server", status: int = 0, retry_after: float = 0
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after


class RemoteError(LocalLLMError):
    """An endpoint could not give what was asked for.

    Args:
        what: what happened.
        why: the reason.
        hint: what to do next.
        status: of the HTTP answer; 0 when there was none.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "", status: int = 0) -> None:
        super().__init__(what, why=why, hint=hint)
        self.status = status
