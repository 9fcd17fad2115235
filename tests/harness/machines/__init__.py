"""Machines other than this one, on which `--on MACHINE` runs the tests."""
