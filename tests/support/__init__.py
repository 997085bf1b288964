"""What several tests share: models to load and ways to wait."""
