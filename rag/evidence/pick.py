"""Which sentences belong beside those chosen: definitions first, names, lists taken apart,
and what disagrees. Every piece stays an exact span of its page. Knows no retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.evidence.candidates import LIST_CHARACTERS, Candidate
from rag.evidence.compose import overlaps, within
from rag.evidence.disagree import about, differs_on, disagree, says_so
from rag.index.generation import Generation
from rag.question.glossary import Concept, contains, stems
from rag.question.query import Question
from rag.question.shapes import languages, pattern
from rag.question.subject import Statement, statement_of
from rag.types import Quote
from rag.words.polarity import firm_negations
from rag.words.text import fold, terms, words

MOST_RIVALS = 3
RIVAL_SHARE = 0.2  # of the best chosen sentence's probability, for one that disagrees with it
MOST_COMPARED = 16  # sentences on the subject whose figures are compared
OWN_COVERAGE = 0.3  # of the question's words in a sentence that says that sources differ
FOREIGN_COVERAGE = 0.6  # of the question's words in a sentence of another language
OPENING = 90  # characters of a sentence in which a definition names its subject
DENIED_WITHIN = 8  # words of one clause after a negation, among which a concept is denied
_CLAUSE = re.compile(r"[.;:,!?،؛؟\n()]")
# Words that set a concept apart from what the sentence is about; not "instead of", which a page
# that "speaks instead of" something says as well.
_APART_FROM = {
    "en": r"\b(?:unlike|rather than|as opposed to|in place of|different from"
    r"|other than|confused with|mistaken for)\b",
    "fr": r"\b(?:contrairement a|au lieu d|plutot qu|a la difference d|different d"
    r"|distincte? d|confondre avec|confondue? avec)",
    "es": r"\b(?:a diferencia de|en lugar de|en vez de|mas bien que|distint[oa] de"
    r"|diferente de|confundir(?:se|lo|la)? con)\b",
    "ar": r"بدلا من|عوضا عن|خلافا ل|بخلاف|علي عكس|وليس|الخلط بين",
}
_NAME = re.compile(r"\b[^\W\d_a-zà-öø-ÿ][\w'’-]+ (?:[^\W\d_a-zà-öø-ÿ][\w'’-]+)")


def holds_name(candidate: Candidate) -> bool:
    """Whether a quote names somebody: two words with capitals inside it. True for scripts
    without capitals, where this cannot be seen."""
    text = candidate.quote.text
    return text.upper() == text.lower() or _NAME.search(text, 1) is not None


def defining(chosen: Sequence[Candidate], question: Question) -> list[Candidate]:
    """The candidates with the one that defines what was asked about first, and its
    document's next."""
    first = next((c for c in chosen if _defines(c, question)), None)
    if first is None:
        return list(chosen)
    rest = [c for c in chosen if c is not first]
    return [first, *sorted(rest, key=lambda c: c.document.id != first.document.id)]


def _defines(candidate: Candidate, question: Question) -> bool:
    """Whether a sentence opens with what was asked about and a verb that defines."""
    language = candidate.document.language
    if language not in languages():
        return False
    opening = fold(candidate.quote.text[:OPENING].replace("’", "'"))
    found = pattern(language, "copula").search(opening)
    if found is None:
        return False
    subject = set(terms(opening[: found.start()], language))
    asked = question.words(language)
    return bool(asked) and sum(bool(subject & set(word)) for word in asked) >= 0.6 * len(asked)


def holds_list(candidate: Candidate, generation: Generation) -> bool:
    """Whether a quote announces a list and takes it along."""
    return len(_items(candidate, generation)) > 1


def in_order(candidate: Candidate) -> bool:
    """Whether the sentence that announces a list says that its items have an order."""
    language = candidate.document.language
    if language not in languages():
        return False
    announced = fold(candidate.quote.text.split("\n")[0].replace("’", "'"))
    return pattern(language, "order").search(announced) is not None


def names_concepts(candidate: Candidate, concepts: Sequence[Concept]) -> bool:
    """Whether a quote names every one of some concepts of the glossary."""
    language = candidate.document.language
    said = stems(candidate.quote.text, language)
    return all(
        any(contains(said, stems(name, language)) for name in concept.names(language))
        for concept in concepts
    )


def denies_concept(candidate: Candidate, concepts: Sequence[Concept]) -> bool:
    """Whether a quote holds a concept only after a negation in the same clause ("is not the
    same as a council"), or after words that set it apart."""
    language = candidate.document.language
    return any(_denied(candidate.quote.text, concept, language) for concept in concepts)


def _denied(text: str, concept: Concept, language: str) -> bool:
    """Whether every clause of a text that names a concept denies it."""
    naming = [
        (clause, at) for clause in _CLAUSE.split(text)
        if (at := _named_at(clause, concept, language)) is not None
    ]  # fmt: skip
    return bool(naming) and all(_turned(clause, at, language) for clause, at in naming)


def _named_at(clause: str, concept: Concept, language: str) -> int | None:
    """How many words of a clause stand before the last word of the concept it names first."""
    spoken = clause.split()
    known = [stems(name, language) for name in concept.names(language)]
    for end in range(1, len(spoken) + 1):
        said = stems(" ".join(spoken[:end]), language)
        if any(contains(said, name) for name in known):
            return end - 1
    return None


def _turned(clause: str, at: int, language: str) -> bool:
    before = words(fold(" ".join(clause.replace("’", "'").split()[:at])))
    if any(len(before) - place <= DENIED_WITHIN for place in firm_negations(before, language)):
        return True
    cue = _APART_FROM.get(language)
    return cue is not None and re.search(cue, " ".join(before[-DENIED_WITHIN:])) is not None


def is_item(candidate: Candidate, generation: Generation) -> bool:
    """Whether a quote is an item of a list, without its announcement."""
    quote = candidate.quote
    page = generation.store.page_of(quote.document_id, quote.page)
    return any(start <= quote.start and quote.end <= end for start, end in page.items)


def unfolded(candidate: Candidate, generation: Generation) -> list[Candidate]:
    """A quote with a list as its announcement and its items, each a quote of its own; any
    other quote as it is."""
    items = _items(candidate, generation)
    if len(items) < 2:
        return [candidate]
    quote = candidate.quote
    text = quote.text[: items[0][0] - quote.start].rstrip()
    head = replace(quote, end=quote.start + len(text), text=text)
    return [replace(candidate, quote=piece) for piece in (head, *(_cut(quote, i) for i in items))]


def _items(candidate: Candidate, generation: Generation) -> list[tuple[int, int]]:
    """Spans of the items that a quote takes along; questions are no steps."""
    quote = candidate.quote
    page = generation.store.page_of(quote.document_id, quote.page)
    return [
        (start, end) for start, end in page.items
        if quote.start < start and end <= quote.end and page.text[start:end].strip()
        and not page.text[start:end].rstrip().endswith(("?", "؟"))
    ]  # fmt: skip


def _cut(quote: Quote, span: tuple[int, int]) -> Quote:
    start, end = span
    return replace(
        quote, start=start, end=end, text=quote.text[start - quote.start : end - quote.start]
    )


# Disagreement


def statement(candidate: Candidate, generation: Generation) -> Statement:
    """A candidate as `rag.evidence.disagree` reads it."""
    return statement_of(candidate.quote, candidate.passage, candidate.document, generation)


def rivals(
    chosen: Sequence[Candidate], found: Sequence[Candidate], question: Question,
    generation: Generation,
) -> list[Candidate]:  # fmt: skip
    """The chosen candidates and those found that disagree with one of them, or say that
    sources differ about what was asked: of the reader's language, else of others."""
    kept = [_with_what_differs(c, question, generation) for c in chosen]
    own = [c for c in found if c.document.language == question.reader]
    foreign = [
        c for c in found
        if c.document.language != question.reader and c.features.coverage >= FOREIGN_COVERAGE
    ]  # fmt: skip
    least = RIVAL_SHARE * max(c.score for c in chosen)
    for pool in (own, foreign):
        added = _opposing(pool, kept, question, generation, least)
        kept += [extended(c, generation) for c in added[:MOST_RIVALS]]
        if added or kept != list(chosen):
            break
    return _apart(kept)


def _opposing(
    pool: Sequence[Candidate], kept: Sequence[Candidate], question: Question,
    generation: Generation, least: float,
) -> list[Candidate]:  # fmt: skip
    """Candidates of at least this probability that say that sources differ, and any that
    gives another figure than one kept or one of its own kind, best first."""
    spoken = {id(c): statement(c, generation) for c in (*kept, *pool)}
    fit = [c for c in (*kept, *pool) if about(spoken[id(c)], question, generation)]
    near = fit[: len(kept) + MOST_COMPARED]
    found: list[Candidate] = []
    for rank, candidate in enumerate(fit):
        if any(within(candidate.quote, other.quote) for other in (*kept, *found)):
            continue
        longer = extended(candidate, generation)
        if differs_on(statement(longer, generation), question):
            itself = candidate.features.coverage >= OWN_COVERAGE or _turns(candidate)
            opposes = candidate.score >= least and itself
        else:
            opposes = (
                rank < len(near)
                and any(
                    disagree(spoken[id(other)], spoken[id(candidate)], question) for other in near
                )
                and not any(overlaps(candidate, other) for other in (*kept, *found))
            )
        found += [candidate] if opposes else []
    return found


def _with_what_differs(
    candidate: Candidate, question: Question, generation: Generation
) -> Candidate:
    """A candidate with the sentences that say how sources differ on what was asked."""
    longer = extended(candidate, generation)
    if longer is candidate or not about(statement(candidate, generation), question, generation):
        return candidate
    return longer if differs_on(statement(longer, generation), question) else candidate


def _apart(kept: Sequence[Candidate]) -> list[Candidate]:
    """Without those whose text another one holds."""
    return [
        c for i, c in enumerate(kept)
        if not any(
            i != j and within(c.quote, other.quote) and (c.quote != other.quote or j < i)
            for j, other in enumerate(kept)
        )
    ]  # fmt: skip


def _turns(candidate: Candidate) -> bool:
    """Whether a sentence opens by turning from what stands before it ("Other sources ...")."""
    opening = fold(candidate.quote.text[:40].replace("’", "'"))
    return pattern(candidate.document.language, "turns").search(opening) is not None


def extended(candidate: Candidate, generation: Generation) -> Candidate:
    """A candidate that says that sources differ, with the sentences that say how: to the end
    of its paragraph, and where it turns to the other side, from the paragraph before. As it
    is where it says no such thing, or that would be long."""
    if not says_so(statement(candidate, generation)) or "\n" in candidate.quote.text:
        return candidate
    quote = candidate.quote
    page = generation.store.page_of(quote.document_id, quote.page)
    stop = page.text.find("\n", quote.end)
    end = stop if stop >= 0 else len(page.text)
    start = quote.start
    if _turns(candidate):
        line = page.text.rfind("\n", 0, start) + 1
        before = page.text.rfind("\n", 0, max(0, line - 1)) + 1
        heading = any(a <= before < b for a, b in page.asides)
        start = line if heading or line == 0 else before
    if end - start > LIST_CHARACTERS:
        return candidate
    text = page.text[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    return replace(candidate, quote=replace(quote, start=start, end=start + len(text), text=text))
