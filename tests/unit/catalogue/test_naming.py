"""File names as they are on the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.catalogue.naming import NameParts, parse_name, part_name

TABLE = Path(__file__).with_name("model_names.tsv")


def rows() -> list[list[str]]:
    """The table's rows: publisher, file name, family, size, variant, quantization, kind, more, found."""
    lines = TABLE.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [["" if cell == "-" else cell for cell in row] for row in rows]


def expected(row: list[str]) -> dict[str, object]:
    """What a row says of its file name, by the attributes of `NameParts`."""
    more = {name: value for name, _, value in (pair.partition("=") for pair in row[7].split())}
    part = tuple(int(number) for number in more["part"].split("/")) if "part" in more else None
    return {
        "family": row[2],
        "size_label": row[3],
        "variant": row[4],
        "quantization": row[5],
        "kind": row[6],
        "part": part,
        "is_projector": "is_projector" in more,
        "is_matrix": "is_matrix" in more,
        "imatrix": "imatrix" in more,
        "publisher": more.get("publisher", ""),
        "active": more.get("active", ""),
        "version": more.get("version", ""),
        "context": int(more["context"]) if "context" in more else None,
        "traits": tuple(more["traits"].split("+")) if "traits" in more else (),
    }


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_real_names(row: list[str]) -> None:
    parts = parse_name(row[1])
    wanted = expected(row)
    assert {name: getattr(parts, name) for name in wanted} == wanted


def test_the_table_has_many_publishers() -> None:
    table = rows()
    assert len({row[1] for row in table}) == len(table) >= 90
    assert len({row[0] for row in table}) >= 20


def test_most_of_the_names_were_found_in_use() -> None:
    found = [row for row in rows() if row[8] == "found"]
    assert len(found) >= 60
    assert len({row[0] for row in found}) >= 20
    names = " ".join(row[1] for row in found)
    # Each habit of naming is among those that were found, not only among those that follow it.
    assert all(
        word in names for word in ("-00001-of-", "UD-", "IQ2", "-imat.", "-imat-", ".i1-", "8x7b", "A3B", "mmproj")
    )
    assert any(not parse_name(row[1]).size_label for row in found)


def test_part_of_a_split_model() -> None:
    name = "Meta-Llama-3.1-405B-Instruct-Q4_K_M-00002-of-00009.gguf"
    parts = parse_name(name)
    assert parts == NameParts(
        "Meta-Llama-3.1-405B-Instruct", "Meta-Llama-3.1", "405B", "Instruct", "Q4_K_M", (2, 9), kind="instruct"
    )
    assert part_name(name, 9) == "Meta-Llama-3.1-405B-Instruct-Q4_K_M-00009-of-00009.gguf"


@pytest.mark.parametrize(
    "file_name",
    ["mmproj-model-f16.gguf", "mmproj-F16.gguf", "gemma-3-4b-it-mmproj-f16.gguf", "llava.mmproj-Q8_0.gguf"],
)
def test_projectors(file_name: str) -> None:
    assert parse_name(file_name).is_projector


def test_title_leaves_the_quantization_out() -> None:
    assert parse_name("SmolLM2-135M-Instruct.Q4_1.gguf").title == "SmolLM2-135M-Instruct"
    assert parse_name("model-Q4_K_M-imat.gguf").title == "model"


@given(st.text(max_size=80))
def test_any_text_has_an_answer(file_name: str) -> None:
    parts = parse_name(file_name)
    assert parts.family in parts.title
    assert parts.quantization == parts.quantization.upper()
