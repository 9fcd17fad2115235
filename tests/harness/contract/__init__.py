"""How the contract of tests/contract.py is run and told."""
