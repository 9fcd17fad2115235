"""The benchmarks that measure the figures in docs/_data."""
