"""The machinery of the tests: to add a claim, you change nothing in here."""
