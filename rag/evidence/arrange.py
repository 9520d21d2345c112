"""How checked sentences stand on the page: rows and cells by what they cite.

Works from citations (evidence, passage, document), never from the words of a sentence, so
that quotations and a model's sentences are arranged alike. Chooses no sentence and drops
none: what fits no row stands below the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.evidence.disagree import differing
from rag.evidence.listing import catalogued, collection
from rag.index.generation import Generation
from rag.question.query import Question
from rag.question.shapes import MAY_DIFFER, Plan
from rag.question.sides import Side, aboutness, keys_of
from rag.question.subject import Statement, headings_of, held_share, statement_of
from rag.types import AnswerSentence, Evidence, Layout, Row, SourceDocument
from rag.wording import attribution, country_name, document_facts, say


def arrange(
    plan: Plan,
    sentences: Sequence[AnswerSentence],
    evidence: Sequence[Evidence],
    generation: Generation,
    language: str,
) -> Layout:
    """The layout of an answer. `plan` is that of `rag.evidence.gather.Found` (it knows how many
    documents were looked at); `language` is the reader's. A shape without rows to show
    gives way to quotations, and those to "differ" where they disagree."""
    if plan.several and sum(count for _, count in plan.several) == len(sentences):
        return _one_by_one(plan)
    shown = _Shown(plan, sentences, {item.n: item for item in evidence}, generation, language)
    make = _LAYOUTS.get(plan.kind)
    layout = make(shown) if make else None
    if layout is None and plan.archetype in MAY_DIFFER:
        layout = _differ(shown)
    return layout or Layout()


def _one_by_one(plan: Plan) -> Layout:
    """Several questions in one: a row each."""
    rows, at = [], 0
    for question, count in plan.several:
        rows.append(Row(question, (tuple(range(at, at + count)),)))
        at += count
    return Layout("list", "", (), tuple(rows))


@dataclass(frozen=True, slots=True)
class _Shown:
    """The sentences with what they cite."""

    plan: Plan
    sentences: Sequence[AnswerSentence]
    evidence: Mapping[int, Evidence]
    generation: Generation
    language: str

    @property
    def question(self) -> Question:
        return self.plan.question

    def cited(self, i: int) -> list[Evidence]:
        """Evidence of sentence i."""
        return [self.evidence[n] for n in self.sentences[i].citations if n in self.evidence]

    def document(self, item: Evidence) -> SourceDocument:
        """The document a quotation stands in. KeyError when the generation lacks it."""
        found = self.generation.store.find_document(item.quote.document_id)
        if found is None:
            raise KeyError(item.quote.document_id)
        return found[1]

    def headings(self, item: Evidence) -> tuple[str, ...]:
        """Headings a quotation stands under, the nearest last."""
        return headings_of(item.quote, item.passage, self.generation)

    def works(self) -> int:
        """Distinct works cited."""
        items = (item for i in range(len(self.sentences)) for item in self.cited(i))
        return len({self.document(item).work_id for item in items})

    def found_in(self, key: str) -> str:
        """How much of the collection holds what was asked."""
        key = f"{key}_bounded" if self.plan.bounded else key
        return say(self.language, f"shape.{key}", n=self.works(), m=self.plan.works)


# A table


def _table(shown: _Shown) -> Layout | None:
    """One row a side, one cell an aspect; a side nobody speaks of keeps its empty cells."""
    columns = shown.plan.aspects or (say(shown.language, "shape.documents_say"),)
    cells: dict[tuple[int, int], list[int]] = {}
    for i in range(len(shown.sentences)):
        for side in _sides_of(shown, i):
            cells.setdefault((side, _aspect_of(shown, i)), []).append(i)
    if not cells:
        return None
    rows = tuple(
        Row(side.label, tuple(tuple(cells.get((s, a), ())) for a in range(len(columns))))
        for s, side in enumerate(shown.plan.sides)
    )
    return Layout("table", say(shown.language, "shape.compared"), columns, rows)


def _sides_of(shown: _Shown, i: int) -> list[int]:
    """The sides that what a sentence cites is about; those it names, else those of its
    heading, else those of its document."""
    levels = [
        max((_about(shown, side, item) for item in shown.cited(i)), default=0)
        for side in shown.plan.sides
    ]
    best = max(levels, default=0)
    return [s for s, level in enumerate(levels) if level == best > 0]


def _about(shown: _Shown, side: Side, item: Evidence) -> int:
    document = shown.document(item)
    return aboutness(side, item.quote.text, shown.headings(item), document, shown.question)


def _aspect_of(shown: _Shown, i: int) -> int:
    """The heading whose words the cited quotations hold most of; the first where none does."""
    shares = [
        max((_share(shown, aspect, item) for item in shown.cited(i)), default=0.0)
        for aspect in shown.plan.aspects
    ]
    return shares.index(max(shares)) if shares else 0


def _share(shown: _Shown, aspect: str, item: Evidence) -> float:
    """Share of an aspect's words held by a quotation, and by its heading at half the worth."""
    language = shown.document(item).language
    question = replace(shown.question, text=aspect)
    inside = held_share(question, [item.quote.text], language, shown.generation)
    above = held_share(question, shown.headings(item)[-1:], language, shown.generation)
    return max(inside, 0.5 * above)


# Lists


def _list(shown: _Shown) -> Layout | None:
    """One row a city, country or document; places that one sentence names share one."""
    lines: list[tuple[list[str], list[int], str]] = []  # keys, sentences, document
    owner: dict[str, int] = {}
    for i in range(len(shown.sentences)):
        for item in shown.cited(i):
            document, headings = shown.document(item), shown.headings(item)
            keys = keys_of(shown.plan.of, item.quote.text, headings, document, shown.question)
            new = [key for key in keys if key not in owner]
            if new:
                owner |= dict.fromkeys(new, len(lines))
                lines.append((new, [i], document.id))
            elif keys and i not in lines[owner[keys[0]]][1]:
                lines[owner[keys[0]]][1].append(i)
    if not lines:
        return None
    comma = "، " if shown.language == "ar" else ", "
    rows = tuple(
        Row(comma.join(_line_label(shown, key, about) for key in keys), (tuple(listed),), about)
        for keys, listed, about in lines
    )
    return Layout("list", shown.found_in("found_in"), (), rows)


def _line_label(shown: _Shown, key: str, document_id: str) -> str:
    if shown.plan.of == "city":
        return key
    if shown.plan.of == "country":
        return country_name(key, shown.language)
    found = shown.generation.store.find_document(document_id)
    return found[1].title if found else key


def _reading(shown: _Shown) -> Layout | None:
    """One row a document, with its kind, date, language and pages."""
    by_document: dict[str, list[int]] = {}
    pages: dict[str, set[int]] = {}
    documents: dict[str, SourceDocument] = {}
    for i in range(len(shown.sentences)):
        for item in shown.cited(i)[:1]:
            document = documents.setdefault(item.quote.document_id, shown.document(item))
            by_document.setdefault(document.id, []).append(i)
            pages.setdefault(document.id, set()).add(item.quote.page)
    if not by_document:
        return None
    rows = tuple(
        Row(document_facts(documents[key], sorted(pages[key]), shown.language),
            (tuple(listed),), key)
        for key, listed in by_document.items()
    )  # fmt: skip
    return Layout("reading", _reading_lead(shown, len(rows)), (), rows)


def _reading_lead(shown: _Shown, rows: int) -> str:
    plan, asked = shown.plan, shown.plan.metadata
    if asked is None:
        return shown.found_in("covered_in")
    if asked.whole:
        return collection(plan, shown.generation, rows, shown.language)
    return catalogued(plan, asked, rows, shown.language)


def _steps(shown: _Shown) -> Layout | None:
    """Items of the sources' lists numbered from 1 within each list, in its order; the
    sentences around them unnumbered."""
    rows: list[Row] = []
    count = numbered = 0
    for i in range(len(shown.sentences)):
        cited = shown.cited(i)
        if not cited:
            continue
        document = shown.document(cited[0])
        count = count + 1 if any(_is_item(shown, item) for item in cited) else 0
        numbered += bool(count)
        rows.append(Row(str(count) if count else "", ((i,),), document.id))
    if not numbered:
        return None
    return Layout("steps", say(shown.language, "shape.steps"), (), tuple(rows))


def _is_item(shown: _Shown, item: Evidence) -> bool:
    quote = item.quote
    page = shown.generation.store.page_of(quote.document_id, quote.page)
    return any(start <= quote.start and quote.end <= end for start, end in page.items)


# Disagreement


def _differ(shown: _Shown) -> Layout | None:
    """The sentences that disagree, one row a document with its date, oldest first."""
    statements: list[Statement] = []
    places: list[int] = []
    for i in range(len(shown.sentences)):
        for item in shown.cited(i):
            document = shown.document(item)
            spoken = statement_of(item.quote, item.passage, document, shown.generation)
            statements.append(spoken)
            places.append(i)
    rows: dict[str, list[int]] = {}
    documents: dict[str, SourceDocument] = {}
    for at in differing(statements, shown.question, shown.generation):
        document = documents.setdefault(statements[at].document.id, statements[at].document)
        listed = rows.setdefault(document.id, [])
        listed += [places[at]] if places[at] not in listed else []
    if not rows:
        return None
    ordered = sorted(documents.values(), key=lambda document: document.date)
    key = "both_sides" if shown.plan.archetype == "check" else "differ"
    return Layout(
        "differ", say(shown.language, f"shape.{key}"), (),
        tuple(Row(attribution(d, shown.language), (tuple(rows[d.id]),), d.id) for d in ordered),
    )  # fmt: skip


_LAYOUTS = {"table": _table, "list": _list, "reading": _reading, "steps": _steps}
