"""What Sphinx lacks for this guide: who is called when, and who gets the settings."""

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

import anchors
import machines
import measurements
import proof_pages
import proofs
import snippets
import stand_ins


def setup(app: Sphinx) -> None:
    """Tell Sphinx. A tick is about this very build, so each build reads every page anew."""
    app.add_config_value("proof_results", "", "env", str)
    app.add_config_value("anchors_record", default=False, rebuild="", types=bool)
    app.add_node(proofs.Tick, html=(proofs.visit_tick, proofs.depart_tick))
    app.add_generic_role("proof", proofs.Tick)  # a bare name, until collect() comes
    app.add_directive("measurement", measurements.Measurement)
    app.add_directive("machines", machines.Machines)
    app.add_directive("stand-ins", stand_ins.StandIns)
    app.add_directive("literalinclude", snippets.SnippetInclude, override=True)
    numbers = {"word_filter": lambda self, word: word not in self.stopwords}  # 137 is a word too
    app.add_search_language(type("SearchNumbers", (SearchEnglish,), numbers))
    app.connect("env-get-outdated", lambda _app, env, *_: env.found_docs)
    app.connect("env-before-read-docs", proofs.prepare)
    app.connect("doctree-read", proofs.collect)
    for check in (proofs.check, snippets.check, anchors.check):
        app.connect("env-updated", check)
    for pages in (proof_pages.pages, anchors.stubs):
        app.connect("html-collect-pages", pages)
    app.connect("html-page-context", proof_pages.share)
