"""Inference through llama.cpp. The only importer of llama_cpp, and the owner of the one thread that calls it."""
