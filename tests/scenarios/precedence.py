"""The five sources of a setting, in every combination."""

import json
import re
from itertools import chain, combinations, product

from harness import PROBES

ONE_WORKER = "signals/exec-form.Dockerfile"
SOURCES = ["variable", "./gunicorn.conf.py", "--config", "GUNICORN_CMD_ARGS", "command line"]
SETTINGS = {  # its variable, a value for it, and a value for other sources
    "workers": ("WEB_CONCURRENCY", "{}", "{}"),
    "bind": ("PORT", "900{}", "0.0.0.0:900{}"),
    "forwarded_allow_ips": ("FORWARDED_ALLOW_IPS", "10.0.0.{}", "10.0.0.{}"),
}
# Gunicorn reads variables at import, so each forked process imports it again, and finds
# Gunicorn's own imports, which would take most of the time, in memory.
RESOLVE = (PROBES / "resolve_settings.py").read_text()


def who_decides(run, image):
    """Return the source that wins, by setting and present sources, for all combinations."""
    numbers = range(len(SOURCES) + 1)
    subsets = chain.from_iterable(combinations(SOURCES, number) for number in numbers)
    asked = {key: ask(*key) for key in product(SETTINGS, subsets)}

    container = run(image, "python", "-c", RESOLVE, json.dumps([*asked.values()]), ready="")
    assert container.exit_code == 0
    values = container.logs().splitlines()
    places = [int(re.findall(r"\d", value)[-1]) for value in values]
    names = dict(enumerate(SOURCES, 2))
    return {key: names.get(place, "default") for key, place in zip(asked, places, strict=True)}


def ask(setting, present):
    """Return settings by source, with values that end in the source's position, from two on.

    No default ends in such a digit. The parts are the setting, the variables, files and flags.
    """
    variable, short, long = SETTINGS[setting]
    variables, files, flags = {}, {}, []
    for place, source in enumerate(SOURCES, 2):
        value = long.format(place)
        flag = f"--{setting.replace('_', '-')}={value}"
        if source not in present:
            continue
        if source == "variable":
            variables[variable] = short.format(place)
        elif source == "GUNICORN_CMD_ARGS":
            variables[source] = flag
        elif source == "command line":
            flags.append(flag)
        else:
            file = source.replace("--config", "other.py")
            files[file] = f"{setting} = {value!r}\n"
            flags += ["--config", file] if source == "--config" else []
    return setting, variables, files, flags
