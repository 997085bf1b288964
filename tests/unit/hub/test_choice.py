"""`-hf owner/repo[:quant]` means what it means to llama.cpp."""

from __future__ import annotations

import pytest

from tui.catalogue.hub.choice import choose, parse_hf
from tui.catalogue.hub.values import RemoteFile, Repository
from tui.catalogue.hub.variants import group
from tui.core.errors import HubError, SettingError


def repository(*names: str) -> Repository:
    variants, companions = group([RemoteFile(name, 100 - at) for at, name in enumerate(names)])
    return Repository("owner/repo", "0" * 40, variants, companions)


@pytest.mark.parametrize(
    ("names", "quant", "chosen"),
    [
        (["m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-Q2_K.gguf"], "", "m-Q4_K_M.gguf"),
        (["m-Q2_K.gguf", "m-Q8_0.gguf", "m-F16.gguf"], "", "m-Q8_0.gguf"),
        (["m-Q6_K.gguf", "m-Q2_K.gguf", "m-F16.gguf"], "", "m-F16.gguf"),
        (["m-q4_k_m.gguf", "m-Q8_0.gguf"], "", "m-q4_k_m.gguf"),
        (["m.Q4_K_M.gguf", "m.Q8_0.gguf"], "", "m.Q4_K_M.gguf"),
        (["m-Q4_K_M.gguf", "m-Q8_0.gguf"], "q8_0", "m-Q8_0.gguf"),
        (["m-Q4_K_M.gguf", "m-Q4_K_S.gguf"], "Q4_K_S", "m-Q4_K_S.gguf"),
        (["m-UD-Q4_K_M.gguf", "m-Q8_0.gguf"], "Q4_K_M", "m-UD-Q4_K_M.gguf"),
        (["m-IQ4_XS.gguf", "m-UD-Q4_K_XL.gguf"], "UD-Q4_K_XL", "m-UD-Q4_K_XL.gguf"),
        (["mmproj-Q4_K_M.gguf", "m-Q8_0.gguf"], "", "m-Q8_0.gguf"),
        (["a-imatrix-Q4_K_M.gguf", "m-Q5_0.gguf"], "", "m-Q5_0.gguf"),
        (["mtp-m-Q4_K_M.gguf", "m-Q5_0.gguf"], "", "m-Q5_0.gguf"),
        (["b-Q4_K_M.gguf", "a-Q4_K_M.gguf"], "", "a-Q4_K_M.gguf"),
        (["BF16/m-00001-of-00002.gguf", "BF16/m-00002-of-00002.gguf"], "", "BF16/m-00001-of-00002.gguf"),
        (["Q5_K_M/m-Q5_K_M-00002-of-00002.gguf", "Q5_K_M/m-Q5_K_M-00001-of-00002.gguf"], "Q5_K_M",
         "Q5_K_M/m-Q5_K_M-00001-of-00002.gguf"),
        (["Q6_K/model.gguf", "Q8_0/model.gguf"], "Q8_0", "Q8_0/model.gguf"),
        (["small-Q4_0.gguf", "large-Q4_0.gguf"], "large-Q4_0", "large-Q4_0.gguf"),
        (["m-Q8_0.gguf", "m-Q5_K_M.gguf", "m-Q4_K_M.gguf"], "K_M", "m-Q4_K_M.gguf"),
        (["only.gguf"], "", "only.gguf"),
    ],
)  # fmt: skip
def test_the_rule(names: list[str], quant: str, chosen: str) -> None:
    assert choose(repository(*names), quant).files[0].path == chosen


@pytest.mark.parametrize("quant", ["Q4", "Q4_K", "Q3_K_M", ".*", "Q4_K_."])
def test_a_quantization_that_is_not_there_names_those_that_are(quant: str) -> None:
    with pytest.raises(HubError) as caught:
        choose(repository("m-Q4_K_M.gguf", "m-Q8_0.gguf"), quant)
    assert caught.value.kind == "missing"
    assert "Q4_K_M" in caught.value.line() and "Q8_0" in caught.value.line()


def test_no_model_at_all() -> None:
    with pytest.raises(HubError, match="does not convert"):
        choose(repository("mmproj-F16.gguf", "model.safetensors"))


def test_a_missing_part_is_said() -> None:
    with pytest.raises(HubError, match="m-Q4_K_M-00002-of-00002"):
        choose(repository("m-Q4_K_M-00001-of-00002.gguf", "m-Q8_0.gguf"), "Q4_K_M")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("mmnga/gemma-2-2b-it-gguf", ("mmnga/gemma-2-2b-it-gguf", "")),
        (" owner/repo:Q4_K_M ", ("owner/repo", "Q4_K_M")),
        ("hf.co/owner/repo:Q8_0", ("owner/repo", "Q8_0")),
        ("huggingface.co/owner/repo", ("owner/repo", "")),
        ("https://huggingface.co/owner/repo", ("owner/repo", "")),
        ("https://huggingface.co/owner/repo/", ("owner/repo", "")),
        ("https://huggingface.co/owner/repo/tree/main", ("owner/repo", "")),
        ("https://huggingface.co/owner/repo?not-for-all-audiences=true", ("owner/repo", "")),
        ("https://hf.co/owner/repo/blob/main/m-Q4_K_M.gguf", ("owner/repo", "m-Q4_K_M")),
        ("https://huggingface.co/o/r/resolve/main/Q8/m-Q8_0-00002-of-00003.gguf?download=true", ("o/r", "m-Q8_0")),
        ("hf://owner/repo", ("owner/repo", "")),
        ("hf.co/owner/repo?x=1", ("owner/repo", "")),
    ],
)
def test_what_people_type_and_paste(text: str, parsed: tuple[str, str]) -> None:
    assert parse_hf(text) == parsed


def test_an_address_of_the_own_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example:8443")
    assert parse_hf("https://hub.example:8443/owner/repo") == ("owner/repo", "")


@pytest.mark.parametrize(
    "text",
    ["", "repo", "a/b/c", "owner/repo:", "owner/repo:a b", "owner/repo:Q4:Q8", "../x", "owner/..", "https://evil.example/a/b",
     "https://huggingface.co/owner", "https://huggingface.co/datasets/owner/repo/x", "owner/repo:\x1b[2J",
     "/etc/passwd", "http://[bad", "owner/re po", "owner/repo:../../x"],
)  # fmt: skip
def test_nonsense_is_said_to_be_so(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_hf(text)
    assert "owner/repo" in caught.value.line() and "\x1b" not in caught.value.line()
