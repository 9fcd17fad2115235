"""The Sphinx domain of the guide: what each page claims, kept from one build to the next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, cast

from docutils import nodes
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment

from guide import sentences
from guide.evidence import Evidence
from guide.late import Late
from guide.sentences import Part, Sentence, Tick


@dataclass(frozen=True)
class Claim:
    """A sentence that names a proof."""

    page: str
    name: str
    line: int
    parts: tuple[Part, ...]


class ClaimDomain(Domain):
    """The claims of all pages, and the evidence for them in this build."""

    name = "guide"
    label = "Claims"
    initial_data: ClassVar[dict[str, Any]] = {"claims": {}, "open": {}, "late": {}, "written": {}}
    data_version = 2
    evidence: Evidence  # read again in each build

    @property
    def claims(self) -> dict[str, list[Claim]]:
        """Return the claims of each page, in their order."""
        return cast("dict[str, list[Claim]]", self.data["claims"])

    @property
    def open(self) -> dict[str, list[Sentence]]:
        """Return the sentences of each page that have neither tick nor citation."""
        return cast("dict[str, list[Sentence]]", self.data["open"])

    @property
    def late(self) -> dict[str, list[str]]:
        """Return the names of the parts of each page that are rendered late."""
        return cast("dict[str, list[str]]", self.data["late"])

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Register what a page claims; its ticks become anchors."""
        standard = env.domains.standard_domain
        self.open[docname] = list(sentences.without_a_mark(document))
        self.late[docname] = [node["part"] for node in document.findall(Late)]
        self.claims[docname] = claims = list[Claim]()
        found = [(tick, sentences.before(tick)) for tick in document.findall(Tick)]
        for tick, (parts, line) in found:
            name = tick.astext()
            is_new = name not in {claim.name for claim in claims}
            claims.append(Claim(docname, name, line, parts))
            _close_up(tick)
            if not is_new:
                tick.parent.remove(tick)
                continue
            sentences.enclose(tick)
            tick.clear()
            tick["page"], tick["name"], tick["ids"] = docname, name, [name]
            standard.note_hyperlink_target(name, docname, name, name.replace("-", " "))

    def clear_doc(self, docname: str) -> None:
        """Forget a page that is read again, or is gone."""
        for kept in (self.claims, self.open, self.late):
            kept.pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        """Take the pages that another process has read."""
        for kept in ("claims", "open", "late"):
            self.data[kept] |= {d: otherdata[kept][d] for d in docnames if d in otherdata[kept]}

    def all(self) -> Iterator[Claim]:
        """Yield all claims, page by page."""
        for page in sorted(self.claims):
            yield from self.claims[page]

    def claim(self, page: str, name: str) -> Claim | None:
        """Return the sentence of a page that names a proof."""
        found = (claim for claim in self.claims.get(page, ()) if claim.name == name)
        return next(found, None)

    def uncovered(self, page: str) -> list[str]:
        """Return the sentences of a page that neither it nor a linked page proves.

        The changelog repeats in short what other pages say and prove.
        """
        if page == "changelog":
            return []
        known = {claim.name for claim in self.all()}
        return [s.text for s in self.open.get(page, ()) if not known.intersection(s.links)]

    def rewritten(self, shown: dict[str, str]) -> list[str]:
        """Return the pages that now show something else than when they were last written.

        `shown` is what each page takes from the results.
        """
        now = {page: sha256(text.encode()).hexdigest() for page, text in shown.items()}
        before, self.data["written"] = self.data["written"], now
        return [page for page, digest in now.items() if before.get(page) != digest]


def _close_up(tick: Tick) -> None:
    """Let no line break before a tick."""
    children = tick.parent.children
    end = children.index(tick)
    if end and isinstance(text := children[end - 1], nodes.Text):
        tick.parent.replace(text, nodes.Text(text.rstrip()))


def of(env: BuildEnvironment) -> ClaimDomain:
    """Return the claims of a build."""
    return cast("ClaimDomain", env.domains[ClaimDomain.name])
