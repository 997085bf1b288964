"""The tests; their tree mirrors `tui/`."""
