"""The markers between which models put their reasoning, and those around the answer after it.

Taken from llama.cpp's parsers (`common/chat.cpp`, `common/parsers/`, `common/chat-diff-analyzer.cpp`) and from the
chat templates of the models.
"""

from __future__ import annotations

from dataclasses import dataclass

_CHANNEL = "<|start|>assistant"


@dataclass(frozen=True, slots=True)
class Markers:
    """How one family of models marks its reasoning.

    Attributes:
        starts: texts that begin a reasoning; the first one is the usual one.
        end: the text that ends it.
        closing: what ends it at once and begins the answer, where the model is not to go on thinking.
        openers: texts that may follow the reasoning and belong to the answer's frame, not to the answer.
        closers: texts that end such a frame.
        framed: whether an answer may have its frame also without a reasoning before it, and another reasoning or
            answer may follow the frame.
        kept: whether the models are given their earlier thoughts again, as their makers advise.
        signs: texts of templates that build their markers of pieces; those that have all of them have these markers.
        words: whether the markers are plain words, which any text may begin with: then only a template that has them,
            or a text that has both, makes them markers.
    """

    starts: tuple[str, ...]
    end: str
    closing: str = ""
    openers: tuple[str, ...] = ()
    closers: tuple[str, ...] = ()
    framed: bool = False
    kept: bool = False
    signs: tuple[str, ...] = ()
    words: bool = False

    @property
    def start(self) -> str:
        """What begins a reasoning."""
        return self.starts[0]

    @property
    def ending(self) -> str:
        """What ends a reasoning at once, in the way the models do it themselves."""
        return self.closing or f"\n{self.end}\n\n"

    @property
    def tokens(self) -> tuple[str, ...]:
        """All texts that mark something, for recognising the special tokens among them."""
        return (*self.starts, self.end, *self.openers, *self.closers)


def _tags(
    name: str, *, openers: tuple[str, ...] = (), closers: tuple[str, ...] = (), signs: tuple[str, ...] = ()
) -> Markers:
    return Markers((f"<{name}>",), f"</{name}>", openers=openers, closers=closers, signs=signs)


KNOWN: tuple[Markers, ...] = (
    # DeepSeek R1, Qwen 3, QwQ, GLM 4.5, Nemotron, LFM2, Phi 4; the frames are Granite 3.3's and Hunyuan's.
    _tags("think", openers=("<response>", "<answer>"), closers=("</response>", "</answer>")),
    _tags("thinking"),
    _tags("thought"),  # EXAONE Deep
    _tags("reasoning"),
    _tags("seed:think"),  # Seed OSS
    _tags("mm:think"),  # MiniMax M3
    _tags("think:opensource", signs=("<think", ":opensource")),  # Hunyuan 3
    Markers(("[THINK]",), "[/THINK]", kept=True),  # Magistral, Ministral 3
    Markers(("<|inner_prefix|>",), "<|inner_suffix|>", "<|inner_suffix|>"),  # Apertus
    Markers(("◁think▷",), "◁/think▷"),  # Kimi VL
    Markers(  # Command R and its kin
        ("<|START_THINKING|>",), "<|END_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>",
        ("<|START_RESPONSE|>", "<|START_TEXT|>"), ("<|END_RESPONSE|>", "<|END_TEXT|>"), framed=True,
    ),
    Markers(  # gpt-oss
        ("<|channel|>analysis<|message|>", f"{_CHANNEL}<|channel|>analysis<|message|>"), "<|end|>",
        f"<|end|>{_CHANNEL}<|channel|>final<|message|>",
        tuple(f"{who}<|channel|>{name}<|message|>" for who in (_CHANNEL, "") for name in ("final", "commentary")),
        ("<|end|>",), framed=True,
    ),
    Markers(("<|channel>thought",), "<channel|>", "<channel|>"),  # Gemma 4
    Markers(  # Kimi K3
        ("<|open|>think<|sep|>",), "<|close|>think<|sep|>", "<|close|>think<|sep|><|open|>response<|sep|>",
        ("<|open|>response<|sep|>",), ("<|close|>response<|sep|>",), framed=True,
        signs=("<|open|>", "<|close|>", "<|end_of_msg|>"),
    ),
    Markers(  # Solar Open
        ("<|think|>",), "<|end|>", "<|end|><|begin|>assistant<|content|>", ("<|begin|>assistant<|content|>",),
        framed=True,
    ),
    Markers(  # Granite 3.2
        ("Here is my thought process:",), "Here is my response:", "\n\nHere is my response:\n\n", words=True,
    ),
    Markers(  # Apriel
        ("Here are my reasoning steps:",), "[BEGIN FINAL RESPONSE]", "\n[BEGIN FINAL RESPONSE]\n",
        closers=("[END FINAL RESPONSE]",), words=True,
    ),
)  # fmt: skip


def markers_of(template: str) -> Markers | None:
    """The markers of a chat template's text; None where it has none that are known."""
    tests = (
        lambda markers: bool(markers.signs) and all(sign in template for sign in markers.signs),
        lambda markers: markers.end in template and any(start in template for start in markers.starts),
        # Some only cut the reasoning off earlier replies. This end also ends every message of other models.
        lambda markers: markers.end in template and markers.end != "<|end|>",
    )
    return next((markers for test in tests for markers in KNOWN if test(markers)), None)


def markers_for(text: str, template: Markers | None = None) -> tuple[Markers, ...]:
    """The markers that may be in a text.

    Args:
        text: a whole reply, or as much of it as there is.
        template: those of the template that it was made with, where that is known.
    """
    words = (known for known in KNOWN if known.words and (known is template or _has_both(known, text)))
    return (*(known for known in KNOWN if not known.words), *words)


def _has_both(markers: Markers, text: str) -> bool:
    return text.lstrip().startswith(markers.starts) and markers.end in text
