"""What Sphinx lacks for this guide: who is called when, and who gets the settings."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util.typing import ExtensionMetadata

from guide import (
    addresses,
    anchors,
    archives,
    book,
    calculator,
    differences,
    feed,
    incidents,
    late,
    machines,
    markdown,
    measurements,
    proof_pages,
    proofs,
    register,
    snippets,
    stand_ins,
    tables,
    values,
)
from guide.claims import ClaimDomain
from guide.sentences import Tick


class SearchNumbers(SearchEnglish):
    """English, in which 137 is a word too."""

    def word_filter(self, word: str) -> bool:
        """Tell whether a word is looked for."""
        return word not in self.stopwords


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx. Reading a page asks no test, and so only a changed page is read again."""
    app.add_config_value("proof_results", "", rebuild="", types=str)
    app.add_config_value("source_address", "", rebuild="html", types=str)
    app.add_config_value("report_address", "", rebuild="html", types=str)
    app.add_config_value("anchors_record", default=False, rebuild="", types=bool)
    app.add_domain(ClaimDomain)
    app.add_builder(book.BookBuilder, override=True)
    app.add_node(nodes.entry, override=True, html=(tables.visit_cell, tables.depart_cell))
    app.add_node(Tick, html=(proofs.visit_tick, proofs.depart_tick))
    app.add_node(addresses.Published, html=(addresses.visit, addresses.depart))
    app.add_node(late.Late, html=(late.visit, None))
    app.add_node(snippets.Download, html=(snippets.visit_download, snippets.depart_download))
    app.add_node(incidents.Details, html=(incidents.visit_details, incidents.depart_details))
    app.add_node(incidents.Summary, html=(incidents.visit_summary, incidents.depart_summary))
    app.add_generic_role("proof", Tick)  # a bare name, until the domain comes
    app.add_role("published", addresses.role)
    app.add_role("yours", values.role)
    app.add_directive("archive", archives.Archive)
    app.add_directive("calculator", calculator.Calculator)
    app.add_directive("difference", differences.Difference)
    app.add_directive("incident", incidents.Incident)
    app.add_directive("measurement", measurements.Measurement)
    app.add_directive("machines", machines.Machines)
    app.add_directive("proof-overview", proof_pages.Overview)
    app.add_directive("proof-summary", proof_pages.Summary)
    app.add_directive("sentences-without-proof", proof_pages.Uncovered)
    app.add_directive("stand-ins", stand_ins.StandIns)
    app.add_directive("literalinclude", snippets.SnippetInclude, override=True)
    app.add_search_language(SearchNumbers)
    app.connect("env-before-read-docs", proofs.prepare)
    for check in (proofs.check, snippets.check, anchors.record, anchors.check):
        app.connect("env-updated", check)
    app.connect("env-updated", proof_pages.rewritten)
    app.connect("html-page-context", proof_pages.share)
    app.connect("builder-inited", connect_site)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def connect_site(app: Sphinx) -> None:
    """Tell Sphinx what only the site has: pages without a source, and files next to pages."""
    if isinstance(app.builder, book.BookBuilder):
        return
    for pages in (proof_pages.pages, register.pages, anchors.stubs, addresses.pages):
        app.connect("html-collect-pages", pages)
    for context in (feed.write, markdown.write, values.share):
        app.connect("html-page-context", context)
    app.connect("html-page-context", proof_pages.shorten, priority=900)  # after the theme
    offers = (snippets.offer, archives.offer, snippets.sums, addresses.finish, markdown.index)
    for offer in (*offers, register.write):
        app.connect("build-finished", offer)
