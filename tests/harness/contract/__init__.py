"""What tests/contract.py needs to check an image, so that it stays a list of requirements."""
