"""Settings: where they live, how they are read and saved, and which source wins."""
