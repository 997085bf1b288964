"""Text to lines: what the widgets draw, made without any widget, so that it can be tested alone."""
