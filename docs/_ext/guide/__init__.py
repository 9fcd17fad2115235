"""What Sphinx lacks for this guide. The names and the evidence are also for tests: no Sphinx there.

`extension` tells Sphinx about all of it.
"""
