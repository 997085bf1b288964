"""Never computing the same prompt twice: from the sequence itself, from memory, from disk."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from tui.core.parameters import LoadParams
from tui.engine.adapters import adapter_of
from tui.engine.context import Context
from tui.engine.sequence import Sequence, common_prefix
from tui.engine.state_cache import StateCache

_LOGGER = logging.getLogger("localllm.kv")

_WORTH_KEEPING = 64
"""Tokens that a state must save to be kept or brought back; fewer are computed in no time."""

_IRRELEVANT = (
    "n_ctx", "threads", "threads_batch", "n_batch", "n_ubatch", "mmap", "mlock", "chat_template",
    "cache_ram", "cache_disk", "spec_type", "embeddings", "pooling", "kv_unified",
)  # fmt: skip
"""Load parameters that a state does not depend on."""


class PrefixCache:
    """Gives a sequence as much of a prompt as was computed before.

    Args:
        context: the KV cache.
        states: saved states.
        cuttable: whether the model's memory can be cut back to any length (not so with recurrent memory).

    Attributes:
        checkpoints: whether a prompt's state is to be kept before its last token is evaluated, since it cannot be had
            again by cutting back: with recurrent memory, and where a sliding window moves on. A reply can then be
            generated once more, or its text come back in other tokens, without evaluating the whole conversation.
    """

    def __init__(self, context: Context, states: StateCache, *, cuttable: bool) -> None:
        self._context = context
        self._states = states
        self._cuttable = cuttable
        self.checkpoints = states.in_memory and (context.slides or not cuttable)

    def prepare(
        self, sequence: Sequence, prompt: list[int], others: Collection[Sequence] = (), *, most: int | None = None
    ) -> tuple[int, bool]:
        """Let a sequence hold the longest beginning of a prompt that is known.

        The prompt's last token is never among them: it has to be evaluated for its logits.

        Args:
            sequence: an idle one.
            prompt: the tokens to come.
            others: the other sequences, whose beginning may be the same; idle ones make room where there is none.
            most: how many of the prompt's tokens may be reused; None for all that are known.

        Returns:
            How many tokens it holds now, and whether a saved state was brought back.
        """
        usable = prompt[:-1]
        if most is not None:
            usable = usable[:most]
            self.put_aside(sequence)
        if sequence.shifted:
            self._cut(sequence, 0)
        own = self._own(sequence, usable)
        if (shared := self._share(sequence, usable, own, others)) is not None:
            return shared, False
        restored = self._restore(sequence, usable, own, others, whole=not self._cuttable)
        if not restored and own < len(sequence.tokens) // 2:
            self.put_aside(sequence)
        wanted = common_prefix(sequence.tokens, usable)
        kept = self._cut(sequence, wanted)
        if kept < wanted and self._cuttable and self._restore(sequence, usable, 0, others, whole=True):
            kept, restored = len(sequence.tokens), True  # the window of the longer state had moved on
        if kept < wanted and not kept:
            _LOGGER.info("this model's memory cannot be cut back: %d tokens are evaluated again", wanted)
        return kept, restored

    @property
    def shares(self) -> bool:
        """Whether a sequence may begin with what another one holds, at no cost."""
        return self._cuttable and not self._context.slides and self._context.parts == 1

    def foresee(self, sequence: Sequence, prompt: list[int], others: Collection[Sequence] = ()) -> int:
        """How many of a prompt's tokens `prepare` would find, changing nothing.

        Where a sliding window may have moved on inside a saved state, only a state that is used whole counts.
        """
        usable = prompt[:-1]
        own = 0 if sequence.shifted else self._own(sequence, usable)
        if (donor := self._donor(sequence, usable, own, others)) is not None:
            return common_prefix(donor.tokens, usable)
        wanted = 0 if sequence.shifted else common_prefix(sequence.tokens, usable)
        state, saved = self._states.find(usable, whole=not self._cuttable)
        better = state is not None and saved >= own + _WORTH_KEEPING
        if state is not None and better and (saved == len(state.tokens) or not self._context.slides):
            return saved
        if self._cuttable and (better or own < wanted):
            whole = self._states.find(usable, whole=True)[1]
            return max(own, whole) if whole >= _WORTH_KEEPING else own
        return own

    def _share(self, sequence: Sequence, usable: list[int], own: int, others: Collection[Sequence]) -> int | None:
        """Begin with what another one holds, such as the system prompt of the same client; None where none helps."""
        donor = self._donor(sequence, usable, own, others)
        if donor is None:
            return None
        self.put_aside(sequence)
        self._context.keep(sequence.number, 0)
        shared = self._context.share(donor.number, sequence.number, common_prefix(donor.tokens, usable))
        sequence.tokens, sequence.shifted = usable[:shared], False
        return shared

    def _donor(self, sequence: Sequence, usable: list[int], own: int, others: Collection[Sequence]) -> Sequence | None:
        """The sequence whose beginning is that of a prompt, where that saves more than what else is known of it.

        Only where memory can be cut anywhere: nothing may have been let go of, and nothing be summed up.
        """
        if not self._cuttable or self._context.slides:
            return None
        donors = [(common_prefix(s.tokens, usable), s) for s in others if s is not sequence and not s.shifted]
        length, donor = max(donors, key=lambda pair: pair[0], default=(0, sequence))
        least = 1 if self.shares and not sequence.tokens else _WORTH_KEEPING
        saved = self._states.find(usable, whole=False)[1]
        better = saved > length and saved >= own + _WORTH_KEEPING
        return donor if length >= own + least and not better else None

    def _restore(
        self, sequence: Sequence, usable: list[int], own: int, others: Collection[Sequence], *, whole: bool
    ) -> bool:
        """Bring back a saved state that saves more of a prompt than the sequence itself does."""
        state, saved = self._states.find(usable, whole=whole)
        if state is None or saved < own + _WORTH_KEEPING:
            return False
        self.put_aside(sequence)
        data = self._states.read(state)
        restored = data is not None and self._context.restore(sequence.number, data, len(state.tokens))
        in_the_way = [s for s in others if s is not sequence and s.tokens] if self._context.parts == 1 else []
        needed = len(state.tokens) + sum(len(s.tokens) for s in in_the_way if s.generation)
        for idle in sorted((s for s in in_the_way if s.generation is None), key=lambda s: s.used):
            if restored or data is None or needed > self._context.n_cells:
                break
            self.put_aside(idle)
            self._cut(idle, 0)
            restored = self._context.restore(sequence.number, data, len(state.tokens))
        sequence.tokens = list(state.tokens) if restored else []
        sequence.unsaved = False
        if data is not None and not restored and not any(s.generation for s in in_the_way):
            _LOGGER.warning("llama.cpp did not take a saved state of %d tokens", len(state.tokens))
            self._states.forget(state)
        return restored

    def put_aside(self, sequence: Sequence) -> bool:
        """Keep in memory what a sequence holds, before it is lost here; on disk too where that was still to come.

        Returns:
            Whether it is in memory now.
        """
        unsaved, sequence.unsaved = sequence.unsaved, False
        room = self._states.has_room(self._context.state_bytes(sequence.number))
        if not ((unsaved or room) and self._is_worth_keeping(sequence)):
            return False
        data = self._context.save(sequence.number)
        if data and unsaved:
            self._states.save(sequence.tokens, data, sequence.label)
        return bool(data) and self._states.remember(sequence.tokens, data, sequence.label)

    @property
    def moves(self) -> bool:
        """Whether conversations may be moved within the cache and out of it."""
        return self._cuttable and self._context.may_move

    def move_out(self, sequence: Sequence) -> bool:
        """Let an idle sequence hold nothing, if what it holds is kept in memory and nothing else given up for that.

        Returns:
            Whether it holds nothing now.
        """
        if self._is_worth_keeping(sequence):
            room = self._states.has_room_beside(self._context.state_bytes(sequence.number))
            if not (room and self.put_aside(sequence)):  # the copy itself takes of what was free
                return False
        self._cut(sequence, 0)
        return True

    def move_up(self, sequence: Sequence) -> bool:
        """Let a sequence have the first free cells; False where what it held is lost."""
        if sequence.shifted or not self._states.has_room(self._context.state_bytes(sequence.number)):
            return True  # llama.cpp moves keys by the new places only at the next evaluation
        data = self._context.save(sequence.number)
        return self._context.restore(sequence.number, data, len(sequence.tokens))

    def save(self, sequence: Sequence) -> None:
        """Keep on disk what a sequence holds."""
        sequence.unsaved = False
        if self._is_worth_keeping(sequence) and (data := self._context.save(sequence.number)):
            self._states.save(sequence.tokens, data, sequence.label)

    @property
    def labels(self) -> dict[str, Path | None]:
        """What the saved states are of, and where each is: a file, or None for memory."""
        return self._states.labels

    def close(self, timeout: float) -> None:
        """Wait for files being written."""
        self._states.close(timeout)

    @staticmethod
    def _is_worth_keeping(sequence: Sequence) -> bool:
        return len(sequence.tokens) >= _WORTH_KEEPING and not sequence.shifted

    def _own(self, sequence: Sequence, usable: list[int]) -> int:
        length = common_prefix(sequence.tokens, usable)
        if self._cuttable:
            return length if self._context.holds(sequence.number, length) else 0
        return length if length == len(sequence.tokens) else 0

    def _cut(self, sequence: Sequence, count: int) -> int:
        kept = self._context.keep(sequence.number, count)
        del sequence.tokens[kept:]
        sequence.shifted = sequence.shifted and kept > 0
        return kept


def fingerprint(path: Path, params: LoadParams, build: str, n_ctx: int | None, parts: int = 1) -> str:
    """What a KV state depends on besides its tokens, as one word.

    The model file is identified by its size, its first mebibyte (the header) and its last.

    Args:
        path: the model.
        params: how it was loaded.
        build: llama.cpp's version.
        n_ctx: tokens of context, where positions are computed otherwise in a longer one; else None.
        parts: of the KV cache: llama.cpp takes a state only into a cache of as many.
    """
    digest = hashlib.blake2b(digest_size=20)
    size = path.stat().st_size
    with path.open("rb") as file:
        digest.update(file.read(1 << 20))
        file.seek(max(0, size - (1 << 20)))
        digest.update(file.read())
    facts = {key: value for key, value in asdict(params).items() if key not in _IRRELEVANT}
    adapters = [adapter_of(lora)[0].stat() for lora in params.lora]
    facts["adapters"] = [(file.st_size, file.st_mtime_ns) for file in adapters]
    about = [size, build, facts, n_ctx, *([parts] if parts > 1 else [])]
    digest.update(json.dumps(about, sort_keys=True).encode())
    return digest.hexdigest()
