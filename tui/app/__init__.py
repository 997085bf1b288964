"""Front end: the full-screen application."""
