"""Models that another server runs, used like the ones that run here."""
