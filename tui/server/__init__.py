"""Front end: the OpenAI-compatible HTTP server."""
