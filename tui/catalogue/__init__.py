"""Models on this machine: where they are, what their names and headers say, whether they fit."""
