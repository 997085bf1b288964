"""What a load and a generation are asked for, each value declared once.

Names, ranges and defaults are llama.cpp's (`common/arg.cpp`, `common/common.h`), except where a comment
says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.options import option

RANDOM_SEED = -1
"""Seed that asks for a new random one each time (llama.cpp's LLAMA_DEFAULT_SEED)."""


@dataclass(frozen=True, slots=True)
class GenerationParams:
    """How tokens are chosen and when to stop. May change from one generation to the next."""

    n_predict: int = option(
        -1, "Max tokens", "Most tokens to generate in one reply; unlimited ends with the model or the context.",
        "-n", "--predict", "--n-predict", minimum=0, maximum=1_000_000, step=64, unit="tokens",
        words=((-1, "unlimited"),),
    )  # fmt: skip
    temp: float = option(
        0.8, "Temperature", "Randomness: 0 always takes the likeliest token, higher is more varied.",
        "--temp", "--temperature", minimum=0.0, maximum=5.0, step=0.1,
    )  # fmt: skip
    top_k: int = option(
        40, "Top-k", "Keep only the k likeliest tokens; 0 keeps all.",
        "--top-k", minimum=0, maximum=1_000_000, step=5,
    )  # fmt: skip
    top_p: float = option(
        0.95, "Top-p", "Keep the likeliest tokens that together reach this probability; 1 keeps all.",
        "--top-p", minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip
    min_p: float = option(
        0.05, "Min-p", "Drop tokens less likely than this share of the likeliest one; 0 drops none.",
        "--min-p", minimum=0.0, maximum=1.0, step=0.01,
    )  # fmt: skip
    typical: float = option(
        1.0, "Typical-p", "Keep the tokens whose surprise is closest to the average, up to this probability; 1 is off.",
        "--typical", "--typical-p", minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip
    top_n_sigma: float = option(
        -1.0, "Top-n-sigma", "Keep the tokens whose logit lies within n standard deviations of the highest.",
        "--top-n-sigma", "--top-nsigma", minimum=0.0, maximum=100.0, step=0.5, words=((-1.0, "off"),),
    )  # fmt: skip
    xtc_probability: float = option(
        0.0, "XTC probability", "How often to leave out the likeliest tokens, for less usual words; 0 is off.",
        "--xtc-probability", minimum=0.0, maximum=1.0, step=0.1,
    )  # fmt: skip
    xtc_threshold: float = option(
        0.1, "XTC threshold", "XTC leaves out tokens above this probability but the last of them; over 0.5 is off.",
        "--xtc-threshold", minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip
    dynatemp_range: float = option(
        0.0, "Dynamic temperature", "How far the temperature moves around its value as the model is less or more sure.",
        "--dynatemp-range", minimum=0.0, maximum=5.0, step=0.1,
    )  # fmt: skip
    dynatemp_exp: float = option(
        1.0, "Dynamic exponent", "How the model's uncertainty becomes temperature.",
        "--dynatemp-exp", minimum=0.0, maximum=10.0, step=0.1,
    )  # fmt: skip
    repeat_penalty: float = option(
        1.0, "Repeat penalty", "Makes tokens that already appeared less likely; 1 is off.",
        "--repeat-penalty", minimum=0.01, maximum=5.0, step=0.05,
    )  # fmt: skip
    repeat_last_n: int = option(
        64, "Penalty window", "How many of the last tokens the penalties look at; 0 is off.",
        "--repeat-last-n", minimum=0, maximum=1_000_000, step=16, unit="tokens",
        words=((-1, "context"),),
    )  # fmt: skip
    presence_penalty: float = option(
        0.0, "Presence penalty", "Lowers every token that appeared at all; 0 is off.",
        "--presence-penalty", minimum=-2.0, maximum=2.0, step=0.1,
    )  # fmt: skip
    frequency_penalty: float = option(
        0.0, "Frequency penalty", "Lowers a token more for each time it appeared; 0 is off.",
        "--frequency-penalty", minimum=-2.0, maximum=2.0, step=0.1,
    )  # fmt: skip
    dry_multiplier: float = option(
        0.0, "DRY multiplier", "Makes tokens less likely that would repeat a longer passage; 0 is off.",
        "--dry-multiplier", minimum=0.0, maximum=100.0, step=0.1,
    )  # fmt: skip
    dry_base: float = option(
        1.75, "DRY base", "How fast DRY grows with the length of the repeated passage.",
        "--dry-base", minimum=1.0, maximum=10.0, step=0.05,
    )  # fmt: skip
    dry_allowed_length: int = option(
        2, "DRY allowed length", "Passages up to this length may be repeated.",
        "--dry-allowed-length", minimum=0, maximum=1_000_000, unit="tokens",
    )  # fmt: skip
    dry_penalty_last_n: int = option(
        64, "DRY window", "How many of the last tokens DRY looks at; 0 is off.",
        "--dry-penalty-last-n", minimum=0, maximum=1_000_000, step=16, unit="tokens", words=((-1, "context"),),
    )  # fmt: skip
    dry_sequence_breakers: tuple[str, ...] = option(
        ("\n", ":", '"', "*"), "DRY breakers", "Texts that a repeated passage never reaches across.",
        "--dry-sequence-breaker",
    )  # fmt: skip
    mirostat: int = option(
        0, "Mirostat", "Keeps the surprise of the text steady instead of cutting the list of tokens; version 1 or 2.",
        "--mirostat", minimum=0, maximum=2, words=((0, "off"),),
    )  # fmt: skip
    mirostat_lr: float = option(
        0.1, "Mirostat rate", "How fast Mirostat corrects itself (eta).",
        "--mirostat-lr", minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip
    mirostat_ent: float = option(
        5.0, "Mirostat entropy", "The surprise that Mirostat aims at (tau).",
        "--mirostat-ent", minimum=0.0, maximum=100.0, step=0.5,
    )  # fmt: skip
    samplers: str = option(
        "penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature", "Sampler order",
        "Which samplers run, in this order, separated by semicolons.", "--samplers",
    )  # fmt: skip
    logit_bias: tuple[str, ...] = option(
        (), "Logit bias", "Makes tokens likelier or less likely: number or text, then + or - and how much (15043+1).",
        "-l", "--logit-bias",
    )  # fmt: skip
    grammar: str = option(
        "", "Grammar", "Lets only text through that this grammar (GBNF) allows.", "--grammar",
    )  # fmt: skip
    json_schema: str = option(
        "", "JSON schema", 'Lets only JSON through that fits this schema; {"type": "object"} is any object.',
        "-j", "--json-schema",
    )  # fmt: skip
    seed: int = option(
        RANDOM_SEED, "Seed", "Same seed, same settings, same text; random takes a new one each time.",
        "-s", "--seed", minimum=0, maximum=4_294_967_294, words=((RANDOM_SEED, "random"),),
    )  # fmt: skip
    ignore_eos: bool = option(
        False, "Ignore end token", "Go on past the model's end-of-generation token.", "--ignore-eos",
    )  # fmt: skip
    stop: tuple[str, ...] = option(
        (), "Stop strings", "Generation ends before any of these texts.",
        "-r", "--reverse-prompt",
    )  # fmt: skip
    context_policy: str = option(
        "stop", "When the context is full", "End the reply, shift (forget the middle) or drop the oldest turns.",
        "--context-policy", choices=("stop", "shift", "drop"),
    )  # fmt: skip
    keep: int = option(
        0, "Keep in a shift", "Tokens from the start of the prompt that a shift does not forget.",
        "--keep", minimum=0, maximum=1_000_000, step=16, unit="tokens", words=((-1, "all"),),
    )  # fmt: skip
    system_prompt: str = option(
        "", "System prompt", "What a chat tells the model about its task before the first message.",
        "-sys", "--system-prompt",
    )  # fmt: skip
    reasoning: str = option(
        "auto", "Reasoning", "Whether the model thinks before it answers, where its chat template has a switch for it.",
        "-rea", "--reasoning", choices=("auto", "on", "off"),
    )  # fmt: skip
    reasoning_effort: str = option(
        "default", "Reasoning effort", "How much thought the chat template asks of the model, where it does.",
        "--reasoning-effort", choices=("default", "minimal", "low", "medium", "high", "xhigh", "max"),
    )  # fmt: skip
    reasoning_budget: int = option(
        -1, "Reasoning budget", "Most tokens of one thought; then the model is made to answer.",
        "--reasoning-budget", minimum=0, maximum=1_000_000, step=64, unit="tokens", words=((-1, "unlimited"),),
    )  # fmt: skip
    reasoning_budget_message: str = option(
        "", "Budget message", "What the model thinks last when its reasoning is ended.",
        "--reasoning-budget-message",
    )  # fmt: skip
    chat_template_kwargs: str = option(
        "", "Template variables", 'Further variables for the chat template, as a JSON object: {"name": "value"}.',
        "--chat-template-kwargs",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadParams:
    """How a model and its context are made. A change needs the model to be loaded again."""

    # llama.cpp takes the trained context by default, which for today's models is tens of gigabytes of KV cache.
    n_ctx: int = option(
        4096, "Context size", "Tokens of prompt and reply together that the model can see.",
        "-c", "--ctx-size", minimum=16, maximum=16_777_216, step=512, unit="tokens", reload=True,
        words=((0, "model"),),
    )  # fmt: skip
    threads: int = option(
        -1, "Threads", "Processor threads for generation; auto takes what suits this machine.",
        "-t", "--threads", minimum=1, maximum=512, reload=True, words=((-1, "auto"),),
    )  # fmt: skip
    threads_batch: int = option(
        -1, "Prefill threads", "Processor threads for reading the prompt; auto takes what suits this machine.",
        "-tb", "--threads-batch", minimum=1, maximum=512, reload=True, words=((-1, "auto"),),
    )  # fmt: skip
    n_batch: int = option(
        2048, "Batch size", "Most prompt tokens given to llama.cpp at once.",
        "-b", "--batch-size", minimum=1, maximum=65_536, step=256, unit="tokens", reload=True,
    )  # fmt: skip
    n_ubatch: int = option(
        512, "Micro-batch", "Most prompt tokens computed in one step; larger is faster and takes more memory.",
        "-ub", "--ubatch-size", minimum=1, maximum=65_536, step=128, unit="tokens", reload=True,
    )  # fmt: skip
    n_gpu_layers: int = option(
        -1, "GPU layers", "Layers kept in GPU memory where llama.cpp was built for one; all, or a number.",
        "-ngl", "--gpu-layers", "--n-gpu-layers", minimum=0, maximum=10_000, reload=True, words=((-1, "all"),),
    )  # fmt: skip
    rpc: tuple[str, ...] = option(
        (), "Workers", "Other machines to lay the layers on, host:port each, where `localllm-tui worker` runs.",
        "--rpc", reload=True,
    )  # fmt: skip
    tensor_split: tuple[str, ...] = option(
        (), "Split", "Shares of the layers for each worker and GPU, such as 3,1; empty goes by their free memory.",
        "-ts", "--tensor-split", reload=True,
    )  # fmt: skip
    flash_attn: str = option(
        "auto", "Flash attention", "Faster attention that uses less memory; auto lets llama.cpp decide.",
        "-fa", "--flash-attn", choices=("auto", "on", "off"), reload=True,
    )  # fmt: skip
    cache_type_k: str = option(
        "f16", "K cache type", "Number format of the keys in the KV cache; q8_0 takes half the memory of f16.",
        "-ctk", "--cache-type-k", choices=("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"),
        reload=True,
    )  # fmt: skip
    cache_type_v: str = option(
        "f16", "V cache type", "Number format of the values in the KV cache; other than f16 needs flash attention.",
        "-ctv", "--cache-type-v", choices=("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"),
        reload=True,
    )  # fmt: skip
    # A full cache costs Gemma 3 270M 113 MB more at 8,192 tokens. With a windowed one a reply of a few hundred tokens
    # can still be written anew or edited; what lies further back is evaluated again.
    swa_full: bool = option(
        False, "Full window cache", "Keep more than the window: going far back needs no new prefill, and shift works.",
        "--swa-full", reload=True,
    )  # fmt: skip
    kv_unified: bool = option(
        True, "Shared KV cache", "Conversations side by side share the context; off parts it, which is a bit faster.",
        "-kvu", "--kv-unified", reload=True,
    )  # fmt: skip
    mmap: bool = option(
        True, "Map the file", "Read the model from the page cache instead of copying it; --no-mmap copies.",
        "--mmap", reload=True,
    )  # fmt: skip
    mlock: bool = option(
        False, "Lock in memory", "Keep the model from being swapped out.", "--mlock", reload=True,
    )  # fmt: skip
    # llama.cpp's own `--fit on` makes unset settings smaller; here the person decides, with the figures at hand.
    fit: str = option(
        "on", "Must fit in memory", "Load only what fits in the available memory; off loads all the same.",
        "-fit", "--fit", choices=("on", "off"), reload=True,
    )  # fmt: skip
    spec_type: str = option(
        "ngram-simple", "Speculation", "Guess what repeats earlier text and check it in one batch; same text, sooner.",
        "--spec-type", choices=("ngram-simple", "none"), reload=True,
    )  # fmt: skip
    cache_ram: int = option(
        512, "Cache in memory", "Computed conversations kept in memory while another one runs; 0 keeps none.",
        "-cram", "--cache-ram", minimum=0, maximum=1_048_576, step=128, unit="MiB", reload=True,
    )  # fmt: skip
    cache_disk: int = option(
        2048, "Cache on disk", "Computed conversations kept on disk, so that reopening one is instant; 0 keeps none.",
        "--cache-disk", minimum=0, maximum=1_048_576, step=512, unit="MiB", reload=True,
    )  # fmt: skip
    lora: tuple[str, ...] = option(
        (), "LoRA adapters", "Adapter files laid over the model: FILE, or FILE:SCALE for more or less of it.",
        "--lora", "--lora-scaled", reload=True,
    )  # fmt: skip
    rope_scaling: str = option(
        "model", "RoPE scaling", "How positions are stretched for a context larger than trained.",
        "--rope-scaling", choices=("model", "none", "linear", "yarn"), reload=True,
    )  # fmt: skip
    rope_scale: float = option(
        0.0, "RoPE scale", "How many times the trained context is stretched.",
        "--rope-scale", minimum=0.001, maximum=1000.0, step=1, reload=True, words=((0.0, "model"),),
    )  # fmt: skip
    rope_freq_base: float = option(
        0.0, "RoPE base", "Base frequency of the positions, for NTK-aware stretching.",
        "--rope-freq-base", minimum=1.0, maximum=1e12, step=10_000, reload=True, words=((0.0, "model"),),
    )  # fmt: skip
    rope_freq_scale: float = option(
        0.0, "RoPE freq. scale", "Factor of the frequencies: 1 divided by the RoPE scale.",
        "--rope-freq-scale", minimum=0.001, maximum=1000.0, step=0.125, reload=True, words=((0.0, "model"),),
    )  # fmt: skip
    yarn_orig_ctx: int = option(
        0, "YaRN trained on", "Context that YaRN stretches; model takes the trained one.",
        "--yarn-orig-ctx", minimum=1, maximum=16_777_216, step=512, unit="tokens", reload=True, words=((0, "model"),),
    )  # fmt: skip
    yarn_ext_factor: float = option(
        -1.0, "YaRN mix", "How far YaRN extrapolates instead of interpolating; 0 only interpolates.",
        "--yarn-ext-factor", minimum=0.0, maximum=100.0, step=0.1, reload=True, words=((-1.0, "model"),),
    )  # fmt: skip
    yarn_attn_factor: float = option(
        -1.0, "YaRN attention", "Scale of the attention under YaRN.",
        "--yarn-attn-factor", minimum=0.0, maximum=100.0, step=0.1, reload=True, words=((-1.0, "model"),),
    )  # fmt: skip
    yarn_beta_slow: float = option(
        -1.0, "YaRN beta slow", "Rotations over the context below which a dimension is interpolated (alpha).",
        "--yarn-beta-slow", minimum=0.0, maximum=1000.0, step=0.5, reload=True, words=((-1.0, "model"),),
    )  # fmt: skip
    yarn_beta_fast: float = option(
        -1.0, "YaRN beta fast", "Rotations over the context above which a dimension is left alone (beta).",
        "--yarn-beta-fast", minimum=0.0, maximum=1000.0, step=1, reload=True, words=((-1.0, "model"),),
    )  # fmt: skip
    chat_template: str = option(
        "", "Chat template", "A Jinja template to use instead of the model's own.",
        "--chat-template", reload=True,
    )  # fmt: skip
    embeddings: bool = False
    """Whether it is loaded to turn texts into vectors; it then writes none."""
    pooling: str = "model"
    """How the vectors of a text's tokens become one: mean, cls, last, or as the model says."""
