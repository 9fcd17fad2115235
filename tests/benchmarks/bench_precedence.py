"""Which source overrides which, over all combinations of sources, for docs/precedence.md."""

from scenarios.precedence import ONE_WORKER, SOURCES, who_decides


def bench_precedence(build, run, measured):
    """Call a source stronger if the other one never decides when both are present."""
    decided = who_decides(run, build(ONE_WORKER))

    def beats(source, other):
        both = [winner for (_, there), winner in decided.items() if {source, other} <= {*there}]
        return "" if source == other else other not in both

    rows = [
        [f"{place}. {source}", *(beats(source, other) for other in SOURCES)]
        for place, source in enumerate(SOURCES, 1)
    ]
    numbers = [f"{place}." for place in range(1, len(SOURCES) + 1)]
    measured("sources", ["overrides", *numbers], rows)
