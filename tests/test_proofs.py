"""What a tick means, tested on small sites that are complete except for one mistake."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from guide.evidence import HOW
from guide.names import SOME_RESULTS
from harness import ROOT
from harness.browser import SITE
from harness.engine import base_images
from harness.guide_site import Site
from harness.stands_on import stood_on
from harness.texts import edited

SMALL_APP = (ROOT / "tests/probes/small_app.py").read_text()
RECORD = """record_property("stand-in", "python:3.14-slim is Debian's Python")"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site of one topic that builds."""
    return Site(tmp_path)


def text_of(site: Site, name: str) -> str:
    """Return the text of a page, without its tags."""
    return unescape(re.sub(r"<[^>]*>", "", site.read(f"_site/{name}.html")))


def tick_of(site: Site) -> str:
    """Return the HTML of the only tick."""
    return re.search(r"<a [^>]*proof.*?</a>", site.read("_site/signals.html"))[0]


def test_tick_stands_for_a_passed_test(site):
    """The build reports nothing, and the page has the mark, its label and its anchor."""
    site.prove()

    assert site.build(proof_results="proofs.xml") == []
    tick = tick_of(site)
    assert 'class="proof passed"' in tick
    assert 'id="it-stops"' in tick
    assert 'title="Proved in this build: it stops"' in tick
    assert ">✓<" in tick


def test_dotted_tick_stands_for_a_stand_in(site):
    """The same mark has another class, and its label names the official image."""
    site.replace("tests/test_signals.py", "):\n", f"):\n    {RECORD}\n")
    site.prove()

    assert site.build(proof_results="proofs.xml") == []
    tick = tick_of(site)
    assert 'class="on-a-stand-in proof"' in tick or 'class="proof on-a-stand-in"' in tick
    assert tick.count("Proved on a stand-in for python:3.14-slim: it stops") == 1
    assert ">✓<" in tick


def test_tick_leads_to_its_test(site):
    """The linked page has the sentence as its heading, the result and the source."""
    site.prove()
    site.build(proof_results="proofs.xml")

    assert 'href="proofs/signals.html#it-stops"' in site.read("_site/signals.html")
    page = site.read("_site/proofs/signals.html").partition('id="it-stops"')[2]
    assert page.startswith('>\n<h2>It <code>stops</code>.<a class="headerlink"')
    assert '<p>The log says so. <a href="../signals.html#it-stops">' in page
    assert "✓ passed on 20" in page
    assert "3.14.0" in page
    assert '<span class="nf">test_it_stops</span>' in page


def test_page_shows_what_a_test_ran(site, build, run, request):
    """The page lists the file, the text changed in it, and the worker from the log."""
    app = edited(SMALL_APP, {"text/plain": "text/html"})
    run(build("signals/exec-form.Dockerfile", changes={"core/wsgi.py": app}))
    ran = {pair for pair in stood_on(request.node) if pair[0] in HOW}
    assert ran == {
        ("changed", "core/wsgi.py"),
        ("changed", "text/plain → text/html"),
        ("file", "signals/exec-form.Dockerfile"),
        ("worker class", "sync"),
        ("workers", "1"),
    }
    lines = "".join(f"    record_property{pair}\n" for pair in sorted(ran))
    site.replace("tests/test_signals.py", "):\n", f"):\n{lines}")
    site.prove()
    site.build(proof_results="proofs.xml")

    page = text_of(site, "proofs/signals")
    assert "Changed for the testcore/wsgi.py, text/plain → text/html" in page
    assert "File of the guidesignals/exec-form.Dockerfile" in page
    assert "Worker classsync" in page
    assert "Workers1" in page


HELPER = '''"""Waits."""


def wait(seconds):
    """Wait for so many seconds."""
'''
FIXTURES = '''import pytest

@pytest.fixture
def engine():
    """Start the engine."""
'''
PROGRAM = '"""Send half a request."""\n\nprint("GET /")\n'
USING = '''import pytest
from harness.clock import wait

GRACE = 10
CLIENT = "half_a_request.py"
UNUSED = "nobody names it"


def stop(seconds): return seconds


def test_it_stops(engine):
    """The log says so."""
    assert stop(GRACE), (CLIENT, wait(1))
'''


@pytest.fixture
def using(site):
    """Return the site, with a test that uses things of all kinds."""
    site.write("tests/test_signals.py", USING)
    site.write("tests/harness/clock.py", HELPER)
    site.write("tests/harness/fixtures.py", FIXTURES)
    site.write("tests/probes/half_a_request.py", PROGRAM)
    return site


def test_page_shows_what_a_test_uses(using):
    """The page shows, folded, what the test uses from its own file, but nothing else from it."""
    assert using.build() == []
    page = text_of(using, "proofs/signals")
    folded = page.partition("What this test uses")[2]
    assert "GRACE = 10" in folded
    assert "def stop(seconds): return seconds" in folded
    assert "UNUSED" not in page


def test_page_links_to_what_tests_share(using):
    """A fixture, a helper and a program each link to their line on the page of their file."""
    assert using.build() == []
    page = using.read("_site/proofs/signals.html")
    shared = {
        "uses/harness/fixtures.html#line-3": ("Fixture", "engine", "Start the engine."),
        "uses/harness/clock.html#line-4": ("Function", "wait", "Wait for so many seconds."),
        "uses/probes/half_a_request.html#line-1": (
            "Program", "half_a_request.py", "Send half a request.",
        ),
    }  # fmt: skip
    for address, (kind, name, about) in shared.items():
        link = f'<a href="../{address}"><code>{name}</code></a>'
        assert f"<li>{kind} {link}: {about}</li>" in page
        file, _, anchor = address.partition("#")
        assert f'id="{anchor}"' in using.read(f"_site/{file}")
    assert "def engine():" in text_of(using, "uses/harness/fixtures")


def test_page_has_the_command_of_each_test(site):
    """The command selects one test, even if another test's name contains its name."""
    tests = ["it_stops", "it_stops_late", "it_starts"]
    source = "".join(f"def test_{name}(): pass\n" for name in tests)
    ticks = "".join(f"It. {{proof}}`{name.replace('_', '-')}`\n" for name in tests)
    site.write("tests/test_signals.py", source)
    site.replace("docs/signals.md", "It `stops`. {proof}`it-stops`\n", ticks)

    assert site.build() == []
    commands = re.findall(r"uv run pytest (.*)", text_of(site, "proofs/signals"))
    assert commands == [
        "tests/test_signals.py::test_it_stops",
        "tests/test_signals.py -k it_stops_late",
        "tests/test_signals.py -k it_starts",
    ]
    assert [site.selects(command) for command in commands] == [[name] for name in tests]


def test_page_links_to_the_repository(using):
    """Each file on the page links to its line in the repository, if the address is configured."""
    site = "https://example.com/guide/blob/0a1b"

    assert using.build(source_address=site) == []
    page = using.read("_site/proofs/signals.html")
    assert f'href="{site}/tests/test_signals.py#L12"' in page
    assert f'href="{site}/tests/harness/clock.py"' in using.read("_site/uses/harness/clock.html")


def test_claim_can_be_reported(site):
    """The link of the page names the page, and that of a proof the claim and what it ran with."""
    form = "https://example.com/guide/issues/new"
    site.prove()

    assert site.build(proof_results="proofs.xml", report_address=form) == []
    pages = {name: site.read(f"_site/{name}.html") for name in ("signals", "proofs/signals")}
    forms = {name: re.findall(f'href="{form}(.*?)"', page) for name, page in pages.items()}
    reports = {name: [parse_qs(unescape(f)[1:]) for f in found] for name, found in forms.items()}
    assert reports["signals"] == [{"title": ["Page signals"]}]
    [report] = reports["proofs/signals"]
    assert report["title"] == ["Claim signals#it-stops"]
    assert "Python: 3.14.0\n" in report["body"][0]


ON_CGROUP2 = """{"systemd": {"date": "2026-11-29", "engine": "Docker 28", "kernel": "6.12",
"qemu": "10.0", "tests": {"signals": ["it-stops"]}}}"""


def test_page_shows_the_last_run_on_cgroup_v2(site):
    """The proof's page shows what `--on cgroup2 --record` wrote, with and without a run."""
    site.write("docs/_data/cgroup2.json", ON_CGROUP2)
    site.prove()

    for settings in {"proof_results": "proofs.xml"}, {}:
        assert site.build(**settings) == []
        page = site.read("_site/proofs/signals.html")
        where = "in a virtual machine with Docker 28, its systemd driver and Linux 6.12</dd>"
        assert f"<dd>cgroup v2 on 2026-11-29, {where}" in page


def test_vanished_test_of_cgroup_v2_fails_the_build(site):
    """The error names the test, and the command that writes the record again."""
    site.write("docs/_data/cgroup2.json", ON_CGROUP2.replace("it-stops", "it-stopped"))

    [complaint] = site.build()
    assert "_data/cgroup2.json names it-stopped, which is no test of signals: run" in complaint
    assert complaint.endswith("`uv run pytest --on cgroup2 --record` again.")


def test_circle_stands_for_a_build_without_a_run(site):
    """The mark, its label and the page's footer say so, and nothing says that the test passed."""
    assert site.build() == []
    page = site.read("_site/signals.html")
    assert 'title="Not run in this build: it stops"' in tick_of(site)
    assert ">○<" in tick_of(site)
    assert "Proofs were not run in this build." in page
    assert "✓" not in page


def test_circle_stands_for_a_test_left_out(site):
    """After a run of one of two tests, its tick says passed, the other one not run."""
    site.write("tests/test_signals.py", f"{site.read('tests/test_signals.py')}{OTHER}")
    site.replace("docs/signals.md", "It starts.", "It starts. {proof}`something-else`")
    site.prove("-k", "it_stops")
    site.write(SOME_RESULTS, site.read("proofs.xml"))

    assert site.build(proof_results=SOME_RESULTS) == []
    page = site.read("_site/signals.html")
    ticks = re.findall(r'<a class="proof ([\w-]+)"[^>]* id="([\w-]+)".*?>(.)</span>', page)
    assert ticks == [("not-run", "something-else", "○"), ("passed", "it-stops", "✓")]


def test_failed_test_of_a_partial_run_fails_the_build(site):
    """The run leaves out other tests, and this test fails."""
    site.write("tests/test_signals.py", FAILS)
    site.prove()
    site.write(SOME_RESULTS, site.read("proofs.xml"))

    [complaint] = site.build(proof_results=SOME_RESULTS)
    assert complaint.endswith(": failure.")


def test_foot_tells_date_versions_and_stand_ins(site):
    """The footer shows what the page's test recorded, with stand-ins summed up in one line."""
    site.replace("tests/test_signals.py", "):\n", f"):\n    {RECORD}\n")
    site.prove()
    site.build(proof_results="proofs.xml")

    foot = site.read("_site/signals.html").partition('class="stamp"')[2]
    assert "Proved on 20" in foot
    assert "with Python 3.14.0." in foot
    assert "Run with stand-ins for 1 official image: <a" in foot
    assert 'href="proofs.html#stand-ins">what differs</a>' in foot


@pytest.mark.parametrize(("days", "words"), [(29, ""), (32, "That was 32 days ago")])
def test_old_stamp_says_so(site, browser, days, words):
    """The browser's clock is moved; the scripts come from the guide."""
    site.prove()
    site.build(proof_results="proofs.xml")
    html = site.read("_site/signals.html")
    proved = datetime.fromisoformat(re.search('data-proved="(.*?)"', html)[1]).astimezone(UTC)
    context = browser.new_context()
    page = context.new_page()
    page.clock.set_fixed_time(proved + timedelta(days=days, hours=12))
    page.route("**/signals.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{SITE}/signals.html")

    said = page.locator(".stamp").inner_text()
    context.close()
    assert "Proved on 20" in said
    assert ("days ago" in said) == bool(words)
    assert words in said


def test_list_for_programs_has_each_claim(site):
    """Its only claim has its sentence, state, test, versions, stand-ins and cgroup versions."""
    site.replace("tests/test_signals.py", "):\n", f"):\n    {RECORD}\n")
    site.write("docs/_data/cgroup2.json", ON_CGROUP2)
    site.prove()
    site.write("proofs.json", '{"cgroup": "v1, cgroupfs"}')

    assert site.build(proof_results="proofs.xml", html_baseurl="https://example.com/") == []
    register = json.loads(site.read("_site/proofs.json"))
    assert register["address"] == "https://example.com/"
    assert register["pages"] == {"index": "Guide", "signals": "Signals"}
    [claim] = register["claims"]
    assert claim.pop("date").startswith("20")
    assert claim == {
        "page": "signals",
        "name": "it-stops",
        "sentence": "It stops.",
        "state": "passed",
        "test": "tests/test_signals.py::test_it_stops",
        "versions": {"Python": ["3.14.0"]},
        "worker_classes": [],
        "stand_ins": ["python:3.14-slim"],
        "cgroups": ["v1", "v2"],
    }
    site.build()
    [claim] = json.loads(site.read("_site/proofs.json"))["claims"]
    assert (claim["state"], claim["cgroups"]) == ("not run", ["v2"])


def test_claims_can_be_filtered(visit, whole_site):
    """The page counts and links what the form selects, and its address keeps the selection."""
    register = json.loads((whole_site / "proofs.json").read_text())
    claims = register["claims"]
    page = visit("claims")
    counted = page.locator("#claims output")
    counted.filter(has_text=f"{len(claims)} of {len(claims)} claims").wait_for()

    page.locator("[name=cgroup]").select_option("v2")
    on_v2 = [claim for claim in claims if "v2" in claim["cgroups"]]
    counted.filter(has_text=f"{len(on_v2)} of").wait_for()
    assert 0 < len(on_v2) < len(claims)
    links = page.locator("ul.claims a")
    assert links.all_text_contents() == [claim["sentence"] for claim in on_v2]

    page.locator("[name=words]").fill("quota decides")
    counted.filter(has_text="1 of").wait_for()
    page.reload()
    counted.filter(has_text="1 of").wait_for()
    assert links.first.get_attribute("href").endswith("concurrency.html#quota-decides-the-workers")
    assert page.locator("[name=cgroup]").input_value() == "v2"


def test_first_page_sums_up_the_run(site):
    """Checks the summary before a run, and after a run that recorded two versions."""
    site.replace("docs/index.md", "# Guide\n", "# Guide\n\n```{proof-summary}\n```\n")
    site.build()
    assert "The proofs were not run in this build." in text_of(site, "index")
    older = '    record_property("Python", "3.9.20")\n'
    site.replace(
        "tests/test_signals.py",
        '    record_property("Python"',
        f'{older}    record_property("Python"',
    )
    site.prove()
    site.build(proof_results="proofs.xml")

    said = re.search(r"In this build, (.*?)\.\n", text_of(site, "index"))[1]
    assert re.fullmatch(
        r"1 of 1 claims were proved, on 20\d\d-\d\d-\d\d with Python 3\.14\.0", said
    )


def test_download_gives_the_tested_file(site):
    """The link leads to a copy of the file, with the name to save it as."""
    assert site.build() == []
    assert 'download="" href="raw/signals/exec/Dockerfile"' in site.read("_site/signals.html")
    assert site.read("_site/raw/signals/exec/Dockerfile") == "FROM scratch\n"


def test_wrong_file_is_marked_and_not_offered(site):
    """The caption says so; there is no download link, and the site does not contain the file."""
    site.rename("snippets/signals/exec.Dockerfile", "snippets/signals/wrong-exec.Dockerfile")
    site.replace("docs/signals.md", "/exec.", "/wrong-exec.")

    assert site.build() == []
    assert ">Wrong: Dockerfile<" in site.read("_site/signals.html")
    assert "Download" not in site.read("_site/signals.html")
    assert not (site.root / "_site/raw").exists()


DIFFERENCE = "\n```{difference} ../snippets/signals/exec.Dockerfile ../snippets/signals/%s\n```\n"
OTHER_FILE = "```{literalinclude} ../snippets/signals/other.Dockerfile\n```\n"


@pytest.fixture
def twins(site):
    """Return the site, with a second file."""
    site.write("snippets/signals/other.Dockerfile", "FROM scratch\nUSER 1000\n")
    site.write("docs/signals.md", site.read("docs/signals.md") + OTHER_FILE)
    return site


def test_difference_is_made_from_both_files(twins):
    """The block has the line that only the second file has, and follows the next change."""
    twins.write("docs/signals.md", twins.read("docs/signals.md") + DIFFERENCE % "other.Dockerfile")
    for line in "USER 1000", "USER 2000":
        twins.write("snippets/signals/other.Dockerfile", f"FROM scratch\n{line}\n")

        assert twins.build() == []
        block = text_of(twins, "signals").partition("@@ -1 +1,2 @@")[2]
        assert block.split("\n")[:3] == ["", " FROM scratch", f"+{line}"]


@pytest.mark.parametrize(
    ("second", "complaint"),
    [("exec.Dockerfile", "does not differ from"), ("no.Dockerfile", "does not exist.")],
)
def test_empty_difference_fails_the_build(twins, second, complaint):
    """The error names the file."""
    twins.write("docs/signals.md", twins.read("docs/signals.md") + DIFFERENCE % second)

    assert any(second in line and complaint in line for line in twins.build())


@pytest.mark.parametrize("image", base_images.STAND_INS)
def test_stand_in_differs_only_where_listed(docker, official, image):
    """A stand-in has exactly the listed differences in configuration, files and commands.

    An official image has no differences.
    """
    name, _ = base_images.described(docker, official(image))

    listed = base_images.STAND_INS[image].get("differs", {}) if name == "stand-in" else {}
    assert base_images.differences(docker, image) == {key: d["is"] for key, d in listed.items()}


MEASUREMENT = "```{measurement} stops\n:plot:\n\nSeconds to stop\n```\n"
DATA = """{"tables": {"stops": {
"date": "2026-11-21", "machine": "2 cores", "versions": ["Gunicorn 27"],
"columns": ["CMD", "seconds"], "rows": [["exec form", 0.5], ["shell form", 10]]}}}"""


def test_measurement_is_drawn_from_what_a_benchmark_wrote(site):
    """The page has a table of the numbers, a bar as long as each, and the test environment."""
    site.write("docs/signals.md", site.read("docs/signals.md") + MEASUREMENT)
    site.write("docs/_data/signals.json", DATA)

    assert site.build() == []
    page = site.read("_site/signals.html")
    bars = [float(width) for width in re.findall('class="bar-0" .*width="(.*?)"', page)]
    assert '<th scope="row">shell form</th><td class="number">10</td>' in page
    assert len(bars) == 2
    assert bars[1] == pytest.approx(20 * bars[0])
    assert "Measured on 2026-11-21 with Gunicorn 27, on 2 cores." in page


def test_missing_measurement_fails_the_build(site):
    """The error names the benchmark that writes the measurement."""
    site.write("docs/signals.md", site.read("docs/signals.md") + MEASUREMENT)

    [complaint] = site.build()
    where = "measurement stops is not in docs/_data/signals.json"
    assert complaint.endswith(f"WARNING: {where}: let tests/benchmarks/bench_signals.py write it.")


def test_proof_without_a_test_fails_the_build(site):
    """A sentence cites a test that does not exist; the error shows the sentence's line."""
    site.replace("docs/signals.md", "It starts.", "It starts. {proof}`it-starts`")

    [complaint] = site.build()
    assert complaint.startswith("docs/signals.md:6: WARNING: proof it-starts names no test: ")
    assert complaint.endswith("write test_it_starts in tests/test_signals.py.")


def test_test_without_a_sentence_fails_the_build(site):
    """The page no longer cites the proof; the error shows the test's line."""
    site.replace("docs/signals.md", " {proof}`it-stops`", "")

    [complaint] = site.build()
    assert complaint.startswith("tests/test_signals.py:1: WARNING: test_it_stops is cited by no ")
    assert complaint.endswith("end one of docs/signals.md, in {proof}`it-stops`.")


def test_tests_without_a_page_fail_the_build(site):
    """A topic in a subdirectory has a test, but no page."""
    site.write("tests/fix/test_worker_timeout.py", "def test_it_waits(): pass\n")

    [complaint] = site.build()
    assert complaint.startswith("tests/fix/test_worker_timeout.py:1: WARNING: test_it_waits is ")
    assert complaint.endswith("in a new page docs/fix/worker-timeout.md, in {proof}`it-waits`.")


def test_proof_used_twice_fails_the_build(site):
    """A second sentence on the page cites the same proof, so their anchors would be the same."""
    site.replace("docs/signals.md", "It starts.", "It starts. {proof}`it-stops`")

    assert site.build() == [
        "docs/signals.md:7: WARNING: proof it-stops is used twice, first in docs/signals.md."
    ]


@pytest.mark.parametrize("name", ["It-stops", "it_stops", "it--stops", "it stops"])
def test_ill_formed_name_fails_the_build(site, name):
    """The error explains the rule, and shows the sentence's line."""
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
    """One test passes for one of two parameters, one is skipped, and one has no result yet."""
    written = site.read("tests/test_signals.py")
    site.write("tests/test_signals.py", tests)
    site.prove()
    site.write("tests/test_signals.py", written)

    [complaint] = site.build(proof_results="proofs.xml")
    assert "proof it-stops is not proved by test_it_stops in tests/test_signals.py" in complaint
    assert complaint.endswith(f": {ending}.")


@pytest.mark.parametrize("text", [None, "", "<testsuite>"], ids=["none", "empty", "half"])
def test_unreadable_results_fail_the_build(site, text):
    """The file is missing, empty or incomplete."""
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
    """The error says what to do with the file."""
    site.write(f"snippets/signals/{name}", "FROM scratch\n")

    [line] = site.build()
    assert f"snippets/signals/{name}" in line
    assert line.endswith(complaint)


def test_command_that_no_test_ran_fails_the_build(site):
    """A transcript is on a page, and the run of all tests recorded another one."""
    include = "\n```{literalinclude} ../snippets/signals/%s.console\n```\n"
    for name in "stop", "start":
        site.write(f"snippets/signals/{name}.console", "$ docker ps\n")
        site.write("docs/signals.md", site.read("docs/signals.md") + include % name)
    ran = ("file", "signals/start.console")
    site.replace("tests/test_signals.py", "):\n", f"):\n    record_property{ran}\n")
    assert site.build() == []
    site.prove()

    [line] = site.build(proof_results="proofs.xml")
    assert line.endswith("snippets/signals/stop.console was not run: let a test replay it.")


def test_vanished_emphasis_fails_the_build(site):
    """An instruction of two lines is emphasized, and then the file loses it."""
    run = "RUN one && \\\n    two\n"
    site.write("snippets/signals/exec.Dockerfile", f"FROM scratch\n{run}USER 1\n")
    site.replace("docs/signals.md", "exec.Dockerfile\n", "exec.Dockerfile\n:emphasize-from: RUN\n")
    assert site.build() == []
    page = site.read("_site/signals.html")
    marked = page.partition('<span class="hll">')[2].partition("USER")[0]
    assert page.count('<span class="hll">') == 2
    assert re.sub("<.*?>", "", marked).split() == ["RUN", "one", "&amp;&amp;", "\\", "two"]
    site.replace("snippets/signals/exec.Dockerfile", run, "")

    [complaint] = site.build()
    assert complaint.startswith("docs/signals.md:3: WARNING: snippets/signals/exec.Dockerfile has")
    assert complaint.endswith("has no line with RUN to emphasize.")


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("`it-stops`", "`it-ends`", "#it-stops"),
        ("/exec.", "/run.", "#file-exec-dockerfile"),
        ("(why)=", "(because)=", "#why"),
    ],
)
def test_lost_address_fails_the_build(site, old, new, lost):
    """A sentence, a file and a heading no longer have the names under which they were recorded."""
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
    """The error shows the address, and what is wrong with it."""
    site.write("docs/_data/redirects.txt", f"{line}\n")

    [warning] = site.build()
    assert complaint in warning


def test_redirect_leads_on(site):
    """After a sentence and a whole page move, the old pages give both new addresses to a script."""
    site.write("docs/_data/anchors.txt", "index.html#it-stops\nstop.html\nstop.html#it-stops\n")
    assert len(site.build()) == 3
    site.write(
        "docs/_data/redirects.txt",
        "index.html#it-stops signals.html#it-stops\nstop.html signals.html\n",
    )

    assert site.build() == []
    script = """<script src="_static/moved.js" data-root="./" data-anchors='{}'{}></script>"""
    left = '{"#it-stops": "signals.html#it-stops"}'
    assert script.format(left, "") in site.read("_site/index.html")
    assert script.format("{}", ' data-page="signals.html"') in site.read("_site/stop.html")
    assert 'url=./signals.html"' in site.read("_site/stop.html")


WITHOUT = """
Nothing proves this.
See the next page.
It is [documented](https://example.com).
{ref}`It stops, as was said. <it-stops>`
Use it.
Download it.
If it fails, start it again.
If `urls.py` logs `Error: no`, start it again.
If it is older than 25.1, stop it.
It logs `Late. Terminating.`, as [documented](https://example.com).
Therefore, start it.
To save it, download it.
**Late?** Start it.
Is it so?
Look here:

- An item without a full stop
- An item of one that `has` one.
- **Memory:** it grows.
- **Margin:** leave one.
- **Growth**: before it stops, divide it.

(gap)=
## Gap

```{note}
A note is no claim.
```
"""
OVERVIEW = "```{proof-overview}\n```\n\n```{sentences-without-proof}\n```\n"


@pytest.fixture
def gaps(site):
    """Return the site, with sentences of every kind that end without a tick."""
    site.write("docs/signals.md", f"{site.read('docs/signals.md')}{WITHOUT}")
    site.replace("docs/index.md", "# Guide\n", f"# Guide\n\n{OVERVIEW}")
    return site


def test_list_has_each_sentence_without_a_proof(gaps):
    """A sentence with a tick, citation or proved link, an instruction or a question is left out.

    So is the changelog.
    """
    gaps.write("docs/changelog.md", "---\norphan: true\n---\n# Changelog\n\nA page is new.\n")
    assert gaps.build() == []
    listed = re.findall("<li>(.*)</li>", gaps.read("_site/index.html").partition("without-")[2])
    assert listed[:4] == [
        "It starts.",
        "Nothing proves this.",
        "An item of one that has one.",
        "Memory: it grows.",
    ]
    assert not [item for item in listed[4:] if item.endswith(".")]


def test_overview_counts_sentences_without_a_proof(gaps):
    """The page's row shows both numbers, and the last row their sums."""
    gaps.write("docs/other.md", "---\norphan: true\n---\n# Other\n\nNor this.\n")
    gaps.prove()

    assert gaps.build(proof_results="proofs.xml") == []
    assert cells_of(gaps.read("_site/index.html").partition("</table>")[0]) == [
        ["Other", "0", "0", "1"],
        ["Signals", "1", "1", "4"],
        ["All pages", "1", "1", "5"],
    ]


def test_overview_counts_what_the_tests_ran_on(gaps):
    """A version and a worker class each have a row; files have none."""
    ran = (
        '    record_property("worker class", "sync")\n    record_property("file", "a.Dockerfile")\n'
    )
    gaps.replace("tests/test_signals.py", "):\n", f"):\n{ran}")
    gaps.prove()

    assert gaps.build(proof_results="proofs.xml") == []
    page = gaps.read("_site/index.html").partition("</table>")[2]
    assert cells_of(page) == [["Python 3.14.0", "1"], ["Worker class sync", "1"]]


def cells_of(html: str) -> list[list[str]]:
    """Return the text of every cell of a table, without the first row."""
    rows = re.findall("<tr>(.*?)</tr>", html, flags=re.DOTALL)[1:]
    return [[re.sub("<.*?>", "", c) for c in re.findall("<t[dh].*?</t[dh]>", r)] for r in rows]


def test_only_a_changed_page_is_read_again(site):
    """If one of two pages changes, the other is neither read nor written, nor are its proofs."""
    site.write("docs/other.md", "---\norphan: true\n---\n# Other\n\nNo claim here.\n")
    assert site.build() == []
    site.replace("docs/other.md", "No claim", "Still no claim")

    read = site.changed_by(site.build, "**/*.doctree")
    site.replace("docs/other.md", "Still no claim", "No claim")
    written = site.changed_by(site.build, "**/*.html")

    assert read == {".doctrees/other.doctree"}
    assert "other.html" in written
    assert not written & {"signals.html", "proofs/signals.html"}


def test_new_result_changes_the_tick_alone(site):
    """The page and its proofs are written with the new tick; no page is read again."""
    assert site.build() == []
    site.prove()

    read = site.changed_by(lambda: site.build(proof_results="proofs.xml"), "**/*.doctree")

    assert read == set()
    assert ">✓<" in tick_of(site)
    assert "✓ passed on 20" in site.read("_site/proofs/signals.html")


def test_two_processes_build_the_same_site(gaps):
    """Eight pages have the same bytes, whether one process reads and writes them or two."""
    for n in range(6):
        page = f"---\norphan: true\n---\n# Page {n}\n\nIt has no proof.\n"
        gaps.write(f"docs/page-{n}.md", page)
    gaps.prove()

    sites = []
    for jobs in "1", "2":
        assert gaps.build("-j", jobs, proof_results="proofs.xml") == []
        folder = gaps.root / "_site"
        files = [path for path in folder.rglob("*") if path.suffix in {".html", ".js"}]
        sites.append({path.relative_to(folder): path.read_bytes() for path in files})
        shutil.rmtree(folder)

    assert len(sites[0]) > 10
    assert sites[0] == sites[1]
