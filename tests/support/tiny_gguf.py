"""A tiny random model, written as a real GGUF file, and damaged versions of it.

It has two layers and a byte-level vocabulary: every UTF-8 text can be tokenized, one token a byte, and what it
generates is random bytes. llama.cpp loads it in milliseconds, so the engine's logic is tested without a real model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""The ChatML chat template, as SmolLM2 and many others carry it."""

UNK, BOS, EOS = 0, 1, 2
FIRST_BYTE = 3
"""Token number of byte 0x00; byte b is token FIRST_BYTE + b."""
IM_START, IM_END = FIRST_BYTE + 256, FIRST_BYTE + 257
SPACE = FIRST_BYTE + 258
"""SentencePiece writes a space as U+2581; without a token of its own it would come back as that character."""
N_VOCAB = SPACE + 1

Value = str | bool | int | float | list[int] | list[str]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """The sizes of the model.

    Attributes:
        layers: number of blocks.
        embedding: width of the residual stream.
        feed_forward: width of the feed-forward layer.
        heads: attention heads.
        heads_kv: key and value heads (grouped-query attention).
    """

    layers: int = 2
    embedding: int = 64
    feed_forward: int = 128
    heads: int = 4
    heads_kv: int = 2

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.embedding // self.heads


TINY = Shape()


def write_tiny_gguf(
    path: Path,
    *,
    template: bool = True,
    n_ctx_train: int = 512,
    architecture: str = "llama",
    seed: int = 0,
    name: str = "Tiny Random",
    kind: str = "model",
    shape: Shape = TINY,
    metadata: Mapping[str, Value] | None = None,
    ascii_only: bool = False,
    tensors_a_part: int = 0,
    control: tuple[str, str] = ("<|im_start|>", "<|im_end|>"),
) -> Path:
    """Write the model.

    Args:
        path: where to; folders are made.
        template: whether it carries a ChatML chat template.
        n_ctx_train: trained context in tokens.
        architecture: general.architecture; llama.cpp loads only "llama", any other word serves as a damaged file.
        seed: of the random weights.
        name: general.name.
        kind: general.type, such as "adapter".
        shape: the sizes.
        metadata: further keys, such as {"llama.rope.freq_base": 1e6}.
        ascii_only: makes printable ASCII the likeliest output, so that greedy completions are readable text.
        tensors_a_part: when not 0, a split model is written with that many tensors a part.
        control: texts of the two control tokens IM_START and IM_END.

    Returns:
        `path`, or the first part of a split model.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture, split_max_tensors=tensors_a_part)
    _add_model(writer, name, kind, shape, n_ctx_train)
    add_vocabulary(writer, control)
    if template:
        writer.add_chat_template(CHATML)
    for key, value in (metadata or {}).items():
        _add_value(writer, key, value)
    for tensor, data in _weights(shape, seed, ascii_only):
        writer.add_tensor(tensor, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path if path.exists() else min(path.parent.glob(f"{path.stem}-00001-of-*.gguf"))


def write_split(folder: Path, stem: str = "tiny-split") -> tuple[Path, ...]:
    """Write the model in two parts.

    Returns:
        Both files in order.
    """
    write_tiny_gguf(folder / f"{stem}.gguf", tensors_a_part=12)
    return tuple(sorted(folder.glob(f"{stem}-*-of-00002.gguf")))


def _add_model(writer: gguf.GGUFWriter, name: str, kind: str, shape: Shape, n_ctx_train: int) -> None:
    writer.add_name(name)
    writer.add_type(kind)
    writer.add_file_type(int(gguf.LlamaFileType.ALL_F32))
    writer.add_block_count(shape.layers)
    writer.add_context_length(n_ctx_train)
    writer.add_embedding_length(shape.embedding)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head)
    writer.add_vocab_size(N_VOCAB)


def add_vocabulary(writer: gguf.GGUFWriter, control: tuple[str, str] = ("<|im_start|>", "<|im_end|>")) -> None:
    """Add the byte-level vocabulary to a file."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [*((text, kinds.CONTROL) for text in control), ("\u2581", kinds.NORMAL)]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_unk_token_id(UNK)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)


def _add_value(writer: gguf.GGUFWriter, key: str, value: Value) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def _weights(shape: Shape, seed: int, ascii_only: bool) -> Iterator[tuple[str, FloatArray]]:
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, scale: float = 1.0) -> FloatArray:
        spread = scale / columns**0.5
        drawn: FloatArray = (random.standard_normal((rows, columns)) * spread).astype(np.float32)
        return drawn

    ones = np.ones(shape.embedding, dtype=np.float32)
    width, kv = shape.embedding, shape.heads_kv * shape.head
    yield "token_embd.weight", matrix(N_VOCAB, width, scale=width**0.5)
    for layer in range(shape.layers):
        prefix = f"blk.{layer}"
        yield f"{prefix}.attn_norm.weight", ones
        yield f"{prefix}.attn_q.weight", matrix(width, width)
        yield f"{prefix}.attn_k.weight", matrix(kv, width)
        yield f"{prefix}.attn_v.weight", matrix(kv, width)
        yield f"{prefix}.attn_output.weight", matrix(width, width)
        yield f"{prefix}.ffn_norm.weight", ones
        yield f"{prefix}.ffn_gate.weight", matrix(shape.feed_forward, width)
        yield f"{prefix}.ffn_up.weight", matrix(shape.feed_forward, width)
        yield f"{prefix}.ffn_down.weight", matrix(width, shape.feed_forward)
    yield "output_norm.weight", ones
    output = matrix(N_VOCAB, width, scale=3.0)
    # Unlikely, so that greedy generation goes on for as long as a test wants it to.
    output[[UNK, BOS, EOS, IM_START, IM_END]] = 0.0
    if ascii_only:
        output[: FIRST_BYTE + 0x20] = output[FIRST_BYTE + 0x7F :] = 0.0
    yield "output.weight", output
