"""What measures the figures of docs/_data."""
