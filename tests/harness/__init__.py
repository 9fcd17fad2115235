"""The machinery of the tests: adding a claim needs no change here."""
