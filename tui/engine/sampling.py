"""The sampler chain, built and run in C."""

from __future__ import annotations

import ctypes
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import SettingError
from tui.core.parameters import RANDOM_SEED, GenerationParams
from tui.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tui.engine.constrained import ConstrainedChain
    from tui.engine.grammar import Grammar
    from tui.engine.thought_gate import ThoughtGate

_SEED_LIMIT = 0xFFFF_FFFF  # llama.cpp takes this one for "random"
_MIROSTAT_CANDIDATES = 100  # as in llama.cpp's common/sampling.cpp
_INFILL_CANDIDATES = 1000  # a million comparisons for each token, some 10 ms; of a whole vocabulary it is half a minute
_BIAS = re.compile(r"(?P<what>.+?)(?P<bias>[+-](?:\d+(?:\.\d*)?|\.\d+|inf))", re.S)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What the samplers of one generation are made from."""

    params: GenerationParams
    vocabulary: Vocabulary
    history: Sequence[int]
    n_ctx: int
    seed: int

    def window(self, count: int) -> int:
        """A number of past tokens, where -1 means the whole context."""
        return self.n_ctx if count < 0 else count


class SamplerChain:
    """Chooses the next token as `params` say.

    The chain is the one that llama.cpp's own programs build (`common/sampling.cpp`): logit bias, the samplers in the
    order asked for, then a draw; or temperature and Mirostat. With temperature 0 the likeliest token is taken. A
    grammar stands beside it, see `ConstrainedChain`.

    Args:
        params: what to build.
        vocabulary: the model's tokens.
        prompt: tokens of the prompt, which the penalties and DRY look back on.
        n_ctx: tokens of context, for windows of that size.
        generated: tokens that another chain has chosen already; the penalties look back on them too, a grammar goes
            on after them, and the draws go on with a seed of their own.
        gate: says where a grammar begins to hold; None for the first token.

    Raises:
        SettingError: a sampler, a logit bias or a grammar that makes no sense, or does not fit the generated text.
    """

    def __init__(
        self,
        params: GenerationParams,
        vocabulary: Vocabulary,
        prompt: Sequence[int],
        n_ctx: int,
        generated: Sequence[int] = (),
        gate: ThoughtGate | None = None,
    ) -> None:
        self.seed = secrets.randbelow(_SEED_LIMIT) if params.seed == RANDOM_SEED else params.seed
        draws = (self.seed + len(generated)) % _SEED_LIMIT
        recipe = _Recipe(params, vocabulary, [*prompt, *generated], n_ctx, draws)
        order = sampler_names(params.samplers)
        biases = _biases(recipe)
        grammar = _grammar_after(generated, params, vocabulary, gate)
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if biases:
            self._add(_logit_bias(biases, vocabulary.size))
        for sampler in _mirostat(recipe) if params.mirostat and params.temp > 0 else _in_order(recipe, order):
            self._add(sampler)
        banned = [token for token, bias in biases.items() if bias == float("-inf")]
        self._constrained = None
        if grammar:
            self._constrained = _constrained(self._chain, grammar, vocabulary.size, banned, gate)

    def sample(self, context: Any, index: int) -> int:
        """Choose a token from the logits of one row of the last batch, and remember it for the penalties.

        Args:
            context: llama.cpp's context pointer.
            index: the row's place in the batch.

        Raises:
            DecodeError: the grammar allows no token here.
        """
        if self._constrained:
            return self._constrained.sample(context, index)
        return int(lib.llama_sampler_sample(self._chain, context, index))

    def accept(self, token: int) -> bool:
        """Remember a token that was not chosen here, as if it had been.

        Returns:
            Whether a grammar allows it; it is not remembered otherwise.
        """
        if self._constrained:
            return self._constrained.accept(token)
        lib.llama_sampler_accept(self._chain, token)
        return True

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if self._constrained:
            self._constrained.free()
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None

    def _add(self, sampler: Any) -> None:
        lib.llama_sampler_chain_add(self._chain, sampler)


def check_grammar(
    params: GenerationParams, tokens: Sequence[int], vocabulary: Vocabulary, gate: ThoughtGate | None = None
) -> None:
    """See that a text is one that the grammar allows, where there is a grammar.

    Args:
        params: the grammar is in them.
        tokens: the text.
        vocabulary: the model's tokens.
        gate: says where the grammar begins to hold; None for the first token.

    Raises:
        SettingError: it is not.
    """
    if grammar := _grammar_after(tokens, params, vocabulary, gate):
        grammar.free()


def _grammar_after(
    generated: Sequence[int], params: GenerationParams, vocabulary: Vocabulary, gate: ThoughtGate | None
) -> Grammar | None:
    if not (params.grammar.strip() or params.json_schema.strip()):
        return None
    from tui.engine.grammar import Grammar, grammar_text  # NumPy comes with it, 10 MB

    text = grammar_text(params)
    if not text:
        return None
    grammar = Grammar(text, vocabulary)
    for token in generated:
        if gate and not gate.open:
            free = not gate.judge(token, grammar.allows).holds
            gate.drop_due()
            if free:
                gate.take(token)
                continue
            gate.open = True
        if not grammar.allows(token):
            grammar.free()
            raise SettingError("The grammar does not fit the text so far", hint="stop the generation first")
        grammar.accept(token)
    return grammar


def _constrained(
    chain: Any, grammar: Grammar, n_vocab: int, banned: Sequence[int], gate: ThoughtGate | None
) -> ConstrainedChain:
    from tui.engine.constrained import ConstrainedChain

    return ConstrainedChain(chain, grammar, n_vocab, banned, gate)


def sampler_names(order: str) -> list[str]:
    """The samplers that `--samplers` names, in order.

    Raises:
        SettingError: there is no such sampler.
    """
    names = [name.strip().lower().replace("-", "_") for name in order.split(";") if name.strip()]
    names = [_ALIASES.get(name, name) for name in names]
    unknown = next((name for name in names if name not in _BUILDERS), None)
    if unknown is not None:
        raise SettingError(f"There is no sampler called {unknown}", hint=f"there are {', '.join(_BUILDERS)}")
    return names


def _in_order(recipe: _Recipe, order: list[str]) -> Iterator[Any]:
    """The samplers in order, those left out that would do nothing, and the draw."""
    greedy = recipe.params.temp <= 0
    for name in order:
        if greedy and name not in _BEFORE_GREEDY:
            continue
        if sampler := _BUILDERS[name](recipe):
            yield sampler
    yield lib.llama_sampler_init_greedy() if greedy else lib.llama_sampler_init_dist(recipe.seed)


def _mirostat(recipe: _Recipe) -> Iterator[Any]:
    params = recipe.params
    yield lib.llama_sampler_init_temp(params.temp)
    if params.mirostat == 1:
        yield lib.llama_sampler_init_mirostat(
            recipe.vocabulary.size, recipe.seed, params.mirostat_ent, params.mirostat_lr, _MIROSTAT_CANDIDATES
        )
    else:
        yield lib.llama_sampler_init_mirostat_v2(recipe.seed, params.mirostat_ent, params.mirostat_lr)


def _penalties(recipe: _Recipe) -> Any:
    params = recipe.params
    window = recipe.window(params.repeat_last_n)
    active = params.repeat_penalty != 1 or params.presence_penalty != 0 or params.frequency_penalty != 0
    if not (window and active):
        return None
    sampler = lib.llama_sampler_init_penalties(
        recipe.vocabulary.size, window, params.repeat_penalty, params.frequency_penalty, params.presence_penalty
    )
    return _having_seen(sampler, recipe.history[-window:])


def _dry(recipe: _Recipe) -> Any:
    params = recipe.params
    window = recipe.window(params.dry_penalty_last_n)
    if not (window and params.dry_multiplier):
        return None
    breakers = [breaker.encode() for breaker in params.dry_sequence_breakers]
    sampler = lib.llama_sampler_init_dry(
        recipe.vocabulary.pointer,
        params.dry_multiplier,
        params.dry_base,
        params.dry_allowed_length,
        window,
        (ctypes.c_char_p * len(breakers))(*breakers),
        len(breakers),
    )
    return _having_seen(sampler, recipe.history[-window:])


def _having_seen(sampler: Any, tokens: Sequence[int]) -> Any:
    for token in tokens:
        lib.llama_sampler_accept(sampler, token)
    return sampler


def _top_n_sigma(recipe: _Recipe) -> Any:
    n = recipe.params.top_n_sigma
    return lib.llama_sampler_init_top_n_sigma(n) if n >= 0 else None


def _top_k(recipe: _Recipe) -> Any:
    k = recipe.params.top_k
    return lib.llama_sampler_init_top_k(k) if k > 0 else None


def _typical(recipe: _Recipe) -> Any:
    p = recipe.params.typical
    return lib.llama_sampler_init_typical(p, 0) if p < 1 else None


def _top_p(recipe: _Recipe) -> Any:
    p = recipe.params.top_p
    return lib.llama_sampler_init_top_p(p, 0) if p < 1 else None


def _min_p(recipe: _Recipe) -> Any:
    p = recipe.params.min_p
    return lib.llama_sampler_init_min_p(p, 0) if p > 0 else None


def _xtc(recipe: _Recipe) -> Any:
    params = recipe.params
    if not params.xtc_probability:
        return None
    return lib.llama_sampler_init_xtc(params.xtc_probability, params.xtc_threshold, 0, recipe.seed)


def _temperature(recipe: _Recipe) -> Any:
    params = recipe.params
    return lib.llama_sampler_init_temp_ext(params.temp, params.dynatemp_range, params.dynatemp_exp)


def _infill(recipe: _Recipe) -> Any:
    if not 0 < recipe.params.top_k <= _INFILL_CANDIDATES or not _comes_first("top_k", "infill", recipe.params.samplers):
        raise SettingError(
            "The infill sampler compares each candidate with every other one",
            hint=f"put top_k before it in the order, with {_INFILL_CANDIDATES:,} at most",
        )
    return lib.llama_sampler_init_infill(recipe.vocabulary.pointer)


def _comes_first(one: str, other: str, order: str) -> bool:
    names = sampler_names(order)
    return one in names and names.index(one) < names.index(other)


_BUILDERS: dict[str, Callable[[_Recipe], Any]] = {
    "penalties": _penalties,
    "dry": _dry,
    "top_n_sigma": _top_n_sigma,
    "top_k": _top_k,
    "typ_p": _typical,
    "top_p": _top_p,
    "min_p": _min_p,
    "xtc": _xtc,
    "temperature": _temperature,
    "infill": _infill,
}
_ALIASES = {
    "typical": "typ_p",
    "typical_p": "typ_p",
    "temp": "temperature",
    "nucleus": "top_p",
    "top_nsigma": "top_n_sigma",
}
_BEFORE_GREEDY = {"penalties", "dry"}
"""Samplers that can change which token is the likeliest; the others only cut or flatten the list."""


def _biases(recipe: _Recipe) -> dict[int, float]:
    """Biases by token: those of the vocabulary itself, the asked ones, and the end tokens that are ignored."""
    minus = float("-inf")
    biases = dict.fromkeys(recipe.vocabulary.suppressed(), minus)
    for text in recipe.params.logit_bias:
        token, bias = _bias(text, recipe.vocabulary)
        biases[token] = biases.get(token, 0.0) + bias
    if recipe.params.ignore_eos:
        biases.update(dict.fromkeys(recipe.vocabulary.end_tokens(), minus))
    return biases


def _bias(text: str, vocabulary: Vocabulary) -> tuple[int, float]:
    """Token and bias of `15043+1` or ` Hello-inf`.

    Raises:
        SettingError: it is neither, or the text is not exactly one token.
    """
    found = _BIAS.fullmatch(text)
    if not found:
        raise SettingError(f"Logit bias cannot be {text}", hint="it takes a token or text, then + or - and a number")
    what, bias = found["what"], float(found["bias"])
    if what.isdecimal():
        if int(what) >= vocabulary.size:
            raise SettingError(f"There is no token {what}", why=f"the model has {vocabulary.size:,}")
        return int(what), bias
    tokens = vocabulary.tokenize_part(what)
    if len(tokens) != 1:
        raise SettingError(f"Logit bias needs one token, and “{what}” is {len(tokens)}", hint="give their numbers")
    return tokens[0], bias


def _logit_bias(biases: dict[int, float], n_vocab: int) -> Any:
    array = (lib.llama_logit_bias * len(biases))()
    for entry, (token, bias) in zip(array, biases.items(), strict=True):
        entry.token, entry.bias = token, bias
    return lib.llama_sampler_init_logit_bias(n_vocab, len(biases), array)
