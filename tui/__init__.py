"""localllm-tui: run a local LLM from any terminal, at llama.cpp's full speed, and see what it does."""

__version__ = "0.1.0"
