"""What a licence's short name means, in a few words; the licence's own text is what counts."""

from __future__ import annotations

from types import MappingProxyType

_WORDS = MappingProxyType(
    {
        "apache-2.0": "free for any use",
        "mit": "free for any use",
        "bsd-3-clause": "free for any use",
        "cc0-1.0": "free for any use",
        "cc-by-4.0": "free for any use, with attribution",
        "cc-by-sa-4.0": "free with attribution, under the same terms",
        "cc-by-nc-4.0": "not for commercial use",
        "cc-by-nc-sa-4.0": "not for commercial use",
        "cc-by-nc-nd-4.0": "not for commercial use, unchanged only",
        "openrail": "free, with a list of uses that are not allowed",
        "gpl-3.0": "free under the GNU GPL",
        "agpl-3.0": "free under the GNU AGPL",
        "other": "the maker's own terms: see the model's page",
    }
)
_OWN = (
    ("gemma", "Google's terms: commercial use is allowed, some uses are not"),
    ("llama", "Meta's terms: commercial use is allowed for all but the largest companies, and must name Llama"),
    ("qwen", "Alibaba's terms: see the model's page"),
    ("lfm", "Liquid AI's terms: free below a certain revenue"),
    ("nvidia", "NVIDIA's terms: see the model's page"),
    ("health-ai", "Google's terms for health models"),
    ("mrl", "Mistral's research terms: not for commercial use"),
    ("mnpl", "Mistral's terms: not for production"),
    ("falcon", "TII's terms: see the model's page"),
    ("deepseek", "DeepSeek's terms: commercial use is allowed, some uses are not"),
    ("cc-by-nc", "not for commercial use"),
)


def explain_licence(name: str) -> str:
    """What a licence allows, in a few words; empty when it is not known here."""
    short = name.strip().lower()
    own = next((words for start, words in _OWN if short.startswith(start)), "")
    return _WORDS.get(short, own)
