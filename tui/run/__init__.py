"""Front end for scripts: one completion, nothing but the completion on standard output."""
