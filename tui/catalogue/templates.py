"""Which chat format a template is, told by its marks as llama.cpp does (`src/llama-chat.cpp`), and what it can do."""

from __future__ import annotations

_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("phi-4", ("<|im_start|>", "<|im_sep|>")),
    ("SmolVLM", ("<|im_start|>", "<end_of_utterance>")),
    ("Kimi K2", ("<|im_assistant|>",)),
    ("ChatML", ("<|im_start|>",)),
    ("Mistral v7", ("[INST]", "[SYSTEM_PROMPT]")),
    ("Mistral v3", ("[INST]", "[AVAILABLE_TOOLS]")),
    ("Mistral v1", ("' [INST] ' + system_message",)),
    ("Llama 2", ("[INST]",)),
    ("Phi-3", ("<|assistant|>", "<|end|>")),
    ("GLM-4", ("[gMASK]<sop>",)),
    ("Falcon 3", ("<|assistant|>", "<|user|>", "</s>")),
    ("Zephyr", ("<|user|>", "<|endoftext|>")),
    ("GLM Edge", ("<|assistant|>", "<|user|>")),
    ("Gemma 4", ("<|turn>",)),
    ("Gemma", ("<start_of_turn>",)),
    ("OpenChat", ("GPT4 Correct ",)),
    ("Vicuna", ("USER: ", "ASSISTANT: ")),
    ("DeepSeek Coder", ("### Instruction:", "<|EOT|>")),
    ("Alpaca", ("### Instruction:",)),
    ("Command R", ("<|START_OF_TURN_TOKEN|>",)),
    ("Llama 3", ("<|start_header_id|>",)),
    ("Llama 4", ("<|header_start|>",)),
    ("MiniCPM", ("<用户>",)),
    ("DeepSeek V3", ("<｜Assistant｜>",)),
    ("DeepSeek V2", ("'Assistant: ' + message['content'] + eos_token",)),
    ("EXAONE", ("[|assistant|]",)),
    ("Granite", ("<|start_of_role|>",)),
    ("Harmony (gpt-oss)", ("<|start|>", "<|channel|>")),
    ("Ling", ("<role>ASSISTANT</role>",)),
    ("Hunyuan", ("<｜hy_Assistant｜>",)),
    ("Hunyuan MoE", ("<|extra_0|>", "<|extra_4|>")),
    ("Seed-OSS", ("<seed:bos>",)),
    ("ERNIE", ("Assistant: ", "<|begin_of_sentence|>")),
)
_THINKING = ("<think>", "enable_thinking", "reasoning_content", "<|channel|>", "[THINK]", "thinking_budget")
_TOOLS = ("tools", "tool_calls", "tool_call")


def detect(template: str) -> str:
    """The format's common name, such as `ChatML` or `Llama 3`; empty when it is none that is known here."""
    return next((name for name, marks in _MARKS if all(mark in template for mark in marks)), "")


def can_think(template: str) -> bool:
    """Whether the template has a place for reasoning before the reply."""
    return any(mark in template for mark in _THINKING)


def can_call_tools(template: str) -> bool:
    """Whether the template has a place for tools."""
    return any(mark in template for mark in _TOOLS)


def has_system(template: str) -> bool:
    """Whether the template says anything of a system prompt."""
    return "system" in template.lower()
