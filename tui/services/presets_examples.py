"""Presets to begin with. None of them becomes a file before the person asks for it."""

from __future__ import annotations

from tui.core.messages import Message
from tui.settings.preset_file import Preset, Variable

EXAMPLES: tuple[Preset, ...] = (
    Preset(
        "precise",
        "Short, exact answers",
        "Low temperature and a system prompt that asks for facts and brevity.",
        {
            "system_prompt": "Today is {{weekday}}, {{date}}. Answer briefly and exactly. Say so when you do not know.",
            "temp": 0.2,
            "top_p": 0.9,
        },
    ),
    Preset(
        "code-review",
        "Review of the code that you paste",
        "Names problems by their lines, the worst first.",
        {
            "system_prompt": "You review {{language}} code. Name each problem with its line and say how to correct it, "
            "the worst first. Do not praise.",
            "temp": 0.2,
            "repeat_penalty": 1.0,
        },
        variables=(Variable("language", "Which programming language", "Python"),),
    ),
    Preset(
        "translate",
        "Translation, nothing but the translation",
        "Two first turns show a small model what is wanted.",
        {
            "system_prompt": "Translate what the user writes into {{ask:Language}}. Write the translation only.",
            "temp": 0.3,
        },
        (
            Message("user", "Good morning! (into German)"),
            Message("assistant", "Guten Morgen!"),
        ),
    ),
    Preset(
        "about-clipboard",
        "Questions about a copied text",
        "What you copied last becomes part of the system prompt.",
        {
            "system_prompt": "Answer from this text alone, and say so when it does not tell:\n\n{{clipboard}}",
            "temp": 0.3,
        },
    ),
    Preset(
        "storyteller",
        "Fiction with unusual words",
        "High temperature, min-p instead of top-p, and XTC against the likeliest phrases.",
        {
            "system_prompt": "You write vivid fiction. Show, do not tell; no clichés.",
            "temp": 1.1,
            "top_p": 1.0,
            "min_p": 0.08,
            "xtc_probability": 0.4,
            "dry_multiplier": 0.8,
        },
    ),
)
"""In the order in which they are shown."""
