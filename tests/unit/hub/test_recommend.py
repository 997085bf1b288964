"""One quantization is recommended, with the reason; the start list fits the machine."""

from __future__ import annotations

import pytest

from tui.catalogue.hub.curated import CURATED, PLEASANT, best_first, for_memory, home_purpose, size_class
from tui.catalogue.hub.names import is_repo_id
from tui.catalogue.hub.recommend import recommend
from tui.catalogue.hub.values import RemoteFile, Repository
from tui.catalogue.hub.variants import group

GB = 1_000_000_000
EIGHT_B = {
    "F16": 16.1,
    "Q8_0": 8.5,
    "Q6_K": 6.6,
    "Q5_K_M": 5.7,
    "Q4_K_M": 4.9,
    "Q4_K_S": 4.7,
    "Q3_K_M": 4.0,
    "Q2_K": 3.2,
}
ONE_B = {"F16": 2.5, "Q8_0": 1.3, "Q4_K_M": 0.8, "Q2_K": 0.6}


def repository(sizes: dict[str, float]) -> Repository:
    files = [RemoteFile(f"m-{label}.gguf", round(size * GB)) for label, size in sizes.items()]
    return Repository("owner/repo", "0" * 40, group(files)[0])


@pytest.mark.parametrize(
    ("sizes", "available", "label", "word"),
    [
        (EIGHT_B, 64, "Q4_K_M", "balance"),
        (EIGHT_B, 7.4, "Q4_K_M", "balance"),
        (EIGHT_B, 7.2, "Q4_K_S", "balance"),
        (EIGHT_B, 6.2, "Q3_K_M", "loss"),
        (EIGHT_B, 4.9, "Q2_K", "loss"),
        (EIGHT_B, 4.5, "Q3_K_M", "tight"),
        (ONE_B, 64, "Q8_0", "small"),
        (ONE_B, 1.3, "Q4_K_M", "balance"),
        ({"F16": 5.0}, 64, "F16", "only one"),
        ({"MXFP4": 12.1}, 64, "MXFP4", "balance"),
        ({"F32": 9, "BF16": 5}, 64, "F32", "finest"),
    ],
)
def test_the_recommendation(sizes: dict[str, float], available: float, label: str, word: str) -> None:
    found = recommend(repository(sizes), round(available * GB))
    assert found is not None
    assert found[0].label == label
    assert word in found[1]


def test_nothing_fits() -> None:
    assert recommend(repository(EIGHT_B), 2 * GB) is None
    assert recommend(repository({}), 64 * GB) is None


def test_a_model_with_missing_parts_is_not_recommended() -> None:
    files = [RemoteFile("m-Q4_K_M-00001-of-00002.gguf", GB), RemoteFile("m-Q5_0.gguf", 2 * GB)]
    found = recommend(Repository("owner/repo", "0" * 40, group(files)[0]), 64 * GB)
    assert found is not None and found[0].label == "Q5_0"


def test_the_start_list_has_every_size_for_every_purpose() -> None:
    combinations = {(size_class(model.parameters), model.purpose) for model in CURATED}
    assert combinations == {(size, use) for size in ("1B", "2–4B", "7–9B") for use in ("English", "Japanese", "code")}
    assert "mmnga/gemma-2-2b-it-gguf" in {model.repo_id for model in CURATED}
    assert all(is_repo_id(model.repo_id) and model.words for model in CURATED)
    assert all(0.4 <= model.size_hint / model.parameters <= 0.8 for model in CURATED)


@pytest.mark.parametrize(("total", "largest"), [(2, "1B"), (4, "1B"), (8, "2–4B"), (16, "7–9B"), (64, "7–9B")])
def test_the_start_list_goes_by_memory(total: int, largest: str) -> None:
    models = for_memory(total * 1024**3)
    assert size_class(models[0].parameters) == largest
    assert {model.purpose for model in models} == {"English", "Japanese", "code"}


def test_a_slow_machine_starts_with_what_is_fast_enough_there() -> None:
    bandwidth = 10e9
    speeds = {model.repo_id: bandwidth / model.size_hint for model in CURATED}
    ordered = best_first(CURATED, 64 * 1024**3, speeds)
    sizes = [model.size_hint for model in ordered]
    pleasant = [size for size in sizes if bandwidth / size >= PLEASANT]
    assert 0 < len(pleasant) < len(sizes)
    # What is fast enough stands above what is too slow, and of that the least slow comes first.
    assert sorted(sizes[: len(pleasant)]) == sorted(pleasant)
    assert sizes[len(pleasant) :] == sorted(sizes[len(pleasant) :])
    # What most people look for on top, or what they look for who read Japanese; of each the ablest first.
    english = [model.size_hint for model in ordered[: len(pleasant)] if model.purpose == "English"]
    assert sizes[: len(english)] == english == sorted(english, reverse=True)
    assert ordered[0].purpose == "English"
    assert best_first(CURATED, 64 * 1024**3, speeds, home_purpose("ja_JP.UTF-8"))[0].purpose == "Japanese"


def test_a_small_machine_starts_with_what_fits() -> None:
    available = 3 * 1024**3
    first, *_, last = best_first(CURATED, available, {})
    assert first.size_hint * 1.5 <= available < last.size_hint * 1.1


def test_a_fast_machine_starts_with_the_ablest() -> None:
    speeds = {model.repo_id: 1000.0 for model in CURATED}
    assert best_first(CURATED, 64 * 1024**3, speeds)[0].size_hint == max(
        model.size_hint for model in CURATED if model.purpose == "English"
    )
