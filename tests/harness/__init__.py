"""The machinery of the tests; whoever adds a claim changes nothing in here."""
