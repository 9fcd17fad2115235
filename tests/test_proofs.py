"""What a tick means, tried on small sites that are whole but for one mistake."""

import re
from pathlib import Path

import pytest

from harness.engine import base_images
from harness.guide_site import Site

RECORD = """record_property("stand-in", "python:3.14-slim is Debian's Python")"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site of one topic that builds."""
    return Site(tmp_path)


def tick_of(site: Site) -> str:
    """Return the HTML of the only tick."""
    return re.search(r"<a [^>]*proof.*?</a>", site.read("_site/signals.html"))[0]


def test_tick_stands_for_a_passed_test(site):
    """The build has no complaint, and the page has the mark, its label and its anchor."""
    site.prove()

    assert site.build(proof_results="proofs.xml") == []
    tick = tick_of(site)
    assert 'class="proof passed"' in tick
    assert 'id="it-stops"' in tick
    assert 'title="Proved in this build: it stops"' in tick
    assert ">✓<" in tick


def test_dotted_tick_stands_for_a_stand_in(site):
    """The same mark has another class, and its only label names the official image."""
    site.replace("tests/test_signals.py", "):\n", f"):\n    {RECORD}\n")
    site.prove()

    assert site.build(proof_results="proofs.xml") == []
    tick = tick_of(site)
    assert 'class="on-a-stand-in proof"' in tick or 'class="proof on-a-stand-in"' in tick
    assert tick.count("Proved on a stand-in for python:3.14-slim: it stops") == 1
    assert ">✓<" in tick


def test_tick_leads_to_its_test(site):
    """The page it links to has the sentence without its neighbour, the result and the source."""
    site.prove()
    site.build(proof_results="proofs.xml")

    assert 'href="proofs/signals.html#it-stops"' in site.read("_site/signals.html")
    page = site.read("_site/proofs/signals.html").partition('id="it-stops"')[2]
    assert '<p>It stops. <a href="../signals.html#it-stops">' in page
    assert "✓ passed on 20" in page
    assert "3.14.0" in page
    assert '<span class="nf">test_it_stops</span>' in page


ON_CGROUP2 = """{"systemd": {"date": "2026-11-29", "engine": "Docker 28", "kernel": "6.12",
"qemu": "10.0", "tests": {"signals": ["it-stops"]}}}"""


def test_page_shows_the_last_run_on_cgroup_v2(site):
    """What `--on cgroup2 --record` wrote is on the page of the proof, with and without a run."""
    site.write("docs/_data/cgroup2.json", ON_CGROUP2)
    site.prove()

    for settings in {"proof_results": "proofs.xml"}, {}:
        assert site.build(**settings) == []
        page = site.read("_site/proofs/signals.html")
        where = "in a virtual machine with Docker 28, its systemd driver and Linux 6.12</dd>"
        assert f"<dd>cgroup v2 on 2026-11-29, {where}" in page


def test_vanished_test_of_cgroup_v2_fails_the_build(site):
    """The complaint names the test and the command that writes the record again."""
    site.write("docs/_data/cgroup2.json", ON_CGROUP2.replace("it-stops", "it-stopped"))

    [complaint] = site.build()
    assert "_data/cgroup2.json names it-stopped, which is no test of signals: run" in complaint
    assert complaint.endswith("`uv run pytest --on cgroup2 --record` again.")


def test_circle_stands_for_a_build_without_a_run(site):
    """The mark, its label and the page's foot all say so, and nothing says that it passed."""
    assert site.build() == []
    page = site.read("_site/signals.html")
    assert 'title="Not run in this build: it stops"' in tick_of(site)
    assert ">○<" in tick_of(site)
    assert "Proofs were not run in this build." in page
    assert "✓" not in page


def test_foot_tells_date_versions_and_stand_ins(site):
    """What a test recorded is in the foot of the page that it proves; stand-ins are one line."""
    site.replace("tests/test_signals.py", "):\n", f"):\n    {RECORD}\n")
    site.prove()
    site.build(proof_results="proofs.xml")

    foot = site.read("_site/signals.html").partition('class="stamp"')[2]
    assert "Proved on 20" in foot
    assert "with Python 3.14.0." in foot
    assert "Run with stand-ins for 1 official image: <a" in foot
    assert 'href="proofs.html#stand-ins">what differs</a>' in foot


def test_download_gives_the_tested_file(site):
    """The link leads to a copy of the file, under the name to save it under."""
    assert site.build() == []
    assert 'download href="raw/signals/exec/Dockerfile"' in site.read("_site/signals.html")
    assert site.read("_site/raw/signals/exec/Dockerfile") == "FROM scratch\n"


def test_wrong_file_is_marked_and_not_offered(site):
    """The caption says so; there is no link to download it, and no file to be had."""
    site.rename("snippets/signals/exec.Dockerfile", "snippets/signals/wrong-exec.Dockerfile")
    site.replace("docs/signals.md", "/exec.", "/wrong-exec.")

    assert site.build() == []
    assert ">Wrong: Dockerfile<" in site.read("_site/signals.html")
    assert "Download" not in site.read("_site/signals.html")
    assert not (site.root / "_site/raw").exists()


@pytest.mark.parametrize("image", base_images.STAND_INS)
def test_stand_in_differs_only_where_listed(docker, official, image):
    """Configuration, files and commands: a stand-in has every listed difference and no other.

    An official image has none.
    """
    name, _ = base_images.described(docker, official(image))

    listed = base_images.STAND_INS[image].get("differs", {}) if name == "stand-in" else {}
    assert base_images.differences(docker, image) == {key: d["is"] for key, d in listed.items()}


MEASUREMENT = "```{measurement} stops\n:plot:\n\nSeconds to stop\n```\n"
DATA = """{"tables": {"stops": {
"date": "2026-11-21", "machine": "2 cores", "versions": ["Gunicorn 27"],
"columns": ["CMD", "seconds"], "rows": [["exec form", 0.5], ["shell form", 10]]}}}"""


def test_measurement_is_drawn_from_what_a_benchmark_wrote(site):
    """The page has each number in a table, a bar as long as it, and what it was measured on."""
    site.write("docs/signals.md", site.read("docs/signals.md") + MEASUREMENT)
    site.write("docs/_data/signals.json", DATA)

    assert site.build() == []
    page = site.read("_site/signals.html")
    assert '<th scope="row">shell form</th><td class="number">10</td>' in page
    assert re.findall('class="bar-0" .*width="(.*?)"', page) == ["10.0", "200.0"]
    assert "Measured on 2026-11-21 with Gunicorn 27, on 2 cores." in page


def test_missing_measurement_fails_the_build(site):
    """The complaint names the benchmark that is to write it."""
    site.write("docs/signals.md", site.read("docs/signals.md") + MEASUREMENT)

    [complaint] = site.build()
    where = "measurement stops is not in docs/_data/signals.json"
    assert complaint.endswith(f"WARNING: {where}: let tests/benchmarks/bench_signals.py write it.")


def test_proof_without_a_test_fails_the_build(site):
    """A sentence cites a test that nobody wrote; the complaint has the sentence's line."""
    site.replace("docs/signals.md", "It starts.", "It starts. {proof}`it-starts`")

    [complaint] = site.build()
    assert complaint.startswith("docs/signals.md:6: WARNING: proof it-starts names no test: ")
    assert complaint.endswith("write test_it_starts in tests/test_signals.py.")


def test_test_without_a_sentence_fails_the_build(site):
    """The page no longer names the proof; the complaint has the test's line."""
    site.replace("docs/signals.md", " {proof}`it-stops`", "")

    [complaint] = site.build()
    assert complaint.startswith("tests/test_signals.py:1: WARNING: test_it_stops is cited by no ")
    assert complaint.endswith("end one of docs/signals.md, in {proof}`it-stops`.")


def test_tests_without_a_page_fail_the_build(site):
    """A topic one folder deeper has a test, and no page."""
    site.write("tests/fix/test_worker_timeout.py", "def test_it_waits(): pass\n")

    [complaint] = site.build()
    assert complaint.startswith("tests/fix/test_worker_timeout.py:1: WARNING: test_it_waits is ")
    assert complaint.endswith("in a new page docs/fix/worker-timeout.md, in {proof}`it-waits`.")


def test_proof_used_twice_fails_the_build(site):
    """A second sentence of the page names the same proof: its address would lead to either."""
    site.replace("docs/signals.md", "It starts.", "It starts. {proof}`it-stops`")

    assert site.build() == [
        "docs/signals.md:7: WARNING: proof it-stops is used twice, first in docs/signals.md."
    ]


@pytest.mark.parametrize("name", ["It-stops", "it_stops", "it--stops", "it stops"])
def test_ill_formed_name_fails_the_build(site, name):
    """The complaint names the rule, on the line of the sentence."""
    site.replace("docs/signals.md", "`it-stops`", f"`{name}`")

    complaint = site.build()[0]
    assert complaint.startswith(f"docs/signals.md:7: WARNING: proof {name} is no name: ")


FAILS = "import pytest\n@pytest.mark.parametrize('n', [0, 1])\ndef test_it_stops(n): assert n\n"
SKIPS = "import pytest\ndef test_it_stops(): pytest.skip('no engine')\n"
OTHER = "def test_something_else(): pass\n"


@pytest.mark.parametrize(
    ("tests", "ending"),
    [(FAILS, "failure"), (SKIPS, "skipped"), (OTHER, "did not run")],
    ids=["fails", "is skipped", "did not run"],
)
def test_test_that_did_not_pass_fails_the_build(site, tests, ending):
    """One test passes with one of its two parameters, one is skipped, one was not there yet."""
    written = site.read("tests/test_signals.py")
    site.write("tests/test_signals.py", tests)
    site.prove()
    site.write("tests/test_signals.py", written)

    [complaint] = site.build(proof_results="proofs.xml")
    assert "proof it-stops is not proved by test_it_stops in tests/test_signals.py" in complaint
    assert complaint.endswith(f": {ending}.")


@pytest.mark.parametrize("text", [None, "", "<testsuite>"], ids=["none", "empty", "half"])
def test_unreadable_results_fail_the_build(site, text):
    """There is no file, an empty one, or half of one."""
    if text is not None:
        site.write("proofs.xml", text)

    [complaint] = site.build(proof_results="proofs.xml")
    assert complaint.startswith("WARNING: proof_results cannot be read: ")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("left-over.Dockerfile", "is on no page: include it, or delete it."),
        ("Dockerfile", "name it <what-it-shows>.<the name to save it under>."),
        ("Exec_Form.Dockerfile", "name it <what-it-shows>.<the name to save it under>."),
    ],
)
def test_stray_file_fails_the_build(site, name, complaint):
    """The complaint says what to do with the file."""
    site.write(f"snippets/signals/{name}", "FROM scratch\n")

    [line] = site.build()
    assert f"snippets/signals/{name}" in line
    assert line.endswith(complaint)


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("`it-stops`", "`it-ends`", "#it-stops"),
        ("/exec.", "/run.", "#file-exec-dockerfile"),
        ("(why)=", "(because)=", "#why"),
    ],
)
def test_lost_address_fails_the_build(site, old, new, lost):
    """A sentence, a file and a heading were recorded under names that they no longer have."""
    site.replace("docs/signals.md", "It starts.", "(why)=\n## Why\n\nIt starts.")
    assert site.build(anchors_record="1") == []
    site.replace("docs/signals.md", old, new)

    remedy = "give it a redirect in docs/_data/redirects.txt."
    assert f"WARNING: signals.html{lost} is gone: {remedy}" in site.build()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("old.html new.html", "old.html is redirected to new.html, which does not exist."),
        ("signals.html index.html", "signals.html is not gone: take it out"),
    ],
)
def test_bad_redirect_fails_the_build(site, line, complaint):
    """The complaint names the address, and what is wrong with it."""
    site.write("docs/_data/redirects.txt", f"{line}\n")

    [warning] = site.build()
    assert complaint in warning


def test_redirect_leads_on(site):
    """A sentence moves, and a whole page: the old pages' scripts know both new addresses."""
    site.write("docs/_data/anchors.txt", "index.html#it-stops\nstop.html\nstop.html#it-stops\n")
    assert len(site.build()) == 3
    site.write(
        "docs/_data/redirects.txt",
        "index.html#it-stops signals.html#it-stops\nstop.html signals.html\n",
    )

    assert site.build() == []
    script = site.read("_site/index.html").partition("<script>if (location.hash")[2]
    assert script.startswith(' === "#it-stops") location.replace("./signals.html#it-stops")')
    assert 'url=./signals.html"' in site.read("_site/stop.html")
    assert '"./signals.html" + location.hash' in site.read("_site/stop.html")
