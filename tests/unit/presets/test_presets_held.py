"""What holds for a conversation: settings, the preset over them, changes over both; kept with the conversation."""

from __future__ import annotations

import json

import pytest

from tui.services.presets_held import Held, held_of, read_held, written_held
from tui.settings.preset_file import Preset
from tui.settings.settings import COMMAND_LINE, SETTINGS_FILE, Settings

HELD = Held("kind", {"temp": 0.2, "system_prompt": "Be kind.", "stop": ("#",)})


def test_settings_then_the_preset_then_what_was_changed() -> None:
    settings = Settings().overlaid({"temp": 1.5, "top_k": 7}, SETTINGS_FILE)
    here = HELD.over(settings)
    assert (here.generation.temp, here.generation.top_k, here.generation.system_prompt) == (0.2, 7, "Be kind.")
    assert here.origin("temp") == "preset kind" and here.of_chat("temp") and not here.of_chat("top_k")
    after = here.replace(temp=0.9, top_k=9)
    held, rest = HELD.take(here, after)
    assert held.changed == {"temp": 0.9} and rest == {"top_k": 9}
    assert held.over(settings).generation.temp == 0.9 and held.over(settings).origin("temp") == "this chat"
    assert held.take(held.over(settings), held.over(settings).replace(temp=0.1))[0].changed == {"temp": 0.1}


def test_what_was_said_on_the_command_line_wins_over_a_preset_that_was_named_there() -> None:
    settings = Settings().overlaid({"temp": 1.5}, COMMAND_LINE)
    preset = Preset("p", values={"temp": 0.2, "top_k": 3})
    generation = held_of(preset, settings).over(settings).generation
    assert (generation.temp, generation.top_k) == (1.5, 3)
    assert held_of(preset).over(settings).generation.temp == 0.2


def test_a_grammar_takes_the_place_of_a_schema() -> None:
    settings = Settings().replace(json_schema="{}")
    here = Held("g", {"grammar": 'root ::= "a"'}).over(settings)
    assert here.generation.grammar and not here.generation.json_schema


def test_it_is_kept_beside_what_else_is_kept() -> None:
    held = Held("kind", HELD.values, {"temp": 0.9})
    text = written_held(held, '{"pane": 3}')
    assert read_held(text) == held and json.loads(text)["pane"] == 3
    assert json.loads(written_held(None, text)) == {"pane": 3}
    assert written_held(None, written_held(held)) == ""


def test_the_system_prompt_of_an_imported_chat_holds() -> None:
    held = read_held('{"system_prompt": "Be old."}')
    assert held is not None and held.name == "" and held.over(Settings()).generation.system_prompt == "Be old."


@pytest.mark.parametrize(
    "text",
    ["", "null", "[", "[]", '{"preset": 3}', '{"preset": {"values": 3}}', '{"system_prompt": 3}', "[" * 100_000,
     '{"preset": {"name": 3, "values": {"temp": "hot", "n_ctx": 512, "__class__": 1, "top_k": null}}}'],
)  # fmt: skip
def test_whatever_was_imported_is_harmless(text: str) -> None:
    assert read_held(text) is None
    written_held(Held("a"), text)
