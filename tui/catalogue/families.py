"""Who made a model, told by its architecture and by the words of its names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models.

    Attributes:
        name: such as `Gemma 3`.
        maker: such as `Google`.
        words: what is special about it; may be empty.
    """

    name: str
    maker: str
    words: str = ""


_BY_ARCHITECTURE = MappingProxyType(
    {
        "afmoe": Family("Trinity", "Arcee AI", "mixture of experts"),
        "apertus": Family("Apertus", "the Swiss AI Initiative", "fully open, in many languages"),
        "arcee": Family("AFM", "Arcee AI"),
        "arctic": Family("Arctic", "Snowflake", "mixture of experts"),
        "baichuan": Family("Baichuan", "Baichuan", "Chinese and English"),
        "bailingmoe": Family("Ling", "inclusionAI (Ant Group)", "mixture of experts"),
        "bailingmoe2": Family("Ling 2", "inclusionAI (Ant Group)", "mixture of experts"),
        "bailingmoe3": Family("Ling 3", "inclusionAI (Ant Group)", "mixture of experts with linear attention"),
        "bitnet": Family("BitNet", "Microsoft", "weights of -1, 0 and 1"),
        "bloom": Family("BLOOM", "BigScience", "46 languages; an older family"),
        "chameleon": Family("Chameleon", "Meta"),
        "chatglm": Family("ChatGLM", "Z.ai (Zhipu)", "Chinese and English"),
        "codeshell": Family("CodeShell", "WisdomShell", "code"),
        "cogvlm": Family("CogVLM", "Z.ai (Zhipu)", "images and text"),
        "cohere2": Family("Command R7B / Command A", "Cohere", "many languages, tools and documents"),
        "cohere2moe": Family("Command", "Cohere", "mixture of experts"),
        "command-r": Family("Command R", "Cohere", "tools and documents"),
        "dbrx": Family("DBRX", "Databricks", "mixture of experts"),
        "deci": Family("DeciLM / Nemotron", "Deci and NVIDIA", "layers of different shapes"),
        "deepseek": Family("DeepSeek", "DeepSeek"),
        "deepseek2": Family("DeepSeek V2 / V3 / R1", "DeepSeek", "mixture of experts with compressed attention"),
        "deepseek32": Family("DeepSeek V3.2", "DeepSeek", "mixture of experts with sparse attention"),
        "deepseek4": Family("DeepSeek V4", "DeepSeek", "mixture of experts with sparse attention"),
        "dots1": Family("dots.llm1", "rednote (Xiaohongshu)", "mixture of experts"),
        "dream": Family("Dream", "HKU NLP", "writes by diffusion"),
        "ernie4_5": Family("ERNIE 4.5", "Baidu"),
        "ernie4_5-moe": Family("ERNIE 4.5", "Baidu", "mixture of experts"),
        "exaone": Family("EXAONE 3", "LG AI Research", "Korean and English"),
        "exaone4": Family("EXAONE 4", "LG AI Research", "Korean, English and Spanish"),
        "exaone-moe": Family("EXAONE", "LG AI Research", "mixture of experts"),
        "falcon": Family("Falcon", "TII"),
        "falcon-h1": Family("Falcon-H1", "TII", "attention and state space side by side"),
        "gemma": Family("Gemma", "Google"),
        "gemma2": Family("Gemma 2", "Google"),
        "gemma3": Family("Gemma 3", "Google", "over 140 languages; most layers see a sliding window"),
        "gemma3n": Family("Gemma 3n", "Google", "made for phones: part of its weights are only looked up"),
        "gemma4": Family("Gemma 4", "Google", "over 140 languages; can think before it answers"),
        "glm4": Family("GLM-4", "Z.ai (Zhipu)"),
        "glm4moe": Family("GLM-4.5", "Z.ai (Zhipu)", "mixture of experts"),
        "glm-dsa": Family("GLM-5", "Z.ai (Zhipu)", "mixture of experts with sparse attention"),
        "gpt2": Family("GPT-2", "OpenAI", "an old, small family"),
        "gptj": Family("GPT-J", "EleutherAI", "an older family"),
        "gptneox": Family("GPT-NeoX / Pythia", "EleutherAI", "an older family, for research"),
        "gpt-oss": Family("gpt-oss", "OpenAI", "mixture of experts that thinks before it answers"),
        "granite": Family("Granite", "IBM"),
        "granitehybrid": Family("Granite 4 (hybrid)", "IBM", "mostly state space: little memory for long contexts"),
        "granitemoe": Family("Granite 3 MoE", "IBM", "mixture of experts"),
        "grok": Family("Grok", "xAI", "mixture of experts"),
        "grovemoe": Family("GroveMoE", "inclusionAI (Ant Group)", "mixture of experts"),
        "hunyuan-dense": Family("Hunyuan", "Tencent"),
        "hunyuan-moe": Family("Hunyuan", "Tencent", "mixture of experts"),
        "internlm2": Family("InternLM 2", "Shanghai AI Laboratory"),
        "jais": Family("Jais", "Inception", "Arabic and English"),
        "jais2": Family("Jais 2", "Inception", "Arabic and English"),
        "jamba": Family("Jamba", "AI21 Labs", "attention and state space in turn"),
        "kimi-linear": Family("Kimi Linear", "Moonshot AI", "mostly linear attention"),
        "lfm2": Family("LFM2", "Liquid AI", "made for small machines: mostly short convolutions"),
        "lfm2moe": Family("LFM2 MoE", "Liquid AI", "mixture of experts of mostly short convolutions"),
        "llada": Family("LLaDA", "Renmin University", "writes by diffusion"),
        "llama4": Family("Llama 4", "Meta", "mixture of experts"),
        "mamba": Family("Mamba", "Carnegie Mellon and Princeton", "state space: no KV cache"),
        "mamba2": Family("Mamba 2", "Carnegie Mellon and Princeton", "state space: no KV cache"),
        "mellum": Family("Mellum", "JetBrains", "code"),
        "mimo2": Family("MiMo", "Xiaomi", "mixture of experts"),
        "minicpm": Family("MiniCPM", "OpenBMB", "made for small machines"),
        "minicpm3": Family("MiniCPM 3", "OpenBMB", "made for small machines"),
        "minimax-m2": Family("MiniMax M2", "MiniMax", "mixture of experts"),
        "minimax-01": Family("MiniMax 01", "MiniMax", "mixture of experts with linear attention"),
        "mistral3": Family("Ministral 3 / Mistral Small", "Mistral AI"),
        "mistral4": Family("Mistral 4", "Mistral AI"),
        "mpt": Family("MPT", "MosaicML", "an older family"),
        "nemotron": Family("Nemotron", "NVIDIA"),
        "nemotron_h": Family("Nemotron-H", "NVIDIA", "mostly state space: little memory for long contexts"),
        "nemotron_h_moe": Family("Nemotron 3", "NVIDIA", "mixture of experts, mostly state space"),
        "olmo": Family("OLMo", "Ai2", "fully open: data, code and weights"),
        "olmo2": Family("OLMo 2 / 3", "Ai2", "fully open: data, code and weights"),
        "olmoe": Family("OLMoE", "Ai2", "fully open mixture of experts"),
        "openelm": Family("OpenELM", "Apple"),
        "orion": Family("Orion", "OrionStar"),
        "phi2": Family("Phi-1 / Phi-2", "Microsoft", "trained on textbook-like data"),
        "phi3": Family("Phi-3 / Phi-4", "Microsoft", "trained on textbook-like data"),
        "phimoe": Family("Phi-3.5 MoE", "Microsoft", "mixture of experts"),
        "plamo": Family("PLaMo", "Preferred Networks", "Japanese and English"),
        "plamo2": Family("PLaMo 2", "Preferred Networks", "Japanese and English; mostly state space"),
        "plamo3": Family("PLaMo 3", "Preferred Networks", "Japanese and English"),
        "qwen": Family("Qwen", "Alibaba", "Chinese and English; an older family"),
        "qwen2": Family("Qwen 2 / 2.5", "Alibaba", "Chinese, English and many other languages"),
        "qwen2moe": Family("Qwen 1.5 / 2 MoE", "Alibaba", "mixture of experts"),
        "qwen2vl": Family("Qwen 2 VL", "Alibaba", "images and text"),
        "qwen3": Family("Qwen 3", "Alibaba", "119 languages; many of them can think before they answer"),
        "qwen35": Family("Qwen 3.5", "Alibaba", "three of four layers have linear attention"),
        "qwen35moe": Family("Qwen 3.5", "Alibaba", "mixture of experts; three of four layers have linear attention"),
        "qwen3moe": Family("Qwen 3", "Alibaba", "mixture of experts; 119 languages"),
        "qwen3next": Family("Qwen 3 Next", "Alibaba", "mixture of experts; three of four layers have linear attention"),
        "qwen3vl": Family("Qwen 3 VL", "Alibaba", "images and text"),
        "qwen3vlmoe": Family("Qwen 3 VL", "Alibaba", "images and text; mixture of experts"),
        "refact": Family("Refact", "Refact AI", "code"),
        "rwkv6": Family("RWKV 6", "the RWKV project", "recurrent: no KV cache"),
        "rwkv6qwen2": Family("QRWKV 6", "Recursal AI", "Qwen 2.5 turned into a recurrent model"),
        "rwkv7": Family("RWKV 7", "the RWKV project", "recurrent: no KV cache"),
        "arwkv7": Family("ARWKV 7", "the RWKV project", "a recurrent model learnt from Qwen 2.5"),
        "seed_oss": Family("Seed-OSS", "ByteDance"),
        "smallthinker": Family("SmallThinker", "SJTU IPADS", "mixture of experts for small machines"),
        "smollm3": Family("SmolLM3", "Hugging Face", "fully open: data, code and weights"),
        "stablelm": Family("StableLM", "Stability AI"),
        "starcoder": Family("StarCoder", "BigCode", "code"),
        "starcoder2": Family("StarCoder 2", "BigCode", "code"),
        "step35": Family("Step 3.5", "StepFun", "mixture of experts"),
        "xverse": Family("XVERSE", "XVERSE"),
    }
)
_BY_NAME = (
    (r"smollm\W?2", Family("SmolLM2", "Hugging Face", "small models for small machines")),
    (r"smollm", Family("SmolLM", "Hugging Face", "small models for small machines")),
    (r"tiny\W?llama", Family("TinyLlama", "the TinyLlama project", "a small Llama trained on three trillion tokens")),
    (r"mixtral", Family("Mixtral", "Mistral AI", "mixture of experts")),
    (r"magistral", Family("Magistral", "Mistral AI", "thinks before it answers")),
    (r"devstral|codestral", Family("Devstral / Codestral", "Mistral AI", "code")),
    (r"mi(?:ni)?stral", Family("Mistral", "Mistral AI")),
    (r"code\W?llama", Family("Code Llama", "Meta", "code")),
    (r"(?:^|[^a-z])yi(?:$|[^a-z])", Family("Yi", "01.AI", "Chinese and English")),
    (r"solar", Family("SOLAR", "Upstage")),
    (r"falcon\W?3", Family("Falcon 3", "TII")),
    (r"granite", Family("Granite", "IBM")),
    (r"deepseek", Family("DeepSeek", "DeepSeek")),
    (r"stories\d+[mk]", Family("TinyStories", "Andrej Karpathy", "a toy that writes children's stories")),
    (r"llama\W?3\W?[123]?", Family("Llama 3", "Meta", "")),
    (r"llama\W?2", Family("Llama 2", "Meta", "an older family")),
    (r"llama", Family("Llama", "Meta", "")),
)
"""Families that share the architecture of another one (most of them `llama`), by their names."""


def family(architecture: str, *names: str) -> Family | None:
    """The family of a model.

    Args:
        architecture: such as `gemma3`.
        names: base name, name and file name, the most trusted first; used for the architecture that many share.

    Returns:
        None when it is none that is known here.
    """
    if architecture in _BY_ARCHITECTURE:
        return _BY_ARCHITECTURE[architecture]
    if architecture != "llama":
        return None
    return next((found for name in names for pattern, found in _BY_NAME if re.search(pattern, name.lower())), None)
