"""One repository: its models, its companions, its README, and names that must not be trusted."""

from __future__ import annotations

import hashlib

import pytest

from tests.support.local_hub import ALICE, BOB, LocalHub
from tui.catalogue.hub.client import MAX_README, Hub
from tui.core.errors import HubError

REPO = "owner/model-GGUF"


def test_quantizations_are_rows_with_sizes_and_hashes(local: LocalHub) -> None:
    small, large = b"GGUF" + b"s" * 10, b"GGUF" + b"l" * 90
    repo = local.add(REPO, {"m-Q8_0.gguf": large, "m-Q4_K_M.gguf": small, "README.md": b"hi", "config.json": b"{}"})
    found = Hub(local.url).repository(REPO)
    assert [variant.label for variant in found.variants] == ["Q4_K_M", "Q8_0"]
    (file,) = found.variants[0].files
    assert (file.path, file.size, file.sha256) == ("m-Q4_K_M.gguf", 14, hashlib.sha256(small).hexdigest())
    assert file.oid == file.sha256
    assert found.commit == repo.sha
    assert len(local.requests) == 1


def test_split_models_are_one_row_also_in_folders(local: LocalHub) -> None:
    parts = {f"BF16/m-BF16-{number:05}-of-00003.gguf": b"GGUF" + b"x" * number for number in (1, 2, 3)}
    local.add(REPO, parts | {"m-Q4_0.gguf": b"GGUF", "Q6_K/model.gguf": b"GGUF."})
    found = Hub(local.url).repository(REPO)
    by_label = {variant.label: variant for variant in found.variants}
    assert set(by_label) == {"BF16", "Q4_0", "Q6_K"}
    assert [file.path for file in by_label["BF16"].files] == sorted(parts)
    assert by_label["BF16"].size == 3 * 4 + 6
    assert not by_label["BF16"].missing


def test_a_missing_part_is_named(local: LocalHub) -> None:
    local.add(REPO, {"m-Q4_0-00001-of-00003.gguf": b"GGUF", "m-Q4_0-00003-of-00003.gguf": b"GGUF"})
    (variant,) = Hub(local.url).repository(REPO).variants
    assert variant.missing == ("m-Q4_0-00002-of-00003.gguf",)


def test_parts_after_a_dot(local: LocalHub) -> None:
    local.add(REPO, {"m.Q4_0.00002-of-00002.gguf": b"GGUF", "m.Q4_0.00001-of-00002.gguf": b"GGUF"})
    (variant,) = Hub(local.url).repository(REPO).variants
    assert (variant.label, len(variant.files), variant.missing) == ("Q4_0", 2, ())


def test_a_missing_first_part_is_named(local: LocalHub) -> None:
    local.add(REPO, {"q/m-Q4_0-00002-of-00002.gguf": b"GGUF"})
    (variant,) = Hub(local.url).repository(REPO).variants
    assert variant.missing == ("q/m-Q4_0-00001-of-00002.gguf",)


def test_companions_are_no_models(local: LocalHub) -> None:
    models = ["m-Q4_K_M.gguf", "m-imat-IQ4_XS.gguf", "alpaca-lora-7B-Q4_K_M.gguf"]
    others = ["mmproj-m-f16.gguf", "m-mmproj-Q8_0.gguf", "imatrix.dat", "m.imatrix.gguf", "m-lora-F16.gguf"]
    others += ["mtp-m-Q8_0.gguf", "imatrix.gguf"]
    local.add(REPO, {name: b"GGUF" for name in models + others})
    found = Hub(local.url).repository(REPO)
    assert {file.path for variant in found.variants for file in variant.files} == set(models)
    assert {file.path for file in found.companions} == set(others)


def test_labels_tell_models_of_one_quantization_apart(local: LocalHub) -> None:
    names = ["small-Q4_0.gguf", "large-Q4_0.gguf", "a/same.gguf", "b/same.gguf", "only-Q8_0.gguf"]
    local.add(REPO, {name: b"GGUF" + name.encode() for name in names})
    labels = {variant.label for variant in Hub(local.url).repository(REPO).variants}
    assert labels == {"small-Q4_0", "large-Q4_0", "a/same.gguf", "b/same.gguf", "Q8_0"}


def test_what_is_said_of_it(local: LocalHub) -> None:
    details = {"total": 2_614_341_888, "architecture": "gemma2", "context_length": 8192, "chat_template": "{{ x }}"}
    card = {"license": "gemma", "base_model": ["google/gemma-2-2b-it"]}
    local.add(REPO, {"m-Q4_0.gguf": b"GGUF"}, gguf=details, cardData=card, likes=4, downloads=9, gated="auto")
    found = Hub(local.url).repository(REPO)
    assert (found.licence, found.base_model, found.likes, found.downloads) == ("gemma", "google/gemma-2-2b-it", 4, 9)
    assert (found.parameters, found.architecture, found.n_ctx_train) == (2_614_341_888, "gemma2", 8192)
    assert (found.gated, found.template_size) == (True, 7)


def test_licence_and_base_model_from_the_tags(local: LocalHub) -> None:
    local.add(REPO, {"m.gguf": b"GGUF"}, tags=["gguf", "license:mit", "base_model:a/b", "base_model:quantized:a/b"])
    found = Hub(local.url).repository(REPO)
    assert (found.licence, found.base_model) == ("mit", "a/b")


HOSTILE = [
    "../../.ssh/authorized_keys.gguf",
    "/etc/cron.d/x.gguf",
    "a/../../x.gguf",
    "a//x.gguf",
    "./x.gguf",
    "a\\..\\x.gguf",
    "C:/x.gguf",
    "x\x1b[2J-Q4_0.gguf",
    "x\n-Q4_0.gguf",
    "x\u202efugg.gguf",
    "x\0.gguf",
    "a" * 300 + ".gguf",
    "/".join(["deep"] * 300) + "/x.gguf",
    "",
]


def test_a_hostile_file_is_as_if_it_were_not_there(local: LocalHub) -> None:
    local.add(REPO, {name: b"GGUF" for name in [*HOSTILE, "good-Q4_0.gguf", "[red]good[/red]-Q8_0.gguf"]})
    found = Hub(local.url).repository(REPO)
    paths = {file.path for variant in found.variants for file in variant.files}
    assert paths == {"good-Q4_0.gguf", "[red]good[/red]-Q8_0.gguf"}
    assert found.companions == ()


@pytest.mark.parametrize(
    "name", ["../x", "a/b/c", "a", "", "a/b\n", "a/..", "a/b?x=1", "a/b#c", "a/b%2f", "-a/b", "a/b\x1b"]
)
def test_only_a_repositorys_name_is_asked_for(local: LocalHub, name: str) -> None:
    for ask in (Hub(local.url).repository, lambda repo_id: Hub(local.url).readme(repo_id, "main")):
        with pytest.raises(HubError) as caught:
            ask(name)
        assert caught.value.kind == "refused"
    assert local.requests == []


def test_a_commit_must_be_one(local: LocalHub) -> None:
    local.add(REPO, {"m.gguf": b"GGUF"}, sha="../../x")
    with pytest.raises(HubError, match="commit"):
        Hub(local.url).repository(REPO)


def test_readme_without_its_front_matter(local: LocalHub) -> None:
    repo = local.add(REPO, {"README.md": "---\nlicense: mit\n---\n\n# 題\n\x1b[31mtext".encode()})
    assert Hub(local.url).readme(REPO, repo.sha) == "# 題\n\x1b[31mtext"


def test_readme_is_cut_where_it_gets_long(local: LocalHub) -> None:
    repo = local.add(REPO, {"README.md": b"x" * (MAX_README + 5000)})
    assert len(Hub(local.url).readme(REPO, repo.sha)) == MAX_README
    assert local.sent("README.md") == MAX_README


def test_no_readme_is_an_empty_one(local: LocalHub) -> None:
    repo = local.add(REPO, {"m.gguf": b"GGUF"})
    assert Hub(local.url).readme(REPO, repo.sha) == ""


def test_an_empty_readme(local: LocalHub) -> None:
    repo = local.add(REPO, {"README.md": b""})
    assert Hub(local.url).readme(REPO, repo.sha) == ""


def test_a_private_repository(local: LocalHub) -> None:
    local.add(REPO, {"m.gguf": b"GGUF"}, private=True)
    assert Hub(local.url, token=ALICE).repository(REPO).variants
    for token in ("", BOB):
        with pytest.raises(HubError) as caught:
            Hub(local.url, token=token).repository(REPO)
        assert caught.value.kind == "missing"
        assert ("token" in caught.value.line()) and REPO in caught.value.line()


def test_a_revision_that_is_not_there(local: LocalHub) -> None:
    local.add(REPO, {"m.gguf": b"GGUF"})
    with pytest.raises(HubError, match="revision"):
        Hub(local.url).repository(REPO, "nope")
