"""Programs that run inside containers."""
