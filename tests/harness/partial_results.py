"""The results of some tests only: never in the place of those of all, which the site shows."""

import pytest

from guide.names import ALL_RESULTS, SOME_RESULTS
from harness.machines.record import is_whole


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Write the results of a run that leaves out tests into a file of their own."""
    if config.option.xmlpath == ALL_RESULTS and not is_whole(config):
        config.option.xmlpath = SOME_RESULTS
