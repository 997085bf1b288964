"""The header reader: what it reads, and that no bytes can harm it."""

from __future__ import annotations

import struct
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.damaged import write_truncated_data, write_truncated_header
from tests.support.tiny_gguf import N_VOCAB, write_tiny_gguf
from tui.catalogue.gguf_header import Header, check_whole, read_header
from tui.catalogue.gguf_reader import MAX_KEPT, HeaderReader, LongValue, Vocabularies
from tui.core.errors import ModelFileError

U32, STRING, ARRAY = 4, 8, 9


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def pair(key: bytes, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def header(*pairs: bytes, tensors: tuple[bytes, ...] = (), version: int = 3, claimed: int | None = None) -> bytes:
    count = len(pairs) if claimed is None else claimed
    return b"GGUF" + struct.pack("<IQQ", version, len(tensors), count) + b"".join(pairs) + b"".join(tensors)


def tensor(name: bytes, dimensions: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    shape = struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
    return text(name) + shape + struct.pack("<IQ", kind, offset)


def read(content: bytes, folder: Path) -> Header:
    path = folder / "made.gguf"
    path.write_bytes(content)
    return read_header(path)


def test_tiny_model(tiny_gguf: Path) -> None:
    found = read_header(tiny_gguf)
    assert (found.version, found.architecture, found.name) == (3, "llama", "Tiny Random")
    assert (found.quantization, found.n_ctx_train, found.n_vocab) == ("F32", 512, N_VOCAB)
    assert found.has_template
    assert found.tensor_count == 21
    assert found.tensor_bytes == found.parameters * 4
    assert found.bits_per_weight == 32
    assert found.file_size == found.data_end == tiny_gguf.stat().st_size


def test_a_model_without_template(tmp_path: Path) -> None:
    assert not read_header(write_tiny_gguf(tmp_path / "m.gguf", template=False)).has_template


def test_smollm2(smollm2: Path) -> None:
    found = read_header(smollm2)
    assert (found.architecture, found.quantization, found.parameters) == ("llama", "Q4_1", 134_515_008)
    assert (found.n_ctx_train, found.n_vocab, found.has_template) == (8192, 49_152, True)
    assert found.data_end == smollm2.stat().st_size
    assert found.metadata["tokenizer.ggml.merges"] == LongValue("array", 48_900)


def test_gemma3(gemma3: Path) -> None:
    found = read_header(gemma3)
    assert (found.architecture, found.quantization, found.parameters) == ("gemma3", "Q4_K_M", 268_098_176)
    assert (found.n_ctx_train, found.n_vocab, found.has_template) == (32_768, 262_144, False)
    assert found.data_end == gemma3.stat().st_size


def test_short_arrays_are_kept_and_long_ones_counted(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf", metadata={"llama.few": [1, 2, 3], "llama.many": list(range(5000))})
    found = read_header(path)
    assert found.value("few") == (1, 2, 3)
    assert found.value("many") == LongValue("array", 5000)


def strings(key: bytes, *values: bytes) -> bytes:
    return pair(key, ARRAY, struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values)))


def test_short_lists_of_texts_are_kept(tmp_path: Path) -> None:
    tags = [b"tag %d" % number for number in range(17)]
    found = read(
        header(
            strings(b"general.languages", b"en"),
            strings(b"general.tags", *tags[:16]),
            strings(b"more", *tags),
            strings(b"long", b"a", b"x" * 5000, b"b"),
            strings(b"odd", b"\xff", b""),
            strings(b"none"),
            pair(b"general.architecture", STRING, text(b"llama")),
        ),
        tmp_path,
    )
    assert found.metadata["general.languages"] == ("en",)
    assert found.metadata["general.tags"] == tuple(tag.decode() for tag in tags[:16])
    assert (found.metadata["more"], found.metadata["long"]) == (LongValue("array", 17), LongValue("array", 3))
    assert (found.metadata["odd"], found.metadata["none"]) == (("\N{REPLACEMENT CHARACTER}", ""), ())
    assert found.architecture == "llama"


def test_a_small_vocabulary_counts(tmp_path: Path) -> None:
    found = read(
        header(strings(b"tokenizer.ggml.tokens", b"a", b"b"), strings(b"tokenizer.ggml.merges", b"a b")), tmp_path
    )
    assert (found.n_vocab, found.length("tokenizer.ggml.merges"), found.length("none")) == (2, 1, 0)


def test_quantization_without_file_type_is_that_of_most_bytes(tmp_path: Path) -> None:
    tensors = (tensor(b"a", (256,), 0), tensor(b"b", (256, 256), 12, 1024))
    assert read(header(tensors=tensors), tmp_path).quantization == "Q4_K"


def test_invalid_utf8_in_a_value_is_replaced(tmp_path: Path) -> None:
    found = read(header(pair(b"general.name", STRING, text(b"a\xff"))), tmp_path)
    assert found.name == "a\N{REPLACEMENT CHARACTER}"


def test_truncated_weights_are_noticed(tmp_path: Path) -> None:
    found = read_header(write_truncated_data(tmp_path / "m.gguf", missing=1))
    with pytest.raises(ModelFileError, match=r"cut off.*bytes\) of .*get the file again"):
        check_whole(found)


HUGE = 2**64 - 1
DAMAGED = {
    "key count": (header(claimed=HUGE), "claims 18,446,744,073,709,551,615 keys"),
    "tensor count": (b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0), "tensors"),
    "key length": (header(struct.pack("<Q", HUGE)), "claims"),
    "text length": (header(pair(b"k", STRING, struct.pack("<Q", HUGE))), "ends within its header"),
    "text just too long": (header(pair(b"k", STRING, struct.pack("<Q", 9) + b"12345678")), "ends within its header"),
    "array length": (header(pair(b"k", ARRAY, struct.pack("<IQ", U32, HUGE))), "ends within its header"),
    "string array length": (header(pair(b"k", ARRAY, struct.pack("<IQ", STRING, HUGE))), "texts"),
    "string array cut": (header(pair(b"k", ARRAY, struct.pack("<IQ", STRING, 5) + text(b"a"))), "ends within"),
    "string in array": (header(pair(b"k", ARRAY, struct.pack("<IQQ", STRING, 5, HUGE))), "ends within"),
    "array of arrays": (header(pair(b"k", ARRAY, struct.pack("<IQ", ARRAY, 1) * 100_000)), "unknown type 9"),
    "type": (header(pair(b"k", 13, b"")), "unknown type 13"),
    "array type": (header(pair(b"k", ARRAY, struct.pack("<IQ", 77, 1))), "unknown type 77"),
    "duplicate key": (header(pair(b"k", U32, b"\0" * 4), pair(b"k", U32, b"\0" * 4)), "key k twice"),
    "key not UTF-8": (header(pair(b"\xff\xfe", U32, b"\0" * 4)), "not UTF-8"),
    "control key": (header(*[pair(b"\x1b[2J", U32, b"\0" * 4)] * 2), r"\^\[\[2J twice"),
    "dimensions": (header(tensors=(text(b"t") + struct.pack("<I", HUGE & 0xFFFFFFFF),)), "dimensions"),
    "elements": (header(tensors=(tensor(b"t", (HUGE, HUGE, HUGE, HUGE)),)), "impossible size"),
    "duplicate tensor": (header(tensors=(tensor(b"t", (1,)), tensor(b"t", (1,)))), "tensor t twice"),
    "tensor name": (header(tensors=(tensor(b"t" * 64, (1,)),)), "claims 64 bytes"),
    "alignment": (header(pair(b"general.alignment", U32, struct.pack("<I", 3))), "power of two"),
    "alignment 0": (header(pair(b"general.alignment", U32, struct.pack("<I", 0))), "power of two"),
    "only the magic": (b"GGUF", "ends within its header"),
    "version 1": (header(version=1), "version 1.*onvert the model again"),
    "version 9": (header(version=9), "version 9"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_gives_one_clear_line(name: str, tmp_path: Path) -> None:
    content, expected = DAMAGED[name]
    with pytest.raises(ModelFileError, match=expected) as caught:
        read(content, tmp_path)
    assert caught.value.line().isprintable()


def test_an_offset_beyond_the_file_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cut off"):
        check_whole(read(header(tensors=(tensor(b"t", (1,), offset=HUGE),)), tmp_path))


def test_an_unknown_number_format_is_left_to_llama_cpp(tmp_path: Path) -> None:
    found = read(header(tensors=(tensor(b"t", (32,), kind=999),)) + b"\0" * 64, tmp_path)
    check_whole(found)
    assert found.quantization == "type 999"


@pytest.mark.parametrize("size", [5, 8, 20, 30, 100, 2000, 5000, 7000])
def test_truncated_header(size: int, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="ends within its header"):
        read_header(write_truncated_header(tmp_path / "m.gguf", size))


def test_a_vocabulary_larger_than_the_buffer(tmp_path: Path) -> None:
    words = b"".join(text(b"word" * (number % 50)) for number in range(20_000))
    vocabulary = pair(b"tokenizer.ggml.tokens", ARRAY, struct.pack("<IQ", STRING, 20_000) + words)
    after = pair(b"general.architecture", STRING, text(b"llama"))
    found = read(header(vocabulary, after), tmp_path)
    assert (found.n_vocab, found.architecture) == (20_000, "llama")


def test_many_long_values_do_not_fill_the_memory(tmp_path: Path) -> None:
    numbers = struct.pack("<IQ", 0, 1000) + bytes(1000)
    pairs = [pair(f"x.{number}".encode(), ARRAY, numbers) for number in range(5000)]
    texts = [pair(f"t.{number}".encode(), STRING, text(b"x" * 500_000)) for number in range(30)]
    found = read(header(*pairs, *texts), tmp_path)
    kept = [value for value in found.metadata.values() if not isinstance(value, LongValue)]
    assert len(found.metadata) == 5030
    assert 0 < sum(len(value) * 32 for value in kept if isinstance(value, tuple)) <= MAX_KEPT


def harmless(content: bytes) -> None:
    """Read any bytes: a header or a ModelFileError of one line, soon."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        try:
            found = read(content, Path(folder))
            check_whole(found)
            _ = (found.quantization, found.n_vocab, found.n_ctx_train, found.has_template, found.bits_per_weight)
            assert found.split_count >= 1
        except ModelFileError as error:
            assert error.line().isprintable()
        # Milliseconds; the bound only tells a hang from a slow machine.
        assert time.process_time() - began < 20


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    harmless(content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_after_the_magic(content: bytes) -> None:
    harmless(b"GGUF\x03\0\0\0" + content)


@pytest.fixture(scope="module")
def tiny_bytes(tiny_gguf: Path) -> bytes:
    return tiny_gguf.read_bytes()[:12_000]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_mutations_of_a_model(tiny_bytes: bytes, data: st.DataObject) -> None:
    content = bytearray(tiny_bytes)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        patch = data.draw(st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f"]) | st.binary(max_size=8))
        content[at : at + len(patch)] = patch
    harmless(bytes(content[: data.draw(st.integers(0, len(content)))]))


def vocabulary(tokens: list[bytes], *after: bytes) -> bytes:
    array = struct.pack("<IQ", STRING, len(tokens)) + b"".join(map(text, tokens))
    first = pair(b"general.architecture", STRING, text(b"llama"))
    last = pair(b"llama.context_length", U32, struct.pack("<I", 512))
    return header(first, pair(b"tokenizer.ggml.tokens", ARRAY, array), last, *after, tensors=(tensor(b"a.b", (32,)),))


TOKENS = [f"token {number}".encode() for number in range(5000)]


def test_known_vocabularies_are_jumped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, known = tmp_path / "m.gguf", Vocabularies()
    path.write_bytes(vocabulary(TOKENS) + bytes(200))
    first = read_header(path, known)
    monkeypatch.setattr(HeaderReader, "_walk", lambda *_: pytest.fail("walked over a known vocabulary"))
    assert read_header(path, known) == first
    assert first.n_vocab == 5000


@pytest.mark.parametrize(
    "tokens",
    [
        [*TOKENS[:-1], b"longer than before"],
        [*TOKENS[:-1], b""],
        [*TOKENS[:-2], b"a.b" * 50, b"x.y"],
        [*TOKENS[:100], *(b"general.x" for _ in range(4900))],
    ],
)
def test_another_vocabulary_that_begins_alike(tokens: list[bytes], tmp_path: Path) -> None:
    known = Vocabularies()
    known_file, other = tmp_path / "known.gguf", tmp_path / "other.gguf"
    known_file.write_bytes(vocabulary(TOKENS) + bytes(200))
    other.write_bytes(vocabulary(tokens) + bytes(200))
    for path in (known_file, other, known_file, other):
        assert read_header(path, known) == read_header(path)


def test_a_jump_that_lands_on_what_looks_like_a_key_is_taken_back(tmp_path: Path) -> None:
    known = Vocabularies()
    known_file, other = tmp_path / "known.gguf", tmp_path / "other.gguf"
    known_file.write_bytes(vocabulary([*TOKENS[:-1], b"x"]) + bytes(200))
    # Where the known list ends the other one has a token that reads like the name of a key.
    tokens = [*TOKENS[:4000], *(b"a.b" for _ in range(1000))]
    other.write_bytes(vocabulary(tokens) + bytes(200))
    read_header(known_file, known)
    known._lengths = {mark: (sum(8 + len(token) for token in tokens[:4500]),) for mark in known._lengths}
    assert read_header(other, known) == read_header(other)


def test_a_file_that_ends_within_a_known_vocabulary(tmp_path: Path) -> None:
    known, path = Vocabularies(), tmp_path / "m.gguf"
    whole = vocabulary(TOKENS) + bytes(200)
    path.write_bytes(whole)
    read_header(path, known)
    for size in (len(whole) - 300, len(whole) // 2, 600):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFileError, match="ends within its header"):
            read_header(path, known)


def test_weights_are_only_called_cut_off_after_every_step_was_taken(tmp_path: Path) -> None:
    known, path = Vocabularies(), tmp_path / "m.gguf"
    path.write_bytes(vocabulary(TOKENS) + bytes(200))
    read_header(path, known)
    path.write_bytes(vocabulary(TOKENS))
    found = read_header(path, known)
    assert found == read_header(path)
    assert found.data_end > found.file_size


def test_vocabularies_are_not_kept_without_end() -> None:
    known = Vocabularies()
    for number in range(3 * known.MOST):
        known.learn(number, b"", number)
    assert len(known._lengths) <= known.MOST
    for length in range(20):
        known.learn(1, b"", length)
    assert known.lengths(1, b"") == (19, 18, 17, 16)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=1500), st.binary(max_size=30))
def test_every_walk_ends_where_the_texts_end(tokens: list[bytes], rest: bytes) -> None:
    content = b"".join(map(text, tokens))
    with tempfile.TemporaryFile() as file:
        file.write(content + rest)
        reader = HeaderReader(file, len(content) + len(rest))
        reader._walk(len(tokens))
        assert reader.position == len(content)
