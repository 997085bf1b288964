"""What the engine says while it works. Posted from its thread, handled wherever the front end likes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tui.core.errors import LocalLLMError
from tui.core.parameters import LoadParams
from tui.core.probabilities import Candidate, Scored
from tui.core.reasoning import NO_REASONING, Reasoning


class StopReason(Enum):
    """Why a generation ended."""

    END = "end"
    """The model gave an end-of-generation token."""
    STOP_STRING = "stop string"
    """One of the stop strings appeared; the text ends before it."""
    LENGTH = "length"
    """The asked number of tokens was generated."""
    CONTEXT_FULL = "context full"
    """Prompt and completion fill the context."""
    CANCELLED = "stopped"
    """The person stopped it."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long one generation took; the names and meanings of llama.cpp's own report.

    Attributes:
        prompt_tokens: tokens of the whole prompt.
        cached_tokens: of these, how many were already in the KV cache.
        prompt_seconds: seconds spent evaluating the others (prefill).
        generated_tokens: tokens generated, the end token not counted.
        decode_seconds: seconds from the first generated token to the last one (decode).
        first_token_seconds: seconds from the request to the first token (TTFT); None before there is one.
        threads: threads that decode had in the end.
        compute_seconds: of the decode seconds, those spent inside llama.cpp's evaluation.
        drafted_tokens: tokens that were guessed and evaluated together (speculation).
        accepted_tokens: of these, tokens that the sampler chose as well.
        reasoning_tokens: of the generated tokens, those of reasoning.
        reasoning_seconds: of the seconds since the first token, those that they took.
        wall_clock: whether they were measured from outside, of a reply that came over the network; tokens are then
            pieces where the server does not count them.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    prompt_seconds: float = 0.0
    generated_tokens: int = 0
    decode_seconds: float = 0.0
    first_token_seconds: float | None = None
    threads: int = 0
    compute_seconds: float = 0.0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    reasoning_tokens: int = 0
    reasoning_seconds: float = 0.0
    wall_clock: bool = False

    @property
    def evaluated_tokens(self) -> int:
        """Prompt tokens that had to be computed."""
        return self.prompt_tokens - self.cached_tokens

    @property
    def prompt_speed(self) -> float:
        """Prefill speed in tok/s; 0 when nothing was evaluated."""
        return self.evaluated_tokens / self.prompt_seconds if self.prompt_seconds > 0 else 0.0

    @property
    def acceptance(self) -> float | None:
        """Share of the guessed tokens that were accepted, 0 to 1; None when nothing was guessed."""
        return self.accepted_tokens / self.drafted_tokens if self.drafted_tokens else None

    @property
    def decode_speed(self) -> float:
        """Decode speed in tok/s; 0 with fewer than two tokens, since the first one belongs to prefill."""
        steps = self.generated_tokens - 1
        return steps / self.decode_seconds if steps > 0 and self.decode_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Placement:
    """What of a model lies on one device.

    Attributes:
        device: `host:port` of a worker, or a device of this machine.
        layers: how many of its layers, the output layer counted as one.
        size: bytes of weights, KV cache and compute buffers.
        free_before: bytes that the device had free before the load; 0 when not known.
        free: bytes that it has free now, likewise.
        total: bytes of its memory, likewise.
    """

    device: str
    layers: int
    size: int
    free_before: int = 0
    free: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model, as llama.cpp describes it.

    Attributes:
        path: the GGUF file (the first one of a split model).
        name: general.name from the file, or the file's stem.
        description: llama.cpp's short description, such as `llama 256M Q4_1`.
        architecture: general.architecture.
        size: bytes of all tensors.
        parameters: number of parameters.
        n_ctx: tokens of context this load has.
        n_ctx_train: tokens of context the model was trained with.
        n_vocab: number of tokens in the vocabulary.
        has_template: whether the file carries a chat template.
        threads: threads used for generation; where they are automatic, the most that are used.
        threads_batch: threads used for prefill, likewise.
        kv_bytes: bytes of the KV cache (and of recurrent state), as llama.cpp reported them.
        compute_bytes: bytes of compute and output buffers, likewise.
        load_seconds: how long the load took.
        build: llama.cpp's version.
        params: how it was loaded.
        warnings: what the person should know about this load, one sentence or two each.
        template_hash: SHA-256 of the chat template's text, in hexadecimal; empty when not known.
        reasoning: what the chat template knows of reasoning.
        placement: what lies where, where it lies on several machines; empty where it does not.
    """

    path: str
    name: str
    description: str
    architecture: str
    size: int
    parameters: int
    n_ctx: int
    n_ctx_train: int
    n_vocab: int
    has_template: bool
    threads: int
    threads_batch: int
    kv_bytes: int
    compute_bytes: int
    load_seconds: float
    build: str
    params: LoadParams
    warnings: tuple[str, ...] = ()
    template_hash: str = ""
    reasoning: Reasoning = NO_REASONING
    placement: tuple[Placement, ...] = ()

    @property
    def context_bytes(self) -> int:
        """Bytes that the context takes besides the weights."""
        return self.kv_bytes + self.compute_bytes


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being loaded.

    Attributes:
        path: the file.
        fraction: how much of it, 0 to 1.
    """

    path: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model is ready."""

    model: ModelInfo


@dataclass(frozen=True, slots=True)
class Unloaded:
    """No model is loaded any more; its memory was given back."""


@dataclass(frozen=True, slots=True)
class Prefilling:
    """The prompt is being evaluated.

    Attributes:
        done: prompt tokens in the KV cache so far, the reused ones included.
        total: tokens of the prompt.
        cached: tokens that were reused.
        restored: whether these came from a saved state, of another time or another conversation.
    """

    done: int
    total: int
    cached: int
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A generation under way goes on with other parameters, from its next token on."""


@dataclass(frozen=True, slots=True)
class StateTimed:
    """How long a computed conversation takes to be saved and brought back, in memory.

    Attributes:
        tokens: how many it holds.
        size: bytes of the state.
        save_seconds: to copy it out of the KV cache.
        load_seconds: to copy it back.
    """

    tokens: int
    size: int
    save_seconds: float
    load_seconds: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What a prompt would take.

    Attributes:
        tokens: of the whole prompt, with the chat template.
        history: of these, how many were there before the last thing said.
        fitted: tokens of it without the oldest turns that leave no room for an answer; `tokens` where all of it fits.
        dropped: how many messages these turns have.
        cached: of what would be evaluated, how many tokens are in the KV cache or in a saved state.
        n_ctx: tokens that the context holds.
    """

    tokens: int
    history: int
    fitted: int
    dropped: int
    cached: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """The oldest messages were left out of the prompt, since the whole conversation does not fit the context.

    Attributes:
        messages: how many; the conversation itself keeps them.
    """

    messages: int


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A server did not begin a reply, or the line to it was lost, and it is asked once more.

    Attributes:
        times: how often it was asked so far.
        why: what went wrong, as one line.
    """

    times: int
    why: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """The context was full: tokens were taken out of its middle, and the rest moved up.

    Attributes:
        discarded: how many tokens the model does not see any more.
        used: tokens that are left in the KV cache.
    """

    discarded: int
    used: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts were turned into vectors.

    Attributes:
        vectors: one of length 1 for each text, in their order; fewer where it was given up.
        tokens: tokens of all texts.
    """

    vectors: tuple[tuple[float, ...], ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question about the loaded model.

    Attributes:
        value: what the question gave.
    """

    value: object


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token.

    Attributes:
        id: its number in the vocabulary.
        piece: its bytes; a character may span several tokens.
        text: the text that became certain with it: empty while a character or a stop string is incomplete.
        position: how many tokens the sequence holds with it.
        candidates: where they were asked for, the token itself and then the likeliest ones.
    """

    id: int
    piece: bytes
    text: str
    position: int
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """A generation ended.

    Attributes:
        reason: why.
        text: text that was held back for a stop string and is now certain.
        timings: how long it took.
        used: tokens in the KV cache.
        stop: the stop string that ended it, if one did.
        seed: the seed that was used; the same seed gives the same text.
    """

    reason: StopReason
    text: str
    timings: Timings
    used: int
    stop: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A load or a generation could not be done."""

    error: LocalLLMError


Event = (
    Loading
    | Loaded
    | Unloaded
    | Prefilling
    | Dropped
    | Scored
    | AskedAgain
    | Shifted
    | StateTimed
    | Adjusted
    | Counted
    | Answered
    | Embedded
    | Token
    | Finished
    | Failed
)
"""Everything the engine may say."""
