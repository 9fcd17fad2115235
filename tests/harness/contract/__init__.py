"""What tests/contract.py needs to check an image, to remain a list of requirements."""
